#include "base/time.h"

#include <array>
#include <cstdio>

#include "base/text.h"

namespace tp {
namespace {

constexpr std::int64_t kBillion = 1'000'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;

struct Date {
  std::int64_t year;
  int month;
  int day;
};

// Days since 1970-01-01 to a date and back, for the proleptic Gregorian calendar, with years that
// begin in March.
std::int64_t days_from(Date date) {
  const std::int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year =
      (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719'468;
}

Date date_from(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
          static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1)};
}

int days_in_month(std::int64_t year, int month) {
  constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

}  // namespace

std::string to_rfc3339(BlockTime time) {
  std::int64_t seconds = time.nanoseconds / kBillion;
  std::int64_t nanos = time.nanoseconds % kBillion;
  if (nanos < 0) nanos += kBillion, seconds -= 1;
  std::int64_t days = seconds / kSecondsPerDay;
  std::int64_t rest = seconds % kSecondsPerDay;
  if (rest < 0) rest += kSecondsPerDay, days -= 1;
  const Date date = date_from(days);

  std::array<char, 64> buffer;
  int size = std::snprintf(buffer.data(), buffer.size(), "%04lld-%02d-%02dT%02d:%02d:%02d",
                           static_cast<long long>(date.year), date.month, date.day,
                           static_cast<int>(rest / 3600), static_cast<int>(rest / 60 % 60),
                           static_cast<int>(rest % 60));
  std::string out(buffer.data(), static_cast<std::size_t>(size));
  if (nanos != 0) {
    size = std::snprintf(buffer.data(), buffer.size(), ".%09d", static_cast<int>(nanos));
    out.append(buffer.data(), static_cast<std::size_t>(size));
    out.erase(out.find_last_not_of('0') + 1);
  }
  out.push_back('Z');
  return out;
}

Result<BlockTime> from_rfc3339(std::string_view text) {
  const auto bad = [text] {
    return fail(BaseError::kInvalidText, "\"" + std::string(text) + "\" is not an RFC 3339 time");
  };
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':')
    return bad();
  const auto number = [text](std::size_t at, std::size_t size) {
    return parse_int<std::uint32_t>(text.substr(at, size));
  };
  const auto year = number(0, 4), month = number(5, 2), day = number(8, 2);
  const auto hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return bad();
  if (*month < 1 || *month > 12 || *hour > 23 || *minute > 59 || *second > 59) return bad();
  if (*day < 1 || static_cast<int>(*day) > days_in_month(*year, static_cast<int>(*month)))
    return bad();
  if (*year < 1678 || *year > 2261) return bad();

  std::string_view rest = text.substr(19);
  std::int64_t nanos = 0;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    std::int64_t unit = kBillion / 10;
    const std::size_t before = rest.size();
    for (; !rest.empty() && rest[0] >= '0' && rest[0] <= '9'; rest.remove_prefix(1), unit /= 10)
      nanos += (rest[0] - '0') * unit;
    if (before == rest.size() || before - rest.size() > 9) return bad();
  }
  std::int64_t offset_minutes = 0;
  if (rest != "Z") {
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return bad();
    const auto hours = parse_int<std::uint32_t>(rest.substr(1, 2)),
               minutes = parse_int<std::uint32_t>(rest.substr(4, 2));
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return bad();
    offset_minutes = static_cast<std::int64_t>(*hours) * 60 + *minutes;
    if (rest[0] == '-') offset_minutes = -offset_minutes;
  }
  const std::int64_t days = days_from({*year, static_cast<int>(*month), static_cast<int>(*day)});
  const std::int64_t seconds = days * kSecondsPerDay + std::int64_t{*hour} * 3600 +
                               std::int64_t{*minute} * 60 + *second - offset_minutes * 60;
  return BlockTime{seconds * kBillion + nanos};
}

}  // namespace tp
