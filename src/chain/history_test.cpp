#include "chain/history.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace tp::chain {
namespace {

Event left(std::string query, std::string answer) {
  return {"left_state", {{"query", std::move(query)}, {"answer", std::move(answer), false}}};
}

TEST(History, AnAnswerIsFoundByItsWholeKey) {
  const EventList events{left("/a.Query/One 1", to_base64("first")),
                         left("/a.Query/One 12", to_base64("second"))};
  EXPECT_EQ(answer_in(events, history_key("/a.Query/One", "1")), Bytes("first"));
  EXPECT_EQ(answer_in(events, history_key("/a.Query/One", "12")), Bytes("second"));
  EXPECT_EQ(answer_in(events, history_key("/a.Query/One", "")), std::nullopt);
}

TEST(History, OfANameThatLeftTwiceTheLastCounts) {
  const EventList events{left("/a.Query/One 1", to_base64("first")),
                         left("/a.Query/One 1", to_base64("second"))};
  EXPECT_EQ(answer_in(events, "/a.Query/One 1"), Bytes("second"));
}

TEST(History, OtherEventsAreNoAnswers) {
  const EventList events{Event{"transfer", {{"query", "k"}, {"answer", to_base64("x")}}},
                         left("k", "not base64!")};
  EXPECT_EQ(answer_in(events, "k"), std::nullopt);
}

TEST(History, AnEmptyAnswerIsOne) {
  EXPECT_EQ(answer_in({left("k", "")}, "k"), Bytes());
}

}  // namespace
}  // namespace tp::chain
