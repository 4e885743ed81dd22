#include "chain/history.h"

#include "base/text.h"

namespace tp::chain {
namespace {

constexpr std::string_view kQuery = kLeftStateQuery.substr(kLeftState.size() + 1);
constexpr std::string_view kAnswer = "answer";

}  // namespace

std::string history_key(std::string_view path, std::string_view id) {
  return std::string(path).append(" ").append(id);
}

void tell_left_state(Context& context, std::string_view path, std::string_view id,
                     const ProtoMessage& answer) {
  const std::string key = history_key(path, id);
  const std::string text = to_base64(answer.SerializeAsString());
  context.emit(kLeftState, {{kQuery, key}, {kAnswer, text, false}});
}

std::optional<Bytes> answer_in(const EventList& events, std::string_view key) {
  std::optional<Bytes> found;
  for (const EventView& event : events) {
    if (event.type != kLeftState) continue;
    std::string_view query, answer;
    for (const AttributeView& attribute : event.attributes) {
      if (attribute.key == kQuery) query = attribute.value;
      if (attribute.key == kAnswer) answer = attribute.value;
    }
    if (query != key) continue;
    if (auto bytes = from_base64(answer)) found = *std::move(bytes);
  }
  return found;
}

}  // namespace tp::chain
