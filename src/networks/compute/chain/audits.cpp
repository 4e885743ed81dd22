// akash.audit.v1: auditors vouch for attributes of providers, and take it back.
#include "akash/audit/v1/msg.pb.h"
#include "chain/sdk_errors.h"
#include "networks/compute/chain/core.h"
#include "networks/compute/chain/errors.h"
#include "networks/compute/chain/events.h"
#include "networks/compute/chain/wire.h"

namespace tp::compute {
namespace {

namespace msg = ::akash::audit::v1;
using chain::Context;
using chain::SdkError;
using registry::RegistryError;

template <class Message>
Result<registry::AuditKey> key_of(const Core& core, const Message& message) {
  const auto owner = core.accounts.parse(message.owner());
  if (!owner) return fail(SdkError::kInvalidAddress, "MsgCreate: Invalid Owner Address");
  const auto auditor = core.accounts.parse(message.auditor());
  if (!auditor) return fail(SdkError::kInvalidAddress, "MsgCreate: Invalid Auditor Address");
  return registry::AuditKey{*owner, *auditor};
}

Result<msg::MsgSignProviderAttributesResponse> sign(const Core& core, Context& context,
                                                    const msg::MsgSignProviderAttributes& message) {
  TRY(const registry::AuditKey key, key_of(core, message));
  const auto done =
      core.registry.sign_attributes(context, key, wire::read_attributes(message.attributes()));
  if (!done && is(done.error(), RegistryError::kProviderNotFound))
    return fail(AuditError::kProviderNotFound);
  if (!done && is(done.error(), RegistryError::kNoAttributes))
    return fail(SdkError::kInvalidRequest, "no attributes to sign");
  TRY_VOID(in_akash_words(done));
  events::trusted_auditor_created(context, core.accounts, key.provider, key.auditor);
  return msg::MsgSignProviderAttributesResponse();
}

Result<msg::MsgDeleteProviderAttributesResponse> remove(
    const Core& core, Context& context, const msg::MsgDeleteProviderAttributes& message) {
  TRY(const registry::AuditKey key, key_of(core, message));
  TRY(const std::optional<registry::Audit> audit, core.registry.find_audit(context, key));
  if (!audit) return fail(AuditError::kProviderNotFound);
  const std::vector<std::string> keys(message.keys().begin(), message.keys().end());
  const auto done = core.registry.delete_attributes(context, key, keys);
  if (!done && is(done.error(), RegistryError::kAuditNotFound))
    return fail(AuditError::kAttributeNotFound,
                "trying to delete non-existing attribute for auditor/provider \"" +
                    message.auditor() + "/" + message.owner() + "\"");
  TRY_VOID(in_akash_words(done));
  events::trusted_auditor_deleted(context, core.accounts, key.provider, key.auditor);
  return msg::MsgDeleteProviderAttributesResponse();
}

}  // namespace

void add_audit_messages(const Core& core, chain::MessageRouter& router) {
  const auto auditor = [&core](const auto& message) -> Result<std::vector<Address>> {
    TRY(const Address signer, core.accounts.parse(message.auditor()));
    return std::vector{signer};
  };
  router.add<msg::MsgSignProviderAttributes, msg::MsgSignProviderAttributesResponse>(
      auditor, [&core](Context& context, const msg::MsgSignProviderAttributes& message) {
        return sign(core, context, message);
      });
  router.add<msg::MsgDeleteProviderAttributes, msg::MsgDeleteProviderAttributesResponse>(
      auditor, [&core](Context& context, const msg::MsgDeleteProviderAttributes& message) {
        return remove(core, context, message);
      });
}

}  // namespace tp::compute
