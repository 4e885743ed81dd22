#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"
#include "networks/compute/spec/error.h"
#include "networks/compute/spec/json.h"
#include "networks/compute/spec/manifest.h"

namespace tp::compute {
namespace {

// One service in which every field has another value, and every optional one is there.
Manifest full() {
  Service service;
  service.name = "web";
  service.image = "example/web:1";
  service.command = {{"sh"}};
  service.args = {{"-c", "x"}};
  service.env = {{"A=1"}};
  service.resources.id = 1;
  service.resources.cpu = {100, {{"arch", "amd64"}}};
  service.resources.memory.bytes = 200;
  service.resources.storage = {{"default", 300, {{"persistent", "false"}}}};
  service.resources.gpu = {1, {{"vendor/nvidia/model/*", "true"}}};
  service.resources.endpoints = {{EndpointKind::kSharedHttp, 0}, {EndpointKind::kLeasedIp, 7}};
  service.count = 2;
  ServiceExpose expose;
  expose.port = 8080;
  expose.external_port = 80;
  expose.service = "api";
  expose.global = true;
  expose.hosts = {{"a.example"}};
  expose.http_options = {1, 2, 3, 4, 5, {"error"}, 6};
  expose.ip = "front";
  expose.endpoint_sequence_number = 7;
  service.expose = {expose};
  service.params.emplace();
  service.params->storage = {{{"default", "/data", true}}};
  service.params->permissions = ServicePermissions{{"logs"}};
  service.params->tee = TeeParams{"cpu", true};
  service.credentials = ImageCredentials{"host", "mail", "me", "secret"};
  return {{{"lane", {service}}}};
}

constexpr std::string_view kFull =
    R"([{"name":"lane","services":[{"args":["-c","x"],"command":["sh"],"count":2,"credentials":{)"
    R"("email":"mail","host":"host","password":"secret","username":"me"},"env":["A=1"],"expose":[{)"
    R"("endpointSequenceNumber":7,"externalPort":80,"global":true,"hosts":["a.example"],)"
    R"("httpOptions":{"maxBodySize":1,"nextCases":["error"],"nextTimeout":5,"nextTries":4,)"
    R"("proxyBufferSize":6,"readTimeout":2,"sendTimeout":3},"ip":"front","port":8080,"proto":"TCP",)"
    R"("service":"api"}],"image":"example/web:1","name":"web","params":{"permissions":{"read":[)"
    R"("logs"]},"storage":[{"mount":"/data","name":"default","readOnly":true}],"tee":{)"
    R"("attestation":true,"type":"cpu"}},"resources":{"cpu":{"attributes":[{"key":"arch","value":)"
    R"("amd64"}],"units":{"val":"100"}},"endpoints":[{"sequence_number":0},{"kind":2,)"
    R"("sequence_number":7}],"gpu":{"attributes":[{"key":"vendor/nvidia/model/*","value":"true"}],)"
    R"("units":{"val":"1"}},"id":1,"memory":{"size":{"val":"200"}},"storage":[{"attributes":[{)"
    R"("key":"persistent","value":"false"}],"name":"default","size":{"val":"300"}}]}}]}])";

// A service with nothing that may be left out.
constexpr std::string_view kBare =
    R"([{"name":"lane","services":[{"args":null,"command":null,"count":0,"credentials":null,)"
    R"("env":null,"expose":[],"image":"","name":"","resources":{"cpu":{"units":{"val":"0"}},)"
    R"("endpoints":[],"gpu":{"units":{"val":"0"}},"id":0,"memory":{"size":{"val":"0"}}}}]}])";

TEST(CanonicalJson, HasKeysInByteOrderAndNoSpaces) {
  EXPECT_EQ(canonical_json(full()), kFull);
}

TEST(CanonicalJson, LeavesOutWhatGoLeavesOut) {
  EXPECT_EQ(canonical_json({{{"lane", {Service{}}}}}), kBare);
}

TEST(CanonicalJson, TellsAnAbsentListFromAnEmptyOne) {
  Service service;
  service.command.emplace();
  const std::string json = canonical_json({{{"lane", {service}}}});
  EXPECT_NE(json.find(R"("args":null,"command":[])"), std::string::npos);
}

TEST(CanonicalJson, KeepsParamsWithoutStorageAsNull) {
  Service service;
  service.params.emplace();
  service.params->permissions.emplace();
  const std::string json = canonical_json({{{"lane", {service}}}});
  EXPECT_NE(json.find(R"("params":{"permissions":{},"storage":null})"), std::string::npos);
}

TEST(CanonicalJson, LeavesOutTheEmptyValueOfAnAttribute) {
  Service service;
  service.resources.cpu.attributes = {{"arch", ""}};
  const std::string json = canonical_json({{{"lane", {service}}}});
  EXPECT_NE(json.find(R"("attributes":[{"key":"arch"}])"), std::string::npos);
}

std::string escaped(std::string_view text) {
  JsonWriter out;
  out.string(text);
  return std::move(out).text();
}

TEST(CanonicalJson, EscapesAsGoDoes) {
  EXPECT_EQ(escaped("<a> & \"b\" \\"), R"("\u003ca\u003e \u0026 \"b\" \\")");
  EXPECT_EQ(escaped("\b\f\n\r\t\x01\x1f\x7f/"), "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f/\"");
  EXPECT_EQ(escaped("\u2028\u2029"), R"("\u2028\u2029")");
  EXPECT_EQ(escaped("é😀"), "\"é😀\"");
}

TEST(CanonicalJson, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(escaped("a\xff"
                    "b"),
            R"("a\ufffdb")");
  EXPECT_EQ(escaped("\xc0\xaf"), R"("\ufffd\ufffd")");                      // overlong
  EXPECT_EQ(escaped("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");            // a surrogate
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), R"("\ufffd\ufffd\ufffd\ufffd")");  // above U+10FFFF
  EXPECT_EQ(escaped("\xe2\x82"), R"("\ufffd\ufffd")");                      // cut short
}

TEST(ManifestHash, IsSha256OfTheCanonicalJson) {
  // echo -n '[]' | sha256sum
  EXPECT_EQ(to_hex(manifest_hash({}).view()),
            "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945");
}

TEST(ManifestJson, ComesBackAsItWas) {
  EXPECT_EQ(parse_manifest_json(kFull).value(), full());
  EXPECT_EQ(canonical_json(parse_manifest_json(kBare).value()), kBare);
}

TEST(ManifestJson, MayBeSpacedAndOrderedAsAClientLikes) {
  const auto read = parse_manifest_json(R"( [ { "services" : [], "name" : "lane" } ] )");
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(canonical_json(*read), R"([{"name":"lane","services":[]}])");
}

std::string fault(std::string_view json) {
  const auto read = parse_manifest_json(json);
  return read ? "" : read.error().text;
}

TEST(ManifestJson, RefusesUnknownFieldsByName) {
  EXPECT_EQ(fault(R"([{"name":"lane","colour":"red"}])"),
            "invalid manifest: manifest[0]: unknown field \"colour\"");
  std::string json(kFull);
  json.insert(json.find("\"mount\""), "\"mood\":1,");
  EXPECT_EQ(fault(json),
            "invalid manifest: manifest[0].services[0].params.storage[0]: unknown field \"mood\"");
}

TEST(ManifestJson, RefusesWrongTypes) {
  const auto with = [](std::string_view part, std::string_view other) {
    std::string json(kFull);
    return fault(json.replace(json.find(part), part.size(), other));
  };
  EXPECT_NE(with("\"count\":2", "\"count\":\"2\""), "");
  EXPECT_NE(with("\"count\":2", "\"count\":2.5"), "");
  EXPECT_NE(with("\"count\":2", "\"count\":-2"), "");
  EXPECT_NE(with("\"count\":2", "\"count\":4294967296"), "");
  EXPECT_NE(with("\"global\":true", "\"global\":1"), "");
  EXPECT_NE(with("\"image\":\"example/web:1\"", "\"image\":7"), "");
  EXPECT_NE(with("[\"-c\",\"x\"]", "\"-c\""), "");
  EXPECT_NE(with("\"kind\":2", "\"kind\":3"), "");
  EXPECT_NE(with("\"val\":\"100\"", "\"val\":\"-1\""), "");
  EXPECT_NE(with("\"val\":\"100\"", "\"val\":\"1.5\""), "");
  EXPECT_NE(with("\"val\":\"100\"", "\"val\":\"18446744073709551616\""), "");
  EXPECT_NE(with("\"val\":\"100\"", "\"val\":100"), "");
}

TEST(ManifestJson, RefusesWhatHasNoCpuGpuMemoryEndpointsOrExpose) {
  for (const auto& [part, other] : std::vector<std::pair<std::string, std::string>>{
           {"\"endpoints\":[]", "\"endpoints\":null"},
           {"\"expose\":[]", "\"expose\":null"},
           {"\"cpu\":{\"units\":{\"val\":\"0\"}}", "\"cpu\":null"},
           {"\"gpu\":{\"units\":{\"val\":\"0\"}}", "\"gpu\":null"},
           {"\"memory\":{\"size\":{\"val\":\"0\"}}", "\"memory\":null"}}) {
    std::string json(kBare);
    EXPECT_NE(fault(json.replace(json.find(part), part.size(), other)), "") << part;
  }
}

TEST(ManifestJson, RefusesWhatIsNotJsonOrNotAList) {
  for (const std::string_view json : {"", "[", "{}", "null", "1", "[1]", "[[]]", "[{}] x"})
    EXPECT_NE(fault(json), "") << json;
}

TEST(ManifestJson, IsBounded) {
  const std::string large(kManifestBytesMax + 1, ' ');
  EXPECT_TRUE(is(parse_manifest_json(large).error(), SpecError::kTooLarge));
  EXPECT_NE(fault(std::string(kManifestBytesMax, '[')), "");  // depth costs no stack
  EXPECT_NE(
      fault(std::string(kManifestBytesMax / 2, '[') + std::string(kManifestBytesMax / 2, ']')), "");
}

RC_GTEST_PROP(CanonicalJsonProperty, AnyTextComesBackFromItsEscapedForm, ()) {
  // Printable ASCII and line ends: what is not UTF-8 does not come back.
  const auto text =
      *rc::gen::container<std::string>(rc::gen::element('a', '<', '&', '"', '\\', '\n', '\x01'));
  Service service;
  service.image = text;
  const auto back = parse_manifest_json(canonical_json({{{"lane", {service}}}}));
  RC_ASSERT(back.has_value());
  RC_ASSERT(back->groups[0].services[0].image == text);
}

RC_GTEST_PROP(ManifestJsonProperty, NoTextCrashesTheParser, (const std::string& text)) {
  (void)parse_manifest_json(text);
}

}  // namespace
}  // namespace tp::compute
