#include "base/short_bytes.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace tp {
namespace {

TEST(ShortBytes, HoldsNothingAtFirst) {
  ShortBytes bytes;
  EXPECT_EQ(bytes.size(), 0u);
  EXPECT_EQ(bytes.view(), "");
}

TEST(ShortBytes, AByteMoreThanFitsInPlaceIsKeptToo) {
  ShortBytes bytes;
  bytes.append(Bytes(ShortBytes::kInPlace, 'a'));
  bytes.push_back('b');
  EXPECT_EQ(bytes.view(), Bytes(ShortBytes::kInPlace, 'a') + "b");
}

RC_GTEST_PROP(ShortBytesProperty, AppendsAsBytesDo, (const std::vector<std::string>& parts)) {
  ShortBytes bytes;
  Bytes expected;
  for (const std::string& part : parts) {
    bytes.append(part);
    bytes.push_back('-');
    expected.append(part).push_back('-');
  }
  RC_ASSERT(bytes.view() == expected);
}

}  // namespace
}  // namespace tp
