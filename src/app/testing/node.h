// A whole chain in one process for tests: application and blocks over what lies on a disk.
#pragma once

#include "akash/deployment/v1beta4/query.pb.h"
#include "app/app.h"
#include "app/testing/people.h"
#include "cosmos/auth/v1beta1/query.pb.h"
#include "cosmos/bank/v1beta1/query.pb.h"
#include "crypto/sha.h"
#include "engine/comet_types/genesis.h"
#include "engine/solo/sequencer.h"
#include "engine/solo/solo_test_support.h"

namespace tp::app::testing {

// A genesis file whose validator is solo::test_key(), with money for the first `people` keys.
// `chain`: its member "chain", what differs from the defaults.
inline std::string genesis_of(const std::string& chain_id, std::uint64_t people, BlockTime time,
                              const std::string& chain = "{}") {
  std::string balances;
  for (std::uint64_t i = 0; i < people; ++i) {
    balances += balances.empty() ? "" : ",";
    balances += R"({"address":")" + text_of(key_number(i)) +
                R"(","coins":[{"denom":"utoll","amount":"1000000000000"}]})";
  }
  comet_types::Genesis genesis = solo::test_genesis();
  genesis.chain_id = chain_id;
  genesis.time = time;
  genesis.app_state_json =
      R"({"chain":)" + chain + R"(,"bank":{"balances":[)" + balances + R"(],"foundation":[")" +
      text_of(key_number(0)) +
      R"("],"denoms":[{"base":"utoll","display":"toll","exponent":6,"name":"TOLL","symbol":"TOLL"}]}})";
  return comet_types::write_genesis(genesis);
}

// What a query answers; the test fails where it is refused.
template <class Response, class Request>
Response ask(App& app, const std::string& path, const Request& request) {
  const chain::QueryResponse answer =
      app.machine().query({.path = path, .data = request.SerializeAsString()});
  if (answer.code != 0) throw std::runtime_error(path + ": " + answer.log);  // ends the test
  Response response;
  TP_ASSERT(response.ParseFromString(answer.value));
  return response;
}

inline std::uint64_t balance_of(App& app, const std::string& address) {
  cosmos::bank::v1beta1::QueryBalanceRequest request;
  request.set_address(address);
  request.set_denom("utoll");
  return std::stoull(ask<cosmos::bank::v1beta1::QueryBalanceResponse>(
                         app, "/cosmos.bank.v1beta1.Query/Balance", request)
                         .balance()
                         .amount());
}

inline akash::deployment::v1beta4::QueryDeploymentResponse deployment_of(App& app,
                                                                         const std::string& owner,
                                                                         std::uint64_t dseq) {
  akash::deployment::v1beta4::QueryDeploymentRequest request;
  request.mutable_id()->set_owner(owner);
  request.mutable_id()->set_dseq(dseq);
  return ask<akash::deployment::v1beta4::QueryDeploymentResponse>(
      app, "/akash.deployment.v1beta4.Query/Deployment", request);
}

// The `number`-th account of genesis as it stands now.
inline Signer signer(App& app, std::uint64_t number) {
  cosmos::auth::v1beta1::QueryAccountInfoRequest request;
  request.set_address(text_of(key_number(number)));
  const auto account = ask<cosmos::auth::v1beta1::QueryAccountInfoResponse>(
      app, "/cosmos.auth.v1beta1.Query/AccountInfo", request);
  return {app.params().chain_id, number, client::Sequence{account.info().sequence()}};
}

// Block after block, when the test says so. Everything of it lies below `directory`.
class Node {
 public:
  // What is in `options` but for the directory is the caller's.
  static Result<std::unique_ptr<Node>> start(Disk& disk, const Clock& clock,
                                             const std::string& directory,
                                             const std::string& genesis_json,
                                             AppOptions options = {}) {
    auto node = std::make_unique<Node>();
    TRY(const comet_types::Genesis genesis, comet_types::parse_genesis(genesis_json));
    const auto log_options = [=](Height safe) {
      return solo::BlockStoreOptions{.directory = directory + "/blocks",
                                     .chain_id = genesis.chain_id,
                                     .genesis_hash = crypto::sha256(genesis_json),
                                     .safe = safe};
    };
    TRY_VOID(disk.make_directories(directory + "/state"));
    options.directory = directory + "/state";
    options.check_invariants = true;
    options.last_block = [&](Height safe) {
      return solo::last_stored_block(log_options(safe), disk);
    };
    TRY(node->app_, App::open(std::move(options), disk, clock, node->executor_, node->executor_));
    TRY(node->store_,
        solo::BlockStore::open(log_options(node->app_->machine().info().durable_height), disk));
    TRY(node->maker_, solo::BlockMaker::open(node->app_->machine(), *node->store_, genesis,
                                             solo::test_key(), clock));
    return node;
  }

  App& app() { return *app_; }
  const solo::BlockStore& blocks() const { return *store_; }

  // The next block, of transactions that must succeed.
  solo::BlockPtr block(std::vector<Bytes> txs = {}) {
    const auto block = maker_->seal(solo::pooled(std::move(txs)));
    if (!block) throw std::runtime_error(block.error().text);
    if (const auto done = maker_->commit(); !done) throw std::runtime_error(done.error().text);
    for (const chain::TxResult& result : (*block)->executed.response.tx_results)
      if (result.code != 0) throw std::runtime_error(result.log);
    return *block;
  }

  // As a node does that is told to stop.
  Result<void> make_durable() { return app_->machine().sync(); }

 private:
  InlineExecutor executor_;
  std::unique_ptr<App> app_;
  std::unique_ptr<solo::BlockStore> store_;
  std::unique_ptr<solo::BlockMaker> maker_;
};

}  // namespace tp::app::testing
