#include "modules/accounts/accounts.h"

#include <boost/json.hpp>

#include "base/text.h"
#include "chain/genesis.h"
#include "chain/pagination.h"
#include "chain/sdk_errors.h"
#include "cosmos/auth/v1beta1/auth.pb.h"
#include "cosmos/auth/v1beta1/query.pb.h"
#include "cosmos/crypto/secp256k1/keys.pb.h"
#include "crypto/address.h"
#include "modules/accounts/tables.h"

namespace tp::accounts {
namespace {

namespace auth = ::cosmos::auth::v1beta1;
using chain::QueryContext;
using chain::QueryError;
using chain::SdkError;

constexpr store::OneRow kOnly{};

// Public keys are checked when they are set; the curve's name is in the type URL.
void pack_public_key(const Account& account, google::protobuf::Any& out) {
  cosmos::crypto::secp256k1::PubKey key;
  key.set_key(account.secp256k1_public_key);
  out.set_type_url("/cosmos.crypto.secp256k1.PubKey");
  key.SerializeToString(out.mutable_value());
}

auth::BaseAccount base_account(const Account& account, const std::string& address) {
  auth::BaseAccount base;
  base.set_address(address);
  if (!account.secp256k1_public_key.empty()) pack_public_key(account, *base.mutable_pub_key());
  base.set_account_number(account.number.value);
  base.set_sequence(account.sequence.value);
  return base;
}

// CosmJS refuses other account types than these (specs/chain.md §2.4).
void pack_account(const Account& account, const std::string& address, google::protobuf::Any& out) {
  if (account.module_name.empty()) {
    out.set_type_url("/cosmos.auth.v1beta1.BaseAccount");
    base_account(account, address).SerializeToString(out.mutable_value());
    return;
  }
  auth::ModuleAccount module;
  *module.mutable_base_account() = base_account(account, address);
  module.set_name(account.module_name);
  out.set_type_url("/cosmos.auth.v1beta1.ModuleAccount");
  module.SerializeToString(out.mutable_value());
}

}  // namespace

Result<std::optional<Account>> Accounts::find(const store::Reader& state,
                                              const Address& address) const {
  return kAccounts.find(state, address);
}

Result<void> Accounts::scan(const store::Reader& state, Visitor visit) const {
  return kAccounts.scan(state, std::tuple<>{}, visit);
}

void Accounts::name_row(const Address& address, store::RowNames& rows) const {
  kAccounts.name(rows, address);
}

Result<Account> Accounts::find_or_create(chain::Context& context, const Address& address) const {
  TRY(std::optional<Account> existing, kAccounts.find(context, address));
  if (existing) return *std::move(existing);
  return create(context, address);
}

// Precondition: there is no account at `address`.
Result<Account> Accounts::create(chain::Context& context, const Address& address) const {
  TRY(const std::optional<Counter> counter, kCounter.find(context, kOnly));
  const Account account{.number = counter.value_or(Counter{}).next};
  TRY_VOID(kCounter.put(context, kOnly, Counter{account.number.next()}));
  TRY_VOID(kAccounts.put(context, address, account));
  return account;
}

Result<void> Accounts::ensure_exists(chain::Context& context, const Address& address) const {
  TRY(const bool exists, kAccounts.contains(context, address));
  if (exists) return {};
  TRY_VOID(create(context, address));
  return {};
}

Result<void> Accounts::put(chain::Context& context, const Address& address,
                           const Account& account) const {
  return kAccounts.put(context, address, account);
}

Result<Address> Accounts::ensure_module_account(chain::Context& context,
                                                std::string_view name) const {
  const Address address = crypto::module_address(name);
  TRY(Account account, find_or_create(context, address));
  if (account.module_name.empty()) {
    account.module_name = name;
    TRY_VOID(put(context, address, account));
  }
  return address;
}

std::string Accounts::text(const Address& address) const {
  return crypto::address_text(params_.prefix, address);
}

Result<Address> Accounts::parse(std::string_view text) const {
  if (text.empty()) return fail(SdkError::kInvalidAddress, "empty address string is not allowed");
  const auto address = crypto::parse_address(text, params_.prefix);
  if (!address) return fail(SdkError::kInvalidAddress, address.error().text);
  return *address;
}

void Accounts::add_queries(chain::QueryRouter& router) {
  const std::string service = "/cosmos.auth.v1beta1.Query/";
  // A missing account must say NotFound: CosmJS parses it (specs/chain.md §2.2).
  const auto known = [this](const QueryContext& context,
                            const std::string& text) -> Result<Account> {
    const auto address = parse(text);
    if (!address) return fail(QueryError::kInvalidArgument, address.error().text);
    TRY(std::optional<Account> account, find(context.state, *address));
    if (!account) return fail(QueryError::kNotFound, "account " + text + " not found");
    return *std::move(account);
  };
  router.add<auth::QueryAccountRequest, auth::QueryAccountResponse>(
      service + "Account",
      [known](const QueryContext& context,
              const auth::QueryAccountRequest& request) -> Result<auth::QueryAccountResponse> {
        TRY(const Account account, known(context, request.address()));
        auth::QueryAccountResponse response;
        pack_account(account, request.address(), *response.mutable_account());
        return response;
      });
  router.add<auth::QueryAccountInfoRequest, auth::QueryAccountInfoResponse>(
      service + "AccountInfo",
      [known](const QueryContext& context, const auth::QueryAccountInfoRequest& request)
          -> Result<auth::QueryAccountInfoResponse> {
        TRY(const Account account, known(context, request.address()));
        auth::QueryAccountInfoResponse response;
        *response.mutable_info() = base_account(account, request.address());
        return response;
      });
  router.add<auth::QueryAccountsRequest, auth::QueryAccountsResponse>(
      service + "Accounts",
      [this](const QueryContext& context,
             const auth::QueryAccountsRequest& request) -> Result<auth::QueryAccountsResponse> {
        auth::QueryAccountsResponse response;
        TRY_TO(*response.mutable_pagination(),
               chain::paginate(context.state, kAccounts, std::tuple<>{}, request.pagination(),
                               [&](const Address& address, const Account& account,
                                   bool wanted) -> Result<bool> {
                                 if (wanted)
                                   pack_account(account, text(address), *response.add_accounts());
                                 return true;
                               }));
        return response;
      });
  router.add<auth::QueryModuleAccountByNameRequest, auth::QueryModuleAccountByNameResponse>(
      service + "ModuleAccountByName",
      [this](const QueryContext& context, const auth::QueryModuleAccountByNameRequest& request)
          -> Result<auth::QueryModuleAccountByNameResponse> {
        const Address address = crypto::module_address(request.name());
        TRY(const std::optional<Account> account, find(context.state, address));
        if (!account || account->module_name != request.name())
          return fail(QueryError::kNotFound, "account " + request.name() + " not found");
        auth::QueryModuleAccountByNameResponse response;
        pack_account(*account, text(address), *response.mutable_account());
        return response;
      });
  router.add<auth::Bech32PrefixRequest, auth::Bech32PrefixResponse>(
      service + "Bech32Prefix",
      [](const QueryContext& context,
         const auth::Bech32PrefixRequest&) -> Result<auth::Bech32PrefixResponse> {
        auth::Bech32PrefixResponse response;
        response.set_bech32_prefix(context.params.prefix);
        return response;
      });
  router.add<auth::QueryParamsRequest, auth::QueryParamsResponse>(
      service + "Params",
      [](const QueryContext& context,
         const auth::QueryParamsRequest&) -> Result<auth::QueryParamsResponse> {
        auth::QueryParamsResponse response;
        auth::Params& params = *response.mutable_params();
        params.set_max_memo_characters(context.params.max_memo_characters);
        params.set_tx_sig_limit(context.params.max_tx_signatures);
        params.set_tx_size_cost_per_byte(context.params.gas.per_tx_byte.value);
        params.set_sig_verify_cost_ed25519(context.params.gas.per_ed25519_verify.value);
        params.set_sig_verify_cost_secp256k1(context.params.gas.per_secp256k1_verify.value);
        return response;
      });
}

// {"accounts": [{"address", "number", "sequence", "secp256k1_public_key"?, "module_name"?}]}: only
// an export has it. A fresh genesis lists balances, and accounts come into being with them.
Result<void> Accounts::import_genesis(chain::Context& context, const boost::json::value* json) {
  if (json == nullptr) return {};
  TRY(const auto root, chain::GenesisObject::of(*json, "accounts"));
  TRY_VOID(root.allow_only({"accounts"}));
  TRY(const auto rows, root.objects("accounts"));
  AccountNumber next;
  for (const auto& row : rows) {
    TRY_VOID(
        row.allow_only({"address", "number", "sequence", "secp256k1_public_key", "module_name"}));
    TRY(const std::string address_text, row.text("address"));
    const auto address = parse(address_text);
    if (!address) return row.error("address", address.error().text);
    Account account;
    TRY_TO(account.number.value, row.number("number"));
    TRY_TO(account.sequence.value, row.number("sequence"));
    if (row.has("module_name")) TRY_TO(account.module_name, row.text("module_name"));
    if (row.has("secp256k1_public_key")) {
      TRY(const std::string key, row.text("secp256k1_public_key"));
      const auto bytes = from_base64(key);
      if (!bytes || bytes->size() != 33 ||
          crypto::address_of(crypto::Secp256k1PublicKey::of(*bytes)) != *address)
        return row.error("secp256k1_public_key", "is not the key of this address");
      account.secp256k1_public_key = *bytes;
    }
    TRY(const bool exists, kAccounts.contains(context, *address));
    if (exists) return row.error("address", "stands here twice");
    TRY_VOID(kAccounts.put(context, *address, account));
    next = std::max(next, account.number.next());
  }
  return kCounter.put(context, kOnly, Counter{next});
}

Result<boost::json::value> Accounts::export_genesis(const store::Reader& state) const {
  boost::json::array rows;
  TRY_VOID(kAccounts.scan(
      state, std::tuple<>{},
      [&](const Address& address, const Account& account) -> Result<store::Step> {
        boost::json::object row{{"address", text(address)},
                                {"number", std::to_string(account.number.value)},
                                {"sequence", std::to_string(account.sequence.value)}};
        if (!account.secp256k1_public_key.empty())
          row["secp256k1_public_key"] = to_base64(account.secp256k1_public_key);
        if (!account.module_name.empty()) row["module_name"] = account.module_name;
        rows.push_back(std::move(row));
        return store::Step::kGoOn;
      }));
  return boost::json::value{{"accounts", std::move(rows)}};
}

Result<void> Accounts::check_invariants(const store::Reader& state) const {
  TRY(const std::optional<Counter> counter, kCounter.find(state, kOnly));
  const AccountNumber next = counter.value_or(Counter{}).next;
  return kAccounts.scan(
      state, std::tuple<>{},
      [&](const Address& address, const Account& account) -> Result<store::Step> {
        if (account.number >= next)
          return fail(chain::ModuleError::kInvariant,
                      "account " + text(address) + " has a number that was never given out");
        return store::Step::kGoOn;
      });
}

}  // namespace tp::accounts
