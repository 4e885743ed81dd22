// Traffic: wallets that send to each other as fast as they may, and whole lives of deployments.
// What they decide comes from the seed; when it happens, from the machine.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <stop_token>
#include <string>
#include <vector>

#include "base/address.h"
#include "client/rpc_client.h"
#include "client/tx_builder.h"
#include "crash/load/seen.h"
#include "crypto/secp256k1.h"

namespace tp::crash {

inline constexpr std::string_view kPrefix = "turn";
inline constexpr std::string_view kDenom = "utoll";

struct Account {
  crypto::Secp256k1PrivateKey key;
  Address address;
  std::string text;
};
// Number `number` of the accounts that belong to a seed.
Account account_of(std::uint64_t seed, std::uint64_t number);

struct Counters {
  std::atomic<std::uint64_t> accepted{0};  // transfers that the mempool took
  std::atomic<std::uint64_t> refused{0};   // that it did not
  std::atomic<std::uint64_t> lives{0};     // of deployments, from creation to their end
  std::atomic<std::uint64_t> broken_lives{0};

  // Why lives broke; numbers in the texts count as the same.
  void note(const std::string& error);
  std::map<std::string, std::uint64_t> errors() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> errors_;
};

// Random amounts between random wallets, several from one without waiting for blocks, `per_second`
// at most. Now and then one that the chain must refuse: too large, twice, or badly signed. Goes on
// when the node comes back.
void send_transfers(client::RpcClient& rpc, const std::vector<Account>& wallets, double per_second,
                    std::mt19937_64 dice, Counters& counters, std::stop_token stop);

// Deployments of `customer` that only the two providers here bid for: created, bid for, leased,
// paid more into, drawn from, closed by either side, or left to run dry.
void live_deployments(client::RpcClient& rpc, Account customer, std::vector<Account> providers,
                      SeenFile& seen, std::mt19937_64 dice, Counters& counters,
                      std::stop_token stop);

}  // namespace tp::crash
