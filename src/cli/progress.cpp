#include "cli/progress.h"

#include <cstdio>

namespace tp::cli {

Progress::Progress(const GlobalOptions& options, const Clock& clock)
    : silent_(options.json), clock_(clock), began_(clock.elapsed()) {}

void Progress::step(const std::string& what, const std::string& detail) const {
  if (silent_) return;
  const double seconds =
      static_cast<double>((clock_.elapsed().nanoseconds - began_.nanoseconds) / 1'000'000) / 1e3;
  std::printf("%-10s %s  (%.1f s)\n", what.c_str(), detail.c_str(), seconds);
  std::fflush(stdout);
}

}  // namespace tp::cli
