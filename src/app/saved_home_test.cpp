// Opens the home of a node that an earlier program saved (tests/data/homes, one folder a release),
// and goes on with it: what a user's upgrade does. A home is never saved anew for a release that is
// out; a new release adds its own:
//
//   TURNPIKE_SAVE_HOME=tests/data/homes/0.2.0 build/release/tests/app_test
//   --gtest_filter='SavedHome.*'
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <thread>

#include "akash/audit/v1/msg.pb.h"
#include "akash/audit/v1/query.pb.h"
#include "app/testing/node.h"
#include "base/log.h"

namespace tp::app {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kTenant = 0, kProvider = 1, kAuditor = 2, kBystander = 3, kPeople = 4;
constexpr std::uint64_t kPrice = 60;  // a tick, which is six seconds

// Runs, but began at a time of the test's choosing: what is saved must not depend on the date.
class StartedClock final : public Clock {
 public:
  explicit StartedClock(std::string_view at) : at_(*from_rfc3339(at)), since_(system_.elapsed()) {}
  BlockTime now() const override {
    return at_ + Duration{system_.elapsed().nanoseconds - since_.nanoseconds};
  }
  Duration elapsed() const override { return system_.elapsed(); }

 private:
  SystemClock system_;
  BlockTime at_;
  Duration since_;
};
constexpr std::string_view kThen = "2026-01-02T00:00:00Z";  // when homes are saved
constexpr std::string_view kLater = "2026-06-01T00:00:00Z";

// A node as `turnpike node` runs it, on a real disk.
struct RunningNode {
  RunningNode(std::string directory, std::string_view at) : home(std::move(directory)), clock(at) {
    genesis_json = disk.read(home + "/config/genesis.json").value();
    app = App::open({.directory = home + "/data/state", .check_invariants = true}, disk, clock,
                    compute, background)
              .value();
    sequencer = solo::Sequencer::start({.directory = home + "/data/blocks"}, app->machine(),
                                       genesis_json, solo::test_key(), disk, clock, {})
                    .value();
  }

  // Returns when the transaction is in a block.
  solo::TxInBlock run(Bytes tx) {
    const auto done = sequencer->submit_and_wait_for_block(std::move(tx), Duration::seconds(20));
    if (!done) throw std::runtime_error(done.error().text);
    if (!done->in_block) throw std::runtime_error(done->admission.check.log);
    const chain::TxResult& result =
        done->in_block->block->executed.response.tx_results[done->in_block->index];
    if (result.code != 0) throw std::runtime_error(result.log);
    return *done->in_block;
  }
  template <class Message>
  solo::TxInBlock send(std::uint64_t who, const Message& message) {
    return run(testing::signer(*app, who).sign(message));
  }

  std::string home;
  Bytes genesis_json;
  SystemDisk disk;
  StartedClock clock;
  ThreadExecutor compute{1};
  ThreadExecutor background{1};
  std::unique_ptr<App> app;
  std::unique_ptr<solo::Sequencer> sequencer;
};

std::string text_of(std::uint64_t who) {
  return testing::text_of(testing::key_number(who));
}

// The history that every saved home went through: one lease that runs, one that ended, and an order
// with a bid that nobody has accepted.
void live(const std::string& home) {
  SystemDisk disk;
  for (const char* folder : {"/config", "/data/state", "/data/blocks"})
    ASSERT_TRUE(disk.make_directories(home + folder));
  const std::string genesis =
      testing::genesis_of("saved-1", kPeople, *from_rfc3339("2026-01-01T00:00:00Z"));
  ASSERT_TRUE(write_atomically(disk, home + "/config/genesis.json", genesis));
  RunningNode node(home, kThen);
  auto registration = testing::registration(text_of(kProvider));
  auto& attribute = *registration.add_attributes();
  attribute.set_key("region");
  attribute.set_value("west");
  node.send(kProvider, registration);
  akash::audit::v1::MsgSignProviderAttributes audit;
  audit.set_owner(text_of(kProvider));
  audit.set_auditor(text_of(kAuditor));
  *audit.add_attributes() = attribute;
  node.send(kAuditor, audit);
  for (const std::uint64_t dseq : {1, 2, 3}) {
    const auto bid = testing::bid(text_of(kTenant), dseq, text_of(kProvider), kPrice);
    node.send(kTenant, testing::deployment(text_of(kTenant), dseq, 1'000'000 * dseq));
    node.send(kProvider, bid);
    if (dseq < 3) node.send(kTenant, testing::acceptance(bid));
  }
  node.send(kTenant, testing::closing(text_of(kTenant), 2));
  node.send(kTenant, testing::transfer(text_of(kTenant), text_of(kBystander), 7));
  ASSERT_TRUE(node.sequencer->stop());
}

class SavedHome : public ::testing::Test {
 protected:
  SavedHome() {
    set_log_level(LogLevel::kWarning);
    std::string pattern = ::testing::TempDir() + "/saved_home.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~SavedHome() override { fs::remove_all(folder_); }

  // A copy of each release's home, and a home of this program.
  std::vector<std::string> homes() {
    std::vector<std::string> out;
    for (const auto& release : fs::directory_iterator(TURNPIKE_SAVED_HOMES)) {
      out.push_back(folder_ + "/" + release.path().filename().string());
      fs::copy(release.path(), out.back(), fs::copy_options::recursive);
    }
    EXPECT_GE(out.size(), 1u);
    out.push_back(folder_ + "/now");
    live(out.back());
    return out;
  }

  std::string folder_;
};

TEST_F(SavedHome, IsMadeByThisProgramToo) {
  const char* wanted = ::getenv("TURNPIKE_SAVE_HOME");
  const std::string home = wanted != nullptr ? wanted : folder_ + "/home";
  live(home);
  EXPECT_TRUE(fs::exists(home + "/data/state/durable"));
}

TEST_F(SavedHome, HoldsWhatItHeld) {
  for (const std::string& home : homes()) {
    SCOPED_TRACE(home);
    RunningNode node(home, kLater);
    App& app = *node.app;
    EXPECT_EQ(app.params().chain_id, "saved-1");
    EXPECT_EQ(testing::balance_of(app, text_of(kBystander)), 1'000'000'000'007u);
    const auto running = testing::deployment_of(app, text_of(kTenant), 1);
    EXPECT_EQ(running.deployment().state(), akash::deployment::v1::Deployment::active);
    EXPECT_EQ(running.deployment().hash(), Bytes(32, 'h'));
    EXPECT_EQ(running.groups(0).group_spec().name(), "g");
    EXPECT_EQ(running.groups(0).group_spec().resources(0).resource().cpu().units().val(), "100");
    const auto ended = testing::deployment_of(app, text_of(kTenant), 2);
    EXPECT_EQ(ended.deployment().state(), akash::deployment::v1::Deployment::closed);
    akash::audit::v1::QueryAllProvidersAttributesRequest everyone;
    const auto audits = testing::ask<akash::audit::v1::QueryProvidersResponse>(
        app, "/akash.audit.v1.Query/AllProvidersAttributes", everyone);
    ASSERT_EQ(audits.providers_size(), 1);
    EXPECT_EQ(audits.providers(0).auditor(), text_of(kAuditor));
    EXPECT_EQ(audits.providers(0).attributes(0).value(), "west");
  }
}

// A record whose layout was changed without a new version shows here, or above.
TEST_F(SavedHome, EveryRowOfEveryTableIsAsThisProgramWritesIt) {
  for (const std::string& home : homes()) {
    SCOPED_TRACE(home);
    RunningNode node(home, kLater);
    const auto state = node.app->state().latest();
    const store::StateSchema schema = state_schema();
    const auto whole = store::check_rows(*state, schema);
    EXPECT_TRUE(whole) << whole.error().text;
    std::vector<std::string> empty;
    for (const store::StoreSchema& one : schema.stores) {
      for (const store::TableSchema& table : one.tables) {
        bool has_rows = false;
        const auto prefix = store::KeyRange::with_prefix(Bytes(1, static_cast<char>(table.number)));
        ASSERT_TRUE(state->scan(one.id, prefix, [&](BytesView, BytesView) -> Result<store::Step> {
          has_rows = true;
          return store::Step::kStop;
        }));
        if (!has_rows) empty.push_back(table.name);
      }
    }
    // The compute network sells at no posted price and pays no rewards, and the genesis file leaves
    // the market its defaults: records_test.cpp of the market has the bytes of these. Nobody holds
    // another denomination than the fee's; its supply has the same record.
    EXPECT_EQ(empty, (std::vector<std::string>{"bank.balances", "market.offers", "market.params",
                                               "market.epochs", "market.epoch_weights"}));
  }
}

TEST_F(SavedHome, GoesOn) {
  for (const std::string& home : homes()) {
    SCOPED_TRACE(home);
    RunningNode node(home, kLater);
    const Height before = node.sequencer->store().last();
    const std::uint64_t earned_before = testing::balance_of(*node.app, text_of(kProvider));
    std::this_thread::sleep_for(std::chrono::seconds(1));
    akash::market::v1beta5::MsgWithdrawLease withdrawal;
    auto& lease = *withdrawal.mutable_id();
    lease.set_owner(text_of(kTenant));
    lease.set_dseq(1);
    lease.set_gseq(1);
    lease.set_oseq(1);
    lease.set_provider(text_of(kProvider));
    node.send(kProvider, withdrawal);
    constexpr std::uint64_t kFee = 1'000;
    EXPECT_GE(testing::balance_of(*node.app, text_of(kProvider)) + kFee,
              earned_before + kPrice / 6);
    // What was offered can be taken, what runs can be ended.
    node.send(kTenant,
              testing::acceptance(testing::bid(text_of(kTenant), 3, text_of(kProvider), kPrice)));
    node.send(kTenant, testing::closing(text_of(kTenant), 1));
    EXPECT_GT(node.sequencer->store().last(), before);
    const auto state = node.app->state().latest();
    const auto whole = node.app->machine().check_invariants(*state);
    EXPECT_TRUE(whole) << whole.error().text;
    ASSERT_TRUE(node.sequencer->stop());
  }
}

}  // namespace
}  // namespace tp::app
