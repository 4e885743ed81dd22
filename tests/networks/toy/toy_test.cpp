// Two instances of the toy network, with different epochs, on a real machine: signed transactions,
// blocks, state on disk, and nothing of src/modules changed for them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <map>

#include "chain/ids.h"
#include "chain/machine.h"
#include "client/tx_builder.h"
#include "cosmos/bank/v1beta1/tx.pb.h"
#include "crypto/address.h"
#include "crypto/sha.h"
#include "modules/accounts/admission.h"
#include "modules/market/market.h"
#include "networks/toy/toy_network.h"
#include "turnpike/escrow/v1/query.pb.h"
#include "turnpike/escrow/v1/tx.pb.h"
#include "turnpike/market/v1/query.pb.h"
#include "turnpike/market/v1/tx.pb.h"
#include "turnpike/registry/v1/query.pb.h"
#include "turnpike/registry/v1/tx.pb.h"

namespace tp::toy {
namespace {

namespace market_pb = turnpike::market::v1;
namespace registry_pb = turnpike::registry::v1;
namespace escrow_pb = turnpike::escrow::v1;
using ::testing::HasSubstr;

constexpr std::string_view kChainId = "toy-1";

struct Person {
  explicit Person(std::string_view name)
      : key(*crypto::Secp256k1PrivateKey::from_bytes(crypto::sha256(name).view())),
        address(crypto::address_of(key.public_key())),
        text(crypto::address_text("turn", address)) {}
  crypto::Secp256k1PrivateKey key;
  Address address;
  std::string text;
};

// The stores of the waist. The toy has none of its own.
store::StateSchema state_schema() {
  const store::TableId tables[] = {
      chain::kChainParamsTable,     chain::kBlockClockTable,    chain::kScheduleTable,
      chain::kScheduleCounterTable, chain::kAccountsTable,      chain::kAccountCounterTable,
      chain::kBalancesTable,        chain::kSupplyTable,        chain::kDenomMetadataTable,
      chain::kRowDepositsTable,     chain::kFlowsTable,         chain::kFoundationTable,
      chain::kEscrowAccountsTable,  chain::kEscrowCounterTable, chain::kNetworksTable,
      chain::kProvidersTable,       chain::kAuditsTable,        chain::kRegistryCounterTable,
      chain::kNetworkNamesTable,    chain::kOrdersTable,        chain::kBidsTable,
      chain::kAgreementsTable,      chain::kMarketCounterTable, chain::kAgreementsByOperatorTable,
      chain::kOpenOrdersTable,      chain::kOffersTable,        chain::kMarketParamsTable,
      chain::kEpochsTable,          chain::kEpochWeightsTable,
  };
  store::StateSchema schema{.version = 1, .stores = {}};
  for (const chain::StoreName& store : chain::kStoreNames) {
    store::StoreSchema one{.id = store.id, .name = std::string(store.name), .tables = {}};
    for (const store::TableId& table : tables)
      if (table.store == store.id)
        one.tables.push_back({.number = table.number,
                              .name = std::string(table.name),
                              .placement = store::Placement::kHot});
    if (!one.tables.empty()) schema.stores.push_back(std::move(one));
  }
  return schema;
}

// The waist and the toy, composed as app/ composes the product.
class ToyChain {
 public:
  explicit ToyChain(const std::string& directory)
      : state_(*store::StateStore::open({.directory = directory, .schema = state_schema()}, disk_,
                                        clock_, executor_, executor_)) {
    bank_.set_operator_directory(registry_);
    escrow_.set_dry_observer(market_);
    escrow_.set_due_validator(market_);
    registry_.set_network_observer(market_);
    registry_.set_live_agreements(market_);
    market_.add_kind(toy_);
    machine_.set_admission(admission_);
    for (chain::Module* module :
         std::initializer_list<chain::Module*>{&accounts_, &bank_, &escrow_, &registry_, &market_})
      machine_.add(*module);
    TP_ASSERT(machine_.load().has_value());
  }

  Result<chain::InitResponse> init(const Bytes& app_state) {
    return machine_.init(
        {.time = time_, .chain_id = std::string(kChainId), .app_state_json = app_state});
  }

  // A block, `gap` later, with these transactions.
  std::vector<chain::TxResult> block(Duration gap, std::vector<Bytes> txs = {}) {
    time_ = time_ + gap;
    height_ = height_.next();
    const chain::HashedTxs hashed(std::move(txs));
    auto response = machine_.finalize(
        {.height = height_, .time = time_, .txs = hashed, .proposer = Bytes(20, 'p')});
    TP_ASSERT(response.has_value());
    TP_ASSERT(machine_.commit().has_value());
    events = response->events.decode();
    return std::move(response->tx_results);
  }

  // One transaction with one message in a block of its own.
  template <class Message>
  chain::TxResult run(const Person& person, const Message& message) {
    const client::TxDraft draft{.messages = {client::to_message(message)},
                                .fee = {.gas_limit = Gas{1'000'000}}};
    const auto account = *accounts_.find(*state_->latest(), person.address);
    TP_ASSERT(account.has_value());
    const auto tx = client::sign_tx(draft,
                                    {.chain_id = std::string(kChainId),
                                     .account_number = client::AccountNumber{account->number.value},
                                     .sequence = client::Sequence{account->sequence.value}},
                                    person.key);
    return block(Duration::seconds(1), {tx.bytes}).at(0);
  }

  template <class Response, class Request>
  Response ask(const std::string& path, const Request& request) {
    const chain::QueryResponse answer =
        machine_.query({.path = path, .data = request.SerializeAsString()});
    EXPECT_EQ(answer.code, 0u) << answer.log;
    Response response;
    TP_ASSERT(response.ParseFromString(answer.value));
    return response;
  }

  Amount balance(const Address& address) {
    return *bank_.balance(*state_->latest(), address, Denom::of("utoll"));
  }
  chain::Machine& machine() { return machine_; }

  std::vector<chain::Event> events;  // of the last block's schedule

 private:
  SystemDisk disk_;
  SystemClock clock_;
  InlineExecutor executor_;
  std::unique_ptr<store::StateStore> state_;
  chain::Machine machine_{*state_, executor_, {.version = "test", .check_invariants = true}};
  accounts::Accounts accounts_{machine_.params()};
  bank::Bank bank_{accounts_, machine_.params()};
  accounts::AccountAdmission admission_{accounts_, machine_.messages(), bank_};
  escrow::Escrow escrow_{accounts_, bank_, machine_.schedule(), machine_.params()};
  registry::Registry registry_{accounts_, bank_, machine_.params()};
  market::Market market_{accounts_,        bank_, escrow_, registry_, machine_.schedule(),
                         machine_.params()};
  ToyNetwork toy_{accounts_, machine_.params()};
  BlockTime time_{1'767'225'600'000'000'000};  // 2026-01-01T00:00:00Z
  Height height_{0};
};

class ToyTest : public ::testing::Test {
 protected:
  ToyTest() : directory_(::testing::TempDir() + "/toy_test." + std::to_string(::getpid())) {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    chain = std::make_unique<ToyChain>(directory_ + "/a");
    boost::json::array balances;
    for (const Person* person : {&founder, &alice, &oscar, &mallory})
      balances.push_back(
          {{"address", person->text},
           {"coins", boost::json::array{{{"denom", "utoll"}, {"amount", "1000000000"}}}}});
    const auto genesis =
        boost::json::serialize(boost::json::object{{"bank", {{"balances", std::move(balances)}}}});
    const auto begun = chain->init(genesis);
    TP_ASSERT(begun.has_value());
    hourly = create_network("hourly", Duration::hours(1));
    daily = create_network("daily", Duration::hours(24));
    registry_pb::MsgRegisterProvider message;
    message.mutable_provider()->set_owner(oscar.text);
    message.mutable_provider()->set_host_uri("https://oscar.example");
    expect_done(chain->run(oscar, message));
  }
  ~ToyTest() override {
    chain.reset();
    std::filesystem::remove_all(directory_);
  }

  static void expect_done(const chain::TxResult& result) {
    EXPECT_EQ(result.code, 0u) << result.codespace << ": " << result.log;
  }

  std::uint32_t create_network(const std::string& name, Duration epoch) {
    registry_pb::MsgCreateNetwork message;
    registry_pb::Network& network = *message.mutable_network();
    network.set_kind("toy");
    network.set_name(name);
    network.set_admin(founder.text);
    network.add_denoms("utoll");
    network.set_epoch_length_ns(epoch.nanoseconds);
    network.mutable_epoch_reward()->set_denom("utoll");
    network.mutable_epoch_reward()->set_amount("1000");
    network.set_params("500");
    expect_done(chain->run(founder, message));
    registry_pb::QueryNetworksRequest request;
    const auto networks = chain->ask<registry_pb::QueryNetworksResponse>(
        "/turnpike.registry.v1.Query/Networks", request);
    return networks.networks(networks.networks_size() - 1).id();
  }

  std::uint64_t offers() {
    return static_cast<std::uint64_t>(
        chain
            ->ask<market_pb::QueryOffersResponse>("/turnpike.market.v1.Query/Offers",
                                                  market_pb::QueryOffersRequest{})
            .offers_size());
  }
  // Returns the number of the offer.
  std::uint64_t post_offer(std::uint32_t network) {
    market_pb::MsgPostOffer message;
    message.set_seller(oscar.text);
    message.set_network(network);
    message.mutable_spec()->set_payload("water");
    message.set_charge("metered");
    message.mutable_price()->set_denom("utoll");
    message.mutable_price()->set_amount("2.5");
    message.set_agreements_max(10);
    expect_done(chain->run(oscar, message));
    return offers();
  }
  // Returns the number of the agreement.
  std::uint64_t buy(std::uint64_t offer, const std::string& deposit) {
    market_pb::MsgAcceptOffer message;
    message.set_customer(alice.text);
    message.set_offer(offer);
    message.mutable_deposit()->set_denom("utoll");
    message.mutable_deposit()->set_amount(deposit);
    expect_done(chain->run(alice, message));
    return ++agreements_;
  }
  chain::TxResult bring(std::uint64_t agreement, std::uint64_t sequence, std::uint64_t units,
                        const Person& signer) {
    Receipt receipt{.sequence = sequence, .units = units, .signature = {}};
    receipt.signature =
        signer.key.sign(receipt_digest(kChainId, market::AgreementId{agreement}, receipt));
    market_pb::MsgSubmitEvidence message;
    message.set_submitter(oscar.text);
    message.set_agreement(agreement);
    message.set_evidence(encode(receipt));
    return chain->run(oscar, message);
  }
  market_pb::Agreement agreement(std::uint64_t id) {
    market_pb::QueryAgreementRequest request;
    request.set_id(id);
    return chain
        ->ask<market_pb::QueryAgreementResponse>("/turnpike.market.v1.Query/Agreement", request)
        .agreement();
  }
  // Gives the treasury of a network money for its rewards.
  void fund_treasury(std::uint32_t network) {
    registry_pb::QueryNetworkRequest request;
    request.set_id(network);
    const auto answer = chain->ask<registry_pb::QueryNetworkResponse>(
        "/turnpike.registry.v1.Query/Network", request);
    cosmos::bank::v1beta1::MsgSend send;
    send.set_from_address(founder.text);
    send.set_to_address(answer.network().treasury());
    auto& coin = *send.add_amount();
    coin.set_denom("utoll");
    coin.set_amount("100000");
    expect_done(chain->run(founder, send));
  }
  std::size_t epochs_ended() {
    return static_cast<std::size_t>(
        std::count_if(chain->events.begin(), chain->events.end(),
                      [](const chain::Event& event) { return event.type == "epoch_ended"; }));
  }

  const Person founder{"founder"}, alice{"alice"}, oscar{"oscar"}, mallory{"mallory"};
  std::string directory_;
  std::unique_ptr<ToyChain> chain;
  std::uint32_t hourly = 0, daily = 0;
  std::uint64_t agreements_ = 0;
};

TEST_F(ToyTest, ReceiptsThatTheCustomerSignedArePaidByTheUnit) {
  const std::uint64_t id = buy(post_offer(hourly), "1000");
  expect_done(bring(id, 1, 100, alice));
  const Amount before = chain->balance(oscar.address);
  market_pb::MsgWithdraw withdraw;
  withdraw.set_provider(oscar.text);
  withdraw.set_agreement(id);
  expect_done(chain->run(oscar, withdraw));
  EXPECT_EQ(chain->balance(oscar.address), *before.plus(Amount{250}));
  EXPECT_EQ(agreement(id).units(), 100u);
}

TEST_F(ToyTest, AReceiptThatSomebodyElseSignedIsRefused) {
  const std::uint64_t id = buy(post_offer(hourly), "1000");
  const auto result = bring(id, 1, 100, oscar);
  EXPECT_EQ(result.codespace, "toy");
  EXPECT_THAT(result.log, HasSubstr("the customer did not sign"));
}

TEST_F(ToyTest, AReceiptForOneAgreementIsNoneForAnother) {
  const std::uint64_t offer = post_offer(hourly);
  const std::uint64_t first = buy(offer, "1000"), second = buy(offer, "1000");
  Receipt receipt{.sequence = 1, .units = 10, .signature = {}};
  receipt.signature = alice.key.sign(receipt_digest(kChainId, market::AgreementId{first}, receipt));
  market_pb::MsgSubmitEvidence message;
  message.set_submitter(oscar.text);
  message.set_agreement(second);
  message.set_evidence(encode(receipt));
  EXPECT_NE(chain->run(oscar, message).code, 0u);
}

TEST_F(ToyTest, AReceiptIsPaidOnce) {
  const std::uint64_t id = buy(post_offer(hourly), "1000");
  expect_done(bring(id, 1, 100, alice));
  EXPECT_EQ(bring(id, 1, 100, alice).codespace, "turnpike.market");
}

TEST_F(ToyTest, AReceiptAboveTheNetworksLimitIsRefused) {
  EXPECT_THAT(bring(buy(post_offer(hourly), "1000"), 1, 501, alice).log, HasSubstr("501 of 500"));
}

TEST_F(ToyTest, TwoInstancesEndTheirEpochsAtTheirOwnTimes) {
  for (const std::uint32_t network : {hourly, daily}) {
    fund_treasury(network);
    expect_done(bring(buy(post_offer(network), "1000"), 1, 10, alice));
  }
  const Amount before = chain->balance(oscar.address);
  chain->block(Duration::hours(1));
  EXPECT_EQ(epochs_ended(), 1u);
  EXPECT_EQ(chain->balance(oscar.address), *before.plus(Amount{1'000}));
  chain->block(Duration::hours(23));
  EXPECT_EQ(epochs_ended(), 1u);
  EXPECT_EQ(chain->balance(oscar.address), *before.plus(Amount{2'000}));
}

TEST_F(ToyTest, ClosingReturnsTheRestOfTheDeposit) {
  const std::uint64_t id = buy(post_offer(hourly), "1000");
  expect_done(bring(id, 1, 100, alice));
  const Amount before = chain->balance(alice.address);
  market_pb::MsgCloseAgreement close;
  close.set_closer(alice.text);
  close.set_agreement(id);
  close.set_reason(1);
  expect_done(chain->run(alice, close));
  EXPECT_EQ(chain->balance(alice.address), *before.plus(Amount{750}));
  EXPECT_EQ(agreement(id).ending().closer(), "customer");
  EXPECT_EQ(agreement(id).ending().paid(), "250");
}

TEST_F(ToyTest, AnyoneMayFundAnAgreement) {
  const std::uint64_t id = buy(post_offer(hourly), "100");
  escrow_pb::MsgDeposit deposit;
  deposit.set_depositor(founder.text);
  deposit.set_account(agreement(id).escrow());
  deposit.mutable_amount()->set_denom("utoll");
  deposit.mutable_amount()->set_amount("900");
  expect_done(chain->run(founder, deposit));
  escrow_pb::QueryAccountRequest request;
  request.set_id(agreement(id).escrow());
  const auto account =
      chain->ask<escrow_pb::QueryAccountResponse>("/turnpike.escrow.v1.Query/Account", request);
  EXPECT_EQ(account.account().deposits_size(), 2);
}

TEST_F(ToyTest, StrangersCannotCloseAnAgreement) {
  const std::uint64_t id = buy(post_offer(hourly), "100");
  market_pb::MsgCloseAgreement close;
  close.set_closer(mallory.text);
  close.set_agreement(id);
  EXPECT_THAT(chain->run(mallory, close).log, HasSubstr("is no party of agreement"));
}

TEST_F(ToyTest, TheAdminOfTheNetworkClosesInItsName) {
  const std::uint64_t id = buy(post_offer(hourly), "100");
  market_pb::MsgCloseAgreement close;
  close.set_closer(founder.text);
  close.set_agreement(id);
  close.set_reason(20'001);
  expect_done(chain->run(founder, close));
  EXPECT_EQ(agreement(id).ending().closer(), "network");
}

TEST_F(ToyTest, AnExportedChainGoesOnWithItsAgreements) {
  const std::uint64_t id = buy(post_offer(hourly), "1000");
  expect_done(bring(id, 1, 100, alice));
  const auto exported = chain->machine().export_genesis();
  ASSERT_TRUE(exported);
  chain = std::make_unique<ToyChain>(directory_ + "/b");
  const auto begun = chain->init(*exported);
  ASSERT_TRUE(begun) << begun.error().text;
  chain->block(Duration::seconds(1));
  EXPECT_EQ(agreement(id).units(), 100u);
  expect_done(bring(id, 2, 100, alice));
  EXPECT_EQ(agreement(id).units(), 200u);
}

}  // namespace
}  // namespace tp::toy
