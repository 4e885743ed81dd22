#include "modules/registry/registry.h"

#include <algorithm>

#include "crypto/address.h"
#include "modules/registry/tables.h"

namespace tp::registry {
namespace {

constexpr store::OneRow kOnly{};
constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kDenomsMax = 16;
constexpr std::size_t kParamsBytesMax = 16 * 1024;
constexpr std::size_t kInfoBytesMax = 256;
// Keeps the sums of epochs and block times far from the end of 64 bits of nanoseconds.
constexpr Duration kEpochMax = Duration::hours(10 * 365 * 24);

std::unexpected<Error> invalid(std::string_view what) {
  return fail(RegistryError::kInvalidNetwork, what);
}

Result<void> check_network(const Network& network) {
  if (network.kind.empty() || network.kind.size() > kNameBytesMax)
    return invalid("the kind has 1 to 64 bytes");
  if (network.name.empty() || network.name.size() > kNameBytesMax)
    return invalid("the name has 1 to 64 bytes");
  if (network.denoms.empty() || network.denoms.size() > kDenomsMax)
    return invalid("there are 1 to 16 denominations");
  std::vector<Denom> denoms = network.denoms;
  std::sort(denoms.begin(), denoms.end());
  if (std::adjacent_find(denoms.begin(), denoms.end()) != denoms.end())
    return invalid("a denomination stands twice");
  const Duration length = network.epoch_length, offset = network.epoch_offset;
  if (length != Duration{} && length < Duration::seconds(1))
    return invalid("an epoch takes a second at least, or none are kept");
  if (length > kEpochMax) return invalid("an epoch takes ten years at most");
  if (offset < Duration{} || (offset > Duration{} && offset >= length))
    return invalid("the epoch's offset is under its length");
  if (!network.epoch_reward.amount.is_zero() && length == Duration{})
    return invalid("a reward for each epoch needs epochs");
  if (network.params.size() > kParamsBytesMax) return fail(RegistryError::kTooLong, "params");
  return {};
}

Result<Provider> checked(Provider provider) {
  TRY_VOID(check_host_uri(provider.host_uri));
  TRY_VOID(check_website(provider.website));
  if (provider.email.size() > kInfoBytesMax) return fail(RegistryError::kTooLong, "email");
  TRY_TO(provider.attributes, checked_attributes(std::move(provider.attributes)));
  return provider;
}

Address treasury_of(NetworkId id) {
  return crypto::module_address("network/" + std::to_string(id.value) + "/treasury");
}

// What the deposit for a row stands for, in the bank's books.
Bytes deposit_key(const Address& provider) {
  return "provider/" + provider.bytes();
}

}  // namespace

Bytes deposit_key(const AuditKey& key) {
  return "audit/" + key.provider.bytes() + key.auditor.bytes();
}

Registry::Registry(accounts::Accounts& accounts, bank::Bank& bank, const chain::ChainParams& params)
    : accounts_(accounts), bank_(bank), params_(params) {}

Result<void> Registry::hold_row_deposit(chain::Context& context, const Address& payer,
                                        BytesView key) const {
  TRY(const bool held, bank_.holds_row_deposit(context, key));
  if (held) return {};
  return bank_.hold_row_deposit(context, payer, key, 1);
}

// --- Networks ---

Result<NetworkId> Registry::create_network(chain::Context& context, Network network) const {
  TRY_VOID(check_network(network));
  TRY(const bool taken, kNames.contains(context, {network.name}));
  if (taken) return fail(RegistryError::kNameTaken, network.name);

  TRY(const auto counter, kCounter.find(context, kOnly));
  const NetworkId id{static_cast<std::uint32_t>(counter.value_or(modules::Counter{}).next)};
  TRY_VOID(kCounter.put(context, kOnly, {std::uint64_t{id.value} + 1}));
  network.treasury = treasury_of(id);
  TRY_VOID(kNetworks.put(context, id, network));
  TRY_VOID(kNames.put(context, {network.name}, {id}));
  if (on_network_ != nullptr) TRY_VOID(on_network_->network_saved(context, id, network));
  return id;
}

Result<void> Registry::update_network(chain::Context& context, NetworkId id,
                                      Network network) const {
  TRY(const Network old, get_network(context, id));
  network.treasury = old.treasury;
  if (network.kind != old.kind) return invalid("the kind of a network does not change");
  TRY_VOID(check_network(network));
  if (network.name != old.name) {
    TRY(const bool taken, kNames.contains(context, {network.name}));
    if (taken) return fail(RegistryError::kNameTaken, network.name);
    TRY_VOID(kNames.erase(context, {old.name}));
    TRY_VOID(kNames.put(context, {network.name}, {id}));
  }
  TRY_VOID(kNetworks.put(context, id, network));
  if (on_network_ != nullptr) TRY_VOID(on_network_->network_saved(context, id, network));
  return {};
}

Result<std::optional<Network>> Registry::find_network(const store::Reader& state,
                                                      NetworkId id) const {
  return kNetworks.find(state, id);
}

Result<Network> Registry::get_network(const store::Reader& state, NetworkId id) const {
  TRY(std::optional<Network> network, kNetworks.find(state, id));
  if (!network) return fail(RegistryError::kNetworkNotFound, std::to_string(id.value));
  return *std::move(network);
}

Result<void> Registry::scan_networks(const store::Reader& state, NetworkVisitor visit) const {
  return kNetworks.scan(state, std::tuple<>{}, visit);
}

// --- Providers ---

Result<void> Registry::register_provider(chain::Context& context, const Address& owner,
                                         Provider provider) const {
  TRY(const bool exists, kProviders.contains(context, owner));
  if (exists) return fail(RegistryError::kProviderExists, accounts_.text(owner));
  TRY_TO(provider, checked(std::move(provider)));
  TRY_VOID(hold_row_deposit(context, owner, deposit_key(owner)));
  return kProviders.put(context, owner, provider);
}

Result<void> Registry::update_provider(chain::Context& context, const Address& owner,
                                       Provider provider) const {
  TRY(const bool exists, kProviders.contains(context, owner));
  if (!exists) return fail(RegistryError::kProviderNotFound, accounts_.text(owner));
  TRY_TO(provider, checked(std::move(provider)));
  return kProviders.put(context, owner, provider);
}

Result<void> Registry::delete_provider(chain::Context& context, const Address& owner) const {
  TRY(const bool exists, kProviders.contains(context, owner));
  if (!exists) return fail(RegistryError::kProviderNotFound, accounts_.text(owner));
  if (live_ != nullptr) {
    TRY(const bool live, live_->has_live_agreements(context, owner));
    if (live) return fail(RegistryError::kProviderInUse, accounts_.text(owner));
  }
  // The audits stay with those who signed and paid for them: anybody may sign, and however many
  // did, the provider can leave.
  TRY_VOID(kProviders.erase(context, owner));
  return bank_.release_row_deposit(context, deposit_key(owner));
}

Result<std::optional<Provider>> Registry::find_provider(const store::Reader& state,
                                                        const Address& owner) const {
  return kProviders.find(state, owner);
}

Result<void> Registry::scan_providers(const store::Reader& state, const Address& from,
                                      ProviderVisitor visit) const {
  return kProviders.scan_from(state, from, visit);
}

Result<bool> Registry::is_operator(const store::Reader& state, const Address& address) const {
  return kProviders.contains(state, address);
}

// --- Audits ---

Result<void> Registry::sign_attributes(chain::Context& context, const AuditKey& key,
                                       Attributes attributes) const {
  if (attributes.empty()) return fail(RegistryError::kNoAttributes);
  TRY(const bool exists, kProviders.contains(context, key.provider));
  if (!exists) return fail(RegistryError::kProviderNotFound, accounts_.text(key.provider));
  TRY_TO(attributes, checked_attributes(std::move(attributes)));

  TRY(const std::optional<Audit> said, kAudits.find(context, key));
  if (!said) {
    TRY_VOID(hold_row_deposit(context, key.auditor, deposit_key(key)));
  } else {
    for (const Attribute& old : said->attributes) {
      const auto same = [&old](const Attribute& attribute) { return attribute.key == old.key; };
      if (std::none_of(attributes.begin(), attributes.end(), same)) attributes.push_back(old);
    }
    TRY_TO(attributes, checked_attributes(std::move(attributes)));
  }
  return kAudits.put(context, key, {std::move(attributes)});
}

Result<void> Registry::delete_attributes(chain::Context& context, const AuditKey& key,
                                         const std::vector<std::string>& keys) const {
  TRY(std::optional<Audit> audit, kAudits.find(context, key));
  if (!audit) return fail(RegistryError::kAuditNotFound);
  for (const std::string& name : keys) {
    const auto erased = std::erase_if(
        audit->attributes, [&name](const Attribute& attribute) { return attribute.key == name; });
    if (erased == 0) return fail(RegistryError::kAuditNotFound, name.substr(0, 128));
  }
  if (!keys.empty() && !audit->attributes.empty()) return kAudits.put(context, key, *audit);
  TRY_VOID(kAudits.erase(context, key));
  return bank_.release_row_deposit(context, deposit_key(key));
}

Result<std::optional<Audit>> Registry::find_audit(const store::Reader& state,
                                                  const AuditKey& key) const {
  return kAudits.find(state, key);
}

Result<void> Registry::scan_audits_of(const store::Reader& state, const Address& provider,
                                      AuditVisitor visit) const {
  return kAudits.scan(state, std::tie(provider), visit);
}

Result<void> Registry::scan_audits(const store::Reader& state, const AuditKey& from,
                                   AuditVisitor visit) const {
  return kAudits.scan_from(state, from, visit);
}

}  // namespace tp::registry
