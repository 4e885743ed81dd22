#include "networks/compute/agent/workload_plan.h"

#include <gtest/gtest.h>

#include "networks/compute/agent/fakes.h"
#include "networks/compute/agent/settings.h"
#include "networks/compute/agent/workload/error.h"

namespace tp::compute::provider {
namespace {

const workload::LeaseKey kLease{kCustomer, 7, 1, 2, kUs};
const PlanSettings kSettings{.ingress_domain = "example.org", .public_host = "203.0.113.5"};

ManifestGroup group() {
  return manifest_for(order(7).spec, "hello:1").groups[0];
}

TEST(WorkloadPlan, CarriesResourcesAndImage) {
  ManifestGroup asked = group();
  asked.services[0].count = 3;
  asked.services[0].args = std::vector<std::string>{"-v"};
  const workload::Service made = plan(kLease, asked, kSettings).services.at(0);
  EXPECT_EQ(made.image, "hello:1");
  EXPECT_EQ(made.cpu_milli, 100u);
  EXPECT_EQ(made.memory_bytes, 32u << 20);
  EXPECT_EQ(made.replicas, 3u);
  EXPECT_EQ(made.args, std::vector<std::string>{"-v"});
  EXPECT_EQ(made.volumes.at(0).size_bytes, 64u << 20);
}

TEST(WorkloadPlan, TheRuntimeAcceptsWhatItIsGiven) {
  EXPECT_TRUE(workload::validate(plan(kLease, group(), kSettings)));
}

TEST(WorkloadPlan, AnHttpServiceAnswersUnderAGeneratedNameAndItsOwn) {
  ManifestGroup asked = group();
  asked.services[0].expose[0].hosts = std::vector<std::string>{"shop.example"};
  const auto hosts = plan(kLease, asked, kSettings).services[0].exposes[0].hosts;
  EXPECT_EQ(hosts,
            (std::vector<std::string>{default_host(kLease, "web", "example.org"), "shop.example"}));
}

TEST(WorkloadPlan, GeneratedNamesDifferByLeaseAndService) {
  workload::LeaseKey other = kLease;
  other.oseq = 3;
  EXPECT_NE(default_host(kLease, "web", "x"), default_host(other, "web", "x"));
  EXPECT_NE(default_host(kLease, "web", "x"), default_host(kLease, "db", "x"));
  EXPECT_EQ(default_host(kLease, "web", "x"), default_host(kLease, "web", "x"));
}

TEST(WorkloadPlan, ANameLeadsToOneExposeOnly) {
  ManifestGroup asked = group();
  asked.services[0].expose.push_back(asked.services[0].expose[0]);
  asked.services[0].expose[1].port = 81;
  const auto made = plan(kLease, asked, kSettings);
  EXPECT_TRUE(workload::validate(made));
  EXPECT_TRUE(made.services[0].exposes[1].hosts.empty());
}

TEST(WorkloadPlan, TellsContainersWhereTheyRunUnlessTheyKnowBetter) {
  ManifestGroup asked = group();
  asked.services[0].env = std::vector<std::string>{"AKASH_OWNER=me"};
  const auto env = plan(kLease, asked, kSettings).services[0].env;
  const auto has = [&](const std::string& entry) {
    return std::ranges::find(env, entry) != env.end();
  };
  EXPECT_TRUE(has("AKASH_OWNER=me"));
  EXPECT_FALSE(has("AKASH_OWNER=" + kCustomer));
  EXPECT_TRUE(has("AKASH_DEPLOYMENT_SEQUENCE=7"));
  EXPECT_TRUE(has("AKASH_ORDER_SEQUENCE=2"));
  EXPECT_TRUE(has("AKASH_PROVIDER=" + kUs));
  EXPECT_TRUE(has("AKASH_CLUSTER_PUBLIC_HOSTNAME=203.0.113.5"));
}

TEST(WorkloadPlan, WhatNoRuntimeGivesIsRefusedByName) {
  const auto refusal = [](auto&& change) {
    ManifestGroup asked = group();
    change(asked.services[0]);
    const auto checked = check_supported(asked);
    if (checked) return std::string();
    EXPECT_TRUE(is(checked.error(), workload::WorkloadError::kUnsupported));
    return checked.error().text;
  };
  EXPECT_EQ(refusal([](Service&) {}), "");
  EXPECT_EQ(refusal([](Service& one) { one.params = ServiceParams{}; }), "");
  EXPECT_NE(refusal([](Service& one) { one.expose[0].ip = "front"; }).find("leased IP \"front\""),
            std::string::npos);
  EXPECT_NE(refusal([](Service& one) {
              one.params = ServiceParams{.tee = TeeParams{.type = "cpu"}};
            }).find("params.tee"),
            std::string::npos);
  EXPECT_NE(refusal([](Service& one) {
              one.params = ServiceParams{.permissions = ServicePermissions{.read = {"logs"}}};
            }).find("params.permissions"),
            std::string::npos);
}

TEST(WorkloadPlan, HttpOptionsOfZeroAreTheDefaults) {
  ManifestGroup asked = group();
  asked.services[0].expose[0].http_options = {.max_body_size = 0,
                                              .read_timeout = 0,
                                              .send_timeout = 0,
                                              .next_tries = 0,
                                              .next_cases = {},
                                              .proxy_buffer_size = 4096};
  const workload::HttpOptions made = plan(kLease, asked, kSettings).services[0].exposes[0].http;
  workload::HttpOptions wanted;
  wanted.proxy_buffer_bytes = 4096;
  EXPECT_EQ(made, wanted);
}

TEST(WorkloadPlan, KindsOfVolumesFollowTheirAttributes) {
  ManifestGroup asked = group();
  Service& service = asked.services[0];
  service.resources.storage = {
      {.name = "default", .bytes = 64 << 20},
      {.name = "data",
       .bytes = 64 << 20,
       .attributes = {{"class", "default"}, {"persistent", "true"}}},
      {.name = "shm", .bytes = 8 << 20, .attributes = {{"class", "ram"}, {"persistent", "false"}}}};
  service.params = ServiceParams{
      .storage = std::vector<StorageMount>{{.name = "data", .mount = "/data", .read_only = true},
                                           {.name = "shm", .mount = "/dev/shm"}}};
  const auto volumes = plan(kLease, asked, kSettings).services[0].volumes;
  EXPECT_EQ(volumes[0].kind, workload::VolumeKind::kEphemeral);
  EXPECT_EQ(volumes[1].kind, workload::VolumeKind::kPersistent);
  EXPECT_EQ(volumes[1].mount, "/data");
  EXPECT_TRUE(volumes[1].read_only);
  EXPECT_EQ(volumes[2].kind, workload::VolumeKind::kRam);
}

TEST(Settings, TheDocumentedFileReadsBackAsItself) {
  Settings settings;
  const std::string text = declare(settings).documented();
  Settings again;
  const auto parsed = declare(again).parse(text, "provider.toml");
  ASSERT_TRUE(parsed) << parsed.error().text;
  EXPECT_EQ(declare(again).documented(), text);
}

TEST(Settings, AnUnknownKeyIsRefused) {
  Settings settings;
  EXPECT_FALSE(declare(settings).parse("[bid]\ntimeuot = \"5m\"\n", "provider.toml"));
}

TEST(Settings, DefaultsAreUsable) {
  const Settings settings;
  EXPECT_TRUE(rates_of(settings));
  EXPECT_TRUE(workload_config(settings, "/p"));
  EXPECT_EQ(host_uri_of(settings), "https://127.0.0.1:8443");
  EXPECT_EQ(public_host_of(settings), "127.0.0.1");
}

TEST(Settings, BadValuesNameTheirKey) {
  Settings settings;
  settings.price_cpu = "cheap";
  EXPECT_NE(rates_of(settings).error().text.find("pricing.cpu"), std::string::npos);
  settings.attributes = {"region"};
  EXPECT_NE(claims_of(settings, {}, "").error().text.find("provider.attributes"),
            std::string::npos);
  settings.ingress_listen = "8088";
  EXPECT_NE(workload_config(settings, "/p").error().text.find("ingress.listen"), std::string::npos);
}

TEST(Settings, ClaimsNameStorageGpusAndTheCertificate) {
  Settings settings;
  settings.attributes = {"region=local"};
  const auto claims = claims_of(settings, {{"nvidia", "a100", "80Gi", ""}}, "abcd");
  ASSERT_TRUE(claims);
  const auto has = [&](const std::string& key, const std::string& value) {
    return std::ranges::find(*claims, Attribute{key, value}) != claims->end();
  };
  EXPECT_TRUE(has("region", "local"));
  EXPECT_TRUE(has("capabilities/storage/2/class", "default"));
  EXPECT_TRUE(has("capabilities/gpu/vendor/nvidia/model/a100/ram/80Gi", "true"));
  EXPECT_TRUE(has("gateway/certificate-sha256", "abcd"));
  EXPECT_TRUE(std::ranges::is_sorted(*claims));
}

TEST(WorkloadPlan, BlockedNamesAreRefused) {
  const PlanSettings settings{.ingress_domain = "cloud.example",
                              .public_host = "provider.example",
                              .blocked_hosts = {"bank.example", ".gov.example"}};
  const auto allowed = [&](const std::string& host) {
    workload::LeaseWorkload wanted{.key = kLease, .services = {{.name = "web"}}};
    wanted.services[0].exposes = {{.port = 80, .global = true, .hosts = {host}}};
    return check_host_names(wanted, settings).has_value();
  };
  EXPECT_FALSE(allowed("bank.example"));
  EXPECT_TRUE(allowed("www.bank.example"));
  EXPECT_FALSE(allowed("gov.example"));
  EXPECT_FALSE(allowed("tax.gov.example"));
  EXPECT_TRUE(allowed("notgov.example"));
}

TEST(Settings, ABlockedHostIsAHostName) {
  Settings settings;
  settings.blocked_hosts = {"a.example", ".b.example"};
  EXPECT_TRUE(check_blocked_hosts(settings));
  for (const char* bad : {"", ".", "*.example", "A.example", "a..example"}) {
    settings.blocked_hosts = {bad};
    const auto checked = check_blocked_hosts(settings);
    ASSERT_FALSE(checked) << bad;
    EXPECT_NE(checked.error().text.find("ingress.blocked_hosts"), std::string::npos);
  }
}

TEST(WorkloadPlan, NamesOfTheProviderItselfAreRefused) {
  const PlanSettings settings{.ingress_domain = "cloud.example", .public_host = "provider.example"};
  const workload::LeaseKey key{"owner", 1, 1, 1, "provider"};
  const auto allowed = [&](const std::string& host) {
    workload::LeaseWorkload wanted{.key = key, .services = {{.name = "web"}}};
    wanted.services[0].exposes = {{.port = 80, .global = true, .hosts = {host}}};
    return check_host_names(wanted, settings).has_value();
  };
  EXPECT_TRUE(allowed("shop.example"));
  EXPECT_TRUE(allowed("notcloud.example"));
  EXPECT_TRUE(allowed(default_host(key, "web", "cloud.example")));
  EXPECT_FALSE(allowed(default_host(key, "db", "cloud.example")));
  EXPECT_FALSE(allowed("www.cloud.example"));
  EXPECT_FALSE(allowed("cloud.example"));
  EXPECT_FALSE(allowed("provider.example"));
}

}  // namespace
}  // namespace tp::compute::provider
