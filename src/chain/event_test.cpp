#include "chain/event.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tendermint/abci/types.pb.h"

namespace tp::chain {
namespace {

std::vector<Event> some_events() {
  std::vector<Event> events(static_cast<std::size_t>(*rc::gen::inRange(0, 5)));
  for (Event& event : events) {
    event.type = *rc::gen::arbitrary<std::string>();
    event.attributes.resize(static_cast<std::size_t>(*rc::gen::inRange(0, 4)));
    for (Attribute& attribute : event.attributes) {
      attribute.key = *rc::gen::arbitrary<std::string>();
      // Around the sizes at which a length takes one byte more.
      attribute.value.assign(*rc::gen::element<std::size_t>(0, 1, 110, 127, 128, 300, 16'500), 'v');
      attribute.index = *rc::gen::arbitrary<bool>();
    }
  }
  return events;
}

RC_GTEST_PROP(EventListProperty, WhatWasAddedIsReadBack, ()) {
  const std::vector<Event> events = some_events();
  const EventList list(events);
  RC_ASSERT(list.decode() == events);
  RC_ASSERT(list.empty() == events.empty());
}

RC_GTEST_PROP(EventListProperty, TheBytesAreTheEventsOfAnExecTxResult, ()) {
  const std::vector<Event> events = some_events();
  tendermint::abci::ExecTxResult expected;
  for (const Event& event : events) {
    auto& out = *expected.add_events();
    out.set_type(event.type);
    for (const Attribute& attribute : event.attributes) {
      auto& item = *out.add_attributes();
      item.set_key(attribute.key);
      item.set_value(attribute.value);
      item.set_index(attribute.index);
    }
  }
  RC_ASSERT(EventList(events).bytes() == expected.SerializeAsString());
}

RC_GTEST_PROP(EventListProperty, AppendingJoinsInOrder, ()) {
  std::vector<Event> first = some_events();
  const std::vector<Event> second = some_events();
  EventList list(first);
  list.append(EventList(second));
  first.insert(first.end(), second.begin(), second.end());
  RC_ASSERT(list == EventList(first));
  RC_ASSERT(list.decode() == first);
}

TEST(EventListTest, AViewNamesTypeAttributesAndBytes) {
  const EventList list{{"transfer", {{"amount", "5utoll"}, {"memo", "", false}}}};
  int seen = 0;
  for (const EventView& event : list) {
    ++seen;
    EXPECT_EQ(event.type, "transfer");
    ASSERT_EQ(event.attributes.size(), 2u);
    EXPECT_EQ(event.attributes[0].value, "5utoll");
    EXPECT_EQ(event.attributes[1].key, "memo");
    EXPECT_FALSE(event.attributes[1].index);
    tendermint::abci::Event parsed;
    ASSERT_TRUE(
        parsed.ParseFromArray(event.encoded.data(), static_cast<int>(event.encoded.size())));
    EXPECT_EQ(parsed.attributes_size(), 2);
  }
  EXPECT_EQ(seen, 1);
}

}  // namespace
}  // namespace tp::chain
