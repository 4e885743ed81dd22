#include "cli/market_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <mutex>

#include "akash/deployment/v1beta4/query.pb.h"
#include "akash/market/v1beta5/query.pb.h"
#include "base/text.h"
#include "client/fake_server.h"

namespace tp::cli {
namespace {

namespace json = boost::json;
using Deployments = akash::deployment::v1beta4::QueryDeploymentsResponse;
using DeploymentsRequest = akash::deployment::v1beta4::QueryDeploymentsRequest;
using Bids = akash::market::v1beta5::QueryBidsResponse;
using BidsRequest = akash::market::v1beta5::QueryBidsRequest;
using Leases = akash::market::v1beta5::QueryLeasesResponse;
using LeasesRequest = akash::market::v1beta5::QueryLeasesRequest;

// A node with three pages of everything: each item's dseq (of bids and leases: oseq) counts on over
// the pages, and the key of a page is its number.
class MarketClientTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kPages = 3, kItems = 2;

  template <class Response, class Request, class Add>
  static Bytes page(const Bytes& data, Add add) {
    Request request;
    TP_ASSERT(request.ParseFromString(data));
    const std::string& key = request.pagination().key();
    const std::uint64_t number = key.empty() ? 0 : std::stoull(key);
    Response response;
    for (std::uint64_t i = 0; i < kItems; ++i) add(response, request, number * kItems + i + 1);
    if (number + 1 < kPages)
      response.mutable_pagination()->set_next_key(std::to_string(number + 1));
    return response.SerializeAsString();
  }

  static Bytes answer(std::string_view path, const Bytes& data) {
    if (path == "/akash.deployment.v1beta4.Query/Deployments")
      return page<Deployments, DeploymentsRequest>(
          data, [](Deployments& out, const DeploymentsRequest& request, std::uint64_t number) {
            const bool closed = request.filters().state() == "closed";
            out.add_deployments()->mutable_deployment()->mutable_id()->set_dseq(
                closed ? 100 + number : number);
          });
    if (path == "/akash.market.v1beta5.Query/Bids")
      return page<Bids, BidsRequest>(data, [](Bids& out, const BidsRequest&, std::uint64_t number) {
        auto& bid = *out.add_bids()->mutable_bid();
        bid.mutable_id()->set_oseq(std::uint32_t(number));
        bid.mutable_price()->set_denom("utoll");
        bid.mutable_price()->set_amount("1");
      });
    TP_ASSERT(path == "/akash.market.v1beta5.Query/Leases");
    return page<Leases, LeasesRequest>(data,
                                       [](Leases& out, const LeasesRequest&, std::uint64_t number) {
                                         auto& lease = *out.add_leases()->mutable_lease();
                                         lease.mutable_id()->set_oseq(std::uint32_t(number));
                                         lease.mutable_price()->set_denom("utoll");
                                         lease.mutable_price()->set_amount("1");
                                       });
  }

  client::FakeServer server_{[](const client::FakeRequest& request, client::FakeSocket& socket) {
    const json::value call = json::parse(request.body);
    const json::value& params = call.at("params");
    const Bytes value = answer(std::string_view(params.at("path").as_string()),
                               *from_hex(std::string_view(params.at("data").as_string())));
    socket.write(client::http_reply(
        200, R"({"jsonrpc":"2.0","id":1,"result":{"response":{"code":0,"height":"1","value":")" +
                 to_base64(value) + R"("}}})"));
    return true;
  }};
  client::RpcClient rpc_ = *client::RpcClient::make(server_.url());
  MarketClient market_{rpc_};
};

TEST_F(MarketClientTest, DeploymentsAreThoseOfAllPages) {
  const auto views = market_.deployments("turn1owner", false);
  ASSERT_TRUE(views) << views.error().text;
  ASSERT_EQ(views->size(), kPages * kItems);
  EXPECT_EQ(views->front().dseq, 6u);
}

TEST_F(MarketClientTest, ClosedDeploymentsAreThoseOfAllPagesToo) {
  const auto views = market_.deployments("turn1owner", true);
  ASSERT_TRUE(views) << views.error().text;
  EXPECT_EQ(views->size(), 2 * kPages * kItems);
}

TEST_F(MarketClientTest, BidsAreThoseOfAllPages) {
  const auto views = market_.bids("turn1owner", 1);
  ASSERT_TRUE(views) << views.error().text;
  ASSERT_EQ(views->size(), kPages * kItems);
  EXPECT_EQ(views->back().name.oseq, 6u);
}

TEST_F(MarketClientTest, LeasesAreThoseOfAllPages) {
  const auto views = market_.leases("turn1owner", 1);
  ASSERT_TRUE(views) << views.error().text;
  ASSERT_EQ(views->size(), kPages * kItems);
  EXPECT_EQ(views->back().name.oseq, 6u);
}

}  // namespace
}  // namespace tp::cli
