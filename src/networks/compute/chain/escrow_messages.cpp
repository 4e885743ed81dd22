// akash.escrow.v1: money for a deployment that runs.
#include "akash/escrow/v1/msg.pb.h"
#include "chain/sdk_errors.h"
#include "networks/compute/chain/core.h"
#include "networks/compute/chain/errors.h"
#include "networks/compute/chain/wire.h"

namespace tp::compute {
namespace {

namespace msg = ::akash::escrow::v1;
using akash::escrow::id::v1::Scope;
using chain::Context;
using chain::SdkError;

Result<Deployment> deployment_named(const Core& core, Context& context,
                                    const akash::escrow::id::v1::Account& id) {
  if (id.scope() == Scope::bid)
    return fail(EscrowError::kInvalidId,
                "the deposit of a bid stays as it was made; deposit into a deployment");
  if (id.scope() != Scope::deployment) return fail(EscrowError::kInvalidId, "invalid scope");
  TRY(const DeploymentId deployment_id, wire::parse_xid(core.accounts, id.xid()));
  TRY(std::optional<Deployment> deployment, kDeployments.find(context, deployment_id));
  if (!deployment) return fail(EscrowError::kAccountNotFound);
  return *std::move(deployment);
}

Result<msg::MsgAccountDepositResponse> deposit(const Core& core, Context& context,
                                               const msg::MsgAccountDeposit& message) {
  TRY(const Address signer, core.accounts.parse(message.signer()));
  TRY(const Coin coin, wire::read_deposit(message.deposit()));
  if (coin.amount.is_zero()) return fail(EscrowError::kInvalidDeposit);
  TRY(const Deployment deployment, deployment_named(core, context, message.id()));
  TRY(const escrow::Account account, core.escrow.get(context, deployment.escrow));
  if (account.status == escrow::AccountStatus::kClosed) return fail(EscrowError::kAccountClosed);
  if (account.denom != coin.denom)
    return fail(EscrowError::kInvalidDenomination,
                coin.denom.text() + " where the deployment pays in " + account.denom.text());

  auto deposited =
      core.escrow.deposit(context, deployment.escrow, {.owner = signer, .amount = coin.amount});
  if (!deposited && is(deposited.error(), SdkError::kInsufficientFunds))
    return fail_named(MarketError::kInvalidDeposit, "insufficient balance");
  TRY_VOID(in_akash_words(std::move(deposited)));
  return msg::MsgAccountDepositResponse();
}

}  // namespace

void add_escrow_messages(const Core& core, chain::MessageRouter& router) {
  router.add<msg::MsgAccountDeposit, msg::MsgAccountDepositResponse>(
      [&core](const msg::MsgAccountDeposit& message) -> Result<std::vector<Address>> {
        TRY(const Address signer, core.accounts.parse(message.signer()));
        return std::vector{signer};
      },
      [&core](Context& context, const msg::MsgAccountDeposit& message) {
        return deposit(core, context, message);
      });
}

}  // namespace tp::compute
