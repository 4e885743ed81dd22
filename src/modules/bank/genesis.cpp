// The bank in the genesis file:
//   {"balances": [{"address", "coins": [{"denom", "amount"}]}], "foundation": [address],
//    "denoms": [{"base", "display", "exponent", "name", "symbol", "description"}],
//    "flows", "row_deposits": only in an export}
// The supply is what the balances add up to.
#include "chain/genesis.h"

#include <boost/json.hpp>

#include "base/text.h"
#include "cosmos/bank/v1beta1/bank.pb.h"
#include "modules/bank/tables.h"

namespace tp::bank {
namespace {

using chain::GenesisObject;

Result<MetadataRow> read_metadata(const GenesisObject& json, Denom& base) {
  TRY_VOID(json.allow_only({"base", "display", "exponent", "name", "symbol", "description"}));
  cosmos::bank::v1beta1::Metadata metadata;
  TRY_TO(base, json.denom("base"));
  TRY(const std::string display, json.text("display"));
  TRY(const std::uint64_t exponent, json.number("exponent"));
  if (exponent > 38) return json.error("exponent", "is above 38");
  auto* smallest = metadata.add_denom_units();
  smallest->set_denom(base.text());
  auto* largest = metadata.add_denom_units();
  largest->set_denom(display);
  largest->set_exponent(static_cast<std::uint32_t>(exponent));
  metadata.set_base(base.text());
  metadata.set_display(display);
  const auto optional_text = [&json](std::string_view member, std::string* out) -> Result<void> {
    if (json.has(member)) TRY_TO(*out, json.text(member));
    return {};
  };
  TRY_VOID(optional_text("name", metadata.mutable_name()));
  TRY_VOID(optional_text("symbol", metadata.mutable_symbol()));
  TRY_VOID(optional_text("description", metadata.mutable_description()));
  return MetadataRow{metadata.SerializeAsString()};
}

}  // namespace

Result<void> Bank::import_genesis(chain::Context& context, const boost::json::value* json) {
  TRY_VOID(accounts_.ensure_module_account(context, kFeeCollector));
  TRY_VOID(accounts_.ensure_module_account(context, kRowDepositHolder));
  if (json == nullptr) return {};
  TRY(const GenesisObject root, GenesisObject::of(*json, "bank"));
  TRY_VOID(root.allow_only({"balances", "foundation", "denoms", "flows", "row_deposits"}));
  const auto address_in = [this](const GenesisObject& row,
                                 std::string_view member) -> Result<Address> {
    TRY(const std::string text, row.text(member));
    const auto address = accounts_.parse(text);
    if (!address) return row.error(member, address.error().text);
    return *address;
  };

  TRY(const auto rows, root.objects("balances"));
  for (const GenesisObject& row : rows) {
    TRY_VOID(row.allow_only({"address", "coins"}));
    TRY(const Address address, address_in(row, "address"));
    TRY(const auto coins, row.objects("coins"));
    TRY_VOID(accounts_.find_or_create(context, address));
    for (const GenesisObject& item : coins) {
      TRY(const Coin coin, item.coin());
      TRY(const Amount held, balance(context, address, coin.denom));
      if (!held.is_zero()) return item.error("denom", "stands twice for this address");
      if (coin.amount.is_zero()) return item.error("amount", "is zero");
      TRY_VOID(add_balance(context, address, coin));
      TRY(const Amount total, supply(context, coin.denom));
      const auto sum = total.plus(coin.amount);
      if (!sum) return item.error("amount", "the supply overflows");
      TRY_VOID(kSupply.put(context, {coin.denom}, Balance{*sum}));
    }
  }
  TRY(const auto foundation, root.texts("foundation"));
  for (const std::string& text : foundation) {
    const auto address = accounts_.parse(text);
    if (!address) return root.error("foundation", address.error().text);
    TRY_VOID(kFoundation.put(context, {*address}, Marker{}));
  }
  TRY(const auto denoms, root.objects("denoms"));
  for (const GenesisObject& row : denoms) {
    Denom base;
    TRY(const MetadataRow metadata, read_metadata(row, base));
    TRY_VOID(kMetadata.put(context, {base}, metadata));
  }
  TRY(const auto flows, root.objects("flows"));
  for (const GenesisObject& row : flows) {
    TRY_VOID(row.allow_only({"purpose", "payer", "denom", "amount"}));
    TRY(const std::uint64_t purpose, row.number("purpose"));
    TRY(const std::uint64_t payer, row.number("payer"));
    if (purpose < 1 || purpose > 14 || payer < 1 || payer > 3)
      return row.error("purpose", "is unknown");
    TRY(const Denom denom, row.denom("denom"));
    TRY(const Amount amount, row.amount("amount"));
    TRY_VOID(kFlows.put(context,
                        {static_cast<Purpose>(purpose), static_cast<PayerClass>(payer), denom},
                        Balance{amount}));
  }
  TRY(const auto deposits, root.objects("row_deposits"));
  for (const GenesisObject& row : deposits) {
    TRY_VOID(row.allow_only({"key", "payer", "coin"}));
    TRY(const std::string key_text, row.text("key"));
    const auto key = from_base64(key_text);
    if (!key) return row.error("key", key.error().text);
    TRY(const Address payer, address_in(row, "payer"));
    TRY(const GenesisObject coin_json, row.object("coin"));
    TRY(const Coin coin, coin_json.coin());
    TRY_VOID(kRowDeposits.put(context, {*key}, RowDeposit{payer, coin}));
  }
  return {};
}

Result<boost::json::value> Bank::export_genesis(const store::Reader& state) const {
  namespace json = boost::json;
  json::array balances, foundation, denoms, flows, deposits;
  // Whoever holds something has an account.
  TRY_VOID(accounts_.scan(
      state, [&](const Address& address, const accounts::Account&) -> Result<store::Step> {
        TRY(const Coins held, this->balances(state, address));
        if (held.empty()) return store::Step::kGoOn;
        json::array coins;
        for (const Coin& coin : held) coins.push_back(chain::to_json(coin));
        balances.push_back(
            json::object{{"address", accounts_.text(address)}, {"coins", std::move(coins)}});
        return store::Step::kGoOn;
      }));
  TRY_VOID(kFoundation.scan(state, std::tuple<>{},
                            [&](const FoundationKey& key, const Marker&) -> Result<store::Step> {
                              foundation.emplace_back(accounts_.text(key.address));
                              return store::Step::kGoOn;
                            }));
  TRY_VOID(kMetadata.scan(state, std::tuple<>{},
                          [&](const SupplyKey& key, const MetadataRow& row) -> Result<store::Step> {
                            cosmos::bank::v1beta1::Metadata metadata;
                            TP_ASSERT(metadata.ParseFromString(row.metadata));
                            denoms.push_back(
                                json::object{{"base", key.denom.text()},
                                             {"display", metadata.display()},
                                             {"exponent", metadata.denom_units(1).exponent()},
                                             {"name", metadata.name()},
                                             {"symbol", metadata.symbol()},
                                             {"description", metadata.description()}});
                            return store::Step::kGoOn;
                          }));
  TRY_VOID(kFlows.scan(state, std::tuple<>{},
                       [&](const FlowKey& key, const Balance& row) -> Result<store::Step> {
                         flows.push_back(json::object{{"purpose", static_cast<int>(key.purpose)},
                                                      {"payer", static_cast<int>(key.payer)},
                                                      {"denom", key.denom.text()},
                                                      {"amount", row.amount.to_string()}});
                         return store::Step::kGoOn;
                       }));
  TRY_VOID(kRowDeposits.scan(
      state, std::tuple<>{},
      [&](const RowDepositKey& key, const RowDeposit& row) -> Result<store::Step> {
        deposits.push_back(json::object{{"key", to_base64(key.key)},
                                        {"payer", accounts_.text(row.payer)},
                                        {"coin", chain::to_json(row.coin)}});
        return store::Step::kGoOn;
      }));
  return json::value{{"balances", std::move(balances)},
                     {"foundation", std::move(foundation)},
                     {"denoms", std::move(denoms)},
                     {"flows", std::move(flows)},
                     {"row_deposits", std::move(deposits)}};
}

}  // namespace tp::bank
