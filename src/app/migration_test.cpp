// A node whose program was replaced by one that changes its state: what its blocks say about it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/testing/node.h"
#include "base/log.h"
#include "base/memory_disk.h"
#include "modules/bank/tables.h"
#include "store/ics23.h"

namespace tp::app {
namespace {

using ::testing::HasSubstr;
using testing::Node;

constexpr Height kLast{4};

// What the newer program adds: another address counts as the foundation.
bank::FoundationKey added() {
  return {crypto::address_of(testing::key_number(1).public_key())};
}

class NodeMigration : public ::testing::Test {
 protected:
  NodeMigration() {
    set_log_level(LogLevel::kError);
    genesis_ = testing::genesis_of("migrating-1", 3, clock_.now());
  }

  static AppOptions newer_program() {
    AppOptions options;
    options.schema.version += 1;
    options.migrations.push_back(
        {.from = options.schema.version - 1,
         .to = options.schema.version,
         .run = [](store::Writer& state) { return bank::kFoundation.put(state, added(), {}); }});
    return options;
  }

  Result<std::unique_ptr<Node>> try_start(AppOptions options = {}) {
    return Node::start(disk_, clock_, "home", genesis_, std::move(options));
  }
  std::unique_ptr<Node> start(AppOptions options = {}) {
    auto node = try_start(std::move(options));
    if (!node) throw std::runtime_error(node.error().text);  // ends the test
    return *std::move(node);
  }

  // A chain of the older program up to block kLast, the state of which is durable at `durable`.
  void older_chain(Height durable = kLast) {
    const auto node = start();
    node->block();
    while (node->blocks().last() < kLast) {
      clock_.advance(Duration::seconds(1));
      node->block(
          {testing::signer(node->app(), 0).sign(testing::transfer(text_of(0), text_of(2), 5))});
      if (node->blocks().last() == durable) {
        ASSERT_TRUE(node->make_durable());
      }
    }
  }
  static std::string text_of(std::uint64_t who) {
    return testing::text_of(testing::key_number(who));
  }

  MemoryDisk disk_;
  solo::HandClock clock_;
  std::string genesis_;
};

TEST_F(NodeMigration, ItsBlocksGoOnAndTheNextHeaderCarriesTheMigratedRoot) {
  older_chain();
  const auto node = start(newer_program());
  const store::StatePtr migrated = node->app().state().latest();
  EXPECT_EQ(migrated->height(), kLast);
  const solo::BlockPtr before = *node->blocks().block(kLast);
  EXPECT_NE(before->executed.response.app_hash, migrated->root());
  EXPECT_EQ(node->app().machine().info().app_hash_before_migration,
            before->executed.response.app_hash);
  clock_.advance(Duration::seconds(1));
  EXPECT_EQ(node->block()->meta.header.app_hash, migrated->root().bytes());
  EXPECT_EQ(node->app().machine().info().app_hash_before_migration,
            before->executed.response.app_hash)
      << "until the next height is durable";
}

TEST_F(NodeMigration, WhatItWroteIsProvenAgainstTheNextHeader) {
  older_chain();
  const auto node = start(newer_program());
  const solo::BlockPtr next = node->block();
  const Bytes key = bank::kFoundation.raw_key(added());
  const chain::QueryResponse answer = node->app().machine().query(
      {.path = "store/bank/key", .data = key, .height = kLast, .prove = true});
  ASSERT_EQ(answer.code, 0u) << answer.log;
  ASSERT_EQ(answer.proof_ops.size(), 2u);
  const Hash256 bank = *(*node->app().state().at(kLast))->store_root(chain::kBankStore);
  EXPECT_TRUE(store::verify_membership(store::smt_spec(), bank, answer.proof_ops[0].data, key,
                                       answer.value));
  EXPECT_TRUE(store::verify_membership(store::simple_spec(),
                                       Hash256::of(next->meta.header.app_hash),
                                       answer.proof_ops[1].data, "bank", bank.view()));
}

TEST_F(NodeMigration, ACrashAfterItExecutesTheBlocksSinceAgain) {
  older_chain();
  Bytes header_hash;
  {
    const auto node = start(newer_program());
    for (int i = 0; i < 3; ++i)
      node->block(
          {testing::signer(node->app(), 1).sign(testing::transfer(text_of(1), text_of(2), 1))});
    header_hash = (*node->blocks().block(Height{7}))->meta.id.hash;
  }  // not durable
  disk_.power_cut();
  disk_.power_on();
  const auto node = start(newer_program());
  EXPECT_EQ(node->app().state().latest()->height(), Height{7});
  EXPECT_EQ(node->block()->meta.header.last_block_id.hash, header_hash);
  // And the next start finds an ordinary state.
  ASSERT_TRUE(node->make_durable());
}

TEST_F(NodeMigration, IsRefusedWhileBlocksOfTheOlderProgramWaitAndHappensAfterIt) {
  older_chain(Height{2});
  const auto refused = try_start(newer_program());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr("but blocks 3 to 4 wait to be executed again; start "
                                              "the program that made them once more"));
  {
    const auto older = start();
    EXPECT_EQ(older->app().state().latest()->height(), kLast);
  }
  EXPECT_EQ(start(newer_program())->block()->height(), kLast.next());
}

TEST_F(NodeMigration, TheOlderProgramRefusesWhatTheNewerOneLeft) {
  older_chain();
  start(newer_program());
  const auto older = try_start();
  ASSERT_FALSE(older);
  EXPECT_THAT(older.error().text, HasSubstr("run a newer program"));
}

}  // namespace
}  // namespace tp::app
