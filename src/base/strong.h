// Integers with a meaning: a Height is not a sequence number (style.md: two integers side by side
// are a bug waiting).
#pragma once

#include <compare>
#include <concepts>
#include <cstdint>

namespace tp {

template <class Tag, std::integral T>
struct Strong {
  using Value = T;
  T value{};

  constexpr Strong() = default;
  constexpr explicit Strong(T v) : value(v) {}
  constexpr Strong next() const { return Strong{static_cast<T>(value + 1)}; }
  constexpr auto operator<=>(const Strong&) const = default;
};

using Height = Strong<struct HeightTag, std::int64_t>;  // of a block; the first is 1
using Gas = Strong<struct GasTag, std::uint64_t>;
using BasisPoints = Strong<struct BasisPointsTag, std::uint32_t>;  // 1/100 of a percent

}  // namespace tp
