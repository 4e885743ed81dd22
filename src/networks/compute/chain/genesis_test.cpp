#include <gtest/gtest.h>

#include "akash/market/v1beta5/paramsmsg.pb.h"
#include "chain/module.h"
#include "networks/compute/chain/errors.h"
#include "networks/compute/chain/fixture.h"
#include "networks/compute/chain/testing.h"

namespace tp::compute {
namespace {

using chain::ModuleError;

Result<NetworkInfo> network_of(ComputeChain& chain) {
  const DefaultNetwork network = *kDefaultNetwork.get(chain.ledger.state(), {});
  const Core core{chain.ledger.accounts(), chain.escrow,         chain.registry, chain.market,
                  chain.ledger.schedule(), chain.ledger.params()};
  return network_info(core, chain.ledger.state(), network.id);
}

TEST(Genesis, WithoutAMemberThereIsANetworkInTheChainsOwnMoney) {
  ComputeChain chain;
  const auto network = network_of(chain);
  ASSERT_TRUE(network);
  EXPECT_EQ(network->record.kind, "compute");
  EXPECT_EQ(network->record.denoms, std::vector{Denom::of("utoll")});
  EXPECT_EQ(network->params.deployment_deposits_min,
            (Coins{{Denom::of("utoll"), Amount{500'000}}}));
  EXPECT_EQ(network->params.order_bids_max, 20u);
}

TEST(Genesis, AChainMayLookLikeAkash) {
  ComputeChain chain(R"({"network": {
    "name": "akash", "denoms": ["uact"],
    "min_deposits": [{"denom": "uakt", "amount": "500000"}, {"denom": "uact", "amount": "500000"}],
    "bid_min_deposits": [{"denom": "uakt", "amount": "5"}, {"denom": "uact", "amount": "5"}],
    "order_max_bids": 3, "min_reclamation_window": "1800s", "max_reclamation_window": 7200}})");
  const Denom uact = Denom::of("uact"), uakt = Denom::of("uakt");
  for (const Denom& denom : {uact, uakt})
    for (const Address& person : chain.people())
      chain.ledger.give(person, {denom, Amount{1'000'000}});
  auto message = chain.creation(ComputeChain::alice, 1);
  message.mutable_deposit()->mutable_amount()->set_denom("uakt");
  message.mutable_groups(0)->mutable_resources(0)->mutable_price()->set_denom("uakt");
  EXPECT_TRUE(refused(chain.send(message), DeploymentError::kInvalidDeposit));
  message.mutable_deposit()->mutable_amount()->set_denom("uact");
  EXPECT_TRUE(refused(chain.send(message), DeploymentError::kInvalidPrice, "uakt"));
  message.mutable_groups(0)->mutable_resources(0)->mutable_price()->set_denom("uact");
  ASSERT_TRUE(chain.send(message));
  auto bid = chain.bidding({ComputeChain::order(1), ComputeChain::oscar});
  bid.mutable_price()->set_denom("uact");
  bid.mutable_deposit()->mutable_amount()->set_denom("uakt");  // a bid's deposit may be either
  ASSERT_TRUE(chain.send(bid));
  ASSERT_TRUE(chain.accept({ComputeChain::order(1), ComputeChain::oscar}));
  EXPECT_TRUE(chain.check());
}

TEST(Genesis, WhatIsWrongIsNamed) {
  ComputeChain chain;
  const auto import = [&](std::string_view text) {
    const boost::json::value json = boost::json::parse(text);
    return chain.ledger.tx(
        [&](chain::Context& context) { return chain.compute.import_genesis(context, &json); });
  };
  EXPECT_TRUE(refused(import(R"({"netwrk": {}})"), ModuleError::kGenesis, "netwrk"));
  EXPECT_TRUE(refused(import(R"({"network": {"name": "b", "admin": "nobody"}})"),
                      ModuleError::kGenesis, "compute.network.admin"));
  EXPECT_TRUE(refused(import(R"({"network": {"name": "b", "order_max_bids": 501}})"),
                      ModuleError::kGenesis, "order_max_bids"));
  EXPECT_TRUE(refused(import(R"({"network": {"name": "b", "min_deposits": []}})"),
                      ModuleError::kGenesis, "utoll not given"));
  EXPECT_TRUE(refused(import(R"({"network_id": 9})"), ModuleError::kGenesis, "network_id"));
}

TEST(Genesis, AnExportImportsAsTheSame) {
  ComputeChain chain;
  chain.lease(1);
  chain.lease(2);
  ASSERT_TRUE(chain.close(ComputeChain::deployment(2)));
  const boost::json::value exported = *chain.compute.export_genesis(chain.ledger.state());
  const boost::json::value bank = *chain.ledger.bank().export_genesis(chain.ledger.state());
  const boost::json::value registry = *chain.registry.export_genesis(chain.ledger.state());
  const boost::json::value escrow = *chain.escrow.export_genesis(chain.ledger.state());
  const boost::json::value market = *chain.market.export_genesis(chain.ledger.state());

  testing::Ledger ledger;
  escrow::Escrow other_escrow{ledger.accounts(), ledger.bank(), ledger.schedule(), ledger.params()};
  registry::Registry other_registry{ledger.accounts(), ledger.bank(), ledger.params()};
  market::Market other_market{ledger.accounts(), ledger.bank(),     other_escrow,
                              other_registry,    ledger.schedule(), ledger.params()};
  ComputeNetwork other{ledger.accounts(), other_escrow,      other_registry,
                       other_market,      ledger.schedule(), ledger.params()};
  other_escrow.set_dry_observer(other_market);
  other_escrow.set_due_validator(other_market);
  other_registry.set_network_observer(other_market);
  other_registry.set_live_agreements(other_market);
  other_market.add_kind(other);
  const auto imported = ledger.tx([&](chain::Context& context) -> Result<void> {
    TRY_VOID(ledger.bank().import_genesis(context, &bank));
    TRY_VOID(other_escrow.import_genesis(context, &escrow));
    TRY_VOID(other_registry.import_genesis(context, &registry));
    TRY_VOID(other_market.import_genesis(context, &market));
    return other.import_genesis(context, &exported);
  });
  ASSERT_TRUE(imported) << imported.error().text;
  EXPECT_EQ(*other.export_genesis(ledger.state()), exported);
  const auto checked = other.check_invariants(ledger.state());
  EXPECT_TRUE(checked) << checked.error().text;
}

TEST(Params, OnlyTheAdminChangesThem) {
  ComputeChain probe;
  ComputeChain chain(R"({"network": {"admin": ")" + probe.text(ComputeChain::admin) + R"("}})");
  market_pb::MsgUpdateParams message;
  message.set_authority(chain.text(ComputeChain::alice));
  auto& params = *message.mutable_params();
  params.set_order_max_bids(1);
  wire::write(tp::Coin{ComputeChain::denom, Amount{7}}, *params.add_bid_min_deposits());
  params.mutable_max_reclamation_window()->set_seconds(3'600);
  const auto stranger = chain.send(message);
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().codespace, "gov");
  message.set_authority(chain.text(ComputeChain::admin));
  EXPECT_EQ(chain.signers(message), std::vector{ComputeChain::admin});
  ASSERT_TRUE(chain.send(message));
  EXPECT_EQ(network_of(chain)->params.order_bids_max, 1u);

  params.set_order_max_bids(0);
  EXPECT_TRUE(refused(chain.send(message), DeploymentError::kInvalidParam, "too low"));
  params.set_order_max_bids(501);
  EXPECT_TRUE(refused(chain.send(message), DeploymentError::kInvalidParam, "too high"));
}

TEST(Networks, OrdersComeFromDeploymentsOnlyAndNothingElseIsSold) {
  ComputeChain chain;
  ASSERT_TRUE(chain.create(ComputeChain::alice, 1));
  const NetworkId network = kDefaultNetwork.get(chain.ledger.state(), {})->id;
  const Deployment deployment =
      *kDeployments.get(chain.ledger.state(), ComputeChain::deployment(1));
  for (const OrderId& id : {ComputeChain::order(1), ComputeChain::order(1, 1, 2)}) {
    const auto placed = chain.ledger.tx([&](chain::Context& context) {
      return chain.market.place_order(context,
                                      {.network = network,
                                       .customer = ComputeChain::alice,
                                       .spec = {.payload = spec_payload(id), .hash = {}},
                                       .price_max = {ComputeChain::denom, *Decimal::parse("5")},
                                       .escrow = deployment.escrow});
    });
    EXPECT_TRUE(refused(placed, MarketError::kInternal, "come from deployments"));
  }
  const auto posted = chain.ledger.tx([&](chain::Context& context) {
    return chain.market.post_offer(context, {.network = network,
                                             .seller = ComputeChain::oscar,
                                             .price = {ComputeChain::denom, *Decimal::parse("5")}});
  });
  EXPECT_FALSE(posted);
}

}  // namespace
}  // namespace tp::compute
