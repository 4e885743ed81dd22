// The gateway and its client speak to each other over real TLS on loopback.
#include "networks/compute/agent/gateway.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/disk.h"
#include "crypto/address.h"
#include "http/client.h"
#include "networks/compute/agent/certificate.h"
#include "networks/compute/agent/fakes.h"
#include "networks/compute/agent/gateway_client.h"
#include "networks/compute/agent/key_cache.h"
#include "networks/compute/spec/error.h"

namespace tp::compute::provider {
namespace {

crypto::Secp256k1PrivateKey key_of(char fill) {
  return *crypto::Secp256k1PrivateKey::from_bytes(std::string(32, fill));
}

class GatewayTest : public ::testing::Test {
 protected:
  SystemClock clock_;
  SystemDisk disk_;
  std::string directory_;
  FakeMarket market_;
  FakeWorkloads workloads_;
  Inventory inventory_{
      {.cpu_milli = 8000, .memory_bytes = 8ll << 30, .disk_bytes = 8ll << 30}, {}, {}};
  crypto::Secp256k1PrivateKey key_ = key_of('k');
  std::string owner_ = crypto::address_text("turn", crypto::address_of(key_.public_key()));
  std::unique_ptr<LeaseKeeper> keeper_;
  std::unique_ptr<KeyCache> keys_;
  std::unique_ptr<TokenChecker> tokens_;
  std::unique_ptr<Gateway> gateway_;
  std::string pin_;
  bool healthy_ = true;

  void SetUp() override {
    directory_ =
        (std::filesystem::temp_directory_path() / ("tp-gateway-test." + std::to_string(::getpid())))
            .string();
    ASSERT_TRUE(disk_.make_directories(directory_ + "/manifests"));
    const CertificateFiles files{directory_ + "/crt", directory_ + "/key"};
    ASSERT_TRUE(ensure_certificate(disk_, files, "127.0.0.1", clock_.now()));
    pin_ = *certificate_sha256(disk_, files.certificate);
    market_.key = key_.public_key();
    keeper_ = std::make_unique<LeaseKeeper>(
        market_, inventory_, workloads_, disk_, clock_,
        KeeperSettings{.directory = directory_ + "/manifests",
                       .provider = kUs,
                       .plan = {.ingress_domain = "localhost", .public_host = "127.0.0.1"}});
    keys_ = *KeyCache::open(disk_, directory_ + "/account-keys", "turn", market_);
    tokens_ = std::make_unique<TokenChecker>(
        [this](const std::string& account) { return keys_->find(account); });
    auto started = Gateway::start(
        {.tls = http::TlsFiles{files.certificate, files.key}},
        {.leases = *keeper_,
         .workloads = workloads_,
         .tokens = *tokens_,
         .clock = clock_,
         .provider = kUs,
         .ingress = "localhost:8088",
         .version = "1",
         .status = [] { return std::string("{\"a\":1}"); },
         .metrics = [] { return std::string("a 1\n"); },
         .health = [this] { return http::Response::json("{}", healthy_ ? 200 : 503); }});
    ASSERT_TRUE(started) << started.error().text;
    gateway_ = std::move(*started);
  }
  void TearDown() override {
    gateway_.reset();
    std::filesystem::remove_all(directory_);
  }

  std::string url() const { return "https://127.0.0.1:" + std::to_string(gateway_->port()); }
  GatewayClient client() { return client(key_, owner_); }
  GatewayClient client(const crypto::Secp256k1PrivateKey& key, const std::string& owner) {
    return *GatewayClient::make({url(), pin_, kUs}, key, owner, clock_);
  }
  // What a request without our client gets.
  http::Response ask(const std::string& target, const std::string& authorization = "") {
    auto plain = *http::Client::to(url(), {.pinned_sha256_hex = pin_});
    http::Request request{.target = target};
    if (!authorization.empty()) request.headers = {{"Authorization", authorization}};
    const auto response = plain.send(request);
    return response ? *response : http::Response::text(response.error().text, 0);
  }

  OrderId lease(std::uint64_t dseq) {
    Order asked = order(dseq);
    asked.id.owner = owner_;
    market_.orders[asked.id] = asked;
    market_.accept(asked.id);
    market_.deployments[dseq] = {.active = true,
                                 .hash = manifest_hash(manifest_for(asked.spec, "hello:1")).bytes(),
                                 .groups = {{1, asked.spec}}};
    keeper_->lease_won(market_.leases[asked.id], asked.spec);
    return asked.id;
  }
  static std::string manifest() { return canonical_json(manifest_for(order(1).spec, "hello:1")); }
};

TEST_F(GatewayTest, AManifestStartsALeaseWhoseStatusIsThenTold) {
  lease(5);
  GatewayClient customer = client();
  const auto put = customer.put_manifest(5, manifest());
  ASSERT_TRUE(put) << put.error().text;
  const auto status = customer.lease_status({.dseq = 5});
  ASSERT_TRUE(status) << status.error().text;
  ASSERT_EQ(status->services.size(), 1u);
  EXPECT_EQ(status->services[0].name, "web");
  EXPECT_EQ(status->services[0].state, "running");
  EXPECT_EQ(status->services[0].ready, 1u);
  EXPECT_TRUE(status->healthy);
  ASSERT_EQ(status->urls().size(), 1u);
  EXPECT_TRUE(status->urls()[0].ends_with(".localhost:8088")) << status->urls()[0];
  EXPECT_EQ(*customer.manifest({.dseq = 5}), manifest());
}

TEST_F(GatewayTest, AnotherCertificateIsNotSpokenTo) {
  GatewayClient stranger =
      *GatewayClient::make({url(), std::string(64, '0')}, key_, owner_, clock_);
  EXPECT_TRUE(is(stranger.provider_status().error(), GatewayError::kUnreachable));
}

TEST_F(GatewayTest, WhatEverybodyMayKnowNeedsNoToken) {
  EXPECT_EQ(ask("/status").body, "{\"a\":1}");
  EXPECT_EQ(ask("/address").body, "{\"address\":\"turn1us\"}");
  EXPECT_EQ(ask("/version").status, 200);
  EXPECT_EQ(ask("/metrics").body, "a 1\n");
  EXPECT_EQ(ask("/healthz").status, 200);
  healthy_ = false;
  EXPECT_EQ(ask("/healthz").status, 503);
}

TEST_F(GatewayTest, LeasesNeedAToken) {
  lease(5);
  EXPECT_EQ(ask("/lease/5/1/1/status").status, 401);
  EXPECT_EQ(ask("/lease/5/1/1/status", "Basic abc").status, 401);
  EXPECT_EQ(ask("/lease/5/1/1/status", "Bearer abc").status, 401);
}

TEST_F(GatewayTest, AnotherOwnersTokenFindsNothing) {
  lease(5);
  const auto key = key_of('x');
  market_.key = key.public_key();
  const std::string owner = crypto::address_text("turn", crypto::address_of(key.public_key()));
  GatewayClient thief = client(key, owner);
  EXPECT_TRUE(is(thief.lease_status({.dseq = 5}).error(), GatewayError::kNotFound));
  EXPECT_TRUE(is(thief.put_manifest(5, manifest(), Duration{0}).error(), GatewayError::kNotFound));
}

TEST_F(GatewayTest, AKeyThatIsNotTheIssuersIsRefused) {
  lease(5);
  const auto key = key_of('x');
  GatewayClient thief = client(key, owner_);
  EXPECT_TRUE(is(thief.lease_status({.dseq = 5}).error(), GatewayError::kRefused));
  // Also when the chain itself named that key for the address.
  market_.key = key.public_key();
  EXPECT_TRUE(is(thief.lease_status({.dseq = 5}).error(), GatewayError::kRefused));
}

TEST_F(GatewayTest, AScopeThatIsNotInTheTokenIsRefused) {
  lease(5);
  const std::string token = make_token(key_, owner_, clock_.now(), {.scopes = {"logs"}});
  EXPECT_EQ(ask("/lease/5/1/1/status", "Bearer " + token).status, 403);
}

TEST_F(GatewayTest, ATokenForAnotherProviderIsRefused) {
  lease(5);
  GatewayClient customer = *GatewayClient::make({url(), pin_, "turn1other"}, key_, owner_, clock_);
  EXPECT_TRUE(is(customer.lease_status({.dseq = 5}).error(), GatewayError::kRefused));
}

TEST_F(GatewayTest, OwnersReachTheirLeasesWhileTheChainIsAway) {
  lease(5);
  GatewayClient customer = client();
  ASSERT_TRUE(customer.put_manifest(5, manifest()));
  market_.away = true;
  EXPECT_TRUE(customer.lease_status({.dseq = 5}));
  EXPECT_TRUE(is(customer.put_manifest(5, manifest()).error(), GatewayError::kRefused));
}

TEST_F(GatewayTest, WhatIsNoManifestIsUnprocessable) {
  lease(5);
  auto plain = *http::Client::to(url(), {.pinned_sha256_hex = pin_});
  const std::string token = make_token(key_, owner_, clock_.now());
  const auto response = plain.send({.method = "PUT",
                                    .target = "/deployment/5/manifest",
                                    .headers = {{"Authorization", "Bearer " + token}},
                                    .body = "{"});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 422);
}

TEST_F(GatewayTest, ALeaseWithoutAManifestIsNotFoundYet) {
  lease(5);
  GatewayClient customer = client();
  const auto status = customer.lease_status({.dseq = 5});
  EXPECT_TRUE(is(status.error(), GatewayError::kNotFound));
  EXPECT_NE(status.error().text.find("no manifest"), std::string::npos);
}

TEST_F(GatewayTest, LogsComeInOrderAndEnd) {
  lease(5);
  GatewayClient customer = client();
  ASSERT_TRUE(customer.put_manifest(5, manifest()));
  std::vector<std::string> lines;
  const auto sink = [&](const GatewayLogLine& line) {
    lines.push_back(line.name + ": " + line.message);
    return true;
  };
  const auto done = customer.stream_logs({.dseq = 5}, {}, sink);
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_EQ(lines, (std::vector<std::string>{"web-0: one", "web-0: two", "web-0: three"}));
  lines.clear();
  ASSERT_TRUE(customer.stream_logs({.dseq = 5}, {.services = {"web"}, .tail = 1}, sink));
  EXPECT_EQ(lines, std::vector<std::string>{"web-0: three"});
}

TEST_F(GatewayTest, EventsComeUntilTheReaderHasEnough) {
  lease(5);
  GatewayClient customer = client();
  ASSERT_TRUE(customer.put_manifest(5, manifest()));
  std::vector<GatewayEvent> events;
  ASSERT_TRUE(customer.stream_events({.dseq = 5}, [&](const GatewayEvent& event) {
    events.push_back(event);
    return false;
  }));
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].reason, "Started");
  EXPECT_EQ(events[0].object, "web-0");
}

TEST_F(GatewayTest, WhoAsksForTheEventsOfAServiceGetsNoOthers) {
  lease(5);
  GatewayClient customer = client();
  ASSERT_TRUE(customer.put_manifest(5, manifest()));
  std::vector<std::string> objects;
  ASSERT_TRUE(customer.stream_events({.dseq = 5},
                                     [&](const GatewayEvent& event) {
                                       objects.push_back(event.object);
                                       return false;
                                     },
                                     {}, {"db"}));
  EXPECT_EQ(objects, std::vector<std::string>{"db-0"});
}

TEST(GatewayEvents, AreAboutAServiceOrOneOfItsReplicas) {
  EXPECT_TRUE(is_about("web", "web"));
  EXPECT_TRUE(is_about("web-12", "web"));
  for (const char* other : {"web-", "web-db", "web2", "we", "db-0", "1-1-1-ab12cd34"})
    EXPECT_FALSE(is_about(other, "web")) << other;
}

TEST_F(GatewayTest, PathsThatAreNotThereSaySo) {
  EXPECT_EQ(ask("/").status, 404);
  EXPECT_EQ(ask("/lease/x/1/1/status").status, 404);
  EXPECT_EQ(ask("/lease/5/1/1/secrets").status, 404);
  EXPECT_EQ(ask("/lease/5/1/1/logs").status, 426);
  EXPECT_EQ(ask("/deployment/5/manifest").status, 405);
}

TEST(Certificate, IsMadeOnceAndRepairedWhenTorn) {
  SystemDisk disk;
  const std::string directory = (std::filesystem::temp_directory_path() /
                                 ("tp-certificate-test." + std::to_string(::getpid())))
                                    .string();
  ASSERT_TRUE(disk.make_directories(directory));
  const CertificateFiles files{directory + "/crt", directory + "/key"};
  const BlockTime now = SystemClock().now();
  ASSERT_TRUE(ensure_certificate(disk, files, "provider.example", now));
  const std::string first = *certificate_sha256(disk, files.certificate);
  EXPECT_EQ(first.size(), 64u);
  ASSERT_TRUE(ensure_certificate(disk, files, "provider.example", now));
  EXPECT_EQ(*certificate_sha256(disk, files.certificate), first);
  ASSERT_TRUE(disk.truncate(files.key, 10));
  ASSERT_TRUE(ensure_certificate(disk, files, "provider.example", now));
  EXPECT_NE(*certificate_sha256(disk, files.certificate), first);
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace tp::compute::provider
