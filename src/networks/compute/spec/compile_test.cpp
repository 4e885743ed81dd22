#include "networks/compute/spec/compile.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "networks/compute/spec/testing/sdl_texts.h"

namespace tp::compute {
namespace {

using testing::kText;
using testing::with;

Sdl parsed(std::string_view text) {
  auto sdl = parse_sdl(text, "app.yaml", SdlMode::kLenient);
  EXPECT_TRUE(sdl) << sdl.error().text;
  return sdl ? *std::move(sdl) : Sdl{};
}

CompiledSdl compiled(std::string_view text, ClientRules rules = ClientRules::kGo) {
  return compile_sdl(parsed(text), rules);
}

// Two services, "api" before "web", on one profile "small", in the placement "lane".
std::string two_services(std::string_view version, std::string_view api_expose,
                         std::string_view web_expose, std::string_view more = "") {
  return "version: \"" + std::string(version) +
         "\"\nservices:\n  web: {image: w, expose: " + std::string(web_expose) +
         "}\n  api: {image: a, expose: " + std::string(api_expose) +
         "}\nprofiles:\n  compute:\n    small: {resources: {cpu: {units: 1}, memory: {size: 64Mi}, "
         "storage: {size: 64Mi}}}\n  placement:\n    lane: {pricing: {small: {denom: utoll, "
         "amount: "
         "1}}}\ndeployment:\n  web: {lane: {profile: small, count: 1}}\n  api: {lane: {profile: "
         "small, count: 2}}\n" +
         std::string(more);
}
constexpr std::string_view kHttp = "[{port: 80, to: [{global: true}]}]";
constexpr std::string_view kUdp = "[{port: 53, proto: udp, to: [{global: true}]}]";

using Kinds = std::vector<Endpoint>;
constexpr Endpoint kSharedHttp{EndpointKind::kSharedHttp, 0};
constexpr Endpoint kPort{EndpointKind::kRandomPort, 0};
constexpr Endpoint leased(std::uint32_t number) {
  return {EndpointKind::kLeasedIp, number};
}

// --- Groups ---

TEST(Compile, MakesOneGroupForEachPlacementInByteOrder) {
  std::string text = two_services("2.0", kHttp, kHttp);
  text.replace(text.find("    lane: {pricing"), 0,
               "    Road: {pricing: {small: {denom: utoll, amount: 1}}}\n");
  text.replace(text.find("api: {lane"), 10, "api: {Road");
  const CompiledSdl out = compiled(text);
  ASSERT_EQ(out.groups.size(), 2U);
  EXPECT_EQ(out.groups[0].name, "Road");
  EXPECT_EQ(out.groups[1].name, "lane");
  EXPECT_EQ(out.manifest.groups[0].services[0].name, "api");
}

TEST(Compile, CopiesRequirementsAndPrices) {
  const GroupSpec group = compiled(kText).groups[0];
  EXPECT_EQ(group.requirements.attributes, Attributes({{"region", "local"}}));
  EXPECT_EQ(group.requirements.signed_by.any_of, std::vector<std::string>({"auditor"}));
  EXPECT_EQ(group.resources[1].price, (Price{"utoll", Decimal::parse("20.5").value()}));
}

TEST(Compile, SortsRequirementsByKey) {
  const GroupSpec group =
      compiled(with("region: local", "region: local\n        host: x\n        Zone: y")).groups[0];
  EXPECT_EQ(group.requirements.attributes,
            Attributes({{"Zone", "y"}, {"host", "x"}, {"region", "local"}}));
}

TEST(Compile, GivesEachServiceItsOwnUnitInVersion20) {
  const CompiledSdl out = compiled(two_services("2.0", kHttp, kUdp));
  const auto& units = out.groups[0].resources;
  ASSERT_EQ(units.size(), 2U);
  EXPECT_EQ(units[0].resources.id, 1U);
  EXPECT_EQ(units[0].count, 2U);  // api comes first
  EXPECT_EQ(units[1].resources.id, 2U);
  EXPECT_EQ(units[1].count, 1U);
  EXPECT_EQ(out.manifest.groups[0].services[1].resources.id, 2U);
}

TEST(Compile, MergesUnitsOfOneProfileInVersion21) {
  const CompiledSdl out = compiled(two_services("2.1", kHttp, kUdp));
  const auto& units = out.groups[0].resources;
  ASSERT_EQ(units.size(), 1U);
  EXPECT_EQ(units[0].count, 3U);
  EXPECT_EQ(units[0].resources.endpoints, Kinds({kSharedHttp, kPort}));
  EXPECT_EQ(out.manifest.groups[0].services[1].resources.id, 1U);
  EXPECT_EQ(out.manifest.groups[0].services[1].resources.endpoints, Kinds({kPort}));
}

TEST(Compile, MergesInEveryVersionByTypeScriptRules) {
  const CompiledSdl out = compiled(two_services("2.0", kUdp, kHttp), ClientRules::kTypeScript);
  ASSERT_EQ(out.groups[0].resources.size(), 1U);
  EXPECT_EQ(out.groups[0].resources[0].resources.endpoints, Kinds({kSharedHttp, kPort}));
}

TEST(Compile, SortsTheEndpointsOfAMergedUnitByNumberOnly) {
  const auto units = compiled(two_services("2.1", kUdp, kHttp)).groups[0].resources;
  EXPECT_EQ(units[0].resources.endpoints, Kinds({kPort, kSharedHttp}));  // api came first
}

// --- Endpoint sequence numbers ---

constexpr std::string_view kEndpoints = "endpoints: {front: {kind: ip}, back: {kind: ip}}\n";

TEST(SequenceNumbers, FollowTheNamesOfEndpoints) {
  const std::string text = two_services("2.0", "[{port: 80, to: [{global: true, ip: front}]}]",
                                        "[{port: 80, to: [{global: true, ip: back}]}]", kEndpoints);
  for (const ClientRules rules : {ClientRules::kGo, ClientRules::kTypeScript}) {
    const auto services = compiled(text, rules).manifest.groups[0].services;
    EXPECT_EQ(services[0].expose[0].endpoint_sequence_number, 2U);  // api has "front"
    EXPECT_EQ(services[1].expose[0].endpoint_sequence_number, 1U);
  }
}

TEST(SequenceNumbers, CountEveryServiceToServiceExposeInGo) {
  const std::string text =
      two_services("2.0", "[{port: 80, to: [{global: true, ip: front}, {service: web}]}]",
                   "[{port: 80, to: [{global: true, ip: back}, {service: api}]}]", kEndpoints);
  const auto go = compiled(text).manifest.groups[0].services;
  EXPECT_EQ(go[1].expose[0].endpoint_sequence_number, 3U);  // back, behind two without a name
  EXPECT_EQ(go[0].expose[0].endpoint_sequence_number, 4U);
  const auto typescript = compiled(text, ClientRules::kTypeScript).manifest.groups[0].services;
  EXPECT_EQ(typescript[1].expose[0].endpoint_sequence_number, 1U);
  EXPECT_EQ(typescript[0].expose[0].endpoint_sequence_number, 2U);
}

TEST(SequenceNumbers, OfAnEndpointUsedTwiceAreTheLaterOne) {
  const std::string text = two_services("2.0", "[{port: 80, to: [{global: true, ip: front}]}]",
                                        "[{port: 81, to: [{global: true, ip: front}]}]",
                                        "endpoints: {front: {kind: ip}}\n");
  const auto services = compiled(text).manifest.groups[0].services;
  EXPECT_EQ(services[0].expose[0].endpoint_sequence_number, 2U);
  EXPECT_EQ(services[1].expose[0].endpoint_sequence_number, 2U);
  EXPECT_EQ(services[1].resources.endpoints, Kinds({kPort, leased(2)}));
}

// --- Exposes ---

TEST(Compile, SortsExposesByServicePortProtocolGlobal) {
  const auto service = compiled(two_services("2.0", kHttp,
                                             "[{port: 90, to: [{service: api}]}, {port: 81, proto: "
                                             "udp, to: [{global: true}]}, {port: 81, to: [{global: "
                                             "true}, {}]}, {port: 80, to: [{global: true}]}]"))
                           .manifest.groups[0]
                           .services[1];
  ASSERT_EQ(service.expose.size(), 5U);
  EXPECT_EQ(service.expose[0].port, 80U);
  EXPECT_TRUE(service.expose[1].global);
  EXPECT_FALSE(service.expose[2].global);
  EXPECT_EQ(service.expose[3].proto, "UDP");
  EXPECT_EQ(service.expose[4].service, "api");
  EXPECT_EQ(service.resources.endpoints, Kinds({kSharedHttp, kPort, kPort}));
}

TEST(Compile, KeepsAnAbsentOutsidePortAsZero) {
  const auto expose =
      compiled(two_services("2.0", kHttp, kHttp)).manifest.groups[0].services[0].expose[0];
  EXPECT_EQ(expose.external_port, 0U);
  EXPECT_TRUE(expose.is_ingress());
}

TEST(Compile, MakesAnExposeWithoutToForNobodyInGoAndNoneInTypeScript) {
  const std::string text = two_services("2.0", kHttp, "[{port: 9000}]");
  const auto go = compiled(text).manifest.groups[0].services[1].expose;
  ASSERT_EQ(go.size(), 1U);
  EXPECT_FALSE(go[0].global);
  EXPECT_EQ(go[0].service, "");
  EXPECT_TRUE(
      compiled(text, ClientRules::kTypeScript).manifest.groups[0].services[1].expose.empty());
}

TEST(Compile, WritesTheDefaultsOfHttpOptions) {
  const auto expose =
      compiled(two_services("2.0", kHttp, kHttp)).manifest.groups[0].services[0].expose[0];
  EXPECT_EQ(expose.http_options, HttpOptions());
}

TEST(Compile, TakesAnHttpOptionOfZeroForTheDefaultInGo) {
  const std::string text =
      two_services("2.0", kHttp,
                   "[{port: 80, http_options: {read_timeout: 0, next_tries: 0, send_timeout: 7, "
                   "proxy_buffer_size: 9, next_cases: [\"500\"]}, to: [{global: true}]}]");
  const auto go = compiled(text).manifest.groups[0].services[1].expose[0].http_options;
  EXPECT_EQ(go.read_timeout, 60'000U);
  EXPECT_EQ(go.next_tries, 3U);
  EXPECT_EQ(go.send_timeout, 7U);
  EXPECT_EQ(go.proxy_buffer_size, 9U);
  EXPECT_EQ(go.next_cases, std::vector<std::string>({"500"}));
  const auto typescript = compiled(text, ClientRules::kTypeScript)
                              .manifest.groups[0]
                              .services[1]
                              .expose[0]
                              .http_options;
  EXPECT_EQ(typescript.read_timeout, 0U);
  EXPECT_EQ(typescript.next_tries, 0U);
}

// --- Services ---

TEST(Compile, TellsAnEmptyListFromNoneInGo) {
  std::string text = two_services("2.0", kHttp, kHttp);
  text.replace(text.find("image: a"), 8, "image: a, env: []");
  const Service go = compiled(text).manifest.groups[0].services[0];
  ASSERT_TRUE(go.env);
  EXPECT_TRUE(go.env->empty());
  EXPECT_FALSE(go.args);
  EXPECT_FALSE(compiled(text, ClientRules::kTypeScript).manifest.groups[0].services[0].env);
}

TEST(Compile, DropsTheEmailIn20AndTrimsIn21) {
  const auto credentials = [](std::string_view version, ClientRules rules) {
    std::string text = two_services(version, kHttp, kHttp);
    text.replace(
        text.find("image: a"), 8,
        "image: a, credentials: {host: \" h \", email: \" a@b.c \", username: u, password: "
        "\" secret\\t\"}");
    return *compiled(text, rules).manifest.groups[0].services[0].credentials;
  };
  EXPECT_EQ(credentials("2.0", ClientRules::kGo), (ImageCredentials{" h ", "", "u", " secret\t"}));
  EXPECT_EQ(credentials("2.1", ClientRules::kGo), (ImageCredentials{"h", "a@b.c", "u", "secret"}));
  EXPECT_EQ(credentials("2.1", ClientRules::kTypeScript),
            (ImageCredentials{" h ", " a@b.c ", "u", " secret\t"}));
}

TEST(Compile, MakesConfidentialComputeARequirementOfTheGroup) {
  std::string text = two_services("2.1", kHttp, kHttp);
  text.replace(text.find("image: a"), 8, "image: a, params: {tee: cpu}");
  text.replace(text.find("lane: {pricing"), 14, "lane: {attributes: {zone: a, area: b}, pricing");
  const CompiledSdl out = compiled(text);
  EXPECT_EQ(out.groups[0].requirements.attributes,
            Attributes({{"area", "b"}, {"tee/type", "cpu"}, {"zone", "a"}}));
  EXPECT_EQ(out.manifest.groups[0].services[0].params->tee, TeeParams("cpu", true));
}

TEST(Compile, SortsMountsByVolume) {
  std::string text =
      with("        data:\n          mount: /data",
           "        default: {mount: /z}\n        data: {mount: /a, readOnly: true}");
  const Service db = compiled(text).manifest.groups[0].services[0];
  EXPECT_EQ(*db.params->storage,
            std::vector<StorageMount>({{"data", "/a", true}, {"default", "/z", false}}));
}

// --- Resources ---

// In version 2.1, where Go does not ask for mounts.
std::string volumes(std::string_view list) {
  std::string text = two_services("2.1", kHttp, kHttp);
  return text.replace(text.find("storage: {size: 64Mi}"), 21, "storage: " + std::string(list));
}

std::vector<std::string> order(std::string_view list, ClientRules rules = ClientRules::kGo) {
  std::vector<std::string> names;
  const CompiledSdl out = compiled(volumes(list), rules);
  for (const Volume& volume : out.groups[0].resources[0].resources.storage)
    names.push_back(volume.name);
  return names;
}

TEST(Volumes, AreSortedBySizeInGoAndAsWrittenInTypeScript) {
  constexpr std::string_view kList = "[{name: b, size: 2Gi}, {name: a, size: 1Gi}]";
  EXPECT_EQ(order(kList), std::vector<std::string>({"a", "b"}));
  EXPECT_EQ(order(kList, ClientRules::kTypeScript), std::vector<std::string>({"b", "a"}));
}

TEST(Volumes, OfOneSizeThatDoNotPersistAreTurnedAround) {
  // Go's comparison calls both less than the other; its stable sort then moves the later one ahead.
  EXPECT_EQ(order("[{name: a, size: 1Gi}, {name: b, size: 1Gi}, {name: c, size: 1Gi}]"),
            std::vector<std::string>({"c", "b", "a"}));
}

TEST(Volumes, OfOneSizeHaveThoseWithoutAttributesBeforeFalseBeforeTrue) {
  EXPECT_EQ(order("[{name: t, size: 1Gi, attributes: {persistent: true}}, {name: f, size: 1Gi, "
                  "attributes: {persistent: false}}, {name: n, size: 1Gi}]"),
            std::vector<std::string>({"n", "f", "t"}));
}

TEST(Volumes, OfOneSizeThatPersistAreSortedByName) {
  EXPECT_EQ(order("[{name: b, size: 1Gi, attributes: {persistent: true}}, {name: a, size: 1Gi, "
                  "attributes: {persistent: true, class: beta3}}]"),
            std::vector<std::string>({"a", "b"}));
}

TEST(Volumes, GetTheClassDefaultAndTheWordFalseInGo) {
  const auto attributes = [](ClientRules rules) {
    std::vector<Attributes> all;
    const std::string text = volumes(
        "[{name: a, size: 1Gi}, {name: b, size: 2Gi, attributes: {persistent: true}}, {name: "
        "c, size: 3Gi, attributes: {class: ram}}, {name: d, size: 4Gi, attributes: {}}]");
    const CompiledSdl out = compiled(text, rules);
    for (const Volume& volume : out.groups[0].resources[0].resources.storage)
      all.push_back(volume.attributes);
    return all;
  };
  EXPECT_EQ(attributes(ClientRules::kGo),
            std::vector<Attributes>({{},
                                     {{"class", "default"}, {"persistent", "true"}},
                                     {{"class", "ram"}, {"persistent", "false"}},
                                     {{"persistent", "false"}}}));
  EXPECT_EQ(attributes(ClientRules::kTypeScript),
            std::vector<Attributes>(
                {{}, {{"persistent", "true"}}, {{"class", "ram"}, {"persistent", "false"}}, {}}));
}

TEST(Volumes, WrittenAloneAreCalledDefaultUnlessMountedByTheirName) {
  EXPECT_EQ(order("{name: data, size: 1Gi}"), std::vector<std::string>({"default"}));
  EXPECT_EQ(order("{name: data, size: 1Gi}", ClientRules::kTypeScript),
            std::vector<std::string>({"data"}));
  std::string text = volumes("{name: data, size: 1Gi}");
  text.replace(text.find("image: a"), 8, "image: a, params: {storage: {data: {mount: /data}}}");
  EXPECT_EQ(compiled(text).groups[0].resources[0].resources.storage[0].name, "data");
}

Attributes gpu(std::string_view models, ClientRules rules = ClientRules::kGo) {
  std::string text = two_services("2.0", kHttp, kHttp);
  text.replace(text.find("storage: {size"), 0,
               "gpu: {units: 1, attributes: {vendor: {nvidia: " + std::string(models) + "}}}, ");
  return compiled(text, rules).groups[0].resources[0].resources.gpu.attributes;
}

TEST(Gpus, AreAskedForByModelMemoryAndInterface) {
  EXPECT_EQ(gpu("[{model: a100}]"), Attributes({{"vendor/nvidia/model/a100", "true"}}));
  EXPECT_EQ(gpu("[{model: a100, ram: 80Gi, interface: sxm}]"),
            Attributes({{"vendor/nvidia/model/a100/ram/80Gi/interface/sxm", "true"}}));
  EXPECT_EQ(gpu(""), Attributes({{"vendor/nvidia/model/*", "true"}}));
}

TEST(Gpus, AreSortedWithMemoryInWholeGiInGo) {
  constexpr std::string_view kModels = "[{model: h100, ram: 81920Mi}, {model: a100, ram: 80.5Gi}]";
  EXPECT_EQ(gpu(kModels), Attributes({{"vendor/nvidia/model/a100/ram/80Gi", "true"},
                                      {"vendor/nvidia/model/h100/ram/80Gi", "true"}}));
  EXPECT_EQ(gpu(kModels, ClientRules::kTypeScript),
            Attributes({{"vendor/nvidia/model/h100/ram/81920Mi", "true"},
                        {"vendor/nvidia/model/a100/ram/80.5Gi", "true"}}));
}

TEST(Compile, GivesAProfileWithoutGpuZeroUnits) {
  const Resources resources =
      compiled(two_services("2.0", kHttp, kHttp)).groups[0].resources[0].resources;
  EXPECT_EQ(resources.gpu, Gpu());
  EXPECT_EQ(resources.cpu.milli_units, 1000U);
  EXPECT_EQ(resources.memory.bytes, 64ULL << 20);
}

TEST(Compile, HashesTheManifest) {
  const CompiledSdl out = compiled(kText);
  EXPECT_EQ(out.hash, manifest_hash(out.manifest));
}

TEST(Compile, OfEitherRulesIsConsistentInItself) {
  for (const ClientRules rules : {ClientRules::kGo, ClientRules::kTypeScript}) {
    const CompiledSdl out = compiled(two_services("2.0", kUdp, kHttp), rules);
    EXPECT_TRUE(check_group_specs(out.groups));
    EXPECT_TRUE(check_manifest_against_groups(out.manifest, out.groups));
  }
}

}  // namespace
}  // namespace tp::compute
