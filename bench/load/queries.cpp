// What clients ask of a market with a long past: lists with filters and pages, single objects,
// transactions by hash and by event. Each answer is looked at, so that a fast refusal does not
// pass.
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <functional>
#include <random>
#include <utility>

#include "akash/deployment/v1beta4/query.pb.h"
#include "akash/escrow/v1/query.pb.h"
#include "akash/market/v1beta5/query.pb.h"
#include "base/text.h"
#include "client/http_client.h"
#include "market.h"
#include "modes.h"
#include "signers.h"

namespace tp::load {
namespace {

namespace json = boost::json;
namespace deployment = ::akash::deployment::v1beta4;
namespace escrow = ::akash::escrow::v1;
namespace market = ::akash::market::v1beta5;

struct Question {
  std::string method;
  json::object params;
  // Looks at the "result"; an empty text means that it is as it should be.
  std::function<std::string(const json::object&)> check;
};

struct Kind {
  std::string name;
  std::function<Question()> next;
};

// A list read page after page, and again from its beginning when it ends. A page may be shorter
// than was asked for, and the last may hold nothing (networks/compute/chain/listing.h): what is
// checked is that a whole walk finds `expected`.
struct Walk {
  std::uint64_t expected = 0;
  std::uint64_t found = 0;
  std::string next;  // the key of the next page; empty at the beginning

  std::string add(std::uint64_t items, const std::string& next_key) {
    found += items;
    next = next_key;
    if (!next.empty()) return "";
    const std::uint64_t all = std::exchange(found, 0);
    if (all == expected) return "";
    return "the pages hold " + std::to_string(all) + " items, not " + std::to_string(expected);
  }
};

template <class Response, class Request>
Question abci(const std::string& path, const Request& request,
              std::function<std::string(const Response&)> check) {
  return {"abci_query",
          {{"path", path},
           {"data", to_hex_upper(request.SerializeAsString())},
           {"height", "0"},
           {"prove", false}},
          [check](const json::object& result) -> std::string {
            const json::object& response = result.at("response").as_object();
            if (response.at("code").as_int64() != 0)
              return std::string(response.at("log").as_string());
            const json::value& value = response.at("value");
            const auto bytes =
                value.is_null() ? Result<Bytes>(Bytes()) : from_base64(value.as_string());
            Response out;
            if (!bytes || !out.ParseFromString(*bytes)) return "an answer that cannot be read";
            return check(out);
          }};
}

std::string expect(bool holds, const char* what) {
  return holds ? "" : what;
}

class Market {
 public:
  Market(std::uint64_t closed, std::uint64_t open) : closed_(closed), open_(open) {
    leased_ = open - open / 4;
  }

  std::vector<Kind> kinds() {
    std::vector<Kind> out;
    deployments(out);
    market_lists(out);
    escrow_lists(out);
    transactions(out);
    return out;
  }

  // Hashes of transactions, for questions about them.
  std::vector<std::string> hashes;

 private:
  std::uint64_t random(std::uint64_t below) { return chance_() % below; }
  std::uint64_t closed() { return 1 + random(closed_); }
  std::uint64_t open() { return closed_ + 1 + random(open_); }
  std::uint64_t leased() { return closed_ + 1 + random(leased_); }

  static void set_page(auto& request, std::uint64_t limit, const std::string& key = {}) {
    request.mutable_pagination()->set_limit(limit);
    request.mutable_pagination()->set_key(key);
  }

  using DeploymentsCheck = std::function<std::string(const deployment::QueryDeploymentsResponse&)>;
  Question ask_deployments(const deployment::QueryDeploymentsRequest& request,
                           DeploymentsCheck check) {
    return abci<deployment::QueryDeploymentsResponse>("/akash.deployment.v1beta4.Query/Deployments",
                                                      request, std::move(check));
  }
  Question ask_deployments(const deployment::QueryDeploymentsRequest& request, bool some = true) {
    return ask_deployments(request, [some](const deployment::QueryDeploymentsResponse& response) {
      return expect(!some || response.deployments_size() > 0, "no deployments");
    });
  }
  // The next page of a walk over the deployments of one state; the key of a page carries the state.
  Question next_deployments(const std::string& state, Walk& walk) {
    deployment::QueryDeploymentsRequest request;
    if (walk.next.empty()) request.mutable_filters()->set_state(state);
    set_page(request, 100, walk.next);
    return ask_deployments(request, [&walk](const deployment::QueryDeploymentsResponse& response) {
      return walk.add(static_cast<std::uint64_t>(response.deployments_size()),
                      response.pagination().next_key());
    });
  }
  Question one_deployment(std::uint64_t dseq, bool active) {
    deployment::QueryDeploymentRequest request;
    request.mutable_id()->set_owner(messages_.tenant(dseq));
    request.mutable_id()->set_dseq(dseq);
    return abci<deployment::QueryDeploymentResponse>(
        "/akash.deployment.v1beta4.Query/Deployment", request,
        std::function([active](const deployment::QueryDeploymentResponse& response) {
          return expect((response.deployment().state() == 1) == active,
                        "a deployment in another state");
        }));
  }

  void deployments(std::vector<Kind>& out) {
    using Request = deployment::QueryDeploymentsRequest;
    out.push_back({"Deployment, closed", [this] { return one_deployment(closed(), false); }});
    out.push_back({"Deployment, active", [this] { return one_deployment(open(), true); }});
    out.push_back({"Deployments, active, page after page",
                   [this] { return next_deployments("active", active_walk_); }});
    out.push_back({"Deployments, all", [this] {
                     Request request;
                     set_page(request, 100);
                     return ask_deployments(request);
                   }});
    out.push_back({"Deployments, closed, page after page",
                   [this] { return next_deployments("closed", closed_walk_); }});
    out.push_back({"Deployments of an owner", [this] {
                     Request request;
                     request.mutable_filters()->set_owner(messages_.tenant(closed()));
                     set_page(request, 100);
                     return ask_deployments(request);
                   }});
    out.push_back({"Deployments of an owner, active", [this] {
                     Request request;
                     request.mutable_filters()->set_owner(messages_.tenant(open()));
                     request.mutable_filters()->set_state("active");
                     set_page(request, 100);
                     return ask_deployments(request);
                   }});
    out.push_back({"Deployments of an owner, the last first", [this] {
                     Request request;
                     request.mutable_filters()->set_owner(messages_.tenant(closed()));
                     request.mutable_filters()->set_state("closed");
                     set_page(request, 20);
                     request.mutable_pagination()->set_reverse(true);
                     return ask_deployments(request);
                   }});
    out.push_back({"Deployments by dseq alone", [this] {
                     Request request;
                     request.mutable_filters()->set_dseq(closed());
                     set_page(request, 100);
                     return ask_deployments(request, false);
                   }});
  }

  Question ask_bids(const market::QueryBidsRequest& request, bool some = true) {
    return abci<market::QueryBidsResponse>(
        "/akash.market.v1beta5.Query/Bids", request,
        std::function([some](const market::QueryBidsResponse& response) {
          return expect(!some || response.bids_size() > 0, "no bids");
        }));
  }
  Question ask_orders(const market::QueryOrdersRequest& request) {
    return abci<market::QueryOrdersResponse>(
        "/akash.market.v1beta5.Query/Orders", request,
        std::function([](const market::QueryOrdersResponse& response) {
          return expect(response.orders_size() > 0, "no orders");
        }));
  }
  Question ask_leases(const market::QueryLeasesRequest& request, bool some = true) {
    return abci<market::QueryLeasesResponse>(
        "/akash.market.v1beta5.Query/Leases", request,
        std::function([some](const market::QueryLeasesResponse& response) {
          return expect(!some || response.leases_size() > 0, "no leases");
        }));
  }

  void market_lists(std::vector<Kind>& out) {
    using market::QueryBidsRequest, market::QueryLeasesRequest, market::QueryOrdersRequest;
    out.push_back({"Orders, open", [this] {
                     QueryOrdersRequest request;
                     request.mutable_filters()->set_state("open");
                     set_page(request, 100);
                     return ask_orders(request);
                   }});
    out.push_back({"Orders of a deployment", [this] {
                     QueryOrdersRequest request;
                     const std::uint64_t dseq = closed();
                     request.mutable_filters()->set_owner(messages_.tenant(dseq));
                     request.mutable_filters()->set_dseq(dseq);
                     set_page(request, 100);
                     return ask_orders(request);
                   }});
    out.push_back({"Orders, closed", [this] {
                     QueryOrdersRequest request;
                     request.mutable_filters()->set_state("closed");
                     set_page(request, 100);
                     return ask_orders(request);
                   }});
    out.push_back({"Bids on a deployment", [this] {
                     QueryBidsRequest request;
                     const std::uint64_t dseq = random(2) == 0 ? closed() : leased();
                     request.mutable_filters()->set_owner(messages_.tenant(dseq));
                     request.mutable_filters()->set_dseq(dseq);
                     set_page(request, 100);
                     return ask_bids(request);
                   }});
    out.push_back({"Bids of a provider, open", [this] {
                     QueryBidsRequest request;
                     request.mutable_filters()->set_provider(messages_.provider(open()));
                     request.mutable_filters()->set_state("open");
                     set_page(request, 100);
                     return ask_bids(request, false);
                   }});
    out.push_back({"Bids of a provider, closed", [this] {
                     QueryBidsRequest request;
                     request.mutable_filters()->set_provider(messages_.provider(closed()));
                     request.mutable_filters()->set_state("closed");
                     set_page(request, 100);
                     return ask_bids(request, false);  // a page may end before it found any
                   }});
    out.push_back({"Bids, lost", [this] {
                     QueryBidsRequest request;
                     request.mutable_filters()->set_state("lost");
                     set_page(request, 100);
                     return ask_bids(request, false);
                   }});
    out.push_back({"Bids of somebody who never bid", [this] {
                     QueryBidsRequest request;
                     request.mutable_filters()->set_provider(messages_.tenant(closed()));
                     set_page(request, 100);
                     return ask_bids(request, false);
                   }});
    out.push_back({"Leases of a provider, active", [this] {
                     QueryLeasesRequest request;
                     request.mutable_filters()->set_provider(messages_.provider(leased()));
                     request.mutable_filters()->set_state("active");
                     set_page(request, 100);
                     return ask_leases(request);
                   }});
    out.push_back({"Leases of a provider", [this] {
                     QueryLeasesRequest request;
                     request.mutable_filters()->set_provider(messages_.provider(closed()));
                     set_page(request, 100);
                     return ask_leases(request);
                   }});
    out.push_back({"Leases of an owner", [this] {
                     QueryLeasesRequest request;
                     request.mutable_filters()->set_owner(messages_.tenant(closed()));
                     set_page(request, 100);
                     return ask_leases(request);
                   }});
    out.push_back({"Leases, closed, the last first", [this] {
                     QueryLeasesRequest request;
                     const std::uint64_t dseq = closed();
                     request.mutable_filters()->set_owner(messages_.tenant(dseq));
                     request.mutable_filters()->set_dseq(dseq);
                     request.mutable_filters()->set_state("closed");
                     set_page(request, 20);
                     request.mutable_pagination()->set_reverse(true);
                     return ask_leases(request);
                   }});
    out.push_back({"Lease, closed", [this] {
                     market::QueryLeaseRequest request;
                     const std::uint64_t dseq = closed();
                     auto& id = *request.mutable_id();
                     id.set_owner(messages_.tenant(dseq));
                     id.set_dseq(dseq);
                     id.set_gseq(1);
                     id.set_oseq(1);
                     id.set_provider(messages_.provider(dseq));
                     return abci<market::QueryLeaseResponse>(
                         "/akash.market.v1beta5.Query/Lease", request,
                         std::function([](const market::QueryLeaseResponse& response) {
                           return expect(response.lease().closed_on() > 0, "not a closed lease");
                         }));
                   }});
  }

  void escrow_lists(std::vector<Kind>& out) {
    const auto accounts = [this](const std::string& state, const std::string& xid, bool some) {
      escrow::QueryAccountsRequest request;
      request.set_state(state);
      request.set_xid(xid);
      set_page(request, 100);
      return abci<escrow::QueryAccountsResponse>(
          "/akash.escrow.v1.Query/Accounts", request,
          std::function([some](const escrow::QueryAccountsResponse& response) {
            return expect(!some || response.accounts_size() > 0, "no escrow accounts");
          }));
    };
    const auto payments = [this](const std::string& state, const std::string& xid) {
      escrow::QueryPaymentsRequest request;
      request.set_state(state);
      request.set_xid(xid);
      set_page(request, 100);
      return abci<escrow::QueryPaymentsResponse>(
          "/akash.escrow.v1.Query/Payments", request,
          std::function([](const escrow::QueryPaymentsResponse& response) {
            return expect(response.payments_size() > 0, "no payments");
          }));
    };
    out.push_back({"escrow Accounts of a deployment", [this, accounts] {
                     const std::uint64_t dseq = closed();
                     return accounts(
                         "", "deployment/" + messages_.tenant(dseq) + "/" + std::to_string(dseq),
                         true);
                   }});
    out.push_back({"escrow Accounts, closed", [accounts] { return accounts("closed", "", true); }});
    out.push_back(
        {"escrow Accounts, overdrawn", [accounts] { return accounts("overdrawn", "", false); }});
    out.push_back({"escrow Payments of a deployment", [this, payments] {
                     const std::uint64_t dseq = leased();
                     return payments(
                         "", "deployment/" + messages_.tenant(dseq) + "/" + std::to_string(dseq));
                   }});
    out.push_back({"escrow Payments, closed", [payments] { return payments("closed", ""); }});
  }

  Question search(const std::string& query, const char* order, std::uint64_t page, int per_page,
                  bool some = true) {
    return {"tx_search",
            {{"query", query},
             {"prove", false},
             {"page", std::to_string(page)},
             {"per_page", std::to_string(per_page)},
             {"order_by", order}},
            [some](const json::object& result) {
              return expect(!some || !result.at("txs").as_array().empty(), "no transactions");
            }};
  }

  void transactions(std::vector<Kind>& out) {
    out.push_back({"tx", [this] {
                     const auto bytes = from_hex(hashes[random(hashes.size())]);
                     return Question{"tx",
                                     {{"hash", to_base64(*bytes)}, {"prove", false}},
                                     [](const json::object& result) {
                                       return expect(result.contains("tx_result"),
                                                     "no transaction");
                                     }};
                   }});
    out.push_back({"tx_search by hash", [this] {
                     return search("tx.hash='" + hashes[random(hashes.size())] + "'", "asc", 1, 30);
                   }});
    out.push_back({"tx_search: the deployment that closed", [this] {
                     const std::uint64_t dseq = closed();
                     return search("akash.deployment.v1.EventDeploymentClosed.id='{\"owner\":\"" +
                                       messages_.tenant(dseq) + "\",\"dseq\":\"" +
                                       std::to_string(dseq) + "\"}'",
                                   "desc", 1, 1);
                   }});
    out.push_back({"tx_search: what a tenant sent, newest", [this] {
                     return search("message.sender='" + messages_.tenant(closed()) + "'", "desc", 1,
                                   5);
                   }});
    out.push_back({"tx_search: all that closed something, newest", [this] {
                     return search("message.action='/akash.deployment.v1beta4.MsgCloseDeployment'",
                                   "desc", 1, 1);
                   }});
    out.push_back({"tx_search: all that closed something, a page far in", [this] {
                     return search("message.action='/akash.deployment.v1beta4.MsgCloseDeployment'",
                                   "asc", 1 + random(closed_ / 50), 1);
                   }});
    out.push_back({"tx_search: two conditions", [this] {
                     return search(
                         "message.action='/akash.deployment.v1beta4.MsgCloseDeployment' AND "
                         "message.sender='" +
                             messages_.tenant(closed()) + "'",
                         "desc", 1, 1, false);
                   }});
    out.push_back({"tx_search by heights",
                   [this] { return search("tx.height>1", "desc", 1 + random(100), 1); }});
  }

  const std::uint64_t closed_, open_;
  std::uint64_t leased_ = 0;
  MarketMessages messages_;
  std::mt19937_64 chance_{1};
  Walk closed_walk_{.expected = closed_}, active_walk_{.expected = open_};
};

struct Timed {
  double milliseconds = 0;
  json::object result;
};

Result<Timed> ask(client::HttpClient& http, const Question& question) {
  client::HttpRequest request{.method = "POST",
                              .headers = {{"Content-Type", "application/json"}},
                              .body = json::serialize(json::object{{"jsonrpc", "2.0"},
                                                                   {"id", 1},
                                                                   {"method", question.method},
                                                                   {"params", question.params}})};
  const auto began = std::chrono::steady_clock::now();
  TRY(const client::HttpResponse response, http.send(request));
  const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - began;
  boost::system::error_code error;
  json::value body = json::parse(response.body, error);
  if (error || !body.is_object() || !body.get_object().contains("result"))
    return fail(BaseError::kInvalidText, question.method + ": " + response.body.substr(0, 500));
  return Timed{taken.count(), std::move(body.get_object()["result"].as_object())};
}

double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(share * static_cast<double>(values.size()));
  return values[std::min(rank, values.size() - 1)];
}

// Hashes from all over the history.
Result<std::vector<std::string>> some_hashes(client::HttpClient& http) {
  std::vector<std::string> hashes;
  const auto page = [&](std::uint64_t number) -> Result<std::uint64_t> {
    const Question question{"tx_search",
                            {{"query", "tx.height>0"},
                             {"prove", false},
                             {"page", std::to_string(number)},
                             {"per_page", "1"},
                             {"order_by", "asc"}},
                            {}};
    TRY(const Timed answer, ask(http, question));
    for (const json::value& tx : answer.result.at("txs").as_array())
      hashes.emplace_back(tx.at("hash").as_string());
    return parse_int<std::uint64_t>(std::string(answer.result.at("total_count").as_string()));
  };
  TRY(const std::uint64_t total, page(1));
  for (std::uint64_t i = 1; i < 50; ++i) TRY_VOID(page(1 + i * total / 50));
  std::printf("the history has %llu transactions\n", static_cast<unsigned long long>(total));
  return hashes;
}

}  // namespace

Result<void> queries(const Settings& settings) {
  const std::uint64_t closed = settings.number("closed", 1'000'000);
  const std::uint64_t asks = settings.number("asks", 300);
  TRY(client::HttpClient http, client::HttpClient::make(settings.text("rpc")));
  Market market(closed, settings.number("open", 1'000));
  TRY_TO(market.hashes, some_hashes(http));
  double worst = 0;
  std::string slowest;
  std::size_t wrong = 0;
  std::printf("%-52s %9s %9s %9s\n", "asked", "p50 ms", "p99 ms", "max ms");
  for (const Kind& kind : market.kinds()) {
    std::vector<double> times;
    for (std::uint64_t i = 0; i < asks; ++i) {
      const Question question = kind.next();
      TRY(const Timed answer, ask(http, question));
      times.push_back(answer.milliseconds);
      const std::string fault = question.check(answer.result);
      if (!fault.empty() && ++wrong < 10) std::printf("%s: %s\n", kind.name.c_str(), fault.c_str());
    }
    const double p99 = percentile(times, 0.99);
    std::printf("%-52s %9.2f %9.2f %9.2f\n", kind.name.c_str(), percentile(times, 0.5), p99,
                percentile(times, 1));
    std::fflush(stdout);
    if (p99 > worst) {
      worst = p99;
      slowest = kind.name;
    }
  }
  if (wrong > 0) return fail(BaseError::kInvalidText, std::to_string(wrong) + " wrong answers");
  std::printf(
      "{\"figure\": \"queries_1m_closed_p99\", \"value\": %.3f, \"unit\": \"ms\", \"settings\": "
      "\"%llu closed deployments, executed by the node (50 messages to a transaction), node "
      "restarted; slowest of %zu kinds of question, %llu asked of each over HTTP: %s\"}\n",
      worst, static_cast<unsigned long long>(closed), market.kinds().size(),
      static_cast<unsigned long long>(asks), slowest.c_str());
  return {};
}

}  // namespace tp::load
