// Records: the canonical byte form of what a table holds. One value has exactly one form, and
// decoding refuses any other.
//
// A record is a struct with `static constexpr std::uint8_t kVersion` and `fields()` returning
// std::tie of its members. The form is the version byte, then each field: integers and enums as
// minimal LEB128 (signed ones zigzag), bool as 0 or 1, Amount, Decimal and u128 as a length byte
// and minimal big-endian bytes, FixedBytes raw, strings with their length, std::optional as 0 or 1
// and the value, std::vector as its count and items, nested structs as their fields.
#pragma once

#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "base/amount.h"
#include "base/decimal.h"
#include "base/time.h"
#include "base/varint.h"
#include "store/key.h"

namespace tp::store {

template <class T>
concept VersionedRecord = HasFields<T> && requires {
  { T::kVersion } -> std::convertible_to<std::uint8_t>;
};

namespace detail {

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;

template <class Out>
void append_u128(Out& out, u128 value) {
  char raw[17];  // the size, then the bytes, from the end
  std::size_t at = sizeof raw;
  for (; value != 0; value >>= 8) raw[--at] = static_cast<char>(static_cast<std::uint8_t>(value));
  const std::size_t size = sizeof raw - at;
  raw[--at] = static_cast<char>(size);
  out.append(raw + at, size + 1);
}

inline bool take_u128(BytesView& in, u128& value) {
  if (in.empty()) return false;
  const auto size = static_cast<std::size_t>(static_cast<std::uint8_t>(in[0]));
  if (size > 16 || in.size() < size + 1 || (size > 0 && in[1] == '\0')) return false;
  value = 0;
  for (std::size_t i = 1; i <= size; ++i) value = value << 8 | static_cast<std::uint8_t>(in[i]);
  in.remove_prefix(size + 1);
  return true;
}

inline bool take_length_prefixed(BytesView& in, BytesView& out) {
  const auto size = take_varint(in);
  if (!size || *size > in.size()) return false;
  out = in.substr(0, *size);
  in.remove_prefix(*size);
  return true;
}

}  // namespace detail

// `Out` is Bytes or ShortBytes.
template <class Out, class T>
void append_field(Out& out, const T& value) {
  if constexpr (std::same_as<T, bool>) {
    out.push_back(value ? '\1' : '\0');
  } else if constexpr (std::is_enum_v<T>) {
    append_field(out, static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (std::unsigned_integral<T>) {
    append_varint(out, value);
  } else if constexpr (std::signed_integral<T>) {
    const auto wide = static_cast<std::int64_t>(value);
    append_varint(out,
                  static_cast<std::uint64_t>(wide) << 1 ^ static_cast<std::uint64_t>(wide >> 63));
  } else if constexpr (detail::kIsStrong<T>) {
    append_field(out, value.value);
  } else if constexpr (std::same_as<T, BlockTime> || std::same_as<T, Duration>) {
    append_field(out, value.nanoseconds);
  } else if constexpr (std::same_as<T, u128>) {
    detail::append_u128(out, value);
  } else if constexpr (std::same_as<T, Amount>) {
    detail::append_u128(out, value.units());
  } else if constexpr (std::same_as<T, Decimal>) {
    detail::append_u128(out, value.scaled());
  } else if constexpr (requires { value.view(); }) {
    out.append(value.view());
  } else if constexpr (std::same_as<T, std::string>) {
    append_varint(out, value.size());
    out.append(value);
  } else if constexpr (detail::kIsOptional<T>) {
    out.push_back(value ? '\1' : '\0');
    if (value) append_field(out, *value);
  } else if constexpr (detail::kIsVector<T>) {
    append_varint(out, value.size());
    for (const auto& item : value) append_field(out, item);
  } else {
    std::apply([&out](const auto&... field) { (append_field(out, field), ...); }, value.fields());
  }
}

template <class T>
bool take_field(BytesView& in, T& value) {
  if constexpr (std::same_as<T, bool>) {
    if (in.empty() || static_cast<std::uint8_t>(in[0]) > 1) return false;
    value = in[0] == '\1';
    in.remove_prefix(1);
    return true;
  } else if constexpr (std::is_enum_v<T>) {
    std::underlying_type_t<T> number{};
    if (!take_field(in, number)) return false;
    value = static_cast<T>(number);
    return true;
  } else if constexpr (std::unsigned_integral<T>) {
    const auto number = take_varint(in);
    if (!number || *number > std::numeric_limits<T>::max()) return false;
    value = static_cast<T>(*number);
    return true;
  } else if constexpr (std::signed_integral<T>) {
    const auto number = take_varint(in);
    if (!number) return false;
    const auto wide =
        static_cast<std::int64_t>(*number >> 1) ^ -static_cast<std::int64_t>(*number & 1);
    if (wide < std::numeric_limits<T>::min() || wide > std::numeric_limits<T>::max()) return false;
    value = static_cast<T>(wide);
    return true;
  } else if constexpr (detail::kIsStrong<T>) {
    return take_field(in, value.value);
  } else if constexpr (std::same_as<T, BlockTime> || std::same_as<T, Duration>) {
    return take_field(in, value.nanoseconds);
  } else if constexpr (std::same_as<T, u128>) {
    return detail::take_u128(in, value);
  } else if constexpr (std::same_as<T, Amount>) {
    u128 units = 0;
    if (!detail::take_u128(in, units)) return false;
    value = Amount{units};
    return true;
  } else if constexpr (std::same_as<T, Decimal>) {
    u128 scaled = 0;
    if (!detail::take_u128(in, scaled)) return false;
    value = Decimal::from_scaled(scaled);
    return true;
  } else if constexpr (requires { value.view(); }) {
    return take_key(in, value);
  } else if constexpr (std::same_as<T, std::string>) {
    BytesView text;
    if (!detail::take_length_prefixed(in, text)) return false;
    value = Bytes(text);
    return true;
  } else if constexpr (detail::kIsOptional<T>) {
    bool present = false;
    if (!take_field(in, present)) return false;
    value.reset();
    return !present || take_field(in, value.emplace());
  } else if constexpr (detail::kIsVector<T>) {
    const auto count = take_varint(in);
    if (!count || *count > in.size()) return false;  // every item takes at least one byte
    value.clear();
    value.reserve(*count);
    for (std::uint64_t i = 0; i < *count; ++i)
      if (!take_field(in, value.emplace_back())) return false;
    return true;
  } else {
    return std::apply([&in](auto&... field) { return (take_field(in, field) && ...); },
                      value.fields());
  }
}

template <class Out, VersionedRecord R>
void append_record(Out& out, const R& record) {
  out.push_back(static_cast<char>(R::kVersion));
  append_field(out, record);
}

template <VersionedRecord R>
Bytes encode_record(const R& record) {
  Bytes out;
  append_record(out, record);
  return out;
}

// Nothing when the bytes are not the canonical form of an R of this version.
template <VersionedRecord R>
std::optional<R> decode_record(BytesView bytes) {
  if (bytes.empty() || static_cast<std::uint8_t>(bytes[0]) != R::kVersion) return std::nullopt;
  bytes.remove_prefix(1);
  R record;
  if (!take_field(bytes, record) || !bytes.empty()) return std::nullopt;
  return record;
}

}  // namespace tp::store
