// What a transaction or block tells the world besides its state changes. Events enter the index and
// the subscriptions, not the state root.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace tp::chain {

struct Attribute {
  std::string key;  // never empty: clients refuse that (specs/chain.md §2.2)
  std::string value;
  bool index = true;  // findable by tx_search and subscriptions
  bool operator==(const Attribute&) const = default;
};

struct Event {
  std::string type;
  std::vector<Attribute> attributes;
  bool operator==(const Event&) const = default;
};

// The same, lying elsewhere.
struct AttributeView {
  std::string_view key;
  std::string_view value;
  bool index = true;
};

struct EventView {
  std::string_view type;
  std::span<const AttributeView> attributes;
  BytesView encoded;  // tendermint.abci.Event
};

// Events in order, in the bytes in which results keep them: `repeated Event events = 7` of
// tendermint.abci.ExecTxResult. A transaction gives a dozen events with dozens of texts; as bytes
// they cost one allocation, are stored as they are, and are read where they lie.
class EventList {
 public:
  EventList() = default;
  EventList(std::initializer_list<Event> events);
  explicit EventList(std::span<const Event> events);

  bool empty() const { return bytes_.empty(); }
  BytesView bytes() const { return bytes_; }

  // Adds an event piece by piece: begin, the attributes, end.
  void begin_event(std::string_view type);
  void attribute(const AttributeView& attribute);
  void end_event();

  void add(const Event& event);
  void add(std::string_view type, std::initializer_list<AttributeView> attributes);
  void append(const EventList& more) { bytes_ += more.bytes_; }
  // Forgets what was added since bytes() had `size`; keeps the memory for what comes next.
  void cut(std::size_t size) { bytes_.resize(size); }

  // For reading: `for (const EventView& event : list)`. A view lives until the next step.
  class Iterator;
  Iterator begin() const;
  std::default_sentinel_t end() const { return {}; }
  std::vector<Event> decode() const;

  bool operator==(const EventList& other) const { return bytes_ == other.bytes_; }

 private:
  char* grow(std::size_t more);

  Bytes bytes_;
  std::size_t open_ = 0;  // where the event that is being added begins
};

class EventList::Iterator {
 public:
  using value_type = EventView;
  using difference_type = std::ptrdiff_t;

  explicit Iterator(BytesView bytes) : rest_(bytes) { step(); }
  Iterator(const Iterator&) = delete;  // event_ points into attributes_
  Iterator& operator=(const Iterator&) = delete;
  const EventView& operator*() const { return event_; }
  Iterator& operator++() {
    step();
    return *this;
  }
  void operator++(int) { step(); }
  bool operator==(std::default_sentinel_t) const { return ended_; }

 private:
  void step();

  BytesView rest_;
  EventView event_;
  std::vector<AttributeView> attributes_;
  bool ended_ = false;
};

inline EventList::Iterator EventList::begin() const {
  return Iterator(bytes_);
}

}  // namespace tp::chain
