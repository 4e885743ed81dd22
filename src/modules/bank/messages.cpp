// cosmos.bank.v1beta1: the messages by which people move money, and the queries by which they look.
#include "chain/ids.h"
#include "chain/pagination.h"
#include "chain/sdk_errors.h"
#include "cosmos/bank/v1beta1/query.pb.h"
#include "cosmos/bank/v1beta1/tx.pb.h"
#include "modules/bank/tables.h"

namespace tp::bank {
namespace {

namespace wire = ::cosmos::bank::v1beta1;
using chain::Context;
using chain::QueryContext;
using chain::QueryError;
using chain::SdkError;
using WireCoin = ::cosmos::base::v1beta1::Coin;
using WireCoins = google::protobuf::RepeatedPtrField<WireCoin>;

enum class BankError : std::uint32_t {
  kNoInputs = 2,
  kNoOutputs = 3,
  kInputOutputMismatch = 4,
  kMultipleSenders = 9
};

ErrorInfo describe(BankError error) {
  const auto info = [error](std::string_view text) {
    return ErrorInfo{"bank", static_cast<std::uint32_t>(error), text};
  };
  switch (error) {
    case BankError::kNoInputs: return info("no inputs to send transaction");
    case BankError::kNoOutputs: return info("no outputs to send transaction");
    case BankError::kInputOutputMismatch: return info("sum inputs != sum outputs");
    case BankError::kMultipleSenders: return info("multiple senders not allowed");
  }
  TP_FATAL("BankError out of range");
}

// A coin list as Cosmos accepts it: sorted, positive, no denomination twice, at least one.
Result<Coins> read_coins(const WireCoins& wire_coins) {
  Coins coins;
  for (const WireCoin& coin : wire_coins) {
    auto denom = Denom::parse(coin.denom());
    const auto amount = Amount::parse(coin.amount());
    if (!denom || !amount) return fail(SdkError::kInvalidCoins, coin.amount() + coin.denom());
    coins.push_back({*std::move(denom), *amount});
  }
  if (coins.empty() || !is_canonical(coins)) return fail(SdkError::kInvalidCoins, to_string(coins));
  return coins;
}

void write_coin(const Coin& coin, WireCoin& out) {
  out.set_denom(coin.denom.text());
  out.set_amount(coin.amount.to_string());
}

Result<Address> query_address(const accounts::Accounts& accounts, const std::string& text) {
  const auto address = accounts.parse(text);
  if (!address) return fail(QueryError::kInvalidArgument, address.error().text);
  return *address;
}

Result<Denom> query_denom(const std::string& text) {
  auto denom = Denom::parse(text);
  if (!denom) return fail(QueryError::kInvalidArgument, denom.error().text);
  return *std::move(denom);
}

}  // namespace

// People cannot send to the accounts of modules: nothing there would know whose money it is.
Result<void> Bank::send(Context& context, const Address& from, const Address& to,
                        const Coins& coins) const {
  TRY(const std::optional<accounts::Account> receiver, accounts_.find(context, to));
  if (receiver && !receiver->module_name.empty())
    return fail(SdkError::kUnauthorized, accounts_.text(to) + " is not allowed to receive funds");
  for (const Coin& coin : coins) TRY_VOID(move(context, {.from = from, .to = to, .coin = coin}));
  return {};
}

void Bank::add_messages(chain::MessageRouter& router) {
  router.add<wire::MsgSend, wire::MsgSendResponse>(
      [this](const wire::MsgSend& message) -> Result<std::vector<Address>> {
        TRY(const Address from, accounts_.parse(message.from_address()));
        return std::vector{from};
      },
      [this](Context& context, const wire::MsgSend& message) -> Result<wire::MsgSendResponse> {
        TRY(const Address from, accounts_.parse(message.from_address()));
        TRY(const Address to, accounts_.parse(message.to_address()));
        TRY(const Coins coins, read_coins(message.amount()));
        TRY_VOID(send(context, from, to, coins));
        return wire::MsgSendResponse();
      });
  router.add_row_names<wire::MsgSend>([this](const wire::MsgSend& message, store::RowNames& rows) {
    const Result<Address> to = accounts_.parse(message.to_address());
    if (!to) return;
    accounts_.name_row(*to, rows);
    for (const WireCoin& coin : message.amount())
      if (const auto denom = Denom::parse(coin.denom())) name_balance(*to, *denom, rows);
  });
  router.add<wire::MsgMultiSend, wire::MsgMultiSendResponse>(
      [this](const wire::MsgMultiSend& message) -> Result<std::vector<Address>> {
        std::vector<Address> signers;
        for (const auto& input : message.inputs()) {
          TRY(const Address from, accounts_.parse(input.address()));
          signers.push_back(from);
        }
        if (signers.empty()) return fail(BankError::kNoInputs);
        return signers;
      },
      [this](Context& context,
             const wire::MsgMultiSend& message) -> Result<wire::MsgMultiSendResponse> {
        if (message.inputs_size() != 1) return fail(BankError::kMultipleSenders);
        if (message.outputs_size() == 0) return fail(BankError::kNoOutputs);
        TRY(const Address from, accounts_.parse(message.inputs(0).address()));
        TRY(const Coins in, read_coins(message.inputs(0).coins()));
        std::map<Denom, Amount> out;
        for (const auto& output : message.outputs()) {
          TRY(const Coins coins, read_coins(output.coins()));
          for (const Coin& coin : coins) TRY_TO(out[coin.denom], out[coin.denom].plus(coin.amount));
        }
        const bool balanced =
            in.size() == out.size() &&
            std::equal(in.begin(), in.end(), out.begin(), [](const Coin& coin, const auto& sum) {
              return coin.denom == sum.first && coin.amount == sum.second;
            });
        if (!balanced) return fail(BankError::kInputOutputMismatch);
        for (const auto& output : message.outputs()) {
          TRY(const Address to, accounts_.parse(output.address()));
          TRY(const Coins coins, read_coins(output.coins()));
          TRY_VOID(send(context, from, to, coins));
        }
        return wire::MsgMultiSendResponse();
      });
}

void Bank::add_queries(chain::QueryRouter& router) {
  const std::string service = "/cosmos.bank.v1beta1.Query/";
  router.add<wire::QueryBalanceRequest, wire::QueryBalanceResponse>(
      service + "Balance",
      [this](const QueryContext& context,
             const wire::QueryBalanceRequest& request) -> Result<wire::QueryBalanceResponse> {
        TRY(const Address address, query_address(accounts_, request.address()));
        TRY(const Denom denom, query_denom(request.denom()));
        TRY(const Amount amount, balance(context.state, address, denom));
        wire::QueryBalanceResponse response;
        write_coin({denom, amount}, *response.mutable_balance());
        return response;
      });
  // All money is spendable here: nothing vests and nothing is locked in an account.
  const auto page_of_balances = [this](const QueryContext& context, const auto& request,
                                       auto& response) -> Result<void> {
    TRY(const Address address, query_address(accounts_, request.address()));
    store::Overlay all(context.state);
    TRY_VOID(list_fee_balance(all, address));
    TRY_TO(*response.mutable_pagination(),
           chain::paginate(
               all, kBalances, std::tie(address), request.pagination(),
               [&](const BalanceKey& key, const Balance& row, bool wanted) -> Result<bool> {
                 if (wanted) write_coin({key.denom, row.amount}, *response.add_balances());
                 return true;
               }));
    return {};
  };
  router.add<wire::QueryAllBalancesRequest, wire::QueryAllBalancesResponse>(
      service + "AllBalances",
      [page_of_balances](const QueryContext& context, const wire::QueryAllBalancesRequest& request)
          -> Result<wire::QueryAllBalancesResponse> {
        wire::QueryAllBalancesResponse response;
        TRY_VOID(page_of_balances(context, request, response));
        return response;
      });
  router.add<wire::QuerySpendableBalancesRequest, wire::QuerySpendableBalancesResponse>(
      service + "SpendableBalances",
      [page_of_balances](const QueryContext& context,
                         const wire::QuerySpendableBalancesRequest& request)
          -> Result<wire::QuerySpendableBalancesResponse> {
        wire::QuerySpendableBalancesResponse response;
        TRY_VOID(page_of_balances(context, request, response));
        return response;
      });
  router.add<wire::QuerySpendableBalanceByDenomRequest, wire::QuerySpendableBalanceByDenomResponse>(
      service + "SpendableBalanceByDenom",
      [this](const QueryContext& context, const wire::QuerySpendableBalanceByDenomRequest& request)
          -> Result<wire::QuerySpendableBalanceByDenomResponse> {
        TRY(const Address address, query_address(accounts_, request.address()));
        TRY(const Denom denom, query_denom(request.denom()));
        TRY(const Amount amount, balance(context.state, address, denom));
        wire::QuerySpendableBalanceByDenomResponse response;
        write_coin({denom, amount}, *response.mutable_balance());
        return response;
      });
  router.add<wire::QueryTotalSupplyRequest, wire::QueryTotalSupplyResponse>(
      service + "TotalSupply",
      [](const QueryContext& context,
         const wire::QueryTotalSupplyRequest& request) -> Result<wire::QueryTotalSupplyResponse> {
        wire::QueryTotalSupplyResponse response;
        TRY_TO(*response.mutable_pagination(),
               chain::paginate(
                   context.state, kSupply, std::tuple<>{}, request.pagination(),
                   [&](const SupplyKey& key, const Balance& row, bool wanted) -> Result<bool> {
                     if (wanted) write_coin({key.denom, row.amount}, *response.add_supply());
                     return true;
                   }));
        return response;
      });
  router.add<wire::QuerySupplyOfRequest, wire::QuerySupplyOfResponse>(
      service + "SupplyOf",
      [this](const QueryContext& context,
             const wire::QuerySupplyOfRequest& request) -> Result<wire::QuerySupplyOfResponse> {
        TRY(const Denom denom, query_denom(request.denom()));
        TRY(const Amount amount, supply(context.state, denom));
        wire::QuerySupplyOfResponse response;
        write_coin({denom, amount}, *response.mutable_amount());
        return response;
      });
  router.add<wire::QueryDenomMetadataRequest, wire::QueryDenomMetadataResponse>(
      service + "DenomMetadata",
      [](const QueryContext& context, const wire::QueryDenomMetadataRequest& request)
          -> Result<wire::QueryDenomMetadataResponse> {
        TRY(const Denom denom, query_denom(request.denom()));
        TRY(const std::optional<MetadataRow> row, kMetadata.find(context.state, {denom}));
        if (!row) return fail(QueryError::kNotFound, "client metadata for denom " + denom.text());
        wire::QueryDenomMetadataResponse response;
        TP_ASSERT(response.mutable_metadata()->ParseFromString(row->metadata));
        return response;
      });
  router.add<wire::QueryDenomsMetadataRequest, wire::QueryDenomsMetadataResponse>(
      service + "DenomsMetadata",
      [](const QueryContext& context, const wire::QueryDenomsMetadataRequest& request)
          -> Result<wire::QueryDenomsMetadataResponse> {
        wire::QueryDenomsMetadataResponse response;
        TRY_TO(*response.mutable_pagination(),
               chain::paginate(
                   context.state, kMetadata, std::tuple<>{}, request.pagination(),
                   [&](const SupplyKey&, const MetadataRow& row, bool wanted) -> Result<bool> {
                     if (wanted) TP_ASSERT(response.add_metadatas()->ParseFromString(row.metadata));
                     return true;
                   }));
        return response;
      });
  router.add<wire::QueryParamsRequest, wire::QueryParamsResponse>(
      service + "Params",
      [](const QueryContext&,
         const wire::QueryParamsRequest&) -> Result<wire::QueryParamsResponse> {
        wire::QueryParamsResponse response;
        response.mutable_params()->set_default_send_enabled(true);
        return response;
      });
}

}  // namespace tp::bank
