#include "networks/compute/spec/manifest.h"

#include <gtest/gtest.h>

#include <functional>

#include "networks/compute/spec/error.h"

namespace tp::compute {
namespace {

ServiceExpose http_expose() {
  ServiceExpose out;
  out.port = 80;
  out.global = true;
  return out;
}

Service web() {
  Service out;
  out.name = "web";
  out.image = "example/web:1";
  out.resources.id = 1;
  out.resources.cpu.milli_units = 100;
  out.resources.memory.bytes = 1 << 20;
  out.resources.storage = {{"default", 1 << 23, {}}};
  out.resources.endpoints = {{EndpointKind::kSharedHttp, 0}};
  out.count = 1;
  out.expose = {http_expose()};
  return out;
}

Manifest manifest() {
  return {{{"lane", {web()}}}};
}

GroupSpec granted() {
  const Service service = web();
  return {"lane", {}, {{service.resources, service.count, {"utoll", Decimal::parse("1").value()}}}};
}

using Change = std::function<void(Service&)>;

std::string fault(const Change& change) {
  Manifest changed = manifest();
  change(changed.groups[0].services[0]);
  const auto valid = validate_manifest(changed);
  return valid ? "" : valid.error().text;
}

std::string mismatch(const Change& change) {
  Manifest changed = manifest();
  change(changed.groups[0].services[0]);
  const std::vector<GroupSpec> groups{granted()};
  const auto fits = check_manifest_against_groups(changed, groups);
  return fits ? "" : fits.error().text;
}

TEST(Manifest, OfOneServiceIsValid) {
  EXPECT_EQ(fault([](Service&) {}), "");
}

TEST(Manifest, HasGroupsAndServices) {
  EXPECT_EQ(validate_manifest({}).error().text, "invalid manifest: manifest is empty");
  EXPECT_EQ(validate_manifest({{{"lane", {}}}}).error().text,
            "invalid manifest: group \"lane\" contains no services");
}

TEST(Manifest, NamesItsServicesAsDnsLabelsThatBeginWithALetter) {
  EXPECT_EQ(fault([](Service& s) { s.name = ""; }), "invalid manifest: service name is empty");
  for (const char* name : {"Web", "1web", "web-", "we_b", "we.b", "-web"})
    EXPECT_EQ(fault([name](Service& s) { s.name = name; }),
              "invalid manifest: service \"" + std::string(name) + "\" name is invalid");
}

TEST(Manifest, NamesAnImage) {
  EXPECT_EQ(fault([](Service& s) { s.image = ""; }),
            "invalid manifest: service \"web\" has empty image name");
}

TEST(Manifest, HasResourcesWithIdAndStorage) {
  EXPECT_EQ(fault([](Service& s) { s.resources.id = 0; }),
            "invalid manifest: service \"web\": resources ID must be > 0");
  EXPECT_EQ(fault([](Service& s) { s.resources.storage.clear(); }),
            "invalid manifest: service \"web\": storage must not be nil");
}

TEST(Manifest, NamesVariablesAsKubernetesDoes) {
  for (const char* good : {"A=1", "a.b-c_D", "_x=", "A", "A=b=c"})
    EXPECT_EQ(fault([good](Service& s) { s.env = {{good}}; }), "") << good;
  for (const char* bad : {"", "=1", "1A=2", "A B=1", ".=1", "..=1", "..a=1", "ä=1"})
    EXPECT_NE(fault([bad](Service& s) {
                s.env = {{bad}};
              }).find("defines an env. var. with an invalid name"),
              std::string::npos)
        << bad;
}

TEST(Manifest, HasPortsFrom1To65535) {
  constexpr std::string_view kText =
      "invalid manifest: service \"web\": port value must be 0 < value <= 65535";
  EXPECT_EQ(fault([](Service& s) { s.expose[0].port = 0; }), kText);
  EXPECT_EQ(fault([](Service& s) { s.expose[0].port = 65'536; }), kText);
  EXPECT_EQ(fault([](Service& s) { s.expose[0].external_port = 65'536; }), kText);
}

TEST(Manifest, SpeaksTcpAndUdpInUpperCase) {
  EXPECT_EQ(fault([](Service& s) { s.expose[0].proto = "UDP"; }), "");
  EXPECT_EQ(fault([](Service& s) { s.expose[0].proto = "tcp"; }),
            "invalid manifest: service \"web\": protocol \"tcp\" unknown");
}

TEST(Manifest, HasLowerCaseHostNames) {
  EXPECT_EQ(fault([](Service& s) { s.expose[0].hosts = {{"www.example.com"}}; }), "");
  for (const char* host : {"", "A.com", "a..b", "-a.com", "a-.com", "a b", "*.a.com", "a.com."})
    EXPECT_EQ(
        fault([host](Service& s) { s.expose[0].hosts = {{host}}; }),
        "invalid manifest: service \"web\": has invalid hostname \"" + std::string(host) + "\"");
  EXPECT_NE(fault([](Service& s) { s.expose[0].hosts = {{std::string(254, 'a')}}; }), "");
}

TEST(Manifest, HasEachHostNameOnceInAllGroups) {
  Manifest two{{{"a", {web()}}, {"b", {web()}}}};
  for (ManifestGroup& group : two.groups) group.services[0].expose[0].hosts = {{"example.com"}};
  EXPECT_EQ(
      validate_manifest(two).error().text,
      "invalid manifest: service \"web\": hostname \"example.com\" is duplicated, this is not "
      "allowed");
}

TEST(Manifest, KeepsHttpOptionsWithinTheirLimits) {
  const auto with = [](const HttpOptions& options) {
    return fault([&](Service& s) { s.expose[0].http_options = options; });
  };
  EXPECT_EQ(
      with({.max_body_size = 104'857'601}),
      "invalid manifest: service \"web\": http option not allowed: max_body_size 104857601 is "
      "outside 0..104857600");
  EXPECT_NE(with({.read_timeout = 60'001}).find("read_timeout 60001"), std::string::npos);
  EXPECT_NE(with({.send_timeout = 60'001}).find("send_timeout 60001"), std::string::npos);
  EXPECT_NE(with({.proxy_buffer_size = 1'048'577}).find("proxy_buffer_size"), std::string::npos);
  EXPECT_NE(with({.next_cases = {"418"}}).find("next case is unknown: \"418\""), std::string::npos);
  EXPECT_NE(with({.next_cases = {"off", "500"}}).find("'off'"), std::string::npos);
}

TEST(Manifest, MayAskForTheDefaultByZero) {
  Service service = web();
  service.expose[0].http_options = {
      .max_body_size = 0, .read_timeout = 0, .send_timeout = 0, .next_tries = 0, .next_cases = {}};
  EXPECT_TRUE(validate_manifest({{{"lane", {service}}}}));
  EXPECT_EQ(with_defaults(service.expose[0].http_options), HttpOptions{});
}

TEST(Manifest, IsReachableFromOutside) {
  EXPECT_EQ(fault([](Service& s) { s.expose[0].global = false; }),
            "invalid manifest: zero global services");
}

TEST(Manifest, HasSortedServicesAndExposes) {
  Manifest unsorted{{{"lane", {web(), web()}}}};
  unsorted.groups[0].services[1].name = "api";
  EXPECT_EQ(validate_manifest(unsorted).error().text,
            "invalid manifest: group \"lane\" services is not sorted");
  EXPECT_EQ(fault([](Service& s) {
              s.expose.push_back(s.expose[0]);
              s.expose[1].port = 79;
            }),
            "invalid manifest: service \"web\": expose is not sorted");
}

TEST(Manifest, OrdersExposesByServicePortProtocolAndGlobalFirst) {
  EXPECT_EQ(fault([](Service& s) {
              ServiceExpose inside = s.expose[0], udp = inside, other = inside;
              inside.global = false;
              udp.proto = "UDP";
              other.service = "api";
              other.port = 1;
              s.expose = {s.expose[0], inside, udp, other};
            }),
            "");
}

TEST(Manifest, HasEachNameOnce) {
  EXPECT_EQ(validate_manifest({{{"lane", {web(), web()}}}}).error().text,
            "invalid manifest: group \"lane\": duplicate service \"web\"");
  EXPECT_EQ(validate_manifest({{{"lane", {web()}}, {"lane", {web()}}}}).error().text,
            "invalid manifest: duplicate group \"lane\"");
}

// --- Endpoints ---

TEST(Endpoints, AreNoneUnlessGlobal) {
  ServiceExpose expose = http_expose();
  expose.global = false;
  EXPECT_TRUE(endpoints_of(expose).empty());
}

TEST(Endpoints, AreSharedHttpOnOutsidePort80OfTcpElseAPort) {
  ServiceExpose expose = http_expose();
  EXPECT_EQ(endpoints_of(expose), std::vector<Endpoint>({{EndpointKind::kSharedHttp, 0}}));
  expose.port = 8080;
  EXPECT_EQ(endpoints_of(expose), std::vector<Endpoint>({{EndpointKind::kRandomPort, 0}}));
  expose.external_port = 80;
  EXPECT_EQ(endpoints_of(expose), std::vector<Endpoint>({{EndpointKind::kSharedHttp, 0}}));
  expose.proto = "UDP";
  EXPECT_EQ(endpoints_of(expose), std::vector<Endpoint>({{EndpointKind::kRandomPort, 0}}));
}

TEST(Endpoints, HaveALeasedIpBehindTheirPort) {
  ServiceExpose expose = http_expose();
  expose.ip = "front";
  expose.endpoint_sequence_number = 3;
  EXPECT_EQ(endpoints_of(expose),
            std::vector<Endpoint>({{EndpointKind::kSharedHttp, 0}, {EndpointKind::kLeasedIp, 3}}));
}

// --- Against the groups on chain ---

TEST(ManifestAgainstGroups, FitsWhenItUsesEverythingExactly) {
  EXPECT_EQ(mismatch([](Service&) {}), "");
}

TEST(ManifestAgainstGroups, MustBeValidFirst) {
  EXPECT_EQ(mismatch([](Service& s) { s.image = ""; }),
            "invalid manifest: service \"web\" has empty image name");
}

TEST(ManifestAgainstGroups, HasTheSameGroups) {
  const std::vector<GroupSpec> none;
  EXPECT_EQ(check_manifest_against_groups(manifest(), none).error().text,
            "invalid manifest: group count mismatch (1 != 0)");
  std::vector<GroupSpec> other{granted()};
  other[0].name = "road";
  EXPECT_EQ(check_manifest_against_groups(manifest(), other).error().text,
            "invalid manifest: unknown deployment group ('lane')");
}

TEST(ManifestAgainstGroups, NamesUnitsThatExist) {
  EXPECT_EQ(
      mismatch([](Service& s) { s.resources.id = 2; }),
      "manifest cross-validation error: group \"lane\": service \"web\": not found deployment "
      "group resources with ID = 2");
}

TEST(ManifestAgainstGroups, HasEqualResources) {
  const std::string start = "manifest cross-validation error: group \"lane\": service \"web\": ";
  EXPECT_EQ(mismatch([](Service& s) { s.resources.cpu.milli_units = 101; }),
            start + "CPU resources mismatch for ID 1");
  EXPECT_EQ(mismatch([](Service& s) { s.resources.gpu.units = 1; }),
            start + "GPU resources mismatch for ID 1");
  EXPECT_EQ(mismatch([](Service& s) { s.resources.memory.bytes += 1; }),
            start + "Memory resources mismatch for ID 1");
  EXPECT_EQ(mismatch([](Service& s) { s.resources.storage[0].name = "data"; }),
            start + "Storage resources mismatch for ID 1");
  EXPECT_EQ(mismatch([](Service& s) { s.resources.storage.push_back({"more", 1 << 23, {}}); }),
            start + "Storage resources mismatch for ID 1");
}

TEST(ManifestAgainstGroups, UsesExactlyTheReplicas) {
  EXPECT_EQ(mismatch([](Service& s) { s.count = 2; }),
            "manifest cross-validation error: group \"lane\": service \"web\": over-utilized "
            "replicas (2) > group spec resources count (1)");
  EXPECT_EQ(mismatch([](Service& s) { s.count = 0; }),
            "manifest cross-validation error: group \"lane\": resources ID (1): under-utilized (1) "
            "resources");
}

TEST(ManifestAgainstGroups, UsesExactlyTheEndpoints) {
  const std::string over =
      "manifest cross-validation error: group \"lane\": service \"web\": resource ID 1: "
      "over-utilized ";
  EXPECT_EQ(mismatch([](Service& s) { s.expose.push_back(http_expose()); }),
            over + "HTTP endpoints");
  EXPECT_EQ(mismatch([](Service& s) { s.expose[0].port = 81; }), over + "PORT endpoints");
  EXPECT_EQ(mismatch([](Service& s) { s.expose[0].ip = "front"; }), over + "IP endpoints");
}

TEST(ManifestAgainstGroups, LeavesNoEndpointUnused) {
  for (const auto& [kind, name] :
       std::vector<std::pair<EndpointKind, std::string>>{{EndpointKind::kSharedHttp, "HTTP"},
                                                         {EndpointKind::kRandomPort, "PORT"},
                                                         {EndpointKind::kLeasedIp, "IP"}}) {
    std::vector<GroupSpec> groups{granted()};
    groups[0].resources[0].resources.endpoints.push_back({kind, 0});
    EXPECT_EQ(check_manifest_against_groups(manifest(), groups).error().text,
              "manifest cross-validation error: group \"lane\": resources ID (1): under-utilized "
              "(1) " +
                  name + " endpoints");
  }
}

// --- Updates ---

TEST(ManifestUpdate, MayChangeImageEnvironmentExposesAndParams) {
  Manifest wanted = manifest();
  Service& service = wanted.groups[0].services[0];
  service.image = "example/web:2";
  service.env = {{"A=1"}};
  service.expose[0].port = 8080;
  service.resources.endpoints[0].kind = EndpointKind::kRandomPort;
  service.params.emplace();
  EXPECT_TRUE(check_manifest_update(manifest(), wanted));
}

TEST(ManifestUpdate, MayNotRenameAddOrDropServices) {
  Manifest renamed = manifest();
  renamed.groups[0].services[0].name = "api";
  const auto refused = check_manifest_update(manifest(), renamed);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(is(refused.error(), SpecError::kRenamedService));
  EXPECT_NE(refused.error().text.find("manifest service rename is not allowed"), std::string::npos);

  Manifest more = manifest();
  more.groups[0].services.push_back(web());
  EXPECT_FALSE(check_manifest_update(manifest(), more));
  Manifest other_group = manifest();
  other_group.groups[0].name = "road";
  EXPECT_FALSE(check_manifest_update(manifest(), other_group));
  EXPECT_FALSE(check_manifest_update(manifest(), {}));
}

TEST(ManifestUpdate, MayNotChangeResources) {
  for (const Change& change :
       std::vector<Change>{[](Service& s) { s.resources.cpu.milli_units = 200; },
                           [](Service& s) { s.resources.memory.bytes *= 2; },
                           [](Service& s) { s.resources.storage[0].bytes *= 2; },
                           [](Service& s) { s.resources.gpu.units = 1; }}) {
    Manifest wanted = manifest();
    change(wanted.groups[0].services[0]);
    const auto refused = check_manifest_update(manifest(), wanted);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(is(refused.error(), SpecError::kManifestMismatch));
  }
}

}  // namespace
}  // namespace tp::compute
