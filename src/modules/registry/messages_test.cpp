#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "modules/registry/registry.h"
#include "modules/testing/wire.h"
#include "turnpike/registry/v1/query.pb.h"
#include "turnpike/registry/v1/tx.pb.h"

namespace tp::registry {
namespace {

namespace pb = turnpike::registry::v1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RegistryWireTest : public ::testing::Test {
 protected:
  RegistryWireTest() {
    wire.add(registry);
    for (const Address& person : {alice, bob}) ledger.give(person, {denom, Amount{100'000}});
  }
  std::string text(const Address& address) { return ledger.accounts().text(address); }

  pb::Network network(const std::string& name) {
    pb::Network network;
    network.set_kind("toy");
    network.set_name(name);
    network.set_admin(text(alice));
    network.add_denoms("utoll");
    return network;
  }
  Result<pb::MsgCreateNetworkResponse> create(const pb::Network& network) {
    pb::MsgCreateNetwork message;
    *message.mutable_network() = network;
    return wire.send<pb::MsgCreateNetworkResponse>(message);
  }
  Result<pb::MsgUpdateNetworkResponse> update(const Address& admin, const pb::Network& network) {
    pb::MsgUpdateNetwork message;
    message.set_admin(text(admin));
    *message.mutable_network() = network;
    return wire.send<pb::MsgUpdateNetworkResponse>(message);
  }
  Result<pb::MsgRegisterProviderResponse> add_provider(const std::string& uri) {
    pb::MsgRegisterProvider message;
    message.mutable_provider()->set_owner(text(alice));
    message.mutable_provider()->set_host_uri(uri);
    return wire.send<pb::MsgRegisterProviderResponse>(message);
  }
  Result<pb::MsgSignAttributesResponse> sign() {
    pb::MsgSignAttributes message;
    message.mutable_audit()->set_provider(text(alice));
    message.mutable_audit()->set_auditor(text(bob));
    auto& attribute = *message.mutable_audit()->add_attributes();
    attribute.set_key("region");
    attribute.set_value("eu");
    return wire.send<pb::MsgSignAttributesResponse>(message);
  }
  pb::QueryAuditsResponse audits() {
    pb::QueryAuditsRequest request;
    request.set_provider(text(alice));
    return *wire.ask<pb::QueryAuditsResponse>("/turnpike.registry.v1.Query/Audits", request);
  }

  testing::Ledger ledger;
  testing::Wire wire{ledger};
  Registry registry{ledger.accounts(), ledger.bank(), ledger.params()};
  const Denom denom = Denom::of("utoll");
  const Address alice = testing::address_of("alice"), bob = testing::address_of("bob");
};

TEST_F(RegistryWireTest, AFounderCreatesANetworkAndPaysForItsRows) {
  const auto created = create(network("one"));
  ASSERT_TRUE(created) << created.error().text;
  EXPECT_EQ(created->id(), 1u);
  EXPECT_THAT(wire.signers, ElementsAre(alice));
  EXPECT_EQ(ledger.balance(alice), Amount{98'000});

  pb::QueryNetworkRequest request;
  request.set_id(1);
  const auto answer =
      wire.ask<pb::QueryNetworkResponse>("/turnpike.registry.v1.Query/Network", request);
  EXPECT_EQ(answer->network().name(), "one");
  EXPECT_FALSE(answer->network().treasury().empty());
}

TEST_F(RegistryWireTest, AFounderDoesNotChooseNumberOrTreasury) {
  pb::Network chosen = network("one");
  chosen.set_id(7);
  EXPECT_FALSE(create(chosen));
  pb::Network rich = network("two");
  rich.set_treasury(text(alice));
  EXPECT_FALSE(create(rich));
}

TEST_F(RegistryWireTest, OnlyTheAdminChangesANetwork) {
  ASSERT_TRUE(create(network("one")));
  pb::Network changed = network("other");
  changed.set_id(1);
  EXPECT_TRUE(is(update(bob, changed).error(), RegistryError::kUnauthorized));
  changed.set_admin(text(bob));
  ASSERT_TRUE(update(alice, changed));
  EXPECT_EQ(registry.get_network(ledger.state(), NetworkId{1})->admin, bob);
}

TEST_F(RegistryWireTest, AnUnknownNetworkIsNotFound) {
  EXPECT_FALSE(wire.ask<pb::QueryNetworkResponse>("/turnpike.registry.v1.Query/Network",
                                                  pb::QueryNetworkRequest{}));
}

TEST_F(RegistryWireTest, AProviderRegistersChangesAndLeaves) {
  ASSERT_TRUE(add_provider("https://one.example"));
  EXPECT_THAT(wire.signers, ElementsAre(alice));
  pb::MsgUpdateProvider update_message;
  update_message.mutable_provider()->set_owner(text(alice));
  update_message.mutable_provider()->set_host_uri("https://two.example");
  ASSERT_TRUE(wire.send<pb::MsgUpdateProviderResponse>(update_message));
  const auto listed = wire.ask<pb::QueryProvidersResponse>("/turnpike.registry.v1.Query/Providers",
                                                           pb::QueryProvidersRequest{});
  ASSERT_EQ(listed->providers_size(), 1);
  EXPECT_EQ(listed->providers(0).host_uri(), "https://two.example");

  pb::MsgDeleteProvider leave;
  leave.set_owner(text(alice));
  ASSERT_TRUE(wire.send<pb::MsgDeleteProviderResponse>(leave));
  pb::QueryProviderRequest request;
  request.set_owner(text(alice));
  EXPECT_FALSE(
      wire.ask<pb::QueryProviderResponse>("/turnpike.registry.v1.Query/Provider", request));
}

TEST_F(RegistryWireTest, ABadHostSaysWhatIsWrong) {
  EXPECT_THAT(add_provider("http://one.example").error().text,
              HasSubstr("must begin with https://"));
}

TEST_F(RegistryWireTest, AnAuditorSignsAndTakesBack) {
  ASSERT_TRUE(add_provider("https://one.example"));
  ASSERT_TRUE(sign());
  EXPECT_THAT(wire.signers, ElementsAre(bob));
  EXPECT_EQ(audits().audits(0).attributes(0).value(), "eu");
  pb::MsgDeleteAttributes message;
  message.set_provider(text(alice));
  message.set_auditor(text(bob));
  message.add_keys("region");
  ASSERT_TRUE(wire.send<pb::MsgDeleteAttributesResponse>(message));
  EXPECT_EQ(audits().audits_size(), 0);
}

TEST_F(RegistryWireTest, NetworksComeInPages) {
  for (const char* name : {"one", "two", "three"}) ASSERT_TRUE(create(network(name)));
  pb::QueryNetworksRequest request;
  request.mutable_pagination()->set_limit(2);
  const std::string path = "/turnpike.registry.v1.Query/Networks";
  const auto first = wire.ask<pb::QueryNetworksResponse>(path, request);
  ASSERT_EQ(first->networks_size(), 2);
  request.mutable_pagination()->set_key(first->pagination().next_key());
  const auto second = wire.ask<pb::QueryNetworksResponse>(path, request);
  ASSERT_EQ(second->networks_size(), 1);
  EXPECT_EQ(second->networks(0).name(), "three");
}

}  // namespace
}  // namespace tp::registry
