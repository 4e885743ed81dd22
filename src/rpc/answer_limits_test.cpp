#include <gtest/gtest.h>

#include "http/client.h"
#include "rpc/server.h"
#include "rpc/testing/counter_chain.h"

namespace tp::rpc {
namespace {

namespace json = boost::json;

// A server over a chain of a few blocks, each with one transaction of its own.
class AnswerLimitsTest : public testing::Test {
 protected:
  void start(ServerOptions options) {
    for (int i = 0; i < 4; ++i) chain_.commit("add " + std::to_string(i));
    ASSERT_TRUE(
        chain_.index->wait_for(chain_.sequencer->feed().latest()->height(), Duration::seconds(10)));
    auto server = Server::start(options, chain_.sources(),
                                {.node_id = std::string(40, '0'),
                                 .moniker = "test",
                                 .rpc_address = "tcp://127.0.0.1:0",
                                 .app_version = "test"});
    ASSERT_TRUE(server) << server.error().text;
    server_ = *std::move(server);
  }

  json::value post(const std::string& body) {
    auto client = http::Client::to("http://127.0.0.1:" + std::to_string(server_->port()));
    const auto response = client->post("/", body);
    EXPECT_TRUE(response) << response.error().text;
    return response ? json::parse(response->body) : json::value();
  }

  json::value search(const std::string& method, const std::string& query, int per_page) {
    return post(json::serialize(json::object{
        {"jsonrpc", "2.0"},
        {"id", 1},
        {"method", method},
        {"params", json::object{{"query", query}, {"per_page", std::to_string(per_page)}}}}));
  }

  CounterChain chain_{CounterChain::Index::kFollows};
  std::unique_ptr<Server> server_;
};

std::string error_of(const json::value& answer) {
  const json::object& envelope = answer.as_object();
  return envelope.contains("error") ? std::string(envelope.at("error").at("data").as_string())
                                    : std::string();
}

TEST_F(AnswerLimitsTest, AListThatIsTooLongIsAnErrorThatSaysWhatToDo) {
  start({.answer_bytes_max = 1'000});
  EXPECT_NE(error_of(search("block_search", "block.height>0", 100)).find("per_page"),
            std::string::npos);
  EXPECT_NE(error_of(search("tx_search", "tx.height>0", 100)).find("per_page"), std::string::npos);
}

TEST_F(AnswerLimitsTest, OneEntryIsAnsweredHoweverLong) {
  start({.answer_bytes_max = 1});
  EXPECT_EQ(search("block_search", "block.height>0", 1).at("result").at("blocks").as_array().size(),
            1u);
  EXPECT_EQ(search("tx_search", "tx.height>0", 1).at("result").at("txs").as_array().size(), 1u);
}

TEST_F(AnswerLimitsTest, ABatchAnswersUpToItsBytesAndEachCallAfterThemWithAnError) {
  start({.batch_bytes_max = 3'000});
  std::string body;
  for (int id = 1; id <= 10; ++id)
    body += (body.empty() ? "[" : ",") + std::string(R"({"jsonrpc":"2.0","id":)") +
            std::to_string(id) + R"(,"method":"block"})";
  const json::value answers = post(body + "]");
  ASSERT_TRUE(answers.is_array());
  ASSERT_EQ(answers.as_array().size(), 10u);
  EXPECT_EQ(error_of(answers.at(0)), "");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(answers.at(i).at("id"), json::value(i + 1));
  EXPECT_NE(error_of(answers.at(9)).find("fewer calls"), std::string::npos);
}

TEST_F(AnswerLimitsTest, WithinTheLimitsEverythingIsAnswered) {
  start({});
  EXPECT_GE(
      search("block_search", "block.height>0", 100).at("result").at("blocks").as_array().size(),
      4u);
  EXPECT_EQ(search("tx_search", "tx.height>0", 100).at("result").at("txs").as_array().size(), 4u);
  const json::value answers =
      post(R"([{"jsonrpc":"2.0","id":1,"method":"health"},{"jsonrpc":"2.0","method":"health"},)"
           R"({"jsonrpc":"2.0","id":"b","method":"none"}])");
  ASSERT_EQ(answers.as_array().size(), 2u);
  EXPECT_EQ(answers.at(0).at("result"), json::value(json::object()));
  EXPECT_EQ(answers.at(1).at("id"), json::value("b"));
}

}  // namespace
}  // namespace tp::rpc
