// turnpike.escrow.v1: what the escrow module says on the wire.

#include "modules/escrow/escrow.h"
#include "modules/escrow/tables.h"
#include "turnpike/escrow/v1/query.pb.h"
#include "turnpike/escrow/v1/tx.pb.h"

namespace tp::escrow {
namespace {

namespace pb = turnpike::escrow::v1;

const char* name_of(AccountStatus status) {
  switch (status) {
    case AccountStatus::kOpen: return "open";
    case AccountStatus::kOverdrawn: return "overdrawn";
    case AccountStatus::kClosed: return "closed";
  }
  TP_FATAL("AccountStatus out of range");
}

const char* name_of(DepositSource source) {
  switch (source) {
    case DepositSource::kBalance: return "balance";
    case DepositSource::kGrant: return "grant";
  }
  TP_FATAL("DepositSource out of range");
}

const char* name_of(ChargeKind kind) {
  switch (kind) {
    case ChargeKind::kByTime: return "time";
    case ChargeKind::kMetered: return "metered";
    case ChargeKind::kOneOff: return "one_off";
  }
  TP_FATAL("ChargeKind out of range");
}

void write(pb::Account& out, AccountId id, const Account& account,
           const accounts::Accounts& accounts, chain::BillableTime now) {
  out.set_id(id.value);
  out.set_network(account.network.value);
  out.set_owner(accounts.text(account.owner));
  out.set_denom(account.denom.text());
  out.set_status(name_of(account.status));
  out.set_settled_at_ns(account.settled_at.value);
  out.set_settled_height(account.settled_height.value);
  out.set_transferred(account.transferred.to_string());
  if (account.runs_dry)
    out.set_runs_dry_in_ns(std::max<std::int64_t>(0, account.runs_dry->time - now.value));
  for (const Deposit& deposit : account.deposits) {
    pb::Deposit& row = *out.add_deposits();
    row.set_owner(accounts.text(deposit.owner));
    row.set_source(name_of(deposit.source));
    row.set_height(deposit.height.value);
    row.set_balance(deposit.balance.to_string());
  }
  for (const Charge& charge : account.charges) {
    pb::Charge& row = *out.add_charges();
    row.set_id(charge.id.value);
    row.set_kind(name_of(charge.kind));
    row.set_payee(accounts.text(charge.payee));
    row.set_price(charge.price.to_string_trimmed());
    row.set_balance(charge.balance().to_string());
    row.set_withdrawn(charge.withdrawn.to_string());
    row.set_unsettled(charge.unsettled.to_string());
  }
}

}  // namespace

void Escrow::add_messages(chain::MessageRouter& router) {
  router.add<pb::MsgDeposit, pb::MsgDepositResponse>(
      [this](const pb::MsgDeposit& message) -> Result<std::vector<Address>> {
        TRY(const Address depositor, accounts_.parse(message.depositor()));
        return std::vector{depositor};
      },
      [this](chain::Context& context,
             const pb::MsgDeposit& message) -> Result<pb::MsgDepositResponse> {
        TRY(const Address depositor, accounts_.parse(message.depositor()));
        TRY(const Amount amount, Amount::parse(message.amount().amount()));
        const AccountId id{message.account()};
        TRY(const Account account, get(context, id));
        if (message.amount().denom() != account.denom.text())
          return fail(EscrowError::kInvalidAmount, "the account holds " + account.denom.text() +
                                                       ", not \"" + message.amount().denom() +
                                                       "\"");
        TRY_VOID(deposit(context, id, {.owner = depositor, .amount = amount}));
        return pb::MsgDepositResponse{};
      });
}

void Escrow::add_queries(chain::QueryRouter& router) {
  router.add<pb::QueryAccountRequest, pb::QueryAccountResponse>(
      "/turnpike.escrow.v1.Query/Account",
      [this](const chain::QueryContext& query,
             const pb::QueryAccountRequest& request) -> Result<pb::QueryAccountResponse> {
        const AccountId id{request.id()};
        TRY(const std::optional<Account> account, find(query.state, id));
        if (!account)
          return fail(chain::QueryError::kNotFound,
                      "escrow account " + std::to_string(request.id()));
        pb::QueryAccountResponse response;
        write(*response.mutable_account(), id, *account, accounts_, query.block.billable_now);
        return response;
      });
}

}  // namespace tp::escrow
