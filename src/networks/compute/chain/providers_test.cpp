#include <gtest/gtest.h>

#include "chain/sdk_errors.h"
#include "networks/compute/chain/errors.h"
#include "networks/compute/chain/fixture.h"
#include "networks/compute/chain/testing.h"

namespace tp::compute {
namespace {

class ProvidersTest : public ::testing::Test, protected ComputeChain {
 protected:
  void TearDown() override {
    const auto checked = check();
    EXPECT_TRUE(checked) << checked.error().text;
  }

  static void add(std::string key, std::string value, wire::List<wire::Attribute>& attributes) {
    wire::Attribute& attribute = *attributes.Add();
    attribute.set_key(std::move(key));
    attribute.set_value(std::move(value));
  }
  Result<void> remove(const Address& owner) {
    provider_pb::MsgDeleteProvider message;
    message.set_owner(text(owner));
    return send(message);
  }
  audit_pb::MsgSignProviderAttributes signing(const Address& owner) {
    audit_pb::MsgSignProviderAttributes message;
    message.set_owner(text(owner));
    message.set_auditor(text(auditor));
    add("region", "eu", *message.mutable_attributes());
    return message;
  }
  audit_pb::MsgDeleteProviderAttributes withdrawing(const Address& owner,
                                                    std::vector<std::string> keys) {
    audit_pb::MsgDeleteProviderAttributes message;
    message.set_owner(text(owner));
    message.set_auditor(text(auditor));
    for (std::string& key : keys) message.add_keys(std::move(key));
    return message;
  }
};

TEST_F(ProvidersTest, AProviderRegistersOnceAndChanges) {
  ASSERT_TRUE(provide(bob));
  EXPECT_EQ(attribute(last("akash.provider.v1beta4.EventProviderCreated"), "owner"),
            "\"" + text(bob) + "\"");
  EXPECT_TRUE(refused(provide(bob), ProviderError::kProviderExists, "id: " + text(bob)));
  provider_pb::MsgUpdateProvider message;
  message.set_owner(text(bob));
  message.set_host_uri("https://elsewhere.example.com");
  message.mutable_info()->set_email("bob@example.com");
  ASSERT_TRUE(send(message));
  EXPECT_EQ((*registry.find_provider(ledger.state(), bob))->email, "bob@example.com");
  EXPECT_EQ(ledger.count("akash.provider.v1beta4.EventProviderUpdated"), 1u);
  message.set_owner(text(alice));
  EXPECT_TRUE(refused(send(message), ProviderError::kProviderNotFound));
}

TEST_F(ProvidersTest, AHostIsAnAbsoluteHttpsUri) {
  auto message = registration(bob);
  message.set_host_uri("provider.example.com");
  EXPECT_TRUE(refused(send(message), ProviderError::kNotAbsoluteUri));
  for (const std::string uri : {"http://provider.example.com", "https://provider.example.com/x"}) {
    message.set_host_uri(uri);
    EXPECT_TRUE(refused(send(message), ProviderError::kInvalidUri)) << uri;
  }
}

TEST_F(ProvidersTest, AttributeKeysHaveTheirFormAndAreDifferent) {
  auto message = registration(bob);
  add("region/*", "eu", *message.mutable_attributes());
  EXPECT_TRUE(refused(send(message), CommonError::kInvalidAttributeKey));
  message.mutable_attributes(0)->set_key("region");
  add("region", "us", *message.mutable_attributes());
  EXPECT_TRUE(refused(send(message), CommonError::kDuplicateAttributes));
}

TEST_F(ProvidersTest, AProviderLeavesWhenNoLeaseOfItsIsLive) {
  const LeaseId id = lease();
  EXPECT_TRUE(refused(remove(oscar), ProviderError::kActiveLeases));
  ASSERT_TRUE(close_lease(id));
  ASSERT_TRUE(remove(oscar));
  EXPECT_EQ(ledger.count("akash.provider.v1beta4.EventProviderDeleted"), 1u);
  EXPECT_TRUE(refused(remove(oscar), ProviderError::kProviderNotFound));
}

TEST_F(ProvidersTest, AnAuditorSignsAndTakesBack) {
  ASSERT_TRUE(send(signing(oscar)));
  EXPECT_EQ(attribute(last("akash.audit.v1.EventTrustedAuditorCreated"), "auditor"),
            "\"" + text(auditor) + "\"");
  EXPECT_EQ(signers(signing(oscar)), std::vector{auditor});
  EXPECT_TRUE(refused(send(withdrawing(oscar, {"colour"})), AuditError::kAttributeNotFound));
  ASSERT_TRUE(send(withdrawing(oscar, {"region"})));
  EXPECT_EQ(ledger.count("akash.audit.v1.EventTrustedAuditorDeleted"), 1u);
  EXPECT_TRUE(refused(send(withdrawing(oscar, {})), AuditError::kProviderNotFound));
}

TEST_F(ProvidersTest, OnlyProvidersAreAudited) {
  EXPECT_TRUE(refused(send(signing(bob)), AuditError::kProviderNotFound));
  auto message = signing(oscar);
  message.clear_attributes();
  EXPECT_TRUE(refused(send(message), chain::SdkError::kInvalidRequest));
}

}  // namespace
}  // namespace tp::compute
