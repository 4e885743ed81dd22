// The protobuf types that may stand in a transaction, and how each looks on the wire.
//
// A type that is not added here is unknown: an Any that names it is refused before anything is
// allocated for it. app/ fills one registry at start from the modules and networks; afterwards it
// is read only and shared by all threads. Rules: specs/chain.md §2.4, "Decoding rules".
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class Descriptor;
class Message;
}  // namespace google::protobuf

namespace tp::chain {

struct MessageTable;

// What a type may be used for. An Any in TxBody.messages must name a kMessage, one in a public key
// field a kPublicKey; every other Any may name any type of the registry.
enum class TypeRole : std::uint8_t { kMessage, kPublicKey, kOther };

// One registered type. Lives as long as the registry, at a fixed address.
struct MessageType {
  std::string url;  // "/" and the full name
  TypeRole role;
  std::uint32_t index;  // 0, 1, 2, ... in the order of registration: for tables of handlers
  const google::protobuf::Message* prototype;
  const MessageTable* table;
};

class MessageTypes {
 public:
  // Starts with the public keys of specs/chain.md §2.4: secp256k1, ed25519 and multisig.
  MessageTypes();
  ~MessageTypes();
  MessageTypes(const MessageTypes&) = delete;
  MessageTypes& operator=(const MessageTypes&) = delete;

  // `prototype` must outlive the registry: pass T::default_instance(). Adding a type twice, or one
  // that contains a message type with a group, is a programming error and stops the process.
  const MessageType& add(const google::protobuf::Message& prototype, TypeRole role);
  template <class T>
  const MessageType& add_message() {
    return add(T::default_instance(), TypeRole::kMessage);
  }

  // Exact match of the whole URL, with its slash. Null when unknown. Cost: O(log types).
  const MessageType* find(std::string_view url) const;
  std::size_t size() const { return types_.size(); }

  // For decoding: the wire rules of any message type, registered or not.
  const MessageTable& table_of(const google::protobuf::Descriptor& descriptor);

 private:
  std::map<std::string, std::unique_ptr<MessageTable>, std::less<>> tables_;  // by full name
  std::map<std::string, MessageType, std::less<>> types_;                     // by URL
};

}  // namespace tp::chain
