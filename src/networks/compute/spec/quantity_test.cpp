#include "networks/compute/spec/quantity.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "networks/compute/spec/error.h"

namespace tp::compute {
namespace {

std::uint64_t cpu(std::string_view text) {
  return parse_cpu_units(text).value();
}
std::uint64_t bytes(std::string_view text) {
  return parse_byte_size(text)->rounded_down;
}
bool refuses_cpu(std::string_view text) {
  const auto units = parse_cpu_units(text);
  return !units && is(units.error(), SpecError::kInvalidQuantity);
}
bool refuses_size(std::string_view text) {
  const auto size = parse_byte_size(text);
  return !size && is(size.error(), SpecError::kInvalidQuantity);
}

TEST(CpuUnits, AreThousandthsWithASuffixAndCoresWithout) {
  EXPECT_EQ(cpu("500m"), 500U);
  EXPECT_EQ(cpu("0.5"), 500U);
  EXPECT_EQ(cpu("2"), 2000U);
  EXPECT_EQ(cpu(".25"), 250U);
  EXPECT_EQ(cpu("1e1"), 10'000U);
}

TEST(CpuUnits, DropWhatIsLessThanAThousandth) {
  EXPECT_EQ(cpu("0.0019"), 1U);
  EXPECT_EQ(cpu("0.29"), 290U);    // 0.29 * 1000 is 290 in floating point
  EXPECT_EQ(cpu("4.035"), 4035U);  // and this 4035
  EXPECT_EQ(cpu("1.001"), 1000U);  // but this is 1000.9999999999999
}

TEST(CpuUnits, RefuseNegativeNumbersByName) {
  for (const std::string_view text : {"-1", "-100m"}) {
    const auto units = parse_cpu_units(text);
    ASSERT_FALSE(units);
    EXPECT_NE(units.error().text.find("invalid: negative value not allowed"), std::string::npos);
  }
}

TEST(CpuUnits, RefuseFractionsOfThousandthsAndWhatIsNoNumber) {
  for (const std::string_view text :
       {"1.5m", "m", "", "x", "1 ", "0x10", "inf", "nan", "1K", "--1", "1e", "+-1"})
    EXPECT_TRUE(refuses_cpu(text)) << text;
}

TEST(CpuUnits, RefuseWhatGoWouldWrapAround) {
  EXPECT_TRUE(refuses_cpu("4294968"));  // 4294968000 does not fit 32 bits
  EXPECT_TRUE(refuses_cpu("4294967296m"));
  EXPECT_TRUE(refuses_cpu("1e300"));
  EXPECT_EQ(cpu("4294967295m"), 4'294'967'295U);
}

TEST(ByteSize, KnowsPowersOf1000And1024) {
  EXPECT_EQ(bytes("7"), 7U);
  EXPECT_EQ(bytes("1k"), 1000U);
  EXPECT_EQ(bytes("1M"), 1'000'000U);
  EXPECT_EQ(bytes("1G"), 1'000'000'000U);
  EXPECT_EQ(bytes("1T"), 1'000'000'000'000U);
  EXPECT_EQ(bytes("1P"), 1'000'000'000'000'000U);
  EXPECT_EQ(bytes("1E"), 1'000'000'000'000'000'000U);
  EXPECT_EQ(bytes("1Ki"), 1ULL << 10);
  EXPECT_EQ(bytes("1Mi"), 1ULL << 20);
  EXPECT_EQ(bytes("1Gi"), 1ULL << 30);
  EXPECT_EQ(bytes("1Ti"), 1ULL << 40);
  EXPECT_EQ(bytes("1Pi"), 1ULL << 50);
  EXPECT_EQ(bytes("1Ei"), 1ULL << 60);
}

TEST(ByteSize, OfAFractionIsRoundedDownForGoAndUpForTypeScript) {
  const ByteSize size = parse_byte_size("0.3Gi").value();
  EXPECT_EQ(size.rounded_down, 322'122'547U);
  EXPECT_EQ(size.rounded_up, 322'122'548U);
  EXPECT_EQ(bytes("1.5Gi"), 3ULL << 29);
}

TEST(ByteSize, GoesThroughADoubleAndLosesBitsAbove2To53) {
  EXPECT_EQ(bytes("9007199254740993"), 9'007'199'254'740'992U);
}

TEST(ByteSize, ReadsWhatOnlyTheTypeScriptClientReads) {
  EXPECT_EQ(bytes("2gi"), 2ULL << 30);
  EXPECT_EQ(bytes("16GB"), 16'000'000'000U);
  EXPECT_EQ(bytes("6gb"), 6'000'000'000U);
  EXPECT_EQ(bytes("1K"), 1000U);
  EXPECT_EQ(bytes("512m"), 512'000'000U);
}

TEST(ByteSize, RefusesWhatNeitherClientMeans) {
  for (const std::string_view text : {"", "Gi", "1GiB", "1Xi", "1 Gi", "-1Gi", "-1", "1b", "NaN",
                                      "Infinity", "0x1p4", "1__0", "16Ei", "1e30", "ki", "1.2.3Gi"})
    EXPECT_TRUE(refuses_size(text)) << text;
}

TEST(GpuRam, TakesBinarySuffixesOnly) {
  EXPECT_EQ(parse_gpu_ram("80Gi").value(), 80ULL << 30);
  EXPECT_EQ(parse_gpu_ram("81920Mi").value(), 80ULL << 30);
  EXPECT_FALSE(parse_gpu_ram("80G"));
  EXPECT_FALSE(parse_gpu_ram("80gi"));
}

TEST(Window, ReadsGoDurations) {
  EXPECT_EQ(parse_window("24h").value(), Duration::hours(24));
  EXPECT_EQ(parse_window("1h30m").value(), Duration::minutes(90));
  EXPECT_EQ(parse_window("1.5h").value(), Duration::minutes(90));
  EXPECT_EQ(parse_window("1ms1us1ns").value(), Duration{1'001'001});
  EXPECT_EQ(parse_window("+2s").value(), Duration::seconds(2));
}

TEST(Window, MustBeLongerThanZeroAndASpan) {
  for (const std::string_view text : {"0", "0s", "-1h", "", "h", "1", "abc", "1d", "1h ", ".s",
                                      "99999999999h", "1..5h", "9223372036854775807h"})
    EXPECT_FALSE(parse_window(text)) << text;
}

RC_GTEST_PROP(ByteSizeProperty, WholeMebibytesAreExact, ()) {
  const auto count = *rc::gen::inRange<std::uint64_t>(0, 1ULL << 32);
  RC_ASSERT(bytes(std::to_string(count) + "Mi") == count << 20);
}

RC_GTEST_PROP(QuantityProperty, NoTextCrashesAParser, (const std::string& text)) {
  (void)parse_cpu_units(text);
  (void)parse_byte_size(text);
  (void)parse_gpu_ram(text);
  (void)parse_window(text);
}

}  // namespace
}  // namespace tp::compute
