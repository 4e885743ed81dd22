#include "base/result.h"

#include <cstdio>
#include <cstdlib>

namespace tp {

ErrorInfo describe(BaseError error) {
  const auto info = [error](std::string_view text) {
    return ErrorInfo{"base", static_cast<std::uint32_t>(error), text};
  };
  switch (error) {
    case BaseError::kInvalidText: return info("invalid text");
    case BaseError::kOverflow: return info("overflow");
    case BaseError::kUnderflow: return info("underflow");
    case BaseError::kDivisionByZero: return info("division by zero");
    case BaseError::kInputOutput: return info("input/output error");
    case BaseError::kNotFound: return info("not found");
    case BaseError::kTooLarge: return info("too large");
    case BaseError::kInUse: return info("in use");
  }
  TP_FATAL("BaseError out of range");
}

void fatal(std::string_view what, const char* file, int line) {
  std::fprintf(stderr, "fatal: %.*s (%s:%d)\n", static_cast<int>(what.size()), what.data(), file,
               line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace tp
