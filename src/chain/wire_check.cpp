#include "chain/wire_check.h"

#include <bit>
#include <cstring>

#include "base/varint.h"
#include "chain/sdk_errors.h"

namespace tp::chain {
namespace {

// https://protobuf.dev/programming-guides/encoding: groups (3, 4) are not part of proto3.
enum WireType : std::uint32_t {
  kWireVarint = 0,
  kWireFixed64 = 1,
  kWireBytes = 2,
  kWireFixed32 = 5
};

constexpr std::uint32_t kFieldNumberMax = (1U << 29) - 1;
const std::string kAnyName = "google.protobuf.Any";
constexpr std::uint32_t kNonCriticalBit = 1U << 10;  // the 11th (specs/chain.md §2.4)

// Like protobuf, takes longer encodings than necessary: bodies are signed, so nobody can change
// them on the way, and the reference takes them too.
bool take_loose_varint(BytesView& in, std::uint64_t& value) {
  value = 0;
  for (std::size_t i = 0; i < in.size() && i < 10; ++i) {
    const auto byte = static_cast<std::uint8_t>(in[i]);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      in.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

bool take_bytes(BytesView& in, std::uint64_t size, BytesView& value) {
  if (size > in.size()) return false;
  value = in.substr(0, size);
  in.remove_prefix(size);
  return true;
}

bool take_length_delimited(BytesView& in, BytesView& value) {
  std::uint64_t size = 0;
  return take_loose_varint(in, size) && take_bytes(in, size, value);
}

bool fits(std::uint32_t wire_type, const FieldRule& rule) {
  switch (rule.kind) {
    case FieldKind::kVarint:
      return wire_type == kWireVarint || (rule.repeated && wire_type == kWireBytes);
    case FieldKind::kFixed32:
      return wire_type == kWireFixed32 || (rule.repeated && wire_type == kWireBytes);
    case FieldKind::kFixed64:
      return wire_type == kWireFixed64 || (rule.repeated && wire_type == kWireBytes);
    case FieldKind::kUnknown: return true;
    default: return wire_type == kWireBytes;
  }
}

const FieldRule* rule_of(const MessageTable& table, std::uint32_t number) {
  if (number < table.low.size()) {
    const FieldRule& rule = table.low[number];
    return rule.kind == FieldKind::kUnknown ? nullptr : &rule;
  }
  for (const auto& [high_number, rule] : table.high)
    if (high_number == number) return &rule;
  return nullptr;
}

}  // namespace

struct WireCheck::Field {
  std::uint32_t number = 0;
  std::uint32_t wire_type = 0;
  BytesView value;  // of a length-delimited field: its content

  // Takes one field off the front of `in`.
  bool take(BytesView& in) {
    std::uint64_t tag = 0;
    if (!take_loose_varint(in, tag) || tag >> 3 == 0 || tag >> 3 > kFieldNumberMax) return false;
    number = static_cast<std::uint32_t>(tag >> 3);
    wire_type = static_cast<std::uint32_t>(tag & 7);
    std::uint64_t ignored = 0;
    switch (wire_type) {
      case kWireVarint: return take_loose_varint(in, ignored);
      case kWireFixed64: return take_bytes(in, 8, value);
      case kWireBytes: return take_length_delimited(in, value);
      case kWireFixed32: return take_bytes(in, 4, value);
      default: return false;
    }
  }
};

Result<void> WireCheck::message(BytesView bytes, const MessageTable& table, UnknownFields unknown) {
  unknown_ = unknown;
  if (!walk(bytes, table, 0)) return fail(SdkError::kTxDecode, why_);
  return {};
}

bool WireCheck::walk(BytesView bytes, const MessageTable& table, unsigned depth) {
  if (depth > limits_.depth_max) {
    why_ = table.name + " is nested more than " + std::to_string(limits_.depth_max) + " deep";
    return false;
  }
  std::uint64_t seen = 0;  // bits by field number; only numbers below MessageTable::kLow
  Field field;
  while (!bytes.empty()) {
    if (!field.take(bytes)) {
      why_ = table.name + " ends in the middle of a field, or has a malformed one";
      return false;
    }
    if (!count(field)) return false;
    const FieldRule* rule = rule_of(table, field.number);
    if (rule == nullptr) {
      if (!accept_unknown(table.name, field)) return false;
      continue;
    }
    if (!fits(field.wire_type, *rule))
      return refuse(table.name, field.number,
                    "has wire type " + std::to_string(field.wire_type) + ", which is not its type");
    if (!rule->repeated) {
      const std::uint64_t bit = std::uint64_t{1} << field.number;
      if ((seen & bit) != 0) return refuse(table.name, field.number, "is there twice");
      seen |= bit;
    }
    if (!walk_value(field.value, table, field, *rule, depth)) return false;
  }
  return true;
}

bool WireCheck::walk_value(BytesView value, const MessageTable& table, const Field& field,
                           const FieldRule& rule, unsigned depth) {
  switch (rule.kind) {
    case FieldKind::kString:
      return is_utf8(value) || refuse(table.name, field.number, "is not UTF-8");
    case FieldKind::kMessage: return walk(value, *rule.message, depth + 1);
    case FieldKind::kAny: return walk_any(value, table, field, depth + 1);
    default: return true;
  }
}

bool WireCheck::walk_any(BytesView bytes, const MessageTable& parent, const Field& in,
                         unsigned depth) {
  BytesView url;
  BytesView value;
  std::uint32_t seen = 0;
  Field field;
  while (!bytes.empty()) {
    if (!field.take(bytes)) return refuse(parent.name, in.number, "is not a valid Any");
    if (!count(field)) return false;
    if (field.number > 2) {
      if (!accept_unknown(kAnyName, field)) return false;
      continue;
    }
    if (field.wire_type != kWireBytes || (seen & field.number) != 0)
      return refuse(parent.name, in.number, "is not a valid Any");
    seen |= field.number;
    (field.number == 1 ? url : value) = field.value;
  }
  const MessageType* type = types_.find(url);
  if (type == nullptr) {
    why_ = "unable to resolve type URL ";
    why_.append(is_utf8(url) ? url.substr(0, 256) : BytesView("(not UTF-8)"));
    return false;
  }
  const TypeRole role = rule_of(parent, in.number)->any_role;
  if (role != TypeRole::kOther && type->role != role)
    return refuse(parent.name, in.number, "may not be a " + type->url);
  return walk(value, *type->table, depth + 1);
}

bool WireCheck::accept_unknown(const std::string& message, const Field& field) {
  if (unknown_ == UnknownFields::kReject || (field.number & kNonCriticalBit) == 0)
    return refuse(message, field.number, "is unknown");
  saw_unknown_fields_ = true;
  return true;
}

bool WireCheck::count(const Field& field) {
  if (field.wire_type != kWireBytes || ++values_ <= limits_.values_max) return true;
  why_ = "more than " + std::to_string(limits_.values_max) + " values";
  return false;
}

bool WireCheck::refuse(const std::string& message, std::uint32_t number, std::string_view why) {
  why_ = "field " + std::to_string(number) + " of " + message + " ";
  why_.append(why);
  return false;
}

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(BytesView text) {
  const std::uint8_t* at = as_u8(text);
  const std::uint8_t* const end = at + text.size();
  while (at != end) {
    if (end - at >= 8) {
      std::uint64_t eight = 0;
      std::memcpy(&eight, at, 8);
      if ((eight & 0x8080808080808080U) == 0) {
        at += 8;
        continue;
      }
    }
    const std::uint8_t first = *at++;
    if (first < 0x80) continue;
    const int more = std::countl_one(first) - 1;
    if (more < 1 || more > 3 || end - at < more) return false;
    std::uint32_t point = first & (0x3fU >> more);
    for (int i = 0; i < more; ++i) {
      if ((*at & 0xc0) != 0x80) return false;
      point = point << 6 | (*at++ & 0x3fU);
    }
    constexpr std::uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
    if (point < kLeast[more] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
      return false;
  }
  return true;
}

}  // namespace tp::chain
