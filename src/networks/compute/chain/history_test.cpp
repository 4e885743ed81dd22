// Whole lives of a small market, in any order that anybody could choose: nothing is lost, nothing
// is left behind, and every refusal is in Akash's words.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "networks/compute/chain/fixture.h"
#include "networks/compute/chain/index.h"

namespace tp::compute {
namespace {

enum class Act {
  kCreate,
  kBid,
  kAccept,
  kCloseBid,
  kCloseLease,
  kWithdraw,
  kPause,
  kStart,
  kCloseGroup,
  kClose,
  kDeposit,
  kReclaim,
  kRemoveProvider,
  kProvide,
  kPass,
  kPassLong,
};

struct Step {
  Act act;
  std::uint64_t dseq;
  std::uint32_t gseq;
  std::uint32_t oseq;
  bool first_provider;
  std::uint32_t amount;
};

std::ostream& operator<<(std::ostream& out, const Step& step) {
  return out << "{act " << static_cast<int>(step.act) << ", dseq " << step.dseq << ", gseq "
             << step.gseq << ", oseq " << step.oseq << ", provider " << step.first_provider
             << ", amount " << step.amount << "}";
}

rc::Gen<Step> any_step() {
  using rc::gen::inRange;
  // What leads on comes oftener, so that histories get somewhere.
  const auto act = rc::gen::weightedElement<Act>({{4, Act::kCreate},
                                                  {8, Act::kBid},
                                                  {8, Act::kAccept},
                                                  {2, Act::kCloseBid},
                                                  {2, Act::kCloseLease},
                                                  {2, Act::kWithdraw},
                                                  {1, Act::kPause},
                                                  {3, Act::kStart},
                                                  {1, Act::kCloseGroup},
                                                  {1, Act::kClose},
                                                  {2, Act::kDeposit},
                                                  {2, Act::kReclaim},
                                                  {1, Act::kRemoveProvider},
                                                  {2, Act::kProvide},
                                                  {4, Act::kPass},
                                                  {4, Act::kPassLong}});
  return rc::gen::construct<Step>(act, inRange<std::uint64_t>(1, 3), inRange<std::uint32_t>(1, 3),
                                  inRange<std::uint32_t>(1, 5), rc::gen::arbitrary<bool>(),
                                  inRange<std::uint32_t>(1, 101));
}

class Life : public ComputeChain {
 public:
  // Small deposits, so that accounts run dry within a history.
  Life()
      : ComputeChain(R"({"network": {"min_deposits": [{"denom": "utoll", "amount": "1000"}]}})") {}

  Result<void> act(const Step& step) {
    const DeploymentId deployment_id{alice, step.dseq};
    const GroupId group_id{deployment_id, step.gseq};
    // Mostly the newest order; a made-up one now and then.
    const auto group = *kGroups.find(ledger.state(), group_id);
    const std::uint32_t oseq = group && step.oseq < 4 ? group->orders : step.oseq;
    const BidId id{{group_id, oseq}, step.first_provider ? oscar : olga};
    switch (step.act) {
      case Act::kCreate: return create(alice, step.dseq, step.amount * 1'000, 2);
      case Act::kBid: return bid_with(id, step.amount);
      case Act::kAccept:
        return accept(has_bid(id) ? id : BidId{id.order, step.first_provider ? olga : oscar});
      case Act::kCloseBid: return close_bid(leased(id));
      case Act::kCloseLease: return close_lease(leased(id));
      case Act::kWithdraw: return withdraw(leased(id));
      case Act::kPause: return pause(group_id);
      case Act::kStart: return start(group_id);
      case Act::kCloseGroup: return close_group(group_id);
      case Act::kClose: return close(deployment_id);
      case Act::kDeposit: return deposit(bob, deployment_id, step.amount * 100);
      case Act::kReclaim: {
        auto message = with_id<market_pb::MsgLeaseStartReclaim>(leased(id));
        message.set_reason(market_v1::LeaseClosedReason::lease_closed_reason_decommission);
        return send(message);
      }
      case Act::kRemoveProvider: {
        provider_pb::MsgDeleteProvider message;
        message.set_owner(text(id.provider));
        return send(message);
      }
      case Act::kProvide: return provide(id.provider);
      case Act::kPass: ledger.pass(Duration::seconds(step.amount)); return {};
      case Act::kPassLong: ledger.pass_blocks(90, Duration::minutes(1)); return {};
    }
    TP_FATAL("Act out of range");
  }

  // Closes whatever is open, and lets everything leave.
  void end() {
    for (std::uint64_t dseq = 1; dseq <= 2; ++dseq) (void)close({alice, dseq});
    ledger.pass(Duration::hours(30));
    ledger.pass(Duration::hours(30));
  }

  bool ran_dry() const {
    for (const chain::Event& event : ledger.events())
      if (event.type == "akash.market.v1.EventLeaseClosed" &&
          attribute(event, "actor") == "\"network\"")
        return true;
    return false;
  }

  std::uint64_t everything() {
    std::uint64_t sum = 0;
    for (const Address& person : people()) sum += balance(person);
    return sum;
  }

 private:
  // The lease that came of the order, where there is one.
  LeaseId leased(const BidId& id) {
    const auto row = *kOrders.find(ledger.state(), id.order);
    const auto found = row ? *market.find_order(ledger.state(), row->order) : std::nullopt;
    if (!found || found->agreement == market::AgreementId{}) return id;
    return {id.order, (**market.find_agreement(ledger.state(), found->agreement)).provider};
  }
  bool has_bid(const BidId& id) {
    const auto row = *kOrders.find(ledger.state(), id.order);
    return row && (*market.find_bid(ledger.state(), {row->order, id.provider})).has_value();
  }
  // Odd amounts promise notice.
  Result<void> bid_with(const BidId& id, std::uint32_t amount) {
    auto message = bidding(id, std::to_string(amount) + ".333333333333333333");
    if (amount % 2 == 1) message.mutable_reclamation_window()->set_seconds(3'600);
    return send(message);
  }
};

const std::set<std::string> kAkashWords{"deployment", "market", "escrow", "provider", "akash"};

RC_GTEST_PROP(History, NothingIsLostAndEveryRefusalIsInAkashsWords, ()) {
  Life life;
  const auto steps = *rc::gen::scale(4.0, rc::gen::container<std::vector<Step>>(any_step()));
  for (const Step& step : steps) {
    const Result<void> done = life.act(step);
    if (!done && !kAkashWords.contains(done.error().codespace))
      RC_FAIL(done.error().codespace + ": " + done.error().text);
    const Result<void> checked = life.check();
    if (!checked) RC_FAIL(checked.error().text);
  }
  // What the index begins with after a restart is what the table says.
  std::set<DeploymentId> active;
  RC_ASSERT(kDeployments
                .scan(life.ledger.state(), std::tuple<>{},
                      [&](const DeploymentId& id, const Deployment& row) -> Result<store::Step> {
                        if (row.state == DeploymentState::kActive) active.insert(id);
                        return store::Step::kGoOn;
                      })
                .has_value());
  RC_ASSERT(active_by_accounts(life.escrow, life.ledger.state()).value() == active);
  RC_ASSERT(life.ledger.count("schedule_failed") == 0u);
  // Clients of the reference parse every attribute of a typed event as JSON.
  for (const chain::Event& event : life.ledger.events()) {
    if (!event.type.starts_with("akash.")) continue;
    for (const chain::Attribute& attribute : event.attributes) {
      boost::system::error_code error;
      (void)boost::json::parse(attribute.value, error);
      if (error) RC_FAIL(event.type + "." + attribute.key + ": " + attribute.value);
    }
    RC_ASSERT(std::is_sorted(event.attributes.begin(), event.attributes.end(),
                             [](const auto& a, const auto& b) { return a.key < b.key; }));
  }
  RC_CLASSIFY(life.ledger.count("akash.market.v1.EventLeaseCreated") > 0, "leased");
  RC_CLASSIFY(life.ledger.count("akash.market.v1.EventLeaseCreated") > 1, "leased twice");
  RC_CLASSIFY(life.ran_dry(), "ran dry");
  RC_CLASSIFY(life.ledger.count("akash.market.v1.EventLeaseReclaimStarted") > 0, "reclaimed");
}

RC_GTEST_PROP(History, EveryDepositComesBackAndNothingStaysBehind, ()) {
  Life life;
  const std::uint64_t before = life.everything();
  const auto steps = *rc::gen::scale(4.0, rc::gen::container<std::vector<Step>>(any_step()));
  std::set<Address> providers{ComputeChain::oscar, ComputeChain::olga};
  const std::uint64_t rows = providers.size() * 1'000;
  for (const Step& step : steps)
    if (step.act != Act::kRemoveProvider && step.act != Act::kProvide) (void)life.act(step);
  life.end();
  // All that is held are the deposits for the providers' rows, which `before` lacked already.
  RC_ASSERT(life.everything() == before);
  RC_ASSERT(before + rows == kGiven * life.people().size());
  RC_ASSERT(life.balance(life.escrow.module_address()) == 0u);
  RC_ASSERT(life.balance(life.market.module_address()) == 0u);
  bool anything = false;
  RC_ASSERT(kOrders
                .scan(life.ledger.state(), std::tuple<>{},
                      [&anything](const OrderId&, const OrderRow&) -> Result<store::Step> {
                        anything = true;
                        return store::Step::kStop;
                      })
                .has_value());
  RC_ASSERT(!anything);
}

}  // namespace
}  // namespace tp::compute
