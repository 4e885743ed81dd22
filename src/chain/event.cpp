#include "chain/event.h"

#include <algorithm>
#include <cstring>

#include "base/result.h"
#include "base/varint.h"

namespace tp::chain {
namespace {

// Field numbers with the wire type, as they stand in the bytes.
constexpr char kEvents = 7 << 3 | 2;      // ExecTxResult.events
constexpr char kType = 1 << 3 | 2;        // Event.type
constexpr char kAttributes = 2 << 3 | 2;  // Event.attributes
constexpr char kKey = 1 << 3 | 2;         // EventAttribute.key
constexpr char kValue = 2 << 3 | 2;       // EventAttribute.value
constexpr char kIndex = 3 << 3;           // EventAttribute.index

constexpr std::size_t kUsualSize = 1'024;  // of the events of a transaction
constexpr std::size_t kFrameSize = 1 + 2;  // of an event of 128 to 16,383 bytes

std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

std::size_t text_size(std::string_view text) {
  return text.empty() ? 0 : 1 + varint_size(text.size()) + text.size();
}

char* put_varint(char* at, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
  *at++ = static_cast<char>(value);
  return at;
}

// Empty texts are left out, as proto3 does.
char* put_text(char* at, char tag, std::string_view text) {
  if (text.empty()) return at;
  *at++ = tag;
  at = put_varint(at, text.size());
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

// Only for what was encoded here.
BytesView take_frame(BytesView& in) {
  const auto size = take_varint(in);
  TP_ASSERT(size && *size <= in.size());
  const BytesView content = in.substr(0, static_cast<std::size_t>(*size));
  in.remove_prefix(content.size());
  return content;
}

char take_tag(BytesView& in) {
  const char tag = in.front();
  in.remove_prefix(1);
  return tag;
}

AttributeView read_attribute(BytesView in) {
  AttributeView out{.key = {}, .value = {}, .index = false};
  while (!in.empty()) {
    switch (take_tag(in)) {
      case kKey: out.key = take_frame(in); break;
      case kValue: out.value = take_frame(in); break;
      case kIndex: out.index = take_varint(in).value_or(0) != 0; break;
      default: TP_FATAL("not an attribute of an event");
    }
  }
  return out;
}

}  // namespace

EventList::EventList(std::initializer_list<Event> events)
    : EventList(std::span(events.begin(), events.size())) {}

EventList::EventList(std::span<const Event> events) {
  for (const Event& event : events) add(event);
}

void EventList::begin_event(std::string_view type) {
  if (bytes_.capacity() < kUsualSize) bytes_.reserve(kUsualSize);
  open_ = bytes_.size();
  char* const at = grow(kFrameSize + text_size(type));
  put_text(at + kFrameSize, kType, type);
}

void EventList::attribute(const AttributeView& attribute) {
  const std::size_t content =
      text_size(attribute.key) + text_size(attribute.value) + (attribute.index ? 2 : 0);
  char* at = grow(1 + varint_size(content) + content);
  *at++ = kAttributes;
  at = put_varint(at, content);
  at = put_text(at, kKey, attribute.key);
  at = put_text(at, kValue, attribute.value);
  if (!attribute.index) return;
  *at++ = kIndex;
  *at++ = 1;
}

// Returns where the `more` new bytes begin, which are not set yet.
char* EventList::grow(std::size_t more) {
  const std::size_t from = bytes_.size();
  // The size that GCC 12 hands to the operation is the capacity.
  bytes_.resize_and_overwrite(from + more, [&](char*, std::size_t) { return from + more; });
  return bytes_.data() + from;
}

void EventList::end_event() {
  const std::size_t content = bytes_.size() - open_ - kFrameSize;
  const std::size_t frame = 1 + varint_size(content);
  if (frame < kFrameSize) bytes_.erase(open_ + frame, kFrameSize - frame);
  if (frame > kFrameSize) bytes_.insert(open_ + kFrameSize, frame - kFrameSize, '\0');
  bytes_[open_] = kEvents;
  put_varint(bytes_.data() + open_ + 1, content);
}

void EventList::add(const Event& event) {
  begin_event(event.type);
  for (const Attribute& one : event.attributes) attribute({one.key, one.value, one.index});
  end_event();
}

void EventList::add(std::string_view type, std::initializer_list<AttributeView> attributes) {
  begin_event(type);
  for (const AttributeView& one : attributes) attribute(one);
  end_event();
}

void EventList::Iterator::step() {
  ended_ = rest_.empty();
  if (ended_) return;
  TP_ASSERT(take_tag(rest_) == kEvents);
  BytesView in = take_frame(rest_);
  event_ = {.type = {}, .attributes = {}, .encoded = in};
  attributes_.clear();
  while (!in.empty()) {
    switch (take_tag(in)) {
      case kType: event_.type = take_frame(in); break;
      case kAttributes: attributes_.push_back(read_attribute(take_frame(in))); break;
      default: TP_FATAL("not an event");
    }
  }
  event_.attributes = attributes_;
}

std::vector<Event> EventList::decode() const {
  std::vector<Event> out;
  for (const EventView& view : *this) {
    Event& event = out.emplace_back(std::string(view.type), std::vector<Attribute>());
    event.attributes.reserve(view.attributes.size());
    for (const AttributeView& one : view.attributes)
      event.attributes.push_back({std::string(one.key), std::string(one.value), one.index});
  }
  return out;
}

}  // namespace tp::chain
