#include "rpc/subscriptions.h"

#include <gtest/gtest.h>

#include <future>

#include "base/memory_disk.h"
#include "engine/solo/counter_app.h"
#include "engine/solo/solo_test_support.h"

namespace tp::rpc {
namespace {

namespace json = boost::json;

// Keeps what is sent. While it is held, a send does not return.
class FakeSocket final : public http::WebSocket {
 public:
  bool send(Bytes message, bool) override {
    std::unique_lock lock(mutex_);
    sent_.push_back(std::move(message));
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    return true;
  }
  void close(std::uint16_t, std::string) override {}

  void hold(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  // The message at `place`, once it is there; empty after ten seconds.
  Bytes message(std::size_t place) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return sent_.size() > place; });
    return sent_.size() > place ? sent_[place] : Bytes();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Bytes> sent_;
  bool held_ = false;
};

class SubscriptionsTest : public testing::Test {
 protected:
  SubscriptionsTest() {
    auto started = solo::Sequencer::start({.directory = "blocks", .policy = {}, .mempool = {}},
                                          app_, comet_types::write_genesis(solo::test_genesis()),
                                          solo::test_key(), disk_, clock_, {});
    EXPECT_TRUE(started) << started.error().text;
    sequencer_ = std::move(*started);
    subscriptions_.emplace(*sequencer_, SubscriptionLimits{});
  }

  Subscriptions::ClientId subscribe(const std::shared_ptr<FakeSocket>& socket, json::value id,
                                    std::string_view query) {
    const auto client = subscriptions_->add_client(socket);
    const json::value params = json::object{{"query", query}};
    const auto done =
        subscriptions_->subscribe(client, std::move(id), *Params::from_json(&params, {"query"}));
    EXPECT_TRUE(done) << done.error().data;
    return client;
  }

  bool is_in_a_block(Bytes tx) {
    return sequencer_->submit_and_wait_for_block(std::move(tx), Duration::seconds(5)).has_value();
  }

  MemoryDisk disk_;
  SystemClock clock_;
  solo::CounterApp::State saved_;
  solo::CounterApp app_{saved_};
  std::unique_ptr<solo::Sequencer> sequencer_;
  std::optional<Subscriptions> subscriptions_;
};

TEST_F(SubscriptionsTest, BlocksGoOnWhileASubscriberIsServed) {
  const auto socket = std::make_shared<FakeSocket>();
  socket->hold(true);
  subscribe(socket, 1, "tm.event = 'NewBlock'");
  EXPECT_TRUE(is_in_a_block("add 1"));
  EXPECT_FALSE(socket->message(0).empty());  // being sent from here on
  const bool second = is_in_a_block("add 2"), third = is_in_a_block("add 3");
  socket->hold(false);
  EXPECT_TRUE(second && third);
}

TEST_F(SubscriptionsTest, ClientsComeAndGoWhileASubscriberIsServed) {
  const auto socket = std::make_shared<FakeSocket>();
  socket->hold(true);
  subscribe(socket, 1, "tm.event = 'NewBlock'");
  EXPECT_TRUE(is_in_a_block("add 1"));
  EXPECT_FALSE(socket->message(0).empty());
  auto other = std::async(std::launch::async, [this] {
    subscriptions_->remove_client(subscribe(std::make_shared<FakeSocket>(), 2, "tm.event = 'Tx'"));
  });
  const auto state = other.wait_for(std::chrono::seconds(5));
  socket->hold(false);
  EXPECT_EQ(state, std::future_status::ready);
}

TEST_F(SubscriptionsTest, EachClientHearsUnderItsOwnIdAndQuery) {
  const auto first = std::make_shared<FakeSocket>(), second = std::make_shared<FakeSocket>(),
             third = std::make_shared<FakeSocket>();
  subscribe(first, 7, "tm.event = 'Tx'");
  subscribe(second, "seven \"7\"", "tm.event = 'Tx'");
  subscribe(third, nullptr, "added.number = '5'");
  ASSERT_TRUE(is_in_a_block("add 5"));
  const auto check = [](FakeSocket& socket, const json::value& id, std::string_view query) {
    const json::value message = json::parse(socket.message(0));
    EXPECT_EQ(message.at("id"), id);
    EXPECT_EQ(message.at("jsonrpc"), json::value("2.0"));
    const json::object& result = message.at("result").as_object();
    EXPECT_EQ(result.at("query"), json::value(query));
    EXPECT_EQ(result.at("data").at("type"), json::value("tendermint/event/Tx"));
    EXPECT_EQ(result.at("data").at("value").at("TxResult").at("tx"),
              json::value(to_base64("add 5")));
    EXPECT_EQ(result.at("events").at("added.number"), json::value(json::array{"5"}));
    EXPECT_EQ(result.size(), 3u);
  };
  check(*first, 7, "tm.event = 'Tx'");
  check(*second, "seven \"7\"", "tm.event = 'Tx'");
  check(*third, nullptr, "added.number = '5'");
}

TEST_F(SubscriptionsTest, ABlockMayComeWhileTheyEnd) {
  subscribe(std::make_shared<FakeSocket>(), 1, "tm.event = 'NewBlock'");
  subscriptions_.reset();
  EXPECT_TRUE(is_in_a_block("add 1"));
}

}  // namespace
}  // namespace tp::rpc
