// akash.provider.v1beta4: providers come, change and go.
#include "akash/provider/v1beta4/msg.pb.h"
#include "chain/sdk_errors.h"
#include "networks/compute/chain/core.h"
#include "networks/compute/chain/errors.h"
#include "networks/compute/chain/events.h"
#include "networks/compute/chain/wire.h"

namespace tp::compute {
namespace {

namespace msg = ::akash::provider::v1beta4;
using chain::Context;
using registry::RegistryError;

bool has_scheme(std::string_view uri) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_inner = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  };
  const std::size_t colon = uri.find(':');
  return colon != std::string_view::npos && colon > 0 && is_letter(uri[0]) &&
         std::all_of(uri.begin(), uri.begin() + static_cast<std::ptrdiff_t>(colon), is_inner);
}

template <class Message>
registry::Provider provider_of(const Message& message) {
  return {.host_uri = message.host_uri(),
          .attributes = wire::read_attributes(message.attributes()),
          .email = message.info().email(),
          .website = message.info().website()};
}

// As in_akash_words, with the reference's two errors for a host that is no absolute https URI.
Result<void> in_words_for(const Result<void>& result, std::string_view host_uri,
                          std::string_view owner) {
  if (result) return {};
  const Error& error = result.error();
  if (is(error, RegistryError::kInvalidHostUri) && !has_scheme(host_uri))
    return fail(ProviderError::kNotAbsoluteUri,
                "validating \"" + std::string(host_uri) + "\" for absolute URI");
  if (is(error, RegistryError::kProviderExists))
    return fail(ProviderError::kProviderExists, "id: " + std::string(owner));
  if (is(error, RegistryError::kProviderNotFound))
    return fail(ProviderError::kProviderNotFound, "id: " + std::string(owner));
  return std::unexpected(in_akash_words(error));
}

Result<msg::MsgCreateProviderResponse> create(const Core& core, Context& context,
                                              const msg::MsgCreateProvider& message) {
  TRY(const Address owner, core.accounts.parse(message.owner()));
  TRY_VOID(in_words_for(core.registry.register_provider(context, owner, provider_of(message)),
                        message.host_uri(), message.owner()));
  events::provider_created(context, core.accounts, owner);
  return msg::MsgCreateProviderResponse();
}

Result<msg::MsgUpdateProviderResponse> update(const Core& core, Context& context,
                                              const msg::MsgUpdateProvider& message) {
  TRY(const Address owner, core.accounts.parse(message.owner()));
  TRY_VOID(in_words_for(core.registry.update_provider(context, owner, provider_of(message)),
                        message.host_uri(), message.owner()));
  events::provider_updated(context, core.accounts, owner);
  return msg::MsgUpdateProviderResponse();
}

Result<msg::MsgDeleteProviderResponse> remove(const Core& core, Context& context,
                                              const msg::MsgDeleteProvider& message) {
  TRY(const Address owner, core.accounts.parse(message.owner()));
  TRY_VOID(in_words_for(core.registry.delete_provider(context, owner), {}, message.owner()));
  events::provider_deleted(context, core.accounts, owner);
  return msg::MsgDeleteProviderResponse();
}

}  // namespace

void add_provider_messages(const Core& core, chain::MessageRouter& router) {
  const auto owner = [&core](const auto& message) -> Result<std::vector<Address>> {
    TRY(const Address signer, core.accounts.parse(message.owner()));
    return std::vector{signer};
  };
  router.add<msg::MsgCreateProvider, msg::MsgCreateProviderResponse>(
      owner, [&core](Context& context, const msg::MsgCreateProvider& message) {
        return create(core, context, message);
      });
  router.add<msg::MsgUpdateProvider, msg::MsgUpdateProviderResponse>(
      owner, [&core](Context& context, const msg::MsgUpdateProvider& message) {
        return update(core, context, message);
      });
  router.add<msg::MsgDeleteProvider, msg::MsgDeleteProviderResponse>(
      owner, [&core](Context& context, const msg::MsgDeleteProvider& message) {
        return remove(core, context, message);
      });
}

}  // namespace tp::compute
