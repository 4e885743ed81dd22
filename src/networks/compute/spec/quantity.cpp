#include "networks/compute/spec/quantity.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "networks/compute/spec/error.h"

namespace tp::compute {
namespace {

constexpr double kTwoTo64 = 18446744073709551616.0;

std::unexpected<Error> not_a(std::string_view what, std::string_view text, std::string_view form) {
  return fail_with_text(
      SpecError::kInvalidQuantity,
      "\"" + std::string(text) + "\" is not " + std::string(what) + "; write " + std::string(form));
}

std::unexpected<Error> negative(std::string_view text) {
  return fail_with_text(SpecError::kInvalidQuantity,
                        "invalid: negative value not allowed: \"" + std::string(text) + "\"");
}

std::unexpected<Error> out_of_range(std::string_view text) {
  return fail_with_text(SpecError::kInvalidQuantity,
                        "\"" + std::string(text) + "\" is too large to count");
}

// A decimal number with optional sign, point and exponent; no hexadecimal, infinity or NaN, which
// Go's parser would let through.
std::optional<double> parse_decimal(std::string_view text) {
  std::string_view digits = text;
  if (!digits.empty() && (digits[0] == '+' || digits[0] == '-')) digits.remove_prefix(1);
  if (digits.empty() || digits.find_first_not_of("0123456789.eE+-") != std::string_view::npos)
    return std::nullopt;
  if (digits[0] == '+' || digits[0] == '-') return std::nullopt;
  if (text[0] == '+') text.remove_prefix(1);  // from_chars does not take it
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

constexpr std::string_view kPrefixes = "kMGTPE";

// 1000^power or 1024^power, exact in a double up to 1024^6.
double power_of(bool binary, std::size_t power) {
  double unit = 1;
  for (std::size_t i = 0; i < power; ++i) unit *= binary ? 1024 : 1000;
  return unit;
}

struct Suffix {
  std::size_t length = 0;
  double unit = 1;
};

// The suffixes of Go: k M G T P E, Ki Mi Gi Ti Pi Ei, or none.
Suffix go_suffix(std::string_view text, bool binary_only) {
  const bool binary = text.ends_with('i');
  const std::size_t length = binary ? 2 : 1;
  if (text.size() < length || (binary_only && !binary)) return {};
  char prefix = text[text.size() - length];
  if (binary && prefix == 'K')
    prefix = 'k';
  else if (binary && prefix == 'k')
    return {};
  const std::size_t power = kPrefixes.find(prefix);
  if (power == std::string_view::npos) return {};
  return {length, power_of(binary, power + 1)};
}

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? char(letter + 32) : letter;
}

// What the TypeScript client takes beyond that: any case, and a B behind a power of 1000.
Suffix typescript_suffix(std::string_view text) {
  if (text.size() < 2) return {};
  const char last = lower(text.back());
  const bool two = last == 'i' || last == 'b';
  const char prefix = lower(two ? text[text.size() - 2] : last);
  const std::size_t power = std::string_view("kmgtpe").find(prefix);
  if (power == std::string_view::npos) return {};
  return {two ? std::size_t{2} : std::size_t{1}, power_of(last == 'i', power + 1)};
}

constexpr std::string_view kSizeForm =
    "a number of bytes, with a suffix k M G T P E (powers of 1000) or Ki Mi Gi Ti Pi Ei (powers of "
    "1024), like 512Mi";

Result<ByteSize> bytes_of(std::string_view text, double value) {
  if (value < 0) return negative(text);
  if (!(std::ceil(value) < kTwoTo64)) return out_of_range(text);
  return ByteSize{static_cast<std::uint64_t>(value), static_cast<std::uint64_t>(std::ceil(value))};
}

Result<ByteSize> scaled(std::string_view text, const Suffix& suffix) {
  const auto value = parse_decimal(text.substr(0, text.size() - suffix.length));
  if (!value) return not_a("a size", text, kSizeForm);
  return bytes_of(text, *value * suffix.unit);
}

}  // namespace

Result<std::uint64_t> parse_cpu_units(std::string_view text) {
  constexpr std::string_view kForm = "cores (0.5, 2) or whole thousandths of a core (500m)";
  if (text.ends_with('m')) {
    std::uint32_t units = 0;
    const std::string_view digits = text.substr(0, text.size() - 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), units);
    if (error == std::errc::result_out_of_range) return out_of_range(text);
    if (digits.starts_with('-')) return negative(text);
    if (error != std::errc() || end != digits.data() + digits.size())
      return not_a("a share of a CPU", text, kForm);
    return units;
  }
  const auto cores = parse_decimal(text);
  if (!cores) return not_a("a share of a CPU", text, kForm);
  const double milli = *cores * 1000;
  if (milli < 0) return negative(text);
  if (!(milli <= std::numeric_limits<std::uint32_t>::max())) return out_of_range(text);
  return static_cast<std::uint64_t>(milli);
}

Result<ByteSize> parse_byte_size(std::string_view text) {
  auto by_go = scaled(text, go_suffix(text, false));
  if (by_go) return by_go;
  // Only digits and points: the TypeScript client knows no sign and no exponent.
  const Suffix suffix = typescript_suffix(text);
  const std::string_view digits = text.substr(0, text.size() - suffix.length);
  if (suffix.length == 0 || digits.find_first_not_of("0123456789.") != std::string_view::npos)
    return by_go;
  return scaled(text, suffix);
}

Result<std::uint64_t> parse_gpu_ram(std::string_view text) {
  const Suffix suffix = go_suffix(text, true);
  const auto value = parse_decimal(text.substr(0, text.size() - suffix.length));
  if (!value) return not_a("a GPU's memory", text, "a number with Ki Mi Gi Ti Pi Ei, like 80Gi");
  TRY(const ByteSize size, bytes_of(text, *value * suffix.unit));
  return size.rounded_down;
}

namespace {

struct TimeUnit {
  std::string_view name;
  std::uint64_t nanoseconds;
};
constexpr std::array<TimeUnit, 8> kTimeUnits{{{"ns", 1},
                                              {"us", 1'000},
                                              {"µs", 1'000},
                                              {"μs", 1'000},
                                              {"ms", 1'000'000},
                                              {"s", 1'000'000'000},
                                              {"m", 60'000'000'000},
                                              {"h", 3'600'000'000'000}}};

// One "<number><unit>" at the front of `rest`, which it cuts off.
std::optional<std::uint64_t> take_span(std::string_view& rest) {
  const std::size_t number = std::min(rest.find_first_not_of("0123456789."), rest.size());
  const std::size_t after = std::min(rest.find_first_of("0123456789.", number), rest.size());
  const std::string_view digits = rest.substr(0, number);
  const std::string_view name = rest.substr(number, after - number);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  const std::string_view whole = digits.substr(0, point);
  std::string_view fraction = point < digits.size() ? digits.substr(point + 1) : "";
  if ((whole.empty() && fraction.empty()) || fraction.find('.') != std::string_view::npos)
    return std::nullopt;
  for (const TimeUnit& unit : kTimeUnits) {
    if (unit.name != name) continue;
    std::uint64_t count = 0;
    if (!whole.empty() &&
        std::from_chars(whole.data(), whole.data() + whole.size(), count).ec != std::errc())
      return std::nullopt;
    if (count > std::uint64_t(std::numeric_limits<std::int64_t>::max()) / unit.nanoseconds)
      return std::nullopt;
    std::uint64_t span = count * unit.nanoseconds;
    std::uint64_t part = 0;
    fraction = fraction.substr(0, 18);  // more digits than a nanosecond of an hour has
    if (!fraction.empty()) {
      if (std::from_chars(fraction.data(), fraction.data() + fraction.size(), part).ec !=
          std::errc())
        return std::nullopt;
      double scale = 1;
      for (std::size_t i = 0; i < fraction.size(); ++i) scale *= 10;
      span += static_cast<std::uint64_t>(double(part) * (double(unit.nanoseconds) / scale));
    }
    rest.remove_prefix(after);
    return span;
  }
  return std::nullopt;
}

}  // namespace

Result<Duration> parse_window(std::string_view text) {
  constexpr std::string_view kForm = "a span longer than zero, like 30m or 24h";
  std::string_view rest = text;
  if (rest.starts_with('+')) rest.remove_prefix(1);
  std::uint64_t total = 0;
  if (rest.empty()) return not_a("a span of time", text, kForm);
  while (!rest.empty()) {
    const auto span = take_span(rest);
    if (!span || *span > std::uint64_t(std::numeric_limits<std::int64_t>::max()) - total)
      return not_a("a span of time", text, kForm);
    total += *span;
  }
  if (total == 0) return not_a("a span longer than zero", text, kForm);
  return Duration{static_cast<std::int64_t>(total)};
}

}  // namespace tp::compute
