#include "index/query.h"

#include <algorithm>

namespace tp::index {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_key_character(char c) {
  return !is_space(c) && !std::string_view("\\()\"'=<>").contains(c) &&
         static_cast<unsigned char>(c) >= 0x20;
}

// "2026-01-02", or an RFC 3339 time.
std::optional<BlockTime> time_of(std::string_view text) {
  const bool is_date = text.size() == 10;
  const auto time = from_rfc3339(is_date ? std::string(text) + "T00:00:00Z" : std::string(text));
  return time ? std::optional(*time) : std::nullopt;
}

// Whole parts without leading zeros: the longer one is larger.
std::strong_ordering compare_magnitude(const Number& a, const Number& b) {
  if (a.whole.size() != b.whole.size()) return a.whole.size() <=> b.whole.size();
  if (const auto order = a.whole <=> b.whole; order != 0) return order;
  return a.fraction <=> b.fraction;
}

bool holds(Operator op, std::strong_ordering order) {
  switch (op) {
    case Operator::kEqual: return order == 0;
    case Operator::kLess: return order < 0;
    case Operator::kLessOrEqual: return order <= 0;
    case Operator::kGreater: return order > 0;
    case Operator::kGreaterOrEqual: return order >= 0;
    case Operator::kContains:
    case Operator::kExists: break;
  }
  return false;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::vector<Condition>> parse() {
    std::vector<Condition> out;
    while (true) {
      if (out.size() == Query::kMaxConditions)
        return fail(QueryError::kTooLong,
                    "more than " + std::to_string(Query::kMaxConditions) + " conditions");
      TRY(Condition next, condition());
      out.push_back(std::move(next));
      skip_space();
      if (at_ == text_.size()) return out;
      if (!take_word("AND")) return wrong("AND or the end is expected");
    }
  }

 private:
  Result<Condition> condition() {
    skip_space();
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_key_character(text_[at_])) ++at_;
    Condition out;
    out.key = text_.substr(begin, at_ - begin);
    if (out.key.empty()) return wrong("a key such as transfer.recipient is expected");
    if (out.key == "AND" || out.key == "EXISTS" || out.key == "CONTAINS")
      return wrong("a key is expected before " + out.key);
    skip_space();
    if (take_word("EXISTS")) {
      out.op = Operator::kExists;
      return out;
    }
    const bool has_point = out.key.find('.') != std::string::npos && !out.key.starts_with('.') &&
                           !out.key.ends_with('.');
    if (!has_point) return wrong("\"" + out.key + "\" is not of the form event.attribute");
    if (take_word("CONTAINS")) {
      out.op = Operator::kContains;
      skip_space();
      TRY(out.operand, quoted());
      return out;
    }
    TRY(out.op, comparison());
    skip_space();
    TRY_VOID(operand(out));
    return out;
  }

  Result<Operator> comparison() {
    if (take("<=")) return Operator::kLessOrEqual;
    if (take(">=")) return Operator::kGreaterOrEqual;
    if (take("<")) return Operator::kLess;
    if (take(">")) return Operator::kGreater;
    if (take("=")) return Operator::kEqual;
    return wrong("one of = < <= > >= CONTAINS EXISTS is expected");
  }

  Result<void> operand(Condition& out) {
    if (at_ < text_.size() && text_[at_] == '\'') {
      if (out.op != Operator::kEqual)
        return wrong("texts compare with = only; numbers, DATE and TIME are not quoted");
      TRY(out.operand, quoted());
      return {};
    }
    if (take_word("DATE") || take_word("TIME")) {
      skip_space();
      const std::size_t begin = at_;
      while (at_ < text_.size() && !is_space(text_[at_])) ++at_;
      const auto time = time_of(text_.substr(begin, at_ - begin));
      if (!time) return wrong("a date such as 2026-01-02 or a time such as 2026-01-02T03:04:05Z");
      out.operand = *time;
      return {};
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() &&
           (is_digit(text_[at_]) || text_[at_] == '.' || (at_ == begin && text_[at_] == '-')))
      ++at_;
    const std::string_view digits = text_.substr(begin, at_ - begin);
    const auto number = Number::at_front_of(digits);
    const bool whole =
        number && std::count(digits.begin(), digits.end(), '.') <= 1 && !digits.ends_with('.');
    if (!whole) return wrong("a 'text', a number, DATE or TIME is expected");
    out.operand = *number;
    return {};
  }

  Result<std::string> quoted() {
    if (!take("'")) return wrong("a text in single quotes is expected");
    const std::size_t end = text_.find('\'', at_);
    if (end == std::string_view::npos) return wrong("the text does not end");
    std::string out(text_.substr(at_, end - at_));
    at_ = end + 1;
    return out;
  }

  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  bool take(std::string_view symbol) {
    if (!text_.substr(at_).starts_with(symbol)) return false;
    at_ += symbol.size();
    return true;
  }

  // A keyword that ends where no key could go on.
  bool take_word(std::string_view word) {
    const std::string_view rest = text_.substr(at_);
    if (!rest.starts_with(word)) return false;
    if (rest.size() > word.size() && is_key_character(rest[word.size()])) return false;
    at_ += word.size();
    return true;
  }

  std::unexpected<Error> wrong(std::string_view what) const {
    return fail(QueryError::kSyntax,
                "query at " + std::to_string(at_ + 1) + ": " + std::string(what));
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

ErrorInfo describe(QueryError error) {
  const auto info = [error](std::string_view text) {
    return ErrorInfo{"query", static_cast<std::uint32_t>(error), text};
  };
  switch (error) {
    case QueryError::kSyntax: return info("not a query");
    case QueryError::kTooLong: return info("the query is too long");
    case QueryError::kUnsupported: return info("this condition is not possible here");
    case QueryError::kTooBroad: return info("the search would read too much of history");
  }
  TP_FATAL("QueryError out of range");
}

std::optional<Number> Number::at_front_of(std::string_view text) {
  Number out;
  out.negative = text.starts_with('-');
  if (out.negative) text.remove_prefix(1);
  std::size_t end = 0;
  while (end < text.size() && is_digit(text[end])) ++end;
  if (end == 0) return std::nullopt;
  const std::size_t first = std::min(text.find_first_not_of('0'), end - 1);
  out.whole = text.substr(first, end - first);
  if (end < text.size() && text[end] == '.') {
    std::size_t last = end + 1;
    while (last < text.size() && is_digit(text[last])) ++last;
    out.fraction = text.substr(end + 1, last - end - 1);
    out.fraction.erase(out.fraction.find_last_not_of('0') + 1);
  }
  if (out.whole == "0" && out.fraction.empty()) out.negative = false;
  return out;
}

std::strong_ordering Number::operator<=>(const Number& other) const {
  if (negative != other.negative) return other.negative <=> negative;
  return negative ? compare_magnitude(other, *this) : compare_magnitude(*this, other);
}

std::string_view Condition::event_type() const {
  return std::string_view(key).substr(0, std::min(key.rfind('.'), key.size()));
}

bool Condition::holds_for(std::string_view value) const {
  if (op == Operator::kExists) return true;
  if (const auto* text = std::get_if<std::string>(&operand))
    return op == Operator::kContains ? value.find(*text) != std::string_view::npos : value == *text;
  if (const auto* number = std::get_if<Number>(&operand)) {
    const auto found = Number::at_front_of(value);
    return found && holds(op, *found <=> *number);
  }
  if (const auto* time = std::get_if<BlockTime>(&operand)) {
    const auto found = time_of(value);
    return found && holds(op, *found <=> *time);
  }
  return false;
}

Result<Query> Query::parse(std::string_view text) {
  if (text.size() > kMaxSize) {
    return fail(QueryError::kTooLong, std::to_string(text.size()) + " bytes, at most " +
                                          std::to_string(kMaxSize) + " are accepted");
  }
  Query out;
  out.text_ = text;
  TRY(out.conditions_, Parser(text).parse());
  return out;
}

namespace {

bool event_satisfies(const chain::Event& event, const Condition& condition) {
  if (condition.key == event.type) return condition.op == Operator::kExists;
  const std::string_view key = condition.key;
  if (key.size() <= event.type.size() + 1 || !key.starts_with(event.type) ||
      key[event.type.size()] != '.')
    return false;
  const std::string_view attribute_key = key.substr(event.type.size() + 1);
  return std::any_of(
      event.attributes.begin(), event.attributes.end(), [&](const chain::Attribute& attribute) {
        return attribute.key == attribute_key && condition.holds_for(attribute.value);
      });
}

}  // namespace

bool Query::matches(std::span<const chain::Event> events) const {
  // Conditions on one event type must all hold in one event of it.
  return std::all_of(conditions_.begin(), conditions_.end(), [&](const Condition& first) {
    return std::any_of(events.begin(), events.end(), [&](const chain::Event& event) {
      return std::all_of(conditions_.begin(), conditions_.end(), [&](const Condition& other) {
        return other.event_type() != first.event_type() || event_satisfies(event, other);
      });
    });
  });
}

}  // namespace tp::index
