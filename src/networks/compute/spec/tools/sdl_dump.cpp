// Prints sdl_report_json() for each file named, one line each. For comparing with other clients:
//   sdl_dump [--lenient] [--typescript] FILE...
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string_view>

#include "networks/compute/spec/report.h"

int main(int count, char** words) {
  tp::compute::SdlReportOptions options;
  int status = 0;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--lenient") {
      options.sdl.mode = tp::compute::SdlMode::kLenient;
      continue;
    }
    if (word == "--typescript") {
      options.rules = tp::compute::ClientRules::kTypeScript;
      continue;
    }
    std::ifstream file(words[i], std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "sdl_dump: cannot read %s\n", words[i]);
      status = 1;
      continue;
    }
    std::ostringstream text;
    text << file.rdbuf();
    std::puts(tp::compute::sdl_report_json(text.view(), word, options).c_str());
  }
  return status;
}
