// A chain with leases that run is exported and goes on as another one.
#include <gtest/gtest.h>

#include "app/testing/node.h"
#include "base/log.h"
#include "base/memory_disk.h"
#include "networks/compute/chain/records.h"

namespace tp::app {
namespace {

using testing::Node;

constexpr std::uint64_t kTenant = 0, kProvider = 1, kPeople = 2;
constexpr std::uint64_t kDeposit = 600'000;
// Of the two leases, in utoll a tick of 6 seconds: the second runs dry after 6,000 ticks.
constexpr std::uint64_t kSlow = 10, kFast = 100;
constexpr Duration kBlockTime = Duration::seconds(600);

std::string text_of(std::uint64_t who) {
  return testing::text_of(testing::key_number(who));
}

class Export : public ::testing::Test {
 protected:
  Export() {
    set_log_level(LogLevel::kError);
    // A block pays for as long as it took.
    const std::string genesis =
        testing::genesis_of("before-1", kPeople, clock_.now(), R"({"billable_gap_max":"600s"})");
    before_ = start(disk_before_, genesis);
    before_->block();
    send(*before_, kProvider, testing::registration(text_of(kProvider)));
    lease(1, kSlow);
    lease(2, kFast);
    for (int i = 0; i < 10; ++i) pass(*before_);
  }

  std::unique_ptr<Node> start(Disk& disk, const std::string& genesis) {
    auto node = Node::start(disk, clock_, "home", genesis);
    if (!node) throw std::runtime_error(node.error().text);  // ends the test
    return *std::move(node);
  }
  template <class Message>
  solo::BlockPtr send(Node& node, std::uint64_t who, const Message& message) {
    return node.block({testing::signer(node.app(), who).sign(message)});
  }
  solo::BlockPtr pass(Node& node) {
    clock_.advance(kBlockTime);
    return node.block();
  }
  void lease(std::uint64_t dseq, std::uint64_t price) {
    const auto bid = testing::bid(text_of(kTenant), dseq, text_of(kProvider), price);
    send(*before_, kTenant, testing::deployment(text_of(kTenant), dseq, kDeposit));
    send(*before_, kProvider, bid);
    send(*before_, kTenant, testing::acceptance(bid));
  }
  static akash::market::v1beta5::MsgWithdrawLease withdrawal(std::uint64_t dseq) {
    akash::market::v1beta5::MsgWithdrawLease message;
    auto& id = *message.mutable_id();
    id.set_owner(text_of(kTenant));
    id.set_dseq(dseq);
    id.set_gseq(1);
    id.set_oseq(1);
    id.set_provider(text_of(kProvider));
    return message;
  }
  Bytes exported(Node& node) { return node.app().machine().export_genesis().value(); }
  // A new chain from what the first one exported.
  void import() {
    const auto state = before_->app().state().latest();
    comet_types::Genesis genesis = solo::test_genesis();
    genesis.chain_id = "after-1";
    genesis.time = clock_.now();
    genesis.initial_height = state->height().next();
    genesis.app_state_json = exported(*before_);
    after_ = start(disk_after_, comet_types::write_genesis(genesis));
    after_->block();
  }

  MemoryDisk disk_before_, disk_after_;
  solo::HandClock clock_;
  std::unique_ptr<Node> before_;
  std::unique_ptr<Node> after_;
};

TEST_F(Export, HoldsEverything) {
  import();
  EXPECT_EQ(exported(*after_), exported(*before_));
  for (const std::uint64_t who : {kTenant, kProvider})
    EXPECT_EQ(testing::balance_of(after_->app(), text_of(who)),
              testing::balance_of(before_->app(), text_of(who)));
}

TEST_F(Export, ChargesGoOnWhereTheyStoodAndWhatWasOwedIsPaid) {
  import();
  const std::uint64_t earned = testing::balance_of(after_->app(), text_of(kProvider));
  for (int i = 0; i < 5; ++i) pass(*after_);
  send(*after_, kProvider, withdrawal(1));
  // Ten blocks of 100 ticks on the one chain, five on the other, less the nanoseconds before the
  // lease began; 1,000 is the fee.
  EXPECT_EQ(testing::balance_of(after_->app(), text_of(kProvider)),
            earned + kSlow * 100 * 15 - 1 - 1'000);
}

TEST_F(Export, BothChainsGoOnAlike) {
  import();
  for (Node* node : {before_.get(), after_.get()}) {
    send(*node, kProvider, withdrawal(2));
    send(*node, kTenant, testing::closing(text_of(kTenant), 1));
  }
  for (const std::uint64_t who : {kTenant, kProvider})
    EXPECT_EQ(testing::balance_of(after_->app(), text_of(who)),
              testing::balance_of(before_->app(), text_of(who)));
}

TEST_F(Export, AnEscrowRunsDryInTime) {
  import();
  const std::uint64_t before = testing::balance_of(after_->app(), text_of(kProvider));
  const auto fast = [this] { return testing::deployment_of(after_->app(), text_of(kTenant), 2); };
  // 600,000 at 100 a tick are 6,000 ticks, 60 blocks; ten of them passed before the export.
  for (int i = 0; i < 49; ++i) pass(*after_);
  EXPECT_EQ(fast().groups(0).state(), akash::deployment::v1beta4::Group::open);
  pass(*after_);
  pass(*after_);
  EXPECT_EQ(fast().groups(0).state(), akash::deployment::v1beta4::Group::insufficient_funds);
  EXPECT_EQ(testing::deployment_of(after_->app(), text_of(kTenant), 1).groups(0).state(),
            akash::deployment::v1beta4::Group::open);
  constexpr std::uint64_t kBidDeposit = 500'000;  // back when the lease ends
  EXPECT_EQ(testing::balance_of(after_->app(), text_of(kProvider)),
            before + kDeposit + kBidDeposit);
  const auto state = after_->app().state().latest();
  const auto whole = after_->app().machine().check_invariants(*state);
  EXPECT_TRUE(whole) << whole.error().text;
}

}  // namespace
}  // namespace tp::app
