// One pass over protobuf bytes that says whether a strict reader may parse them.
//
// The rules of each message type are compiled once from its descriptor into a table; the pass
// itself touches no descriptor, allocates nothing and visits every byte once. What it accepts, and
// what it refuses that protobuf would take: tx_codec.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "chain/message_types.h"

namespace tp::chain {

enum class FieldKind : std::uint8_t {
  kUnknown,
  kVarint,
  kFixed32,
  kFixed64,
  kBytes,
  kString,
  kMessage,
  kAny,
};

struct FieldRule {
  FieldKind kind = FieldKind::kUnknown;
  bool repeated = false;
  // For kAny: the role that the named type must have; kOther admits every role.
  TypeRole any_role = TypeRole::kOther;
  const MessageTable* message = nullptr;  // for kMessage
};

// The wire rules of one message type.
struct MessageTable {
  static constexpr std::uint32_t kLow = 64;

  std::string name;            // full name, for error texts
  std::vector<FieldRule> low;  // by field number, for numbers below kLow; only as long as needed
  std::vector<std::pair<std::uint32_t, FieldRule>> high;  // the others, by number
};

enum class UnknownFields : std::uint8_t {
  kReject,
  kAllowNonCritical,  // those with bit 11 of the number set
};

struct WireLimits {
  unsigned depth_max;
  std::size_t values_max;  // counted over all calls on one WireCheck
};

class WireCheck {
 public:
  WireCheck(const MessageTypes& types, WireLimits limits) : types_(types), limits_(limits) {}

  // Errors: kTxDecode, naming message and field.
  Result<void> message(BytesView bytes, const MessageTable& table, UnknownFields unknown);

  // Whether any accepted message had a non-critical unknown field.
  bool saw_unknown_fields() const { return saw_unknown_fields_; }

 private:
  struct Field;

  bool walk(BytesView bytes, const MessageTable& table, unsigned depth);
  bool walk_any(BytesView bytes, const MessageTable& parent, const Field& in, unsigned depth);
  bool walk_value(BytesView value, const MessageTable& table, const Field& field,
                  const FieldRule& rule, unsigned depth);
  bool accept_unknown(const std::string& message, const Field& field);
  bool count(const Field& field);
  bool refuse(const std::string& message, std::uint32_t number, std::string_view why);

  const MessageTypes& types_;
  WireLimits limits_;
  UnknownFields unknown_ = UnknownFields::kReject;
  std::size_t values_ = 0;
  bool saw_unknown_fields_ = false;
  std::string why_;  // set when a walk fails
};

// RFC 3629. Cost: eight bytes a step while they are ASCII.
bool is_utf8(BytesView text);

}  // namespace tp::chain
