#include "chain/message_types.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>

#include "base/result.h"
#include "chain/wire_check.h"
#include "cosmos/crypto/ed25519/keys.pb.h"
#include "cosmos/crypto/multisig/keys.pb.h"
#include "cosmos/crypto/secp256k1/keys.pb.h"

namespace tp::chain {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr std::string_view kAnyName = "google.protobuf.Any";

FieldKind kind_of(const FieldDescriptor& field) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_SFIXED32:
    case FieldDescriptor::TYPE_FLOAT: return FieldKind::kFixed32;
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64:
    case FieldDescriptor::TYPE_DOUBLE: return FieldKind::kFixed64;
    case FieldDescriptor::TYPE_STRING: return FieldKind::kString;
    case FieldDescriptor::TYPE_BYTES: return FieldKind::kBytes;
    case FieldDescriptor::TYPE_MESSAGE:
      return field.message_type()->full_name() == kAnyName ? FieldKind::kAny : FieldKind::kMessage;
    case FieldDescriptor::TYPE_GROUP: TP_FATAL("groups are not part of proto3");
    default: return FieldKind::kVarint;
  }
}

// Which fields hold an Any of one role only: where the reference looks for an interface that not
// every type has.
TypeRole any_role_of(const FieldDescriptor& field) {
  const std::string& name = field.full_name();
  if (name == "cosmos.tx.v1beta1.TxBody.messages") return TypeRole::kMessage;
  if (name == "cosmos.tx.v1beta1.SignerInfo.public_key" ||
      name == "cosmos.crypto.multisig.LegacyAminoPubKey.public_keys")
    return TypeRole::kPublicKey;
  return TypeRole::kOther;
}

}  // namespace

MessageTypes::MessageTypes() {
  add(cosmos::crypto::secp256k1::PubKey::default_instance(), TypeRole::kPublicKey);
  add(cosmos::crypto::ed25519::PubKey::default_instance(), TypeRole::kPublicKey);
  add(cosmos::crypto::multisig::LegacyAminoPubKey::default_instance(), TypeRole::kPublicKey);
}

MessageTypes::~MessageTypes() = default;

const MessageType& MessageTypes::add(const google::protobuf::Message& prototype, TypeRole role) {
  const Descriptor& descriptor = *prototype.GetDescriptor();
  std::string url = "/" + descriptor.full_name();
  const auto [entry, added] =
      types_.emplace(url, MessageType{.url = url,
                                      .role = role,
                                      .index = static_cast<std::uint32_t>(types_.size()),
                                      .prototype = &prototype,
                                      .table = &table_of(descriptor)});
  TP_ASSERT(added);  // two owners for one type
  return entry->second;
}

const MessageType* MessageTypes::find(std::string_view url) const {
  const auto found = types_.find(url);
  return found == types_.end() ? nullptr : &found->second;
}

const MessageTable& MessageTypes::table_of(const Descriptor& descriptor) {
  auto& slot = tables_[descriptor.full_name()];
  if (slot) return *slot;
  slot = std::make_unique<MessageTable>();
  MessageTable& table = *slot;  // stored before its fields: types may contain themselves
  table.name = descriptor.full_name();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    FieldRule rule{.kind = kind_of(field),
                   .repeated = field.is_repeated(),
                   .any_role = any_role_of(field),
                   .message = nullptr};
    if (rule.kind == FieldKind::kMessage) rule.message = &table_of(*field.message_type());
    const auto number = static_cast<std::uint32_t>(field.number());
    if (number < MessageTable::kLow) {
      table.low.resize(std::max<std::size_t>(table.low.size(), number + 1));
      table.low[number] = rule;
    } else {
      // The pass counts single fields by a bit of their number (WireCheck::walk).
      TP_ASSERT(rule.repeated);
      table.high.emplace_back(number, rule);
    }
  }
  return table;
}

}  // namespace tp::chain
