#include "client/event_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/error.h"
#include "client/fake_server.h"

namespace tp::client {
namespace {

using ::testing::HasSubstr;

constexpr Duration kSoon = Duration::seconds(5);

const std::string kBlock =
    R"({"jsonrpc":"2.0","id":1,"result":{"query":"tm.event='NewBlock'","data":{)"
    R"("type":"tendermint/event/NewBlock","value":{"block":{"header":{"height":"8"}},)"
    R"("block_id":{},"result_finalize_block":{"events":[{"type":"tick","attributes":[]}]}}},)"
    R"("events":{"tm.event":["NewBlock"]}}})";
const std::string kTx =
    R"({"jsonrpc":"2.0","id":2,"result":{"query":"tm.event='Tx'","data":{)"
    R"("type":"tendermint/event/Tx","value":{"TxResult":{"height":"9","tx":"AA==","result":{)"
    R"("events":[{"type":"order","attributes":[{"key":"dseq","value":"7","index":true}]}]}}}},)"
    R"("events":{}}})";

std::string agreement(int id) {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"result":{}})";
}

// A node that runs `script` on each WebSocket.
FakeServer node(std::function<void(FakeSocket&)> script, std::string* target = nullptr) {
  return FakeServer(
      [script = std::move(script), target](const FakeRequest& request, FakeSocket& socket) {
        if (target != nullptr) *target = request.line();
        socket.write(websocket_reply(request));
        script(socket);
        return false;
      });
}

TEST(EventStream, GivesBlocksAndTransactionsWithTheirEvents) {
  std::string target;
  std::string asked;
  FakeServer server = node(
      [&](FakeSocket& socket) {
        asked = socket.read_text_frame();
        socket.write_text_frame(agreement(1));
        socket.read_text_frame();
        socket.write_text_frame(kBlock);  // before the second agreement: it must not be lost
        socket.write_text_frame(agreement(2));
        socket.write_text_frame(kTx);
        socket.read(1);
      },
      &target);
  auto stream = EventStream::open(server.url());
  ASSERT_TRUE(stream) << stream.error().text;
  ASSERT_TRUE(stream->subscribe("tm.event='NewBlock'"));
  ASSERT_TRUE(stream->subscribe("tm.event='Tx'"));
  EXPECT_EQ(target, "GET /websocket HTTP/1.1");
  EXPECT_THAT(asked, HasSubstr(R"("method":"subscribe","params":{"query":"tm.event='NewBlock'"})"));

  const auto block = stream->next(kSoon);
  ASSERT_TRUE(block && block->has_value());
  EXPECT_EQ((*block)->query, "tm.event='NewBlock'");
  EXPECT_EQ((*block)->height, Height{8});
  ASSERT_EQ((*block)->events.size(), 1u);
  EXPECT_EQ((*block)->events[0].type, "tick");

  const auto tx = stream->next(kSoon);
  ASSERT_TRUE(tx && tx->has_value());
  EXPECT_EQ((*tx)->height, Height{9});
  ASSERT_EQ((*tx)->events.size(), 1u);
  EXPECT_EQ((*tx)->events[0].attribute("dseq"), "7");
  EXPECT_THAT((*tx)->data_json, HasSubstr(R"("tx":"AA==")"));
}

TEST(EventStream, AQuietWaitLosesNothing) {
  FakeServer server = node([](FakeSocket& socket) {
    socket.read_text_frame();
    socket.write_text_frame(agreement(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    socket.write_text_frame(kBlock);
    socket.read(1);
  });
  auto stream = EventStream::open(server.url());
  ASSERT_TRUE(stream);
  ASSERT_TRUE(stream->subscribe("tm.event='NewBlock'"));
  const auto nothing = stream->next(Duration::milliseconds(20));
  ASSERT_TRUE(nothing) << nothing.error().text;
  EXPECT_FALSE(nothing->has_value());
  const auto block = stream->next(kSoon);
  ASSERT_TRUE(block && block->has_value());
  EXPECT_EQ((*block)->height, Height{8});
}

TEST(EventStream, ARefusedSubscriptionSaysWhy) {
  FakeServer server = node([](FakeSocket& socket) {
    socket.read_text_frame();
    socket.write_text_frame(
        R"({"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"Internal error",)"
        R"("data":"failed to parse query"}})");
    socket.read(1);
  });
  auto stream = EventStream::open(server.url());
  ASSERT_TRUE(stream);
  const auto subscribed = stream->subscribe("nonsense");
  ASSERT_FALSE(subscribed);
  EXPECT_TRUE(is(subscribed.error(), ClientError::kRpc));
  EXPECT_THAT(subscribed.error().text, HasSubstr("failed to parse query"));
}

TEST(EventStream, ADroppedConnectionIsBrokenForGood) {
  FakeServer server = node([](FakeSocket& socket) {
    socket.read_text_frame();
    socket.write_text_frame(agreement(1));
  });
  auto stream = EventStream::open(server.url());
  ASSERT_TRUE(stream);
  ASSERT_TRUE(stream->subscribe("tm.event='NewBlock'"));
  for (int i = 0; i < 2; ++i) {
    const auto next = stream->next(kSoon);
    ASSERT_FALSE(next);
    EXPECT_TRUE(is(next.error(), ClientError::kBroken)) << next.error().text;
  }
}

TEST(EventStream, AServerWithoutWebSocketsIsNamed) {
  FakeServer server([](const FakeRequest&, FakeSocket& socket) {
    socket.write(http_reply(404, "no"));
    return false;
  });
  const auto stream = EventStream::open(server.url());
  ASSERT_FALSE(stream);
  EXPECT_THAT(stream.error().text, HasSubstr(server.url()));
}

TEST(EventStream, GarbageIsMalformedNotACrash) {
  for (const char* garbage :
       {"", "[]", "{}", "null", R"({"id":1,"result":5})", R"({"id":1,"result":{"query":5}})",
        R"({"id":1,"result":{"query":"q","data":{"type":"tendermint/event/Tx"}}})"}) {
    FakeServer server = node([&](FakeSocket& socket) {
      socket.read_text_frame();
      socket.write_text_frame(agreement(1));
      socket.write_text_frame(garbage);
      socket.read(1);
    });
    auto stream = EventStream::open(server.url());
    ASSERT_TRUE(stream);
    ASSERT_TRUE(stream->subscribe("q"));
    const auto next = stream->next(kSoon);
    ASSERT_FALSE(next) << garbage;
    EXPECT_TRUE(is(next.error(), ClientError::kMalformed)) << next.error().text;
  }
}

}  // namespace
}  // namespace tp::client
