// Registry: which networks live on the chain, who serves them, and who vouches for whom.
//
// Rules: design.md §3; specs/compute-market.md §2.3. Messages: turnpike.registry.v1; a network may
// translate its own messages to the calls below instead.
#pragma once

#include "chain/module.h"
#include "modules/bank/bank.h"
#include "modules/registry/records.h"
#include "store/table.h"

namespace tp::registry {

// Whom the registry tells about networks: the market, passed in by app/.
class NetworkObserver {
 public:
  virtual ~NetworkObserver() = default;
  // A network came into being or changed its record. A failure refuses it.
  virtual Result<void> network_saved(chain::Context& context, NetworkId id,
                                     const Network& network) = 0;
};

// Whether somebody depends on an operator: the market, passed in by app/.
class LiveAgreements {
 public:
  virtual ~LiveAgreements() = default;
  virtual Result<bool> has_live_agreements(const store::Reader& state,
                                           const Address& provider) const = 0;
};

class Registry final : public chain::Module, public bank::OperatorDirectory {
 public:
  Registry(accounts::Accounts& accounts, bank::Bank& bank, const chain::ChainParams& params);

  // For the composition root.
  void set_network_observer(NetworkObserver& observer) { on_network_ = &observer; }
  void set_live_agreements(const LiveAgreements& agreements) { live_ = &agreements; }

  // Networks. `treasury` of the record is ignored and set. Errors: kInvalidNetwork, kNameTaken,
  // kTooLong, and what the kind says about its params.
  Result<NetworkId> create_network(chain::Context& context, Network network) const;
  // Everything but kind and treasury may change; an epoch in progress ends at its old time.
  // Errors: kNetworkNotFound, and as create_network.
  Result<void> update_network(chain::Context& context, NetworkId id, Network network) const;
  Result<std::optional<Network>> find_network(const store::Reader& state, NetworkId id) const;
  Result<Network> get_network(const store::Reader& state, NetworkId id) const;
  using NetworkVisitor = FunctionRef<Result<store::Step>(const NetworkId&, const Network&)>;
  Result<void> scan_networks(const store::Reader& state, NetworkVisitor visit) const;

  // Providers. Registering holds a deposit for the row, which deleting gives back. Errors:
  // kProviderExists / kProviderNotFound; kInvalidHostUri, kInvalidWebsite, and those of
  // checked_attributes; SdkError::kInsufficientFunds.
  Result<void> register_provider(chain::Context& context, const Address& owner,
                                 Provider provider) const;
  Result<void> update_provider(chain::Context& context, const Address& owner,
                               Provider provider) const;
  // What auditors said about it stays with them. Errors: kProviderNotFound; kProviderInUse while an
  // agreement of theirs is live.
  Result<void> delete_provider(chain::Context& context, const Address& owner) const;
  Result<std::optional<Provider>> find_provider(const store::Reader& state,
                                                const Address& owner) const;
  using ProviderVisitor = FunctionRef<Result<store::Step>(const Address&, const Provider&)>;
  // From the first owner >= `from`, in order of address bytes.
  Result<void> scan_providers(const store::Reader& state, const Address& from,
                              ProviderVisitor visit) const;

  // Audits: any account may vouch for a registered provider. Signing adds to, and for the same key
  // replaces, what the auditor said before. Errors: kProviderNotFound, kNoAttributes, and those of
  // checked_attributes; SdkError::kInsufficientFunds for the row deposit.
  Result<void> sign_attributes(chain::Context& context, const AuditKey& key,
                               Attributes attributes) const;
  // Withdraws the named keys; all of them when `keys` is empty. Errors: kAuditNotFound (no such
  // audit, or it lacks a named key).
  Result<void> delete_attributes(chain::Context& context, const AuditKey& key,
                                 const std::vector<std::string>& keys) const;
  Result<std::optional<Audit>> find_audit(const store::Reader& state, const AuditKey& key) const;
  using AuditVisitor = FunctionRef<Result<store::Step>(const AuditKey&, const Audit&)>;
  Result<void> scan_audits_of(const store::Reader& state, const Address& provider,
                              AuditVisitor visit) const;
  // From the first key >= `from`, in order of (provider, auditor).
  Result<void> scan_audits(const store::Reader& state, const AuditKey& from,
                           AuditVisitor visit) const;

  // An owner of a registered provider.
  Result<bool> is_operator(const store::Reader& state, const Address& address) const override;

  std::string_view name() const override { return "registry"; }
  void add_messages(chain::MessageRouter& router) override;
  void add_queries(chain::QueryRouter& router) override;
  Result<void> import_genesis(chain::Context& context, const boost::json::value* json) override;
  Result<boost::json::value> export_genesis(const store::Reader& state) const override;
  Result<void> check_invariants(const store::Reader& state) const override;

 private:
  // Takes the deposit for a row, unless the bank of an imported genesis holds it already.
  Result<void> hold_row_deposit(chain::Context& context, const Address& payer, BytesView key) const;

  accounts::Accounts& accounts_;
  bank::Bank& bank_;
  const chain::ChainParams& params_;
  NetworkObserver* on_network_ = nullptr;
  const LiveAgreements* live_ = nullptr;
};

}  // namespace tp::registry
