// What a long command says while it works: one line a step, with the time since it began. Silent
// with --json.
#pragma once

#include <string>

#include "base/clock.h"
#include "cli/session.h"

namespace tp::cli {

class Progress {
 public:
  Progress(const GlobalOptions& options, const Clock& clock);
  void step(const std::string& what, const std::string& detail) const;

 private:
  bool silent_;
  const Clock& clock_;
  Duration began_;
};

}  // namespace tp::cli
