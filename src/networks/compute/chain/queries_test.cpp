#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "akash/audit/v1/query.pb.h"
#include "akash/discovery/v1/service.pb.h"
#include "akash/escrow/v1/query.pb.h"
#include "akash/provider/v1beta4/query.pb.h"
#include "networks/compute/chain/fixture.h"
#include "networks/compute/chain/listing.h"
#include "networks/compute/chain/testing.h"

namespace tp::compute {
namespace {

using chain::QueryError;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class QueriesTest : public ::testing::Test, protected ComputeChain {
 protected:
  using Deployments = deployment_pb::QueryDeploymentsResponse;
  using Orders = market_pb::QueryOrdersResponse;
  using Bids = market_pb::QueryBidsResponse;
  using Leases = market_pb::QueryLeasesResponse;

  Result<Deployments> deployments(const deployment_pb::QueryDeploymentsRequest& request) {
    return query<Deployments>("/akash.deployment.v1beta4.Query/Deployments", request);
  }
  Result<Orders> orders(const market_pb::QueryOrdersRequest& request) {
    return query<Orders>("/akash.market.v1beta5.Query/Orders", request);
  }
  Result<Bids> bids(const market_pb::QueryBidsRequest& request) {
    return query<Bids>("/akash.market.v1beta5.Query/Bids", request);
  }
  Result<Leases> leases(const market_pb::QueryLeasesRequest& request) {
    return query<Leases>("/akash.market.v1beta5.Query/Leases", request);
  }

  static std::vector<std::uint64_t> dseqs(const Result<Deployments>& response) {
    std::vector<std::uint64_t> out;
    for (const auto& one : response->deployments()) out.push_back(one.deployment().id().dseq());
    return out;
  }
  static std::vector<std::uint64_t> dseqs(const Result<Orders>& response) {
    std::vector<std::uint64_t> out;
    for (const auto& one : response->orders()) out.push_back(one.id().dseq());
    return out;
  }
  static std::vector<std::uint64_t> dseqs(const Result<Bids>& response) {
    std::vector<std::uint64_t> out;
    for (const auto& one : response->bids()) out.push_back(one.bid().id().dseq());
    return out;
  }
  static std::vector<std::uint64_t> dseqs(const Result<Leases>& response) {
    std::vector<std::uint64_t> out;
    for (const auto& one : response->leases()) out.push_back(one.lease().id().dseq());
    return out;
  }

  // 1 closed with a lease, 2 leased from oscar, 3 open with bids of both, 4 closed without a lease.
  void populate() {
    lease(1);
    TP_ASSERT(close(deployment(1)).has_value());
    lease(2);
    TP_ASSERT(create(alice, 3).has_value());
    TP_ASSERT(bid({order(3), oscar}).has_value());
    TP_ASSERT(bid({order(3), olga}).has_value());
    TP_ASSERT(create(alice, 4).has_value());
    TP_ASSERT(close(deployment(4)).has_value());
  }
};

TEST_F(QueriesTest, OneDeploymentWithItsGroupsAndItsAccount) {
  ASSERT_TRUE(create(alice, 7, 600'000, 2));
  deployment_pb::QueryDeploymentRequest request;
  wire::write(ledger.accounts(), deployment(7), *request.mutable_id());
  const auto response = query<deployment_pb::QueryDeploymentResponse>(
      "/akash.deployment.v1beta4.Query/Deployment", request);
  ASSERT_TRUE(response) << response.error().text;
  EXPECT_EQ(response->deployment().state(), akash::deployment::v1::Deployment::active);
  EXPECT_EQ(response->deployment().hash(), std::string(32, 'h'));
  EXPECT_EQ(response->deployment().created_at(), ledger.block().height.value);
  EXPECT_FALSE(response->deployment().has_reclamation());
  ASSERT_EQ(response->groups_size(), 2);
  EXPECT_EQ(response->groups(1).id().gseq(), 2u);
  EXPECT_EQ(response->groups(1).group_spec().SerializeAsString(),
            creation(alice, 7, 600'000, 2).groups(1).SerializeAsString());
  const auto& account = response->escrow_account();
  EXPECT_EQ(account.id().xid(), text(alice) + "/7");
  EXPECT_EQ(account.state().funds(0).amount(), "600000" + std::string(18, '0'));
  EXPECT_EQ(account.state().deposits(0).owner(), text(alice));
  EXPECT_EQ(account.state().deposits(0).balance().amount(), "600000" + std::string(18, '0'));
  EXPECT_EQ(account.state().state(), akash::escrow::types::v1::State::open);
}

TEST_F(QueriesTest, WhatIsNotThereIsNotFound) {
  deployment_pb::QueryDeploymentRequest request;
  wire::write(ledger.accounts(), deployment(7), *request.mutable_id());
  EXPECT_TRUE(refused(query<deployment_pb::QueryDeploymentResponse>(
                          "/akash.deployment.v1beta4.Query/Deployment", request),
                      QueryError::kNotFound, "Deployment not found"));
  request.mutable_id()->set_owner("nobody");
  EXPECT_TRUE(refused(query<deployment_pb::QueryDeploymentResponse>(
                          "/akash.deployment.v1beta4.Query/Deployment", request),
                      QueryError::kInvalidArgument, "invalid owner address"));
}

TEST_F(QueriesTest, DeploymentsByOwnerAndState) {
  populate();
  deployment_pb::QueryDeploymentsRequest request;
  EXPECT_THAT(dseqs(deployments(request)), ElementsAre(2, 3, 1, 4));
  request.mutable_filters()->set_state("active");
  EXPECT_THAT(dseqs(deployments(request)), ElementsAre(2, 3));
  request.mutable_filters()->set_state("closed");
  EXPECT_THAT(dseqs(deployments(request)), ElementsAre(1, 4));
  request.mutable_filters()->set_owner(text(alice));
  EXPECT_THAT(dseqs(deployments(request)), ElementsAre(1, 4));
  request.mutable_filters()->clear_state();
  EXPECT_THAT(dseqs(deployments(request)), ElementsAre(1, 2, 3, 4));
  request.mutable_filters()->set_dseq(3);
  EXPECT_THAT(dseqs(deployments(request)), ElementsAre(3));
  request.mutable_filters()->set_owner(text(bob));
  EXPECT_THAT(dseqs(deployments(request)), IsEmpty());
}

TEST_F(QueriesTest, PagesFollowEachOtherAndCarryTheirStates) {
  populate();
  deployment_pb::QueryDeploymentsRequest request;
  request.mutable_pagination()->set_limit(3);
  const auto first = deployments(request);
  EXPECT_THAT(dseqs(first), ElementsAre(2, 3, 1));
  EXPECT_EQ(first->pagination().total(), 3u);
  request.mutable_pagination()->set_key(first->pagination().next_key());
  const auto second = deployments(request);
  EXPECT_THAT(dseqs(second), ElementsAre(4));
  EXPECT_TRUE(second->pagination().next_key().empty());
}

TEST_F(QueriesTest, PagesGoBackwardsToo) {
  populate();
  deployment_pb::QueryDeploymentsRequest request;
  request.mutable_filters()->set_owner(text(alice));
  request.mutable_pagination()->set_reverse(true);
  request.mutable_pagination()->set_limit(3);
  const auto first = deployments(request);
  EXPECT_THAT(dseqs(first), ElementsAre(4, 3, 2));
  request.mutable_pagination()->set_key(first->pagination().next_key());
  EXPECT_THAT(dseqs(deployments(request)), ElementsAre(1));
}

TEST_F(QueriesTest, AnOffsetNeedsAStateAndNoKey) {
  populate();
  deployment_pb::QueryDeploymentsRequest request;
  request.mutable_pagination()->set_offset(1);
  EXPECT_TRUE(refused(deployments(request), QueryError::kInvalidArgument, "if offset is set"));
  request.mutable_filters()->set_state("active");
  EXPECT_THAT(dseqs(deployments(request)), ElementsAre(3));
  request.mutable_pagination()->set_key("x");
  EXPECT_TRUE(refused(deployments(request), QueryError::kInvalidArgument, "got both"));
  request.mutable_pagination()->set_offset(0);
  EXPECT_TRUE(refused(deployments(request), QueryError::kInvalidArgument, "pagination key"));
  request.mutable_pagination()->clear_key();
  request.mutable_filters()->set_state("wide");
  EXPECT_TRUE(refused(deployments(request), QueryError::kInvalidArgument, "invalid state value"));
}

TEST_F(QueriesTest, PageKeysOfOtherQueriesAreRefused) {
  populate();
  deployment_pb::QueryDeploymentsRequest request;
  request.mutable_pagination()->set_key(std::string("\x01\x06\x00garbage", 10));
  EXPECT_TRUE(refused(deployments(request), QueryError::kInvalidArgument, "another query"));
}

TEST_F(QueriesTest, OrdersByState) {
  populate();
  market_pb::QueryOrdersRequest request;
  EXPECT_THAT(dseqs(orders(request)), ElementsAre(3, 2, 1, 4));
  request.mutable_filters()->set_state("open");
  EXPECT_THAT(dseqs(orders(request)), ElementsAre(3));
  request.mutable_filters()->set_state("active");
  EXPECT_THAT(dseqs(orders(request)), ElementsAre(2));
  request.mutable_filters()->set_state("closed");
  EXPECT_THAT(dseqs(orders(request)), ElementsAre(1, 4));
  request.mutable_filters()->set_owner(text(alice));
  request.mutable_filters()->clear_state();
  EXPECT_THAT(dseqs(orders(request)), ElementsAre(1, 2, 3, 4));
  request.mutable_filters()->set_state("open");
  EXPECT_THAT(dseqs(orders(request)), ElementsAre(3));
  request.mutable_filters()->set_dseq(3);
  request.mutable_filters()->set_gseq(1);
  request.mutable_filters()->set_oseq(1);
  EXPECT_THAT(dseqs(orders(request)), ElementsAre(3));
}

TEST_F(QueriesTest, AnOrderShowsTheGroupsSpec) {
  auto message = creation(alice, 1);
  message.mutable_reclamation()->mutable_min_window()->set_seconds(3'600);
  ASSERT_TRUE(send(message));
  market_pb::QueryOrderRequest request;
  wire::write(ledger.accounts(), order(1), *request.mutable_id());
  const auto response =
      query<market_pb::QueryOrderResponse>("/akash.market.v1beta5.Query/Order", request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->order().spec().SerializeAsString(), message.groups(0).SerializeAsString());
  EXPECT_EQ(response->order().reclamation().min_window().seconds(), 3'600);
  EXPECT_EQ(response->order().state(), market_pb::Order::open);
}

TEST_F(QueriesTest, BidsByOwnerProviderAndState) {
  populate();
  market_pb::QueryBidsRequest request;
  EXPECT_EQ(bids(request)->bids_size(), 4);
  request.mutable_filters()->set_state("open");
  EXPECT_THAT(dseqs(bids(request)), ElementsAre(3, 3));
  request.mutable_filters()->set_provider(text(olga));
  EXPECT_THAT(dseqs(bids(request)), ElementsAre(3));
  request.mutable_filters()->clear_state();
  request.mutable_filters()->set_provider(text(oscar));
  EXPECT_THAT(dseqs(bids(request)), ElementsAre(3, 2, 1));
  request.mutable_filters()->set_state("active");
  EXPECT_THAT(dseqs(bids(request)), ElementsAre(2));
  request.mutable_filters()->set_state("closed");
  EXPECT_THAT(dseqs(bids(request)), ElementsAre(1));
  request.mutable_filters()->clear_state();
  request.mutable_filters()->clear_provider();
  request.mutable_filters()->set_owner(text(alice));
  request.mutable_filters()->set_dseq(3);
  EXPECT_THAT(dseqs(bids(request)), ElementsAre(3, 3));
}

TEST_F(QueriesTest, PagesOfBidsBreakWithinAnOrder) {
  populate();
  market_pb::QueryBidsRequest request;
  request.mutable_filters()->set_owner(text(alice));
  request.mutable_pagination()->set_limit(1);
  std::vector<std::string> seen;
  for (int page = 0; page < 5; ++page) {
    const auto response = bids(request);
    for (const auto& one : response->bids())
      seen.push_back(std::to_string(one.bid().id().dseq()) + one.bid().id().provider());
    if (response->pagination().next_key().empty()) break;
    request.mutable_pagination()->set_key(response->pagination().next_key());
  }
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.begin() + 2));
  EXPECT_NE(seen[2], seen[3]);
}

TEST_F(QueriesTest, ABidShowsItsDepositAsAnAccount) {
  populate();
  market_pb::QueryBidRequest request;
  wire::write(ledger.accounts(), BidId{order(3), olga}, *request.mutable_id());
  auto response = query<market_pb::QueryBidResponse>("/akash.market.v1beta5.Query/Bid", request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->bid().price().amount(), "10" + std::string(18, '0'));
  EXPECT_EQ(response->escrow_account().id().xid(), text(alice) + "/3/1/1/" + text(olga));
  EXPECT_EQ(response->escrow_account().state().funds(0).amount(), "500000" + std::string(18, '0'));
  wire::write(ledger.accounts(), BidId{order(1), oscar}, *request.mutable_id());
  response = query<market_pb::QueryBidResponse>("/akash.market.v1beta5.Query/Bid", request);
  EXPECT_EQ(response->escrow_account().state().state(), akash::escrow::types::v1::State::closed);
  EXPECT_EQ(response->escrow_account().state().funds(0).amount(), "0");
}

TEST_F(QueriesTest, LeasesByOwnerProviderAndState) {
  populate();
  market_pb::QueryLeasesRequest request;
  EXPECT_THAT(dseqs(leases(request)), ElementsAre(2, 1));
  request.mutable_filters()->set_state("active");
  EXPECT_THAT(dseqs(leases(request)), ElementsAre(2));
  request.mutable_filters()->set_provider(text(oscar));
  EXPECT_THAT(dseqs(leases(request)), ElementsAre(2));
  request.mutable_filters()->set_provider(text(olga));
  EXPECT_THAT(dseqs(leases(request)), IsEmpty());
  request.mutable_filters()->clear_provider();
  request.mutable_filters()->set_owner(text(alice));
  EXPECT_THAT(dseqs(leases(request)), ElementsAre(2));
  request.mutable_filters()->set_state("closed");
  EXPECT_THAT(dseqs(leases(request)), ElementsAre(1));
}

TEST_F(QueriesTest, ALeaseShowsItsPayment) {
  const LeaseId id = lease();
  ledger.pass_blocks(10, Duration::seconds(6));
  ASSERT_TRUE(withdraw(id));
  ASSERT_TRUE(close_lease(id));
  market_pb::QueryLeaseRequest request;
  wire::write(ledger.accounts(), id, *request.mutable_id());
  const auto response =
      query<market_pb::QueryLeaseResponse>("/akash.market.v1beta5.Query/Lease", request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->lease().state(), market_v1::Lease::closed);
  EXPECT_EQ(response->lease().reason(), market_v1::lease_closed_owner);
  EXPECT_EQ(response->lease().closed_on(), ledger.block().height.value);
  EXPECT_EQ(response->escrow_payment().id().aid().xid(), text(alice) + "/1");
  EXPECT_EQ(response->escrow_payment().id().xid(), "1/1/" + text(oscar));
  EXPECT_EQ(response->escrow_payment().state().withdrawn().amount(), "100");
  EXPECT_EQ(response->escrow_payment().state().rate().amount(), "10" + std::string(18, '0'));
  EXPECT_EQ(response->escrow_payment().state().state(), akash::escrow::types::v1::State::closed);
}

TEST_F(QueriesTest, AReclaimingLeaseIsListedAsThat) {
  auto message = bidding({order(1), oscar});
  message.mutable_reclamation_window()->set_seconds(3'600);
  ASSERT_TRUE(create(alice, 1));
  ASSERT_TRUE(send(message));
  ASSERT_TRUE(accept({order(1), oscar}));
  auto start = with_id<market_pb::MsgLeaseStartReclaim>(LeaseId{order(1), oscar});
  start.set_reason(market_v1::lease_closed_reason_decommission);
  ASSERT_TRUE(send(start));
  market_pb::QueryLeasesRequest request;
  request.mutable_filters()->set_state("reclaiming");
  const auto response = leases(request);
  ASSERT_EQ(response->leases_size(), 1);
  EXPECT_EQ(response->leases(0).lease().reclamation().window().seconds(), 3'600);
  EXPECT_EQ(response->leases(0).lease().reclamation().deadline(), 1'767'229'200);
  request.mutable_filters()->set_state("active");
  EXPECT_THAT(dseqs(leases(request)), IsEmpty());
}

TEST_F(QueriesTest, EscrowAccountsByStateAndXid) {
  populate();
  akash::escrow::v1::QueryAccountsRequest request;
  const auto list = [&] {
    return query<akash::escrow::v1::QueryAccountsResponse>("/akash.escrow.v1.Query/Accounts",
                                                           request);
  };
  EXPECT_EQ(list()->accounts_size(), 8);  // 4 deployments, 4 bids
  request.set_state("open");
  EXPECT_EQ(list()->accounts_size(), 5);
  request.set_xid("deployment/" + text(alice) + "/2");
  ASSERT_EQ(list()->accounts_size(), 1);
  EXPECT_EQ(list()->accounts(0).id().scope(), akash::escrow::id::v1::Scope::deployment);
  request.set_xid("bid/" + text(alice) + "/3");
  EXPECT_EQ(list()->accounts_size(), 2);
}

TEST_F(QueriesTest, TheDeploymentThatAnXidNamesComesBeforeThoseThatBeginLikeIt) {
  for (const std::uint64_t dseq : {12, 1, 2, 100})
    ASSERT_TRUE(create(alice, dseq)) << "deployment " << dseq;
  akash::escrow::v1::QueryAccountsRequest request;
  const auto xids = [&](const std::string& xid) {
    request.set_xid(xid);
    const auto response =
        query<akash::escrow::v1::QueryAccountsResponse>("/akash.escrow.v1.Query/Accounts", request);
    std::vector<std::string> found;
    for (const auto& account : response->accounts()) found.push_back(account.id().xid());
    return found;
  };
  const std::string owner = text(alice);
  EXPECT_THAT(xids("deployment/" + owner + "/12"), ElementsAre(owner + "/12"));
  EXPECT_THAT(xids("deployment/" + owner + "/1"),
              ElementsAre(owner + "/1", owner + "/12", owner + "/100"));
  EXPECT_THAT(xids("deployment/" + owner + "/10"), ElementsAre(owner + "/100"));
  EXPECT_THAT(xids("deployment/" + owner + "/3"), ElementsAre());
  EXPECT_THAT(xids("deployment/" + owner + "/1/"), ElementsAre());
  EXPECT_THAT(xids("bid/" + owner + "/1"), ElementsAre());
  EXPECT_THAT(xids("dep"), SizeIs(4));
}

TEST_F(QueriesTest, AnXidAlsoFindsTheLargestNumbersThatBeginLikeIt) {
  const std::string owner = text(alice);
  ASSERT_TRUE(create(alice, UINT64_MAX));
  ASSERT_TRUE(create(alice, UINT64_MAX / 10));
  akash::escrow::v1::QueryAccountsRequest request;
  request.set_xid("deployment/" + owner + "/" + std::to_string(UINT64_MAX / 100));
  EXPECT_EQ(
      query<akash::escrow::v1::QueryAccountsResponse>("/akash.escrow.v1.Query/Accounts", request)
          ->accounts_size(),
      2);
}

TEST_F(QueriesTest, WhatElseTheOwnerOfAnXidHadIsNotLookedAt) {
  for (std::uint64_t dseq = 1; dseq <= kCandidatesMax + 10; ++dseq) {
    ASSERT_TRUE(create(alice, dseq));
    ASSERT_TRUE(close(deployment(dseq)));
  }
  akash::escrow::v1::QueryAccountsRequest accounts;
  accounts.set_xid("deployment/" + text(alice) + "/1009");
  const auto found =
      query<akash::escrow::v1::QueryAccountsResponse>("/akash.escrow.v1.Query/Accounts", accounts);
  EXPECT_EQ(found->accounts_size(), 1);
  EXPECT_EQ(found->pagination().next_key(), "");  // not at the most that a page looks at
  akash::escrow::v1::QueryPaymentsRequest payments;
  payments.set_xid(accounts.xid());
  const auto none =
      query<akash::escrow::v1::QueryPaymentsResponse>("/akash.escrow.v1.Query/Payments", payments);
  EXPECT_EQ(none->payments_size(), 0);
  EXPECT_EQ(none->pagination().next_key(), "");
}

TEST_F(QueriesTest, EscrowPaymentsByState) {
  populate();
  akash::escrow::v1::QueryPaymentsRequest request;
  const auto list = [&] {
    return query<akash::escrow::v1::QueryPaymentsResponse>("/akash.escrow.v1.Query/Payments",
                                                           request);
  };
  EXPECT_EQ(list()->payments_size(), 2);
  request.set_state("open");
  EXPECT_EQ(list()->payments_size(), 1);
  request.set_xid("deployment/" + text(bob));
  EXPECT_EQ(list()->payments_size(), 0);
}

TEST_F(QueriesTest, AnOverdrawnAccountIsShownAsThat) {
  lease(1, "100");
  ledger.pass_blocks(5'001, Duration::seconds(6));
  akash::escrow::v1::QueryAccountsRequest request;
  request.set_state("overdrawn");
  const auto response =
      query<akash::escrow::v1::QueryAccountsResponse>("/akash.escrow.v1.Query/Accounts", request);
  ASSERT_EQ(response->accounts_size(), 1);
  EXPECT_EQ(response->accounts(0).state().transferred(0).amount(), "500000" + std::string(18, '0'));
  market_pb::QueryLeasesRequest leases_request;
  leases_request.mutable_filters()->set_state("insufficient_funds");
  EXPECT_THAT(dseqs(leases(leases_request)), ElementsAre(1));
}

TEST_F(QueriesTest, ProvidersAndAudits) {
  audit_pb::MsgSignProviderAttributes signing;
  signing.set_owner(text(oscar));
  signing.set_auditor(text(auditor));
  auto& attribute = *signing.add_attributes();
  attribute.set_key("region");
  attribute.set_value("eu");
  ASSERT_TRUE(send(signing));

  provider_pb::QueryProvidersRequest providers;
  providers.mutable_pagination()->set_limit(1);
  const auto first = query<provider_pb::QueryProvidersResponse>(
      "/akash.provider.v1beta4.Query/Providers", providers);
  ASSERT_EQ(first->providers_size(), 1);
  providers.mutable_pagination()->set_key(first->pagination().next_key());
  const auto second = query<provider_pb::QueryProvidersResponse>(
      "/akash.provider.v1beta4.Query/Providers", providers);
  ASSERT_EQ(second->providers_size(), 1);
  EXPECT_NE(first->providers(0).owner(), second->providers(0).owner());
  EXPECT_TRUE(second->pagination().next_key().empty());

  audit_pb::QueryAuditorAttributesRequest by_auditor;
  by_auditor.set_auditor(text(auditor));
  const auto audits = query<audit_pb::QueryProvidersResponse>(
      "/akash.audit.v1.Query/AuditorAttributes", by_auditor);
  ASSERT_EQ(audits->providers_size(), 1);
  EXPECT_EQ(audits->providers(0).owner(), text(oscar));
  by_auditor.set_auditor(text(bob));
  EXPECT_EQ(
      query<audit_pb::QueryProvidersResponse>("/akash.audit.v1.Query/AuditorAttributes", by_auditor)
          ->providers_size(),
      0);
  audit_pb::QueryProviderAttributesRequest by_owner;
  by_owner.set_owner(text(olga));
  EXPECT_TRUE(refused(
      query<audit_pb::QueryProvidersResponse>("/akash.audit.v1.Query/ProviderAttributes", by_owner),
      QueryError::kNotFound));
}

TEST_F(QueriesTest, AuditsOfOneProviderComeInPages) {
  for (const Address& one : {alice, bob, auditor}) {
    audit_pb::MsgSignProviderAttributes signing;
    signing.set_owner(text(oscar));
    signing.set_auditor(text(one));
    auto& attribute = *signing.add_attributes();
    attribute.set_key("region");
    attribute.set_value("eu");
    ASSERT_TRUE(send(signing));
    signing.set_owner(text(olga));
    ASSERT_TRUE(send(signing));
  }
  std::set<std::string> auditors;
  audit_pb::QueryProviderAttributesRequest request;
  request.set_owner(text(oscar));
  request.mutable_pagination()->set_limit(2);
  for (const int expected : {2, 1}) {
    const auto page = query<audit_pb::QueryProvidersResponse>(
        "/akash.audit.v1.Query/ProviderAttributes", request);
    ASSERT_TRUE(page) << page.error().text;
    ASSERT_EQ(page->providers_size(), expected);
    for (const auto& one : page->providers()) {
      EXPECT_EQ(one.owner(), text(oscar));
      auditors.insert(one.auditor());
    }
    request.mutable_pagination()->set_key(page->pagination().next_key());
  }
  EXPECT_EQ(auditors.size(), 3u);
  EXPECT_TRUE(request.pagination().key().empty());
}

TEST_F(QueriesTest, ParamsOfBothModules) {
  const auto of_deployment = query<deployment_pb::QueryParamsResponse>(
      "/akash.deployment.v1beta4.Query/Params", deployment_pb::QueryParamsRequest());
  EXPECT_EQ(of_deployment->params().min_deposits(0).amount(), "500000");
  const auto of_market = query<market_pb::QueryParamsResponse>("/akash.market.v1beta5.Query/Params",
                                                               market_pb::QueryParamsRequest());
  EXPECT_EQ(of_market->params().order_max_bids(), 20u);
  EXPECT_EQ(of_market->params().max_reclamation_window().seconds(), 720 * 3'600);
}

TEST_F(QueriesTest, ClientsLearnWhichVersionsToSpeak) {
  const auto response = query<akash::discovery::v1::GetInfoResponse>(
      "/akash.discovery.v1.Discovery/GetInfo", akash::discovery::v1::GetInfoRequest());
  ASSERT_TRUE(response);
  EXPECT_EQ(response->info().client_info().api_version(), "v1beta3");
  EXPECT_EQ(response->info().supported_versions(0).api_version(), "v1beta4");
  EXPECT_EQ(response->info().chain_id(), "test-1");
}

// --- Pages of many candidates ---

Source<int> numbers(int count) {
  return {[count](BytesView from, Source<int>::Visitor visit) -> Result<void> {
    const int first = from.empty() ? 0 : std::stoi(std::string(from));
    for (int i = first; i < count; ++i) {
      Bytes position = std::to_string(i);
      position.insert(0, 9 - position.size(), '0');
      TRY(const store::Step step, visit(&i, position));
      if (step == store::Step::kStop) break;
    }
    return {};
  }};
}

TEST(Listing, APageEndsAfterSoManyCandidatesAndTheNextGoesOn) {
  chain::PageRequest page;
  std::vector<int> found;
  int pages = 0;
  do {
    const auto response = fill_page(page, 1, std::vector<Segment<int>>{{numbers(25'000), 1}},
                                    [&](int number, StateMask, bool wanted) -> Result<bool> {
                                      if (number != 24'999) return false;
                                      if (wanted) found.push_back(number);
                                      return true;
                                    });
    ASSERT_TRUE(response);
    page.set_key(response->next_key());
    ++pages;
  } while (!page.key().empty());
  EXPECT_EQ(pages, 25'000 / static_cast<int>(kCandidatesMax));
  EXPECT_THAT(found, ElementsAre(24'999));
}

TEST(Listing, AfterAFullPageTheLastMayHoldNothing) {
  chain::PageRequest page;
  page.set_limit(5);
  std::vector<std::uint64_t> sizes;
  int found = 0;
  do {  // of 20 candidates the first 10 belong to the answer
    const auto response = fill_page(page, 1, std::vector<Segment<int>>{{numbers(20), 1}},
                                    [&](int number, StateMask, bool wanted) -> Result<bool> {
                                      if (number >= 10) return false;
                                      if (wanted) ++found;
                                      return true;
                                    });
    ASSERT_TRUE(response);
    sizes.push_back(response->total());
    page.set_key(response->next_key());
  } while (!page.key().empty());
  EXPECT_EQ(found, 10);
  EXPECT_THAT(sizes, ElementsAre(5, 5, 0));
}

TEST(Listing, PlacesLookedAtInVainCountAsWell) {
  const Source<int> barren{[](BytesView from, Source<int>::Visitor visit) -> Result<void> {
    return numbers(25'000).walk(
        from, [&](const int*, const Bytes& position) { return visit(nullptr, position); });
  }};
  chain::PageRequest page;
  const auto response = fill_page(page, 1, std::vector<Segment<int>>{{barren, 1}},
                                  [](int, StateMask, bool) -> Result<bool> { return true; });
  ASSERT_TRUE(response);
  EXPECT_EQ(response->total(), 0u);
  EXPECT_EQ(response->next_key(), page_key(1, 0, "000001000"));
}

TEST(Listing, ALongListIsNotReadFromItsEnd) {
  chain::PageRequest page;
  page.set_reverse(true);
  page.set_limit(10);
  const auto read = [&page](int count) {
    return fill_page(page, 1, std::vector<Segment<int>>{{numbers(count), 1}},
                     [](int, StateMask, bool) -> Result<bool> { return true; });
  };
  ASSERT_TRUE(read(kReversedMax));
  const auto refused = read(kReversedMax + 1);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(is(refused.error(), chain::QueryError::kInvalidArgument));
}

TEST(Listing, APageIsNeverLongerThanTheMost) {
  chain::PageRequest page;
  page.set_limit(1'000'000);
  const auto response = fill_page(page, 1, std::vector<Segment<int>>{{numbers(5'000), 1}},
                                  [&](int, StateMask, bool) -> Result<bool> { return true; });
  EXPECT_EQ(response->total(), kListPageMax);
  EXPECT_FALSE(response->next_key().empty());
}

}  // namespace
}  // namespace tp::compute
