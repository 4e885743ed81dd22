#include "base/varint.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace tp {
namespace {

using namespace std::string_literals;

Bytes varint(std::uint64_t value) {
  Bytes out;
  append_varint(out, value);
  return out;
}

TEST(Varint, WritesAsProtobufDoes) {
  EXPECT_EQ(varint(0), "\x00"s);
  EXPECT_EQ(varint(127), "\x7f"s);
  EXPECT_EQ(varint(128), "\x80\x01"s);
  EXPECT_EQ(varint(300), "\xac\x02"s);
  EXPECT_EQ(varint(std::numeric_limits<std::uint64_t>::max()),
            "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s);
}

TEST(Varint, RefusesWhatEndsEarlyIsTooLongOrTooLarge) {
  for (const Bytes& bytes : {""s, "\x80"s, "\xff\xff"s, "\x80\x00"s, "\xac\x82\x00"s,
                             "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"s,
                             "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00"s}) {
    BytesView in = bytes;
    EXPECT_FALSE(take_varint(in));
    EXPECT_EQ(in.size(), bytes.size()) << "a refused integer must not be taken";
  }
}

RC_GTEST_PROP(VarintProperty, ReadsBackAndLeavesTheRest, (const std::string& rest)) {
  const std::uint64_t value = *rc::gen::arbitrary<std::uint64_t>() >> *rc::gen::inRange(0, 64);
  const Bytes bytes = varint(value) + rest;
  BytesView in = bytes;
  RC_ASSERT(take_varint(in).value() == value);
  RC_ASSERT(in == rest);
}

RC_GTEST_PROP(VarintProperty, BigEndianKeepsTheOrder, (std::uint64_t a, std::uint64_t b)) {
  Bytes first, second;
  append_big_endian(first, a);
  append_big_endian(second, b);
  RC_ASSERT((a < b) == (first < second));
  RC_ASSERT(first.size() == 8u);
}

}  // namespace
}  // namespace tp
