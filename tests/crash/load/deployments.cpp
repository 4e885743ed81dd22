#include <chrono>
#include <thread>

#include "akash/deployment/v1beta4/deploymentmsg.pb.h"
#include "akash/escrow/v1/msg.pb.h"
#include "akash/market/v1beta5/bidmsg.pb.h"
#include "akash/market/v1beta5/leasemsg.pb.h"
#include "akash/provider/v1beta4/msg.pb.h"
#include "client/error.h"
#include "client/wallet.h"
#include "crash/load/traffic.h"
#include "crypto/sha.h"

namespace tp::crash {
namespace {

using namespace std::chrono_literals;
namespace deployment_wire = ::akash::deployment::v1beta4;
namespace market_wire = ::akash::market::v1beta5;
using client::Message;

constexpr std::uint64_t kDeposit = 500'000;  // the least for deployments and bids
// Of the kPrices, the dearest uses up the least deposit in five ticks.
constexpr std::uint64_t kPrices[] = {10, 1'000, 100'000};
constexpr std::string_view kDecimals = "000000000000000000";
constexpr Duration kPatience = Duration::seconds(4);
// What only the providers here claim, so that nobody else bids.
constexpr const char* kClaim = "imagined";

template <class Deposit>
void write_deposit(std::uint64_t amount, Deposit& out) {
  out.mutable_amount()->set_denom(std::string(kDenom));
  out.mutable_amount()->set_amount(std::to_string(amount));
  out.add_sources(::akash::base::deposit::v1::balance);
}

template <class Resources>
void write_resources(Resources& out) {
  out.set_id(1);
  out.mutable_cpu()->mutable_units()->set_val("100");
  out.mutable_memory()->mutable_quantity()->set_val(std::to_string(32 << 20));
  auto& storage = *out.add_storage();
  storage.set_name("default");
  storage.mutable_quantity()->set_val(std::to_string(32 << 20));
  out.mutable_gpu()->mutable_units()->set_val("0");
}

template <class Price>
void write_price(std::uint64_t price, Price& out) {
  out.set_denom(std::string(kDenom));
  out.set_amount(std::to_string(price) + std::string(kDecimals));
}

class Deployments {
 public:
  Deployments(client::RpcClient& rpc, Account customer, std::vector<Account> providers,
              SeenFile& seen, std::mt19937_64 dice, Counters& counters)
      : customer_(customer.text),
        seen_(seen),
        dice_(std::move(dice)),
        counters_(counters),
        customer_wallet_(rpc, std::move(customer.key), options()) {
    for (Account& provider : providers) {
      providers_.push_back(provider.text);
      provider_wallets_.push_back(
          std::make_unique<client::Wallet>(rpc, std::move(provider.key), options()));
    }
  }

  void run(std::stop_token stop) {
    for (std::size_t i = 0; i < providers_.size(); ++i) {
      while (!stop.stop_requested() && !is_registered(send(*provider_wallets_[i], claim(i))))
        std::this_thread::sleep_for(50ms);
    }
    while (!stop.stop_requested()) {
      ++dseq_;
      if (const auto lived = live()) {
        ++counters_.lives;
      } else {
        ++counters_.broken_lives;
        counters_.note(lived.error().text);
      }
    }
  }

 private:
  static client::WalletOptions options() {
    return {.hrp = std::string(kPrefix),
            .gas_price = DecCoin{*Denom::parse(kDenom), *Decimal::parse("0.001")},
            .inclusion_timeout = kPatience};
  }

  // What the block says is noted at once: a client goes by it.
  Result<void> send(client::Wallet& wallet, const Message& message) {
    const auto sent = wallet.send({message});
    if (!sent) {
      std::this_thread::sleep_for(20ms);
      return std::unexpected(sent.error());
    }
    return seen_.add(SeenTx{sent->height, sent->index, sent->code, sent->hash});
  }

  static bool is_registered(const Result<void>& sent) {
    return sent || sent.error().text.find("exists") != std::string::npos;
  }

  Result<void> live() {
    const std::uint64_t price = kPrices[dice_() % std::size(kPrices)];
    const std::size_t first = dice_() % providers_.size();
    TRY_VOID(send(customer_wallet_, create(price)));
    if (dice_() % 10 == 0) return send(customer_wallet_, close());
    TRY_VOID(send(*provider_wallets_[first], bid(first, price)));
    if (dice_() % 2 == 0) {
      const std::size_t second = (first + 1) % providers_.size();
      TRY_VOID(send(*provider_wallets_[second], bid(second, price)));
    }
    TRY_VOID(send(customer_wallet_, lease(first)));
    if (dice_() % 2 == 0) TRY_VOID(send(customer_wallet_, pay_more()));
    if (dice_() % 2 == 0) TRY_VOID(send(*provider_wallets_[first], withdraw(first)));
    switch (dice_() % 8) {
      case 0: return {};  // stays, or runs dry
      case 1: TRY_VOID(send(*provider_wallets_[first], close_bid(first))); break;
      case 2: TRY_VOID(send(customer_wallet_, close_lease(first))); break;
      default: break;
    }
    return send(customer_wallet_, close());
  }

  Message claim(std::size_t provider) const {
    ::akash::provider::v1beta4::MsgCreateProvider message;
    message.set_owner(providers_[provider]);
    message.set_host_uri("https://127.0.0.1:1");
    auto& attribute = *message.add_attributes();
    attribute.set_key(kClaim);
    attribute.set_value("yes");
    return client::to_message(message);
  }

  Message create(std::uint64_t price) const {
    deployment_wire::MsgCreateDeployment message;
    message.mutable_id()->set_owner(customer_);
    message.mutable_id()->set_dseq(dseq_);
    auto& group = *message.add_groups();
    group.set_name("imagined");
    auto& attribute = *group.mutable_requirements()->add_attributes();
    attribute.set_key(kClaim);
    attribute.set_value("yes");
    auto& unit = *group.add_resources();
    write_resources(*unit.mutable_resource());
    unit.set_count(1);
    write_price(price, *unit.mutable_price());
    message.set_hash(crypto::sha256("a manifest").bytes());
    write_deposit(kDeposit, *message.mutable_deposit());
    return client::to_message(message);
  }

  template <class Id>
  void write_id(std::size_t provider, Id& id) const {
    id.set_owner(customer_);
    id.set_dseq(dseq_);
    id.set_gseq(1);
    id.set_oseq(1);
    id.set_provider(providers_[provider]);
  }

  Message bid(std::size_t provider, std::uint64_t price) const {
    market_wire::MsgCreateBid message;
    write_id(provider, *message.mutable_id());
    write_price(price, *message.mutable_price());
    write_deposit(kDeposit, *message.mutable_deposit());
    auto& offer = *message.add_resources_offer();
    write_resources(*offer.mutable_resources());
    offer.set_count(1);
    return client::to_message(message);
  }
  Message lease(std::size_t provider) const {
    market_wire::MsgCreateLease message;
    write_id(provider, *message.mutable_bid_id());
    return client::to_message(message);
  }
  Message withdraw(std::size_t provider) const {
    market_wire::MsgWithdrawLease message;
    write_id(provider, *message.mutable_id());
    return client::to_message(message);
  }
  Message close_bid(std::size_t provider) const {
    market_wire::MsgCloseBid message;
    write_id(provider, *message.mutable_id());
    message.set_reason(::akash::market::v1::lease_closed_reason_unstable);
    return client::to_message(message);
  }
  Message close_lease(std::size_t provider) const {
    market_wire::MsgCloseLease message;
    write_id(provider, *message.mutable_id());
    return client::to_message(message);
  }
  Message pay_more() {
    ::akash::escrow::v1::MsgAccountDeposit message;
    message.set_signer(customer_);
    message.mutable_id()->set_scope(::akash::escrow::id::v1::deployment);
    message.mutable_id()->set_xid(customer_ + "/" + std::to_string(dseq_));
    write_deposit(1 + dice_() % kDeposit, *message.mutable_deposit());
    return client::to_message(message);
  }
  Message close() const {
    deployment_wire::MsgCloseDeployment message;
    message.mutable_id()->set_owner(customer_);
    message.mutable_id()->set_dseq(dseq_);
    return client::to_message(message);
  }

  const std::string customer_;
  std::vector<std::string> providers_;
  SeenFile& seen_;
  std::mt19937_64 dice_;
  Counters& counters_;
  client::Wallet customer_wallet_;
  std::vector<std::unique_ptr<client::Wallet>> provider_wallets_;
  std::uint64_t dseq_ = 0;
};

}  // namespace

void live_deployments(client::RpcClient& rpc, Account customer, std::vector<Account> providers,
                      SeenFile& seen, std::mt19937_64 dice, Counters& counters,
                      std::stop_token stop) {
  Deployments(rpc, std::move(customer), std::move(providers), seen, std::move(dice), counters)
      .run(std::move(stop));
}

}  // namespace tp::crash
