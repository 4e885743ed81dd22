#include "index/query.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tp::index {
namespace {

Query query(std::string_view text) {
  auto parsed = Query::parse(text);
  EXPECT_TRUE(parsed) << text << ": " << parsed.error().text;
  return parsed ? *std::move(parsed) : Query();
}

std::string error_of(std::string_view text) {
  const auto parsed = Query::parse(text);
  return parsed ? "" : parsed.error().text;
}

bool holds(std::string_view condition, std::string_view value) {
  return query(condition).conditions().at(0).holds_for(value);
}

TEST(QueryParse, ConditionsAreJoinedByAnd) {
  const Query q = query("tm.event='Tx' AND transfer.recipient = 'turn1x' AND tx.height>=5");
  ASSERT_EQ(q.conditions().size(), 3u);
  EXPECT_EQ(q.conditions()[0].key, "tm.event");
  EXPECT_EQ(std::get<std::string>(q.conditions()[1].operand), "turn1x");
  EXPECT_EQ(q.conditions()[2].op, Operator::kGreaterOrEqual);
  EXPECT_EQ(std::get<Number>(q.conditions()[2].operand).whole, "5");
}

TEST(QueryParse, EveryOperatorAndLiteralIsRead) {
  EXPECT_EQ(query("a.b EXISTS").conditions()[0].op, Operator::kExists);
  EXPECT_EQ(query("a EXISTS").conditions()[0].event_type(), "a");
  EXPECT_EQ(query("a.b CONTAINS 'x y'").conditions()[0].op, Operator::kContains);
  EXPECT_EQ(query("a.b < 1.50").conditions()[0].op, Operator::kLess);
  EXPECT_EQ(std::get<Number>(query("a.b > -1.50").conditions()[0].operand).fraction, "5");
  EXPECT_EQ(std::get<BlockTime>(query("a.b >= DATE 2026-01-02").conditions()[0].operand),
            *from_rfc3339("2026-01-02T00:00:00Z"));
  EXPECT_EQ(std::get<BlockTime>(query("a.b = TIME 2026-01-02T03:04:05Z").conditions()[0].operand),
            *from_rfc3339("2026-01-02T03:04:05Z"));
}

TEST(QueryParse, EventTypesMayHavePoints) {
  EXPECT_EQ(query("akash.market.v1.EventLeaseCreated.id = '1'").conditions()[0].event_type(),
            "akash.market.v1.EventLeaseCreated");
}

TEST(QueryParse, KeywordsInsideNamesAreNames) {
  EXPECT_EQ(query("ANDes.peak = 'x' AND x.EXISTSnot EXISTS").conditions().size(), 2u);
}

TEST(QueryParse, MistakesAreNamedByPlace) {
  EXPECT_EQ(error_of(""), "query at 1: a key such as transfer.recipient is expected: not a query");
  EXPECT_EQ(error_of("a.b"),
            "query at 4: one of = < <= > >= CONTAINS EXISTS is expected: not a query");
  EXPECT_EQ(error_of("a.b = 'x"), "query at 8: the text does not end: not a query");
  EXPECT_NE(error_of("a.b = 'x' OR a.c = 'y'").find("AND or the end"), std::string::npos);
  EXPECT_NE(error_of("a.b = 'x' AND"), "");
  EXPECT_NE(error_of("a = 'x'").find("event.attribute"), std::string::npos);
  EXPECT_NE(error_of("a.b < 'x'").find("= only"), std::string::npos);
  EXPECT_NE(error_of("a.b = 1.2.3"), "");
  EXPECT_NE(error_of("a.b = -"), "");
  EXPECT_NE(error_of("a.b = DATE 2026-13-01"), "");
  EXPECT_NE(error_of("a.b CONTAINS 5"), "");
  EXPECT_NE(error_of("AND = 'x'"), "");
}

TEST(QueryParse, LengthAndNumberOfConditionsAreLimited) {
  EXPECT_TRUE(is(Query::parse(std::string(513, ' ')).error(), QueryError::kTooLong));
  std::string many = "a.b EXISTS";
  for (int i = 0; i < 32; ++i) many += " AND a.b=1";
  EXPECT_TRUE(is(Query::parse(many).error(), QueryError::kTooLong));
}

TEST(QueryHolds, NumbersCompareAsNumbersWithWhateverFollowsThem) {
  EXPECT_TRUE(holds("a.b > 9", "10utoll"));
  EXPECT_FALSE(holds("a.b > 9", "9utoll"));
  EXPECT_TRUE(holds("a.b = 10", "0010.00utoll"));
  EXPECT_TRUE(holds("a.b < 1", "-5"));
  EXPECT_TRUE(holds("a.b < 340282366920938463463374607431768211457",
                    "340282366920938463463374607431768211456"));
  EXPECT_FALSE(holds("a.b < 5", "utoll"));
}

TEST(QueryHolds, TextsCompareWhole) {
  EXPECT_TRUE(holds("a.b = 'x'", "x"));
  EXPECT_FALSE(holds("a.b = 'x'", "xy"));
  EXPECT_TRUE(holds("a.b CONTAINS 'x'", "axb"));
  EXPECT_TRUE(holds("a.b EXISTS", ""));
}

TEST(QueryHolds, TimesCompareAsTimes) {
  EXPECT_TRUE(holds("a.b >= DATE 2026-01-02", "2026-01-02T00:00:01Z"));
  EXPECT_FALSE(holds("a.b >= DATE 2026-01-02", "2026-01-01T23:59:59Z"));
  EXPECT_FALSE(holds("a.b >= DATE 2026-01-02", "soon"));
}

TEST(QueryMatches, ConditionsOnOneEventTypeMustHoldInOneEvent) {
  const std::vector<chain::Event> events{
      {"transfer", {{"sender", "a", true}, {"amount", "5", true}}},
      {"transfer", {{"sender", "b", true}, {"amount", "9", true}}},
      {"message", {{"action", "send", true}}},
  };
  EXPECT_TRUE(query("transfer.sender='a' AND transfer.amount=5").matches(events));
  EXPECT_FALSE(query("transfer.sender='a' AND transfer.amount=9").matches(events));
  EXPECT_TRUE(query("transfer.sender='a' AND message.action='send'").matches(events));
  EXPECT_FALSE(query("transfer.memo EXISTS").matches(events));
  EXPECT_TRUE(query("transfer EXISTS").matches(events));
}

RC_GTEST_PROP(NumberProperty, OrderIsThatOfTheNumbers, (std::int32_t a, std::int32_t b)) {
  const auto left = Number::at_front_of(std::to_string(a));
  const auto right = Number::at_front_of(std::to_string(b));
  RC_ASSERT((*left <=> *right) == (a <=> b));
  RC_ASSERT((*left == *right) == (a == b));
}

RC_GTEST_PROP(QueryProperty, AnyTextIsReadOrRefused, (const std::string& text)) {
  if (const auto parsed = Query::parse(text)) RC_ASSERT(!parsed->conditions().empty());
}

}  // namespace
}  // namespace tp::index
