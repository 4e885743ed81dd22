#include "modules/registry/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <limits>

#include "chain/sdk_errors.h"
#include "modules/testing/ledger.h"

namespace tp::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Refusing final : public NetworkObserver {
 public:
  Result<void> network_saved(chain::Context&, NetworkId, const Network& network) override {
    if (network.kind != "toy") return fail(RegistryError::kUnknownKind, network.kind);
    return {};
  }
};

class Busy final : public LiveAgreements {
 public:
  Result<bool> has_live_agreements(const store::Reader&, const Address&) const override {
    return true;
  }
};

class RegistryTest : public ::testing::Test {
 protected:
  RegistryTest() {
    for (const Address& person : {alice, bob}) ledger.give(person, {denom, Amount{100'000}});
  }

  Network network(std::string name) const {
    return {.kind = "toy", .name = std::move(name), .admin = alice, .denoms = {denom}};
  }
  Provider provider() const { return {.host_uri = "https://provider.example:8443"}; }

  Result<NetworkId> create(Network record) {
    return ledger.tx(
        [&](chain::Context& context) { return registry.create_network(context, record); });
  }
  Result<void> add_provider(const Address& owner, Provider record) {
    return ledger.tx([&](chain::Context& context) {
      return registry.register_provider(context, owner, record);
    });
  }
  Result<void> remove_provider(const Address& owner) {
    return ledger.tx(
        [&](chain::Context& context) { return registry.delete_provider(context, owner); });
  }
  Result<void> sign(const Address& auditor, Attributes attributes) {
    return ledger.tx([&](chain::Context& context) {
      return registry.sign_attributes(context, {alice, auditor}, attributes);
    });
  }
  Result<void> unsign(const Address& auditor, const std::vector<std::string>& keys) {
    return ledger.tx([&](chain::Context& context) {
      return registry.delete_attributes(context, {alice, auditor}, keys);
    });
  }
  Attributes audited(const Address& auditor) {
    return (*registry.find_audit(ledger.state(), {alice, auditor}))->attributes;
  }

  testing::Ledger ledger;
  Registry registry{ledger.accounts(), ledger.bank(), ledger.params()};
  const Denom denom = Denom::of("utoll");
  const Address alice = testing::address_of("alice"), bob = testing::address_of("bob");
};

// --- Networks ---

TEST_F(RegistryTest, NetworksAreNumberedFromOneWithTreasuriesOfTheirOwn) {
  EXPECT_EQ(*create(network("one")), NetworkId{1});
  EXPECT_EQ(*create(network("two")), NetworkId{2});
  EXPECT_NE(registry.get_network(ledger.state(), NetworkId{1})->treasury,
            registry.get_network(ledger.state(), NetworkId{2})->treasury);
}

TEST_F(RegistryTest, ANameIsTakenOnce) {
  ASSERT_TRUE(create(network("one")));
  EXPECT_TRUE(is(create(network("one")).error(), RegistryError::kNameTaken));
}

TEST_F(RegistryTest, ARenamedNetworkFreesItsName) {
  const NetworkId id = *create(network("one"));
  ASSERT_TRUE(ledger.tx([&](chain::Context& context) {
    return registry.update_network(context, id, network("other"));
  }));
  EXPECT_TRUE(create(network("one")));
  EXPECT_TRUE(registry.check_invariants(ledger.state()));
}

TEST_F(RegistryTest, ANetworkThatItsKindRefusesLeavesNoTrace) {
  Refusing refusing;
  registry.set_network_observer(refusing);
  Network wrong = network("one");
  wrong.kind = "unheard-of";
  EXPECT_TRUE(is(create(wrong).error(), RegistryError::kUnknownKind));
  EXPECT_FALSE(*registry.find_network(ledger.state(), NetworkId{1}));
}

TEST_F(RegistryTest, TheKindOfANetworkDoesNotChange) {
  const NetworkId id = *create(network("one"));
  Network changed = network("one");
  changed.kind = "other";
  EXPECT_FALSE(ledger.tx(
      [&](chain::Context& context) { return registry.update_network(context, id, changed); }));
}

TEST_F(RegistryTest, ANetworkNeedsADenominationAndASoundEpoch) {
  Network no_denom = network("one");
  no_denom.denoms.clear();
  Network short_epoch = network("two");
  short_epoch.epoch_length = Duration{1};
  Network late_offset = network("three");
  late_offset.epoch_length = late_offset.epoch_offset = Duration::hours(1);
  Network reward_without_epochs = network("four");
  reward_without_epochs.epoch_reward = {denom, Amount{1}};
  Network endless_epoch = network("five");
  endless_epoch.epoch_length = Duration{std::numeric_limits<std::int64_t>::max()};
  for (const Network& wrong :
       {no_denom, short_epoch, late_offset, reward_without_epochs, endless_epoch})
    EXPECT_TRUE(is(create(wrong).error(), RegistryError::kInvalidNetwork)) << wrong.name;
}

// --- Providers ---

TEST_F(RegistryTest, ARegisteredProviderIsAnOperator) {
  EXPECT_FALSE(*registry.is_operator(ledger.state(), alice));
  ASSERT_TRUE(add_provider(alice, provider()));
  EXPECT_TRUE(*registry.is_operator(ledger.state(), alice));
}

TEST_F(RegistryTest, AProviderPaysForItsRowAndGetsThatBack) {
  ASSERT_TRUE(add_provider(alice, provider()));
  EXPECT_EQ(ledger.balance(alice), Amount{99'000});
  ASSERT_TRUE(remove_provider(alice));
  EXPECT_EQ(ledger.balance(alice), Amount{100'000});
}

TEST_F(RegistryTest, AProviderRegistersOnce) {
  ASSERT_TRUE(add_provider(alice, provider()));
  EXPECT_TRUE(is(add_provider(alice, provider()).error(), RegistryError::kProviderExists));
}

TEST_F(RegistryTest, AProviderWithoutMoneyForItsRowIsRefused) {
  EXPECT_TRUE(is(add_provider(testing::address_of("poor"), provider()).error(),
                 chain::SdkError::kInsufficientFunds));
}

TEST_F(RegistryTest, AProviderWithLiveAgreementsStays) {
  Busy busy;
  registry.set_live_agreements(busy);
  ASSERT_TRUE(add_provider(alice, provider()));
  EXPECT_TRUE(is(remove_provider(alice).error(), RegistryError::kProviderInUse));
}

TEST_F(RegistryTest, AttributesAreKeptSorted) {
  Provider record = provider();
  record.attributes = {{"region", "eu"}, {"host", "akash"}};
  ASSERT_TRUE(add_provider(alice, record));
  EXPECT_THAT((*registry.find_provider(ledger.state(), alice))->attributes,
              ElementsAre(Attribute{"host", "akash"}, Attribute{"region", "eu"}));
}

TEST_F(RegistryTest, AnAttributeStandsOnce) {
  Provider record = provider();
  record.attributes = {{"region", "eu"}, {"region", "us"}};
  EXPECT_TRUE(is(add_provider(alice, record).error(), RegistryError::kDuplicateAttribute));
}

TEST(AttributeKey, FollowsTheRule) {
  for (const std::string_view good :
       {"ab", "region", "capabilities/gpu/vendor/nvidia/model/a100", "a.b-c_d/e"})
    EXPECT_TRUE(is_attribute_key(good)) << good;
  for (const std::string_view bad : {"", "a", "1ab", "a b", "gpu/*",
                                     "\xc3\xa4"
                                     "b"})
    EXPECT_FALSE(is_attribute_key(bad)) << bad;
  EXPECT_TRUE(is_attribute_key("a" + std::string(126, 'b')));
  EXPECT_FALSE(is_attribute_key("a" + std::string(127, 'b')));
  EXPECT_TRUE(is_attribute_key("gpu/*", true));
}

TEST(HostUri, IsHttpsWithAHostAndNothingElse) {
  for (const std::string_view good : {"https://provider.example", "https://provider.example:8443",
                                      "https://[::1]:8443", "https://10.0.0.1:1"})
    EXPECT_TRUE(check_host_uri(good)) << good;
  for (const std::string_view bad :
       {"", "http://a", "https://", "https://:80", "https://a/", "https://a/b", "https://a?b",
        "https://a:0", "https://a:70000", "https://a:b", "https://u@a", "provider.example",
        "https://a b"})
    EXPECT_TRUE(is(check_host_uri(bad).error(), RegistryError::kInvalidHostUri)) << bad;
}

TEST(Website, IsEmptyOrAUri) {
  for (const std::string_view good : {"", "https://a.example/b?c#d", "http://a.example"})
    EXPECT_TRUE(check_website(good)) << good;
  for (const std::string_view bad : {"a.example", "ftp://a.example", "https:///b"})
    EXPECT_FALSE(check_website(bad)) << bad;
}

// --- Audits ---

TEST_F(RegistryTest, AnAuditorAddsToWhatItSaid) {
  ASSERT_TRUE(add_provider(alice, provider()));
  ASSERT_TRUE(sign(bob, {{"region", "eu"}, {"tier", "1"}}));
  ASSERT_TRUE(sign(bob, {{"tier", "2"}}));
  EXPECT_THAT(audited(bob), ElementsAre(Attribute{"region", "eu"}, Attribute{"tier", "2"}));
}

TEST_F(RegistryTest, NobodyVouchesForWhoIsNotRegistered) {
  EXPECT_TRUE(is(sign(bob, {{"region", "eu"}}).error(), RegistryError::kProviderNotFound));
}

TEST_F(RegistryTest, AnAuditOfNothingIsRefused) {
  ASSERT_TRUE(add_provider(alice, provider()));
  EXPECT_TRUE(is(sign(bob, {}).error(), RegistryError::kNoAttributes));
}

TEST_F(RegistryTest, AnAuditorTakesBackOneKeyOrAll) {
  ASSERT_TRUE(add_provider(alice, provider()));
  ASSERT_TRUE(sign(bob, {{"region", "eu"}, {"tier", "1"}, {"zone", "a"}}));
  ASSERT_TRUE(unsign(bob, {"tier"}));
  EXPECT_EQ(audited(bob).size(), 2u);
  EXPECT_TRUE(is(unsign(bob, {"tier"}).error(), RegistryError::kAuditNotFound));
  ASSERT_TRUE(unsign(bob, {}));
  EXPECT_FALSE(*registry.find_audit(ledger.state(), {alice, bob}));
  EXPECT_EQ(ledger.balance(bob), Amount{100'000});
}

// Anybody may sign: were the audits deleted with the provider, strangers could make that too dear.
TEST_F(RegistryTest, AuditsOfAProviderThatLeftStayUntilTheirAuditorsTakeThemBack) {
  ASSERT_TRUE(add_provider(alice, provider()));
  ASSERT_TRUE(sign(bob, {{"region", "eu"}}));
  ASSERT_TRUE(remove_provider(alice));
  EXPECT_EQ(audited(bob).size(), 1u);
  EXPECT_TRUE(registry.check_invariants(ledger.state()));

  const auto bank = ledger.bank().export_genesis(ledger.state());
  const auto exported = registry.export_genesis(ledger.state());
  testing::Ledger other;
  Registry imported{other.accounts(), other.bank(), other.params()};
  const auto loaded = other.tx([&](chain::Context& context) -> Result<void> {
    TRY_VOID(other.bank().import_genesis(context, &*bank));
    return imported.import_genesis(context, &*exported);
  });
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ(imported.export_genesis(other.state()), exported);

  ASSERT_TRUE(unsign(bob, {}));
  EXPECT_EQ(ledger.balance(bob), Amount{100'000});
}

TEST_F(RegistryTest, OneAuditTakes32KibibytesAtMost) {
  ASSERT_TRUE(add_provider(alice, provider()));
  Attributes attributes;
  for (int i = 10; i < 41; ++i) attributes.push_back({"a" + std::to_string(i), Bytes(1'024, 'x')});
  ASSERT_TRUE(sign(bob, attributes));
  EXPECT_TRUE(is(sign(bob, {{"b10", Bytes(1'024, 'x')}}).error(), RegistryError::kTooLong));
}

// --- Genesis ---

TEST_F(RegistryTest, WhatIsExportedImportsToTheSame) {
  Network record = network("one");
  record.epoch_length = Duration::hours(1);
  record.epoch_offset = Duration::milliseconds(1'500);
  record.epoch_reward = {denom, Amount{7}};
  record.params = "\x01\x02";
  ASSERT_TRUE(create(record));
  ASSERT_TRUE(add_provider(alice, provider()));
  ASSERT_TRUE(sign(bob, {{"region", "eu"}}));
  const auto bank = ledger.bank().export_genesis(ledger.state());
  const auto exported = registry.export_genesis(ledger.state());
  ASSERT_TRUE(bank && exported);

  testing::Ledger other;
  Registry imported{other.accounts(), other.bank(), other.params()};
  const auto done = other.tx([&](chain::Context& context) -> Result<void> {
    TRY_VOID(other.bank().import_genesis(context, &*bank));
    return imported.import_genesis(context, &*exported);
  });
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_EQ(*imported.export_genesis(other.state()), *exported);
  EXPECT_EQ(other.balance(alice), ledger.balance(alice));
}

TEST_F(RegistryTest, AMistakeInGenesisIsNamedWithItsPlace) {
  const auto json =
      boost::json::parse(R"({"providers": [{"owner": ")" + ledger.accounts().text(alice) +
                         R"(", "host_uri": "http://a"}]})");
  const auto done =
      ledger.tx([&](chain::Context& context) { return registry.import_genesis(context, &json); });
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().text, HasSubstr("registry.providers[0]"));
  EXPECT_THAT(done.error().text, HasSubstr("https://"));
}

}  // namespace
}  // namespace tp::registry
