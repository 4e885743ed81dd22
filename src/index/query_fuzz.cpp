// Queries come from anybody: parsing neither crashes nor accepts what it cannot evaluate.
#include "index/query.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto query = tp::index::Query::parse(text);
  if (!query) return 0;
  if (query->conditions().empty()) TP_FATAL("a query without conditions");
  std::vector<tp::chain::Event> events{{"transfer", {{"amount", "12utoll", true}}}};
  for (const tp::index::Condition& condition : query->conditions()) {
    (void)condition.holds_for(text);
    if (condition.op == tp::index::Operator::kExists && !condition.holds_for(""))
      TP_FATAL("EXISTS does not hold for an empty value");
    events.push_back({std::string(condition.event_type()), {{"x", std::string(text), true}}});
  }
  (void)query->matches(events);
  return 0;
}
