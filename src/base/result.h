// Errors are values: Result<T>, the TRY macros, and the two ways to stop the process.
//
// An Error carries what clients of the reference networks parse (codespace, code, text). Functions
// that can fail return Result<T>; exceptions do not cross a module boundary. Rules: design.md §5;
// style.md.
#pragma once

#include <concepts>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace tp {

// What went wrong. (codespace, code) is stable and machine-readable; `text` is for a person and for
// the clients that search it. Code 0 never names an error.
struct Error {
  std::string codespace;
  std::uint32_t code = 1;
  std::string text;

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;

// The registered part of an error: every error enum has an overload `ErrorInfo describe(E)` beside
// it, found by ADL.
struct ErrorInfo {
  std::string_view codespace;
  std::uint32_t code;
  std::string_view text;
};

template <class E>
concept ErrorEnum = requires(E error) {
  { describe(error) } -> std::same_as<ErrorInfo>;
};

// Makes the failed Result for `error`. With a detail the text reads "<detail>: <registered text>",
// the form that Cosmos clients parse (specs/chain.md §2.4).
template <ErrorEnum E>
[[nodiscard]] std::unexpected<Error> fail(E error, std::string_view detail = {}) {
  const ErrorInfo info = describe(error);
  std::string text;
  if (!detail.empty()) text.append(detail).append(": ");
  text.append(info.text);
  return std::unexpected(Error{std::string(info.codespace), info.code, std::move(text)});
}

// True when `error` is the registered error `kind`, whatever its detail.
template <ErrorEnum E>
[[nodiscard]] bool is(const Error& error, E kind) {
  const ErrorInfo info = describe(kind);
  return error.code == info.code && error.codespace == info.codespace;
}

// Errors that belong to no module: bad text from outside, arithmetic, files. Codespace "base".
enum class BaseError : std::uint32_t {
  kInvalidText = 2,
  kOverflow = 3,
  kUnderflow = 4,
  kDivisionByZero = 5,
  kInputOutput = 6,
  kNotFound = 7,
  kTooLarge = 8,
  kInUse = 9,
};
ErrorInfo describe(BaseError error);

// Writes the message to stderr with its place and aborts. For broken invariants and damaged state,
// where going on would make things worse (design.md §5: a broken invariant stops the node).
[[noreturn]] void fatal(std::string_view what, const char* file, int line);

}  // namespace tp

#define TP_CONCAT_INNER(a, b) a##b
#define TP_CONCAT(a, b) TP_CONCAT_INNER(a, b)

// TRY(const Account account, accounts.get(state, id)): declares `account`, or returns the error to
// the caller.
#define TRY(declaration, ...)                                                    \
  auto TP_CONCAT(try_result_, __LINE__) = (__VA_ARGS__);                         \
  if (!TP_CONCAT(try_result_, __LINE__))                                         \
    return std::unexpected(std::move(TP_CONCAT(try_result_, __LINE__)).error()); \
  declaration = *std::move(TP_CONCAT(try_result_, __LINE__))

// TRY_VOID(expression): returns the error to the caller, or goes on; any value is dropped.
#define TRY_VOID(...)                                        \
  do {                                                       \
    if (auto try_result = (__VA_ARGS__); !try_result)        \
      return std::unexpected(std::move(try_result).error()); \
  } while (false)

// TRY_TO(params.tick, parse(text)): assigns to something that exists, or returns the error.
#define TRY_TO(target, ...)                                                 \
  do {                                                                      \
    auto try_result = (__VA_ARGS__);                                        \
    if (!try_result) return std::unexpected(std::move(try_result).error()); \
    (target) = *std::move(try_result);                                      \
  } while (false)

// Stays on in every build.
#define TP_ASSERT(condition)                                                            \
  do {                                                                                  \
    if (!(condition)) ::tp::fatal("assertion failed: " #condition, __FILE__, __LINE__); \
  } while (false)

#define TP_FATAL(what) ::tp::fatal((what), __FILE__, __LINE__)
