// What a lease costs, by the clock of the real machine: signed transactions, blocks, state on disk.
#include "app/app.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "app/testing/people.h"
#include "cosmos/bank/v1beta1/query.pb.h"
#include "crypto/address.h"
#include "crypto/sha.h"

namespace tp::app {
namespace {

constexpr std::string_view kChainId = "app-1";

struct Person {
  explicit Person(std::string_view name)
      : key(*crypto::Secp256k1PrivateKey::from_bytes(crypto::sha256(name).view())),
        text(crypto::address_text("turn", crypto::address_of(key.public_key()))) {}
  crypto::Secp256k1PrivateKey key;
  std::string text;
  client::Sequence sequence{};
  client::AccountNumber number{};
};

// One lease at 7.123456789utoll a tick of 6 s, on a chain whose blocks come when the test says.
class LeaseOnTheMachine {
 public:
  LeaseOnTheMachine()
      : directory_(::testing::TempDir() + "/app_test." + std::to_string(::getpid())) {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    app_ = *App::open({.directory = directory_}, disk_, clock_, executor_, executor_);
    const std::string genesis =
        R"({"bank":{"balances":[{"address":")" + alice.text +
        R"(","coins":[{"denom":"utoll","amount":"1000000000"}]},{"address":")" + oscar.text +
        R"(","coins":[{"denom":"utoll","amount":"1000000000"}]}]}})";
    const auto begun = app_->machine().init(
        {.time = time_, .chain_id = std::string(kChainId), .app_state_json = genesis});
    TP_ASSERT(begun.has_value());
    alice.number = client::AccountNumber{2};  // after the bank's two
    oscar.number = client::AccountNumber{3};
    begin_lease();
  }
  ~LeaseOnTheMachine() {
    app_.reset();
    std::filesystem::remove_all(directory_);
  }

  void block(Duration gap, std::vector<Bytes> txs = {}) {
    time_ = time_ + gap;
    height_ = height_.next();
    const chain::HashedTxs hashed(std::move(txs));
    const auto response = app_->machine().finalize(
        {.height = height_, .time = time_, .txs = hashed, .proposer = Bytes(20, 'p')});
    TP_ASSERT(response.has_value());
    for (const chain::TxResult& result : response->tx_results)
      if (result.code != 0) TP_FATAL(result.codespace + ": " + result.log);
    TP_ASSERT(app_->machine().commit().has_value());
  }

  // What the lease has paid when the provider takes it in a block `gap` later.
  std::uint64_t withdrawn_after(Duration gap) {
    const std::uint64_t before = balance(oscar);
    akash::market::v1beta5::MsgWithdrawLease message;
    *message.mutable_id() = lease_;
    block(gap, {sign(oscar, message)});
    return balance(oscar) - before;
  }

 private:
  template <class Message>
  Bytes sign(Person& person, const Message& message) {
    client::TxDraft draft{.messages = {client::to_message(message)},
                          .fee = {.gas_limit = Gas{1'000'000}}};
    auto signed_tx = client::sign_tx(
        draft, {std::string(kChainId), person.number, client::Sequence{person.sequence.value++}},
        person.key);
    return std::move(signed_tx.bytes);
  }

  void begin_lease() {
    const auto create = testing::deployment(alice.text, 1, 5'000'000);
    auto bid = testing::bid(alice.text, 1, oscar.text);
    bid.mutable_price()->set_amount("7123456789000000000");
    lease_.set_owner(alice.text);
    lease_.set_dseq(1);
    lease_.set_gseq(1);
    lease_.set_oseq(1);
    lease_.set_provider(oscar.text);
    block(Duration::seconds(1),
          {sign(oscar, testing::registration(oscar.text)), sign(alice, create)});
    block(Duration::seconds(1), {sign(oscar, bid)});
    block(Duration::seconds(1), {sign(alice, testing::acceptance(bid))});
  }

  std::uint64_t balance(const Person& person) {
    cosmos::bank::v1beta1::QueryBalanceRequest request;
    request.set_address(person.text);
    request.set_denom("utoll");
    const auto answer = app_->machine().query(
        {.path = "/cosmos.bank.v1beta1.Query/Balance", .data = request.SerializeAsString()});
    cosmos::bank::v1beta1::QueryBalanceResponse response;
    TP_ASSERT(answer.code == 0 && response.ParseFromString(answer.value));
    return std::stoull(response.balance().amount());
  }

  std::string directory_;
  SystemDisk disk_;
  SystemClock clock_;
  InlineExecutor executor_;
  std::unique_ptr<App> app_;
  BlockTime time_{1'767'225'600'000'000'000};  // 2026-01-01T00:00:00Z
  Height height_{0};
  Person alice{"alice"}, oscar{"oscar"};
  akash::market::v1::LeaseID lease_;
};

// --- What an hour costs ---

class AnHourOnTheMachine : public ::testing::TestWithParam<int> {};

TEST_P(AnHourOnTheMachine, CostsTheSameHoweverManyBlocksItHasAndWhenTheyCome) {
  LeaseOnTheMachine chain;
  const std::int64_t count = 60 * GetParam();
  const std::int64_t gap = Duration::hours(1).nanoseconds / count;
  std::uint64_t dice = 1;
  std::int64_t now = 0;
  for (std::int64_t i = 1; i < count; ++i) {
    // Up to two fifths of the gap early or late: two blocks of a minute are at most 108 s apart.
    dice = dice * 6364136223846793005 + 1442695040888963407;
    const std::int64_t late =
        gap * 2 / 5 * (static_cast<std::int64_t>(dice >> 44) - (1ll << 19)) / (1ll << 19);
    const std::int64_t at = i * gap + late;
    chain.block(Duration{at - now});
    now = at;
  }
  // 600 ticks x 7.123456789, rounded down once.
  EXPECT_EQ(chain.withdrawn_after(Duration{Duration::hours(1).nanoseconds - now}), 4'274u);
}

INSTANTIATE_TEST_SUITE_P(BlocksPerMinute, AnHourOnTheMachine, ::testing::Values(1, 10, 600));

TEST(BillableTime, AChainThatStoodStillBillsTwoMinutesOfIt) {
  LeaseOnTheMachine chain;
  EXPECT_EQ(chain.withdrawn_after(Duration::hours(1)), 142u);  // 20 ticks x 7.123456789
}

}  // namespace
}  // namespace tp::app
