// turnpike.registry.v1: what the registry says on the wire.

#include "chain/pagination.h"
#include "modules/registry/registry.h"
#include "modules/registry/tables.h"
#include "turnpike/registry/v1/query.pb.h"
#include "turnpike/registry/v1/tx.pb.h"

namespace tp::registry {
namespace {

namespace pb = turnpike::registry::v1;
using chain::QueryContext;
using chain::QueryError;
using PbAttributes = google::protobuf::RepeatedPtrField<pb::Attribute>;

Attributes read(const PbAttributes& items) {
  Attributes attributes;
  for (const pb::Attribute& item : items) attributes.push_back({item.key(), item.value()});
  return attributes;
}

void write(const Attributes& attributes, PbAttributes& out) {
  for (const Attribute& attribute : attributes) {
    pb::Attribute& item = *out.Add();
    item.set_key(attribute.key);
    item.set_value(attribute.value);
  }
}

Provider read(const pb::Provider& message) {
  return {.host_uri = message.host_uri(),
          .attributes = read(message.attributes()),
          .email = message.email(),
          .website = message.website()};
}

Result<Network> read(const accounts::Accounts& accounts, const pb::Network& message) {
  if (message.id() != 0 || !message.treasury().empty())
    return fail(RegistryError::kInvalidNetwork, "the chain gives id and treasury");
  Network network{.kind = message.kind(), .name = message.name()};
  TRY_TO(network.admin, accounts.parse(message.admin()));
  for (const std::string& text : message.denoms()) {
    TRY(Denom denom, Denom::parse(text));
    network.denoms.push_back(std::move(denom));
  }
  network.epoch_length = Duration{message.epoch_length_ns()};
  network.epoch_offset = Duration{message.epoch_offset_ns()};
  if (message.has_epoch_reward()) {
    TRY_TO(network.epoch_reward.denom, Denom::parse(message.epoch_reward().denom()));
    TRY_TO(network.epoch_reward.amount, Amount::parse(message.epoch_reward().amount()));
  }
  network.params = message.params();
  return network;
}

void write(const accounts::Accounts& accounts, NetworkId id, const Network& network,
           pb::Network& out) {
  out.set_id(id.value);
  out.set_kind(network.kind);
  out.set_name(network.name);
  out.set_admin(accounts.text(network.admin));
  for (const Denom& denom : network.denoms) out.add_denoms(denom.text());
  out.set_epoch_length_ns(network.epoch_length.nanoseconds);
  out.set_epoch_offset_ns(network.epoch_offset.nanoseconds);
  out.set_treasury(accounts.text(network.treasury));
  if (!network.epoch_reward.amount.is_zero()) {
    out.mutable_epoch_reward()->set_denom(network.epoch_reward.denom.text());
    out.mutable_epoch_reward()->set_amount(network.epoch_reward.amount.to_string());
  }
  out.set_params(network.params);
}

void write(const accounts::Accounts& accounts, const Address& owner, const Provider& provider,
           pb::Provider& out) {
  out.set_owner(accounts.text(owner));
  out.set_host_uri(provider.host_uri);
  write(provider.attributes, *out.mutable_attributes());
  out.set_email(provider.email);
  out.set_website(provider.website);
}

// The route of a message that one address signs. `signer(message)` is its text.
template <class Message, class Response, class Signer, class Handle>
void add(chain::MessageRouter& router, const accounts::Accounts& accounts, Signer signer,
         Handle handle) {
  router.add<Message, Response>(
      [&accounts, signer](const Message& message) -> Result<std::vector<Address>> {
        TRY(const Address address, accounts.parse(signer(message)));
        return std::vector{address};
      },
      [&accounts, signer, handle](chain::Context& context,
                                  const Message& message) -> Result<Response> {
        TRY(const Address address, accounts.parse(signer(message)));
        Response response;
        TRY_VOID(handle(context, address, message, response));
        return response;
      });
}

template <class Message>
const std::string& provider_owner(const Message& message) {
  return message.provider().owner();
}

}  // namespace

void Registry::add_messages(chain::MessageRouter& router) {
  using chain::Context;
  add<pb::MsgCreateNetwork, pb::MsgCreateNetworkResponse>(
      router, accounts_,
      [](const pb::MsgCreateNetwork& message) { return message.network().admin(); },
      [this](Context& context, const Address& admin, const pb::MsgCreateNetwork& message,
             pb::MsgCreateNetworkResponse& response) -> Result<void> {
        TRY(Network network, read(accounts_, message.network()));
        TRY(const NetworkId id, create_network(context, std::move(network)));
        response.set_id(id.value);
        // Two rows: the record and its name.
        return bank_.hold_row_deposit(context, admin, "network/" + std::to_string(id.value), 2);
      });
  add<pb::MsgUpdateNetwork, pb::MsgUpdateNetworkResponse>(
      router, accounts_, [](const pb::MsgUpdateNetwork& message) { return message.admin(); },
      [this](Context& context, const Address& admin, const pb::MsgUpdateNetwork& message,
             pb::MsgUpdateNetworkResponse&) -> Result<void> {
        const NetworkId id{message.network().id()};
        TRY(const Network old, get_network(context, id));
        if (old.admin != admin)
          return fail(RegistryError::kUnauthorized,
                      message.admin() + " is not the admin of network " + old.name);
        pb::Network wanted = message.network();
        wanted.clear_id();
        TRY(Network network, read(accounts_, wanted));
        return update_network(context, id, std::move(network));
      });
  add<pb::MsgRegisterProvider, pb::MsgRegisterProviderResponse>(
      router, accounts_, provider_owner<pb::MsgRegisterProvider>,
      [this](Context& context, const Address& owner, const pb::MsgRegisterProvider& message,
             pb::MsgRegisterProviderResponse&) {
        return register_provider(context, owner, read(message.provider()));
      });
  add<pb::MsgUpdateProvider, pb::MsgUpdateProviderResponse>(
      router, accounts_, provider_owner<pb::MsgUpdateProvider>,
      [this](Context& context, const Address& owner, const pb::MsgUpdateProvider& message,
             pb::MsgUpdateProviderResponse&) {
        return update_provider(context, owner, read(message.provider()));
      });
  add<pb::MsgDeleteProvider, pb::MsgDeleteProviderResponse>(
      router, accounts_, [](const pb::MsgDeleteProvider& message) { return message.owner(); },
      [this](Context& context, const Address& owner, const pb::MsgDeleteProvider&,
             pb::MsgDeleteProviderResponse&) { return delete_provider(context, owner); });
  add<pb::MsgSignAttributes, pb::MsgSignAttributesResponse>(
      router, accounts_,
      [](const pb::MsgSignAttributes& message) { return message.audit().auditor(); },
      [this](Context& context, const Address& auditor, const pb::MsgSignAttributes& message,
             pb::MsgSignAttributesResponse&) -> Result<void> {
        TRY(const Address provider, accounts_.parse(message.audit().provider()));
        return sign_attributes(context, {provider, auditor}, read(message.audit().attributes()));
      });
  add<pb::MsgDeleteAttributes, pb::MsgDeleteAttributesResponse>(
      router, accounts_, [](const pb::MsgDeleteAttributes& message) { return message.auditor(); },
      [this](Context& context, const Address& auditor, const pb::MsgDeleteAttributes& message,
             pb::MsgDeleteAttributesResponse&) -> Result<void> {
        TRY(const Address provider, accounts_.parse(message.provider()));
        return delete_attributes(context, {provider, auditor},
                                 {message.keys().begin(), message.keys().end()});
      });
}

void Registry::add_queries(chain::QueryRouter& router) {
  const std::string service = "/turnpike.registry.v1.Query/";
  const auto address_of = [this](const std::string& text) -> Result<Address> {
    const auto address = accounts_.parse(text);
    if (!address) return fail(QueryError::kInvalidArgument, address.error().text);
    return *address;
  };

  router.add<pb::QueryNetworkRequest, pb::QueryNetworkResponse>(
      service + "Network",
      [this](const QueryContext& query,
             const pb::QueryNetworkRequest& request) -> Result<pb::QueryNetworkResponse> {
        const NetworkId id{request.id()};
        TRY(const std::optional<Network> network, find_network(query.state, id));
        if (!network) return fail(QueryError::kNotFound, "network " + std::to_string(id.value));
        pb::QueryNetworkResponse response;
        write(accounts_, id, *network, *response.mutable_network());
        return response;
      });
  router.add<pb::QueryNetworksRequest, pb::QueryNetworksResponse>(
      service + "Networks",
      [this](const QueryContext& query,
             const pb::QueryNetworksRequest& request) -> Result<pb::QueryNetworksResponse> {
        pb::QueryNetworksResponse response;
        TRY_TO(*response.mutable_pagination(),
               chain::paginate(
                   query.state, kNetworks, std::tuple<>{}, request.pagination(),
                   [&](const NetworkId& id, const Network& network, bool wanted) -> Result<bool> {
                     if (wanted) write(accounts_, id, network, *response.add_networks());
                     return true;
                   }));
        return response;
      });
  router.add<pb::QueryProviderRequest, pb::QueryProviderResponse>(
      service + "Provider",
      [this, address_of](const QueryContext& query, const pb::QueryProviderRequest& request)
          -> Result<pb::QueryProviderResponse> {
        TRY(const Address owner, address_of(request.owner()));
        TRY(const std::optional<Provider> provider, find_provider(query.state, owner));
        if (!provider) return fail(QueryError::kNotFound, "provider " + request.owner());
        pb::QueryProviderResponse response;
        write(accounts_, owner, *provider, *response.mutable_provider());
        return response;
      });
  router.add<pb::QueryProvidersRequest, pb::QueryProvidersResponse>(
      service + "Providers",
      [this](const QueryContext& query,
             const pb::QueryProvidersRequest& request) -> Result<pb::QueryProvidersResponse> {
        pb::QueryProvidersResponse response;
        TRY_TO(*response.mutable_pagination(),
               chain::paginate(query.state, kProviders, std::tuple<>{}, request.pagination(),
                               [&](const Address& owner, const Provider& provider,
                                   bool wanted) -> Result<bool> {
                                 if (wanted)
                                   write(accounts_, owner, provider, *response.add_providers());
                                 return true;
                               }));
        return response;
      });
  router.add<pb::QueryAuditsRequest, pb::QueryAuditsResponse>(
      service + "Audits",
      [this, address_of](const QueryContext& query,
                         const pb::QueryAuditsRequest& request) -> Result<pb::QueryAuditsResponse> {
        TRY(const Address provider, address_of(request.provider()));
        pb::QueryAuditsResponse response;
        const auto take = [&](const AuditKey& key, const Audit& audit,
                              bool wanted) -> Result<bool> {
          if (!wanted) return true;
          pb::Audit& out = *response.add_audits();
          out.set_provider(accounts_.text(key.provider));
          out.set_auditor(accounts_.text(key.auditor));
          write(audit.attributes, *out.mutable_attributes());
          return true;
        };
        TRY_TO(
            *response.mutable_pagination(),
            chain::paginate(query.state, kAudits, std::tie(provider), request.pagination(), take));
        return response;
      });
}

}  // namespace tp::registry
