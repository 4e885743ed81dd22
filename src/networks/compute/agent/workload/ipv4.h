// Addresses and ranges of IPv4.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace tp::compute::workload {

struct Ipv4 {
  std::uint32_t value = 0;

  std::string text() const;
  auto operator<=>(const Ipv4&) const = default;
};

struct Ipv4Range {
  Ipv4 first{};
  std::uint32_t bits = 32;  // of the prefix

  std::string text() const;  // "10.192.0.0/12"
  bool overlaps(const Ipv4Range& other) const;
  bool contains(Ipv4 address) const { return overlaps({.first = address, .bits = 32}); }
};
Result<Ipv4> parse_ipv4(const std::string& text);             // Errors: kBadSpec.
Result<Ipv4Range> parse_ipv4_range(const std::string& text);  // "a.b.c.d/n". Errors: kBadSpec.

}  // namespace tp::compute::workload
