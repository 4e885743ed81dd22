#include "networks/compute/agent/daemon.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/json.hpp>
#include <mutex>
#include <optional>

#include "base/log.h"
#include "base/text.h"
#include "client/error.h"
#include "client/event_stream.h"
#include "crypto/address.h"
#include "http/client.h"
#include "networks/compute/agent/bid_engine.h"
#include "networks/compute/agent/certificate.h"
#include "networks/compute/agent/gateway.h"
#include "networks/compute/agent/key_cache.h"
#include "networks/compute/agent/lease_keeper.h"
#include "networks/compute/agent/rpc_market.h"

namespace tp::compute::provider {
namespace {

namespace json = boost::json;

constexpr Duration kIdle = Duration::milliseconds(200);
constexpr Duration kRetry = Duration::seconds(1);
// Without a word from the chain for so long, this provider is not bidding.
constexpr Duration kSilenceMax = Duration::seconds(15);
constexpr std::size_t kNoticesAtOnce = 1000;

// Orders come and end by transactions; leases also end between them, when money runs out.
constexpr std::array<std::string_view, 5> kSubscriptions{
    "tm.event='Tx' AND akash.market.v1.EventOrderCreated.id EXISTS",
    "tm.event='Tx' AND akash.market.v1.EventOrderClosed.id EXISTS",
    "tm.event='Tx' AND akash.market.v1.EventLeaseCreated.id EXISTS",
    "tm.event='Tx' AND akash.market.v1.EventLeaseClosed.id EXISTS",
    "tm.event='NewBlockEvents'",
};

// {"owner":"turn1...","dseq":"5","gseq":1,"oseq":1,...}
std::optional<OrderId> order_id_from(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) return std::nullopt;
  const auto number = [&](std::string_view name) -> std::optional<std::uint64_t> {
    const json::value* found = value.get_object().if_contains(name);
    if (found == nullptr) return std::nullopt;
    if (found->is_string()) {
      const auto parsed = parse_int<std::uint64_t>(found->get_string());
      return parsed ? std::optional(*parsed) : std::nullopt;
    }
    const auto plain = found->to_number<std::uint64_t>(error);
    return error ? std::nullopt : std::optional(plain);
  };
  const json::value* owner = value.get_object().if_contains("owner");
  const auto dseq = number("dseq"), gseq = number("gseq"), oseq = number("oseq");
  if (owner == nullptr || !owner->is_string() || !dseq || !gseq || !oseq) return std::nullopt;
  return OrderId{std::string(owner->get_string()), *dseq, static_cast<std::uint32_t>(*gseq),
                 static_cast<std::uint32_t>(*oseq)};
}

json::object to_json(const Quantities& quantities) {
  return {{"cpu_milli", quantities.cpu_milli},
          {"memory_bytes", quantities.memory_bytes},
          {"disk_bytes", quantities.disk_bytes},
          {"gpu", quantities.gpu_units}};
}

// Nobody has found a way to list GPUs that is right on every machine; the runtime cannot give them
// to containers yet either.
class NoGpus final : public GpuLister {
 public:
  std::vector<GpuDevice> devices() override { return {}; }
};

std::string beacon_path(const std::string& home) {
  return home + "/gateway.json";
}

// Prometheus' text format, version 0.0.4.
std::string metrics_text(const LeaseKeeper& keeper, const BidEngine& engine,
                         const Inventory& inventory) {
  const LeaseKeeper::Report leases = keeper.report();
  const BidEngine::Report bids = engine.report();
  const Inventory::Report stock = inventory.report();
  std::string out;
  const auto add = [&](std::string_view kind, std::string_view name, auto value) {
    const std::string full = "turnpike_provider_" + std::string(name);
    out += "# TYPE " + full + " " + std::string(kind) + "\n" + full + " " + std::to_string(value) +
           "\n";
  };
  add("gauge", "leases", leases.leases);
  add("gauge", "leases_awaiting_manifest", leases.awaiting_manifest);
  add("gauge", "leases_ending", leases.ending);
  add("gauge", "bids_open", bids.open_bids);
  add("gauge", "orders_waiting", bids.waiting);
  add("counter", "bids_placed_total", bids.placed);
  add("counter", "bids_won_total", bids.won);
  add("counter", "bids_lost_total", bids.lost);
  add("counter", "bids_timed_out_total", bids.timed_out);
  add("gauge", "free_cpu_milli", stock.available.cpu_milli);
  add("gauge", "free_memory_bytes", stock.available.memory_bytes);
  add("gauge", "free_disk_bytes", stock.available.disk_bytes);
  return out;
}

}  // namespace

struct Daemon::State {
  DaemonOptions options;
  Disk& disk;
  const Clock& clock;
  workload::SystemHost host;
  NoGpus gpu_lister;

  std::unique_ptr<FileLock> lock;
  CertificateFiles certificate;
  std::string certificate_sha256;
  std::unique_ptr<workload::WorkloadManager> workloads;

  // For other threads.
  std::atomic<bool> registered{false};
  std::atomic<std::int64_t> heard_at{0};  // of the chain, by the clock; 0: never
  std::mutex trouble_mutex;
  std::string trouble;

  State(DaemonOptions given, Disk& d, const Clock& c)
      : options(std::move(given)), disk(d), clock(c) {}

  Result<void> open();
  Result<void> run(const Node& node, agent::Shutdown& shutdown);
  Result<Registration> wanted_registration() const;
  Result<void> ensure_registered(Market& market);
  void set_trouble(const std::string& text);
  http::Response health();
  std::string status_json(const LeaseKeeper& keeper, const BidEngine& engine,
                          const Inventory& inventory, const std::string& address) const;
};

Result<void> Daemon::State::open() {
  const Settings& settings = options.settings;
  TRY_VOID(disk.make_directories(options.home));
  auto locked = disk.lock(options.home + "/lock");
  if (!locked && is(locked.error(), BaseError::kInUse))
    return fail(BaseError::kInUse, "another provider runs on " + options.home);
  if (!locked) return std::unexpected(locked.error());
  lock = std::move(*locked);

  TRY(const workload::Config config, workload_config(settings, options.home));
  TRY_VOID(parse_host_port(settings.listen, "gateway.listen"));
  TRY_VOID(rates_of(settings));
  TRY_VOID(check_blocked_hosts(settings));
  TRY_VOID(claims_of(settings, {}, ""));
  if (settings.certificate.empty()) {
    certificate = {options.home + "/gateway.crt", options.home + "/gateway.key"};
    TRY_VOID(ensure_certificate(disk, certificate, public_host_of(settings), clock.now()));
  } else {
    certificate = {settings.certificate, settings.certificate_key};
  }
  TRY_TO(certificate_sha256, provider::certificate_sha256(disk, certificate.certificate));
  TRY_VOID(disk.make_directories(options.home + "/manifests"));
  // A process that was killed may have put a manifest in place whose name is not durable yet.
  TRY_VOID(disk.sync_directory(options.home + "/manifests"));
  TRY_TO(workloads, workload::WorkloadManager::open(config, host, disk, clock));
  return {};
}

Result<Registration> Daemon::State::wanted_registration() const {
  Registration out{.host_uri = host_uri_of(options.settings),
                   .email = options.settings.email,
                   .website = options.settings.website};
  TRY_TO(out.attributes, claims_of(options.settings, NoGpus().devices(), certificate_sha256));
  return out;
}

Result<void> Daemon::State::ensure_registered(Market& market) {
  TRY(const Registration wanted, wanted_registration());
  TRY(const std::optional<Registration> known, market.registration());
  if (!known || *known != wanted) {
    TRY_VOID(market.publish(wanted, !known));
    log_info("provider",
             (known ? "updated our record on chain: " : "registered on chain: ") + wanted.host_uri);
  }
  registered = true;
  return {};
}

void Daemon::State::set_trouble(const std::string& text) {
  const std::lock_guard guard(trouble_mutex);
  if (text == trouble) return;
  trouble = text;
  if (text.empty())
    log_info("provider", "the chain answers again");
  else
    log_warning("provider", text);
}

http::Response Daemon::State::health() {
  const bool bidding =
      heard_at != 0 && clock.elapsed().nanoseconds - heard_at < kSilenceMax.nanoseconds;
  bool ingress = true;
  if (!options.settings.ingress_listen.empty()) {
    auto client = http::Client::to("http://" + options.settings.ingress_listen,
                                   {.timeout = Duration::seconds(2)});
    ingress = client && client->get("/").has_value();  // any status will do: somebody answers
  }
  std::string why;
  {
    const std::lock_guard guard(trouble_mutex);
    why = trouble;
  }
  const bool healthy = registered && bidding && ingress;
  return http::Response::json(json::serialize(json::object{{"registered", registered.load()},
                                                           {"ingress", ingress},
                                                           {"bidding", bidding},
                                                           {"trouble", why}}),
                              healthy ? 200 : 503);
}

std::string Daemon::State::status_json(const LeaseKeeper& keeper, const BidEngine& engine,
                                       const Inventory& inventory,
                                       const std::string& address) const {
  const LeaseKeeper::Report leases = keeper.report();
  const BidEngine::Report bids = engine.report();
  const Inventory::Report stock = inventory.report();
  json::array rejected;
  for (const BidEngine::Rejection& one : bids.rejected) {
    json::array reasons;
    for (const Reject& reason : one.reasons)
      reasons.push_back(json::object{{"reason", name_of(reason.reason)}, {"text", reason.text}});
    rejected.push_back(json::object{{"order", one.order.text()},
                                    {"time", to_rfc3339(one.at)},
                                    {"reasons", std::move(reasons)}});
  }
  return json::serialize(json::object{
      {"address", address},
      {"cluster_public_hostname", public_host_of(options.settings)},
      {"certificate_sha256", certificate_sha256},
      {"reclamation_window",
       std::to_string(options.settings.notice_max.nanoseconds / 1'000'000'000) + "s"},
      {"cluster",
       json::object{{"leases", leases.leases},
                    {"ending", leases.ending},
                    {"inventory", json::object{{"total", to_json(stock.total)},
                                               {"pending", to_json(stock.pending)},
                                               {"active", to_json(stock.active)},
                                               {"available", to_json(stock.available)}}}}},
      {"manifest", json::object{{"deployments", leases.awaiting_manifest}}},
      {"bidengine", json::object{{"orders", bids.open_bids},
                                 {"waiting", bids.waiting},
                                 {"placed", bids.placed},
                                 {"won", bids.won},
                                 {"lost", bids.lost},
                                 {"timed_out", bids.timed_out},
                                 {"rejected", std::move(rejected)}}},
  });
}

Result<void> Daemon::State::run(const Node& node, agent::Shutdown& shutdown) {
  const Settings& settings = options.settings;
  client::RpcClient& rpc = node.rpc;
  client::Wallet& wallet = node.wallet;
  TRY(const ChainFacts facts, read_chain_facts(rpc));
  TRY(const Denom denom, Denom::parse(settings.denom.empty() ? facts.fee_denom : settings.denom));
  Amount deposit;
  if (!settings.deposit.empty()) TRY_TO(deposit, Amount::parse(settings.deposit));
  TRY(const std::unique_ptr<Market> market, make_rpc_market(rpc, wallet, denom, deposit));

  const std::vector<GpuDevice> gpus = gpu_lister.devices();
  TRY(const workload::Config config, workload_config(settings, options.home));
  const auto quantities = [&] {
    return machine_quantities(settings, config.data_directory, workloads->reclaimable_bytes());
  };
  Inventory inventory(quantities(), gpus,
                      {.cpu_percent = static_cast<std::uint32_t>(settings.cpu_percent),
                       .memory_percent = static_cast<std::uint32_t>(settings.memory_percent),
                       .disk_percent = static_cast<std::uint32_t>(settings.disk_percent)});
  TRY(const HourlyRates rates, rates_of(settings));
  std::unique_ptr<Pricing> pricing;
  std::unique_ptr<Executor> pricers;
  if (settings.pricing_script.empty()) {
    pricing = std::make_unique<ScalePricing>(rates, facts.tick);
    pricers = std::make_unique<InlineExecutor>();
  } else {
    pricing = std::make_unique<ScriptPricing>(host, settings.pricing_script);
    pricers = std::make_unique<ThreadExecutor>(BidEngine::kPricingMax);
  }

  LeaseKeeper keeper(*market, inventory, *workloads, disk, clock,
                     {.directory = options.home + "/manifests",
                      .provider = wallet.address_text(),
                      .plan = {.ingress_domain = settings.ingress_domain,
                               .public_host = public_host_of(settings),
                               .blocked_hosts = settings.blocked_hosts},
                      .manifest_timeout = settings.manifest_timeout,
                      .withdraw_period = settings.withdraw_period});
  BidEngine engine(*market, inventory, *pricing, *pricers, keeper, clock,
                   {.timeout = settings.bid_timeout});
  TRY(Registration wanted, wanted_registration());
  Profile profile{.address = wallet.address_text(),
                  .attributes = wanted.attributes,
                  .denom = denom.text(),
                  .notice = settings.notice_max,
                  .volumes_max = static_cast<std::uint32_t>(settings.volumes_max)};
  TRY_TO(profile.demands, parse_attributes(settings.demands, "bid.demands"));
  engine.set_profile(std::move(profile));

  TRY(const std::unique_ptr<KeyCache> keys,
      KeyCache::open(disk, options.home + "/account-keys", facts.prefix, *market));
  const TokenChecker tokens([&keys](const std::string& account) { return keys->find(account); });
  TRY(const HostPort listen, parse_host_port(settings.listen, "gateway.listen"));
  const std::string ingress_port = settings.ingress_listen.substr(
      std::min(settings.ingress_listen.rfind(':'), settings.ingress_listen.size()));
  TRY(const std::unique_ptr<Gateway> gateway,
      Gateway::start(
          {.address = listen.host,
           .port = listen.port,
           .threads = 2,
           .body_bytes_max = kManifestBytesMax,
           .tls = http::TlsFiles{certificate.certificate, certificate.key}},
          {.leases = keeper,
           .workloads = *workloads,
           .tokens = tokens,
           .clock = clock,
           .provider = wallet.address_text(),
           .ingress = settings.ingress_listen.empty() ? std::string()
                                                      : settings.ingress_domain + ingress_port,
           .version = options.version,
           .status = [&] { return status_json(keeper, engine, inventory, wallet.address_text()); },
           .metrics = [&] { return metrics_text(keeper, engine, inventory); },
           .health = [this] { return health(); }}));
  TRY_VOID(write_atomically(
      disk, beacon_path(options.home),
      json::serialize(json::object{{"listen", listen.host + ":" + std::to_string(gateway->port())},
                                   {"certificate_sha256", certificate_sha256}})));
  log_info("provider", wallet.address_text() + " on chain " + facts.chain_id + ", gateway " +
                           host_uri_of(settings) + ", ingress " + settings.ingress_listen);

  const auto handle = [&](const client::Notice& notice) {
    constexpr std::string_view kMarket = "akash.market.v1.Event";
    for (const client::Event& event : notice.events) {
      if (!event.type.starts_with(kMarket)) continue;
      const auto id = order_id_from(event.attribute("id"));
      if (!id) continue;
      if (event.type.substr(kMarket.size()) == "OrderCreated")
        engine.order_created(*id);
      else
        engine.touch(*id);
      keeper.touch(*id);
    }
  };
  std::optional<client::EventStream> stream;
  Duration next_sync{0};
  // One turn: hears, looks, acts. An error means that the chain could not be asked.
  const auto turn = [&]() -> Result<void> {
    if (!stream) {
      TRY(client::EventStream opened, client::EventStream::open(node.url, node.http));
      for (const std::string_view query : kSubscriptions) TRY_VOID(opened.subscribe(query));
      stream.emplace(std::move(opened));
      next_sync = Duration{0};  // what happened before was missed
    }
    if (!registered) TRY_VOID(ensure_registered(*market));
    if (clock.elapsed() >= next_sync) {
      inventory.set_disk(quantities().disk_bytes);
      TRY_VOID(keeper.sync());
      TRY_VOID(engine.sync());
      next_sync = Duration{clock.elapsed().nanoseconds + settings.sync_period.nanoseconds};
    }
    TRY_VOID(keeper.work());
    TRY(const bool more, engine.work());
    heard_at = clock.elapsed().nanoseconds;
    Duration patience = more ? Duration{0} : kIdle;
    for (std::size_t i = 0; i < kNoticesAtOnce; ++i) {
      TRY(const std::optional<client::Notice> notice, stream->next(patience));
      if (!notice) break;
      handle(*notice);
      patience = Duration{0};
    }
    return {};
  };
  while (!shutdown.requested()) {
    if (const auto done = turn(); !done) {
      set_trouble(done.error().text);
      stream.reset();
      if (shutdown.wait_for(kRetry)) break;
    } else {
      set_trouble("");
    }
  }
  log_info("provider", "stopping; what runs for customers goes on");
  return {};
}

Daemon::Daemon(std::unique_ptr<State> state) : state_(std::move(state)) {}
Daemon::~Daemon() = default;

Result<std::unique_ptr<Daemon>> Daemon::open(DaemonOptions options, Disk& disk,
                                             const Clock& clock) {
  auto state = std::make_unique<State>(std::move(options), disk, clock);
  TRY_VOID(state->open());
  return std::unique_ptr<Daemon>(new Daemon(std::move(state)));
}

Result<void> Daemon::run(const Node& node, agent::Shutdown& shutdown) {
  return state_->run(node, shutdown);
}

Result<Beacon> read_beacon(Disk& disk, const std::string& home) {
  TRY(const Bytes text, disk.read(beacon_path(home)));
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  const json::value* listen = error ? nullptr : value.find_pointer("/listen", error);
  const json::value* pin = error ? nullptr : value.find_pointer("/certificate_sha256", error);
  if (listen == nullptr || pin == nullptr || !listen->is_string() || !pin->is_string())
    return fail(BaseError::kInvalidText, beacon_path(home));
  return Beacon{std::string(listen->get_string()), std::string(pin->get_string())};
}

}  // namespace tp::compute::provider
