// The registry in the genesis file:
//   {"networks": [{"kind", "name", "admin", "denoms": [denom], "epoch_length"?, "epoch_offset"?,
//                  "epoch_reward"?: {"denom", "amount"}, "params"?: base64}],
//    "providers": [{"owner", "host_uri", "attributes"?: [{"key", "value"}], "email"?, "website"?}],
//    "audits": [{"provider", "auditor", "attributes"}]}
// The first network has number 1. Owners and auditors pay the row deposits that the bank does not
// hold yet.

#include "chain/genesis.h"

#include <boost/json.hpp>

#include "base/text.h"
#include "modules/registry/registry.h"
#include "modules/registry/tables.h"

namespace tp::registry {
namespace {

namespace json = boost::json;
using chain::GenesisObject;

Result<Address> address_in(const accounts::Accounts& accounts, const GenesisObject& row,
                           std::string_view member) {
  TRY(const std::string text, row.text(member));
  const auto address = accounts.parse(text);
  if (!address) return row.error(member, address.error().text);
  return *address;
}

Result<Attributes> attributes_in(const GenesisObject& row) {
  Attributes attributes;
  TRY(const auto items, row.objects("attributes"));
  for (const GenesisObject& item : items) {
    TRY_VOID(item.allow_only({"key", "value"}));
    Attribute& attribute = attributes.emplace_back();
    TRY_TO(attribute.key, item.text("key"));
    TRY_TO(attribute.value, item.text("value"));
  }
  return attributes;
}

// Turns what a call answered into an error that names the place in the file.
Result<void> at(const GenesisObject& row, const Result<void>& done) {
  if (!done) return row.error("", done.error().text);
  return {};
}

Result<Network> read_network(const accounts::Accounts& accounts, const GenesisObject& row) {
  TRY_VOID(row.allow_only({"kind", "name", "admin", "denoms", "epoch_length", "epoch_offset",
                           "epoch_reward", "params"}));
  Network network;
  TRY_TO(network.kind, row.text("kind"));
  TRY_TO(network.name, row.text("name"));
  TRY_TO(network.admin, address_in(accounts, row, "admin"));
  TRY(const auto denoms, row.texts("denoms"));
  for (const std::string& text : denoms) {
    auto denom = Denom::parse(text);
    if (!denom) return row.error("denoms", denom.error().text);
    network.denoms.push_back(*std::move(denom));
  }
  if (row.has("epoch_length")) TRY_TO(network.epoch_length, row.duration("epoch_length"));
  if (row.has("epoch_offset")) TRY_TO(network.epoch_offset, row.duration("epoch_offset"));
  if (row.has("epoch_reward")) {
    TRY(const GenesisObject reward, row.object("epoch_reward"));
    TRY_TO(network.epoch_reward, reward.coin());
  }
  if (row.has("params")) {
    TRY(const std::string text, row.text("params"));
    auto params = from_base64(text);
    if (!params) return row.error("params", params.error().text);
    network.params = *std::move(params);
  }
  return network;
}

Result<Provider> read_provider(const GenesisObject& row) {
  TRY_VOID(row.allow_only({"owner", "host_uri", "attributes", "email", "website"}));
  Provider provider;
  TRY_TO(provider.host_uri, row.text("host_uri"));
  TRY_TO(provider.attributes, attributes_in(row));
  if (row.has("email")) TRY_TO(provider.email, row.text("email"));
  if (row.has("website")) TRY_TO(provider.website, row.text("website"));
  return provider;
}

json::array attributes_json(const Attributes& attributes) {
  json::array out;
  for (const Attribute& attribute : attributes)
    out.push_back({{"key", attribute.key}, {"value", attribute.value}});
  return out;
}

std::string seconds_text(Duration duration) {
  return Decimal::from_scaled(static_cast<u128>(duration.nanoseconds) * 1'000'000'000)
             .to_string_trimmed() +
         "s";
}

}  // namespace

Result<void> Registry::import_genesis(chain::Context& context, const json::value* value) {
  if (value == nullptr) return {};
  TRY(const auto genesis, GenesisObject::of(*value, "registry"));
  TRY_VOID(genesis.allow_only({"networks", "providers", "audits"}));
  TRY(const auto networks, genesis.objects("networks"));
  for (const GenesisObject& row : networks) {
    TRY(Network network, read_network(accounts_, row));
    const auto created = create_network(context, std::move(network));
    if (!created) return row.error("", created.error().text);
  }
  TRY(const auto providers, genesis.objects("providers"));
  for (const GenesisObject& row : providers) {
    TRY(const Address owner, address_in(accounts_, row, "owner"));
    TRY(Provider provider, read_provider(row));
    TRY_VOID(at(row, register_provider(context, owner, std::move(provider))));
  }
  TRY(const auto audits, genesis.objects("audits"));
  for (const GenesisObject& row : audits) {
    TRY_VOID(row.allow_only({"provider", "auditor", "attributes"}));
    AuditKey key;
    TRY_TO(key.provider, address_in(accounts_, row, "provider"));
    TRY_TO(key.auditor, address_in(accounts_, row, "auditor"));
    TRY(Attributes attributes, attributes_in(row));
    // Not sign_attributes(): the provider may have left since.
    TRY(const bool exists, kAudits.contains(context, key));
    if (exists || attributes.empty())
      return row.error("attributes", exists ? "this audit stands twice" : "there are none");
    auto checked = checked_attributes(std::move(attributes));
    if (!checked) return row.error("attributes", checked.error().text);
    TRY_VOID(at(row, hold_row_deposit(context, key.auditor, deposit_key(key))));
    TRY_VOID(kAudits.put(context, key, {*std::move(checked)}));
  }
  return {};
}

Result<json::value> Registry::export_genesis(const store::Reader& state) const {
  json::array networks, providers, audits;
  TRY_VOID(kNetworks.scan(state, std::tuple<>{},
                          [&](const NetworkId&, const Network& network) -> Result<store::Step> {
                            json::array denoms;
                            for (const Denom& denom : network.denoms)
                              denoms.emplace_back(denom.text());
                            json::object row{{"kind", network.kind},
                                             {"name", network.name},
                                             {"admin", accounts_.text(network.admin)},
                                             {"denoms", std::move(denoms)},
                                             {"epoch_length", seconds_text(network.epoch_length)},
                                             {"epoch_offset", seconds_text(network.epoch_offset)},
                                             {"params", to_base64(network.params)}};
                            if (!network.epoch_reward.amount.is_zero())
                              row["epoch_reward"] = chain::to_json(network.epoch_reward);
                            networks.push_back(std::move(row));
                            return store::Step::kGoOn;
                          }));
  TRY_VOID(kProviders.scan(state, std::tuple<>{},
                           [&](const Address& owner, const Provider& row) -> Result<store::Step> {
                             providers.push_back({{"owner", accounts_.text(owner)},
                                                  {"host_uri", row.host_uri},
                                                  {"attributes", attributes_json(row.attributes)},
                                                  {"email", row.email},
                                                  {"website", row.website}});
                             return store::Step::kGoOn;
                           }));
  TRY_VOID(kAudits.scan(state, std::tuple<>{},
                        [&](const AuditKey& key, const Audit& row) -> Result<store::Step> {
                          audits.push_back({{"provider", accounts_.text(key.provider)},
                                            {"auditor", accounts_.text(key.auditor)},
                                            {"attributes", attributes_json(row.attributes)}});
                          return store::Step::kGoOn;
                        }));
  return json::object{{"networks", std::move(networks)},
                      {"providers", std::move(providers)},
                      {"audits", std::move(audits)}};
}

// Names and networks match one to one; every audit says something.
Result<void> Registry::check_invariants(const store::Reader& state) const {
  const auto broken = [](const std::string& what) {
    return fail(chain::ModuleError::kInvariant, "registry: " + what);
  };
  std::size_t networks = 0, names = 0;
  TRY_VOID(kNetworks.scan(state, std::tuple<>{},
                          [&](const NetworkId& id, const Network& row) -> Result<store::Step> {
                            ++networks;
                            TRY(const auto named, kNames.find(state, {row.name}));
                            if (!named || named->id != id)
                              return broken("network " + row.name + " is not in the names");
                            return store::Step::kGoOn;
                          }));
  TRY_VOID(kNames.scan(state, std::tuple<>{}, [&](const NameKey&, const NamedNetwork&) {
    ++names;
    return Result<store::Step>(store::Step::kGoOn);
  }));
  if (names != networks) return broken("a name without its network");
  return kAudits.scan(state, std::tuple<>{},
                      [&](const AuditKey&, const Audit& audit) -> Result<store::Step> {
                        if (audit.attributes.empty()) return broken("an audit that says nothing");
                        return store::Step::kGoOn;
                      });
}

}  // namespace tp::registry
