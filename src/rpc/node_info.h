// What a node says of itself, over JSON-RPC and in queries alike.
#pragma once

#include <string>
#include <string_view>

namespace tp::rpc {

// Who answers.
struct NodeIdentity {
  std::string node_id;  // 40 lower-case hex digits
  std::string moniker;
  std::string rpc_address;  // "tcp://127.0.0.1:26657"
  std::string app_version;  // of the program, in abci_info
};

inline constexpr std::string_view kCometVersion = "0.38.25";  // clients choose their decoders by it
inline constexpr std::string_view kPeerProtocol = "8";
// There is no peer-to-peer port; clients refuse empty text here.
inline constexpr std::string_view kListenAddress = "tcp://0.0.0.0:26656";
inline constexpr std::string_view kChannels = "40202122233038606100";

}  // namespace tp::rpc
