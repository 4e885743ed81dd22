// Keys: order-preserving byte forms of tuples, so that the byte order of keys is the order of the
// tuples.
//
// A key type is an integer, a Strong integer, an enum, FixedBytes, a string, or a struct whose
// fields() returns std::tie of such. Integers are big-endian (signed ones with the sign bit
// flipped). Strings end in 00 01 with inner 00 written 00 ff, so that no key is a prefix of
// another's component.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>

#include "base/address.h"
#include "base/bytes.h"
#include "base/strong.h"

namespace tp::store {

template <class T>
concept HasFields = requires(const T& value) { value.fields(); };

namespace detail {

template <class T>
inline constexpr bool kIsFixedBytes = false;
template <std::size_t N, class Tag>
inline constexpr bool kIsFixedBytes<FixedBytes<N, Tag>> = true;

template <class T>
inline constexpr bool kIsStrong = false;
template <class Tag, class T>
inline constexpr bool kIsStrong<Strong<Tag, T>> = true;

template <class Out, std::integral T>
void append_ordered(Out& out, T value) {
  auto bits = static_cast<std::make_unsigned_t<T>>(value);
  if constexpr (std::is_signed_v<T>) bits ^= std::make_unsigned_t<T>{1} << (sizeof(T) * 8 - 1);
  char raw[sizeof(T)];
  for (std::size_t i = 0; i < sizeof(T); ++i)
    raw[i] = static_cast<char>(static_cast<std::uint8_t>(bits >> (sizeof(T) - 1 - i) * 8));
  out.append(raw, sizeof raw);
}

template <std::integral T>
bool take_ordered(BytesView& in, T& value) {
  if (in.size() < sizeof(T)) return false;
  std::make_unsigned_t<T> bits = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    bits = static_cast<std::make_unsigned_t<T>>(static_cast<std::uint64_t>(bits) << 8 |
                                                static_cast<std::uint8_t>(in[i]));
  if constexpr (std::is_signed_v<T>) bits ^= std::make_unsigned_t<T>{1} << (sizeof(T) * 8 - 1);
  value = static_cast<T>(bits);
  in.remove_prefix(sizeof(T));
  return true;
}

}  // namespace detail

// `Out` is Bytes or ShortBytes.
template <class Out, class T>
void append_key(Out& out, const T& value) {
  if constexpr (std::is_enum_v<T>) {
    detail::append_ordered(out, static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (std::integral<T>) {
    detail::append_ordered(out, value);
  } else if constexpr (detail::kIsStrong<T>) {
    detail::append_ordered(out, value.value);
  } else if constexpr (requires { value.view(); }) {
    out.append(value.view());
  } else if constexpr (std::same_as<T, std::string>) {
    BytesView rest = value;
    for (std::size_t zero = rest.find('\0'); zero != BytesView::npos; zero = rest.find('\0')) {
      out.append(rest.substr(0, zero + 1));
      out.push_back('\xff');
      rest.remove_prefix(zero + 1);
    }
    out.append(rest);
    out.append("\0\1", 2);
  } else if constexpr (HasFields<T>) {
    std::apply([&out](const auto&... field) { (append_key(out, field), ...); }, value.fields());
  } else {  // a std::tuple of key components: a prefix for scans
    std::apply([&out](const auto&... field) { (append_key(out, field), ...); }, value);
  }
}

// Takes one value off the front of `in`; false when the bytes are not such a key.
template <class T>
bool take_key(BytesView& in, T& value) {
  if constexpr (std::is_enum_v<T>) {
    std::underlying_type_t<T> number{};
    if (!detail::take_ordered(in, number)) return false;
    value = static_cast<T>(number);
    return true;
  } else if constexpr (std::integral<T>) {
    return detail::take_ordered(in, value);
  } else if constexpr (detail::kIsStrong<T>) {
    return detail::take_ordered(in, value.value);
  } else if constexpr (requires { value.view(); }) {
    if (in.size() < T::kSize) return false;
    std::copy_n(as_u8(in), T::kSize, value.data.begin());
    in.remove_prefix(T::kSize);
    return true;
  } else if constexpr (std::same_as<T, std::string>) {
    value.clear();
    while (in.size() >= 2) {
      if (in[0] != '\0') {
        value.push_back(in[0]);
        in.remove_prefix(1);
        continue;
      }
      const char mark = in[1];
      in.remove_prefix(2);
      if (mark == '\1') return true;
      if (mark != '\xff') return false;
      value.push_back('\0');
    }
    return false;
  } else {
    return std::apply([&in](auto&... field) { return (take_key(in, field) && ...); },
                      value.fields());
  }
}

}  // namespace tp::store
