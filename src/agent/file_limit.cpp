#include "agent/file_limit.h"

#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/log.h"

namespace tp::agent {

std::uint64_t raise_open_file_limit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return 0;
  rlimit raised = files;
  raised.rlim_cur = files.rlim_max;
  if (files.rlim_cur == raised.rlim_cur) return files.rlim_cur;
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return raised.rlim_cur;
  log_warning("agent", std::string("the limit of open files stays at ") +
                           std::to_string(files.rlim_cur) + ": " + std::strerror(errno));
  return files.rlim_cur;
}

}  // namespace tp::agent
