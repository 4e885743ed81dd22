// A whole node in memory for this folder's tests: the real modules, the sequencer, the index and
// the port, over a disk that forgets nothing. People are named by numbers and own a million utoll
// each.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

#include "app/app.h"
#include "base/memory_disk.h"
#include "base/text.h"
#include "client/tx_builder.h"
#include "cosmos/bank/v1beta1/tx.pb.h"
#include "crypto/address.h"
#include "engine/solo/sequencer.h"
#include "engine/solo/solo_test_support.h"
#include "http/client.h"
#include "rpc/server.h"

namespace tp::rpc {

inline constexpr std::uint64_t kPeople = 4;

class TestNode {
 public:
  // `market`: what app_state says of the market.
  explicit TestNode(boost::json::object market = {}, ServerOptions options = {}) {
    boost::json::array balances;
    for (std::uint64_t person = 0; person < kPeople; ++person)
      balances.push_back(boost::json::object{
          {"address", address(person)},
          {"coins",
           boost::json::array{boost::json::object{{"denom", "utoll"}, {"amount", "100000000"}}}}});
    comet_types::Genesis genesis = solo::test_genesis();
    genesis.app_state_json = boost::json::serialize(
        boost::json::object{{"bank", boost::json::object{{"balances", std::move(balances)}}},
                            {"market", std::move(market)}});
    genesis_json = comet_types::write_genesis(genesis);
    options_ = options;
    open();
  }
  ~TestNode() { close(); }

  void open() {
    app_ = app::App::open({.directory = "state", .check_invariants = true}, disk, clock_, compute_,
                          background_)
               .value();
    index =
        index::Index::open(disk, "index-" + std::to_string(indexes_forgotten_), genesis_chain_id())
            .value();
    sequencer = solo::Sequencer::start({.directory = "blocks"}, app_->machine(), genesis_json,
                                       solo::test_key(), disk, clock_, {index.get()})
                    .value();
    server = Server::start(options_, {app_->machine(), *sequencer, *index, genesis_json},
                           {.node_id = std::string(40, 'a'),
                            .moniker = "test",
                            .rpc_address = "tcp://127.0.0.1:0",
                            .app_version = "test"})
                 .value();
  }
  void close() {
    server.reset();
    sequencer.reset();
    index.reset();
    app_.reset();
  }

  // While it is closed: the next start makes it again out of the blocks.
  void forget_index() { ++indexes_forgotten_; }

  static std::string genesis_chain_id() { return solo::test_genesis().chain_id; }
  static crypto::Secp256k1PrivateKey key(std::uint64_t person) {
    return crypto::Secp256k1PrivateKey::from_bytes(
               crypto::sha256("person " + std::to_string(person)).view())
        .value();
  }
  static std::string address(std::uint64_t person) {
    return crypto::address_text("turn", crypto::address_of(key(person).public_key()));
  }

  // The person's next transaction.
  Bytes sign(std::uint64_t person, client::Message message, std::uint64_t gas = 1'000'000) {
    constexpr std::uint64_t kModuleAccounts = 2;  // the bank's come first
    client::TxDraft draft{.messages = {std::move(message)}};
    draft.fee = {.amount = {{Denom::of("utoll"), Amount{1'000}}}, .gas_limit = Gas{gas}};
    return client::sign_tx(draft,
                           {genesis_chain_id(), client::AccountNumber{kModuleAccounts + person},
                            client::Sequence{sequences_[person]++}},
                           key(person))
        .bytes;
  }
  Bytes send_tx(std::uint64_t from, std::uint64_t to, std::uint64_t amount = 1) {
    cosmos::bank::v1beta1::MsgSend message;
    message.set_from_address(address(from));
    message.set_to_address(address(to));
    message.add_amount()->set_denom("utoll");
    message.mutable_amount(0)->set_amount(std::to_string(amount));
    return sign(from, client::to_message(message));
  }

  // In a durable block that the index has.
  solo::TxInBlock commit(Bytes tx) {
    const auto committed =
        sequencer->submit_and_wait_for_block(std::move(tx), Duration::seconds(20));
    TP_ASSERT(committed.has_value());
    EXPECT_EQ(committed->admission.check.code, 0u) << committed->admission.check.log;
    TP_ASSERT(committed->in_block.has_value());
    const solo::TxInBlock& in_block = *committed->in_block;
    const chain::TxResult& result = in_block.block->executed.response.tx_results[in_block.index];
    EXPECT_EQ(result.code, 0u) << result.log;
    TP_ASSERT(index->wait_for(in_block.block->height(), Duration::seconds(20)));
    return in_block;
  }

  http::Response post(const std::string& body) { return client().post("/", body).value(); }
  http::Response get(const std::string& target) { return client().get(target).value(); }
  // The whole envelope.
  boost::json::value call(std::string_view method, boost::json::value params = {}) {
    return boost::json::parse(
        post(boost::json::serialize(boost::json::object{
                 {"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", std::move(params)}}))
            .body);
  }

  MemoryDisk disk;
  Bytes genesis_json;
  std::unique_ptr<index::Index> index;
  std::unique_ptr<solo::Sequencer> sequencer;
  std::unique_ptr<Server> server;

 private:
  http::Client& client() {
    const std::string url = "http://127.0.0.1:" + std::to_string(server->port());
    if (url != url_) client_ = http::Client::to(url).value();
    url_ = url;
    return *client_;
  }

  SystemClock clock_;
  ThreadExecutor compute_{1};
  ThreadExecutor background_{1};
  ServerOptions options_;
  std::unique_ptr<app::App> app_;
  std::uint64_t sequences_[kPeople] = {};
  int indexes_forgotten_ = 0;
  std::string url_;
  std::optional<http::Client> client_;
};

}  // namespace tp::rpc
