// CometBFT's query language: what tx_search, block_search and subscriptions select by.
//
//   tx.height > 5 AND transfer.recipient = 'turn1...' AND message.action EXISTS
//
// Conditions are joined by AND. Operators: = with a 'text', and = < <= > >= with numbers, DATE and
// TIME literals (DATE 2026-01-02, TIME 2026-01-02T03:04:05Z); CONTAINS 'text'; EXISTS. A key is
// eventType.attributeKey. All conditions on one event type must hold in one and the same event
// (specs/chain.md §2.2).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/wide.h"
#include "chain/event.h"

namespace tp::index {

enum class QueryError : std::uint32_t {
  kSyntax = 2,
  kTooLong = 3,
  kUnsupported = 4,
  kTooBroad = 5
};
ErrorInfo describe(QueryError error);

// A number as written: a whole part with sign, and the digits after the point.
struct Number {
  bool negative = false;
  std::string whole = "0";  // no leading zeros but "0" itself
  std::string fraction;     // no trailing zeros

  // Text that begins with a number, as attribute values such as "1000utoll" do: the number at its
  // front, as CometBFT reads it. Nothing when it begins otherwise.
  static std::optional<Number> at_front_of(std::string_view text);
  std::strong_ordering operator<=>(const Number& other) const;
  bool operator==(const Number& other) const = default;
};

enum class Operator { kEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual, kContains, kExists };

struct Condition {
  std::string key;  // "transfer.recipient"
  Operator op = Operator::kEqual;
  // std::monostate with kExists.
  std::variant<std::monostate, std::string, Number, BlockTime> operand;

  // The part of the key that names the event: everything before the last point; all of a key
  // without a point, which only EXISTS may have.
  std::string_view event_type() const;
  // Whether an attribute with this key and `value` satisfies the condition.
  bool holds_for(std::string_view value) const;
};

class Query {
 public:
  static constexpr std::size_t kMaxSize = 512;  // CometBFT's limit for subscriptions
  static constexpr std::size_t kMaxConditions = 32;

  // Errors: kSyntax, naming the place ("at 17: ..."); kTooLong.
  static Result<Query> parse(std::string_view text);

  const std::vector<Condition>& conditions() const { return conditions_; }
  const std::string& text() const { return text_; }

  // Whether the query selects what `events` describe: one message of a subscription, or one
  // transaction. Built-in keys (tm.event, tx.hash, tx.height, block.height) are passed as events
  // too: {"tm", {{"event", "Tx"}}}. Attributes count whether or not they are marked for the index.
  bool matches(std::span<const chain::Event> events) const;

 private:
  std::string text_;
  std::vector<Condition> conditions_;
};

}  // namespace tp::index
