#include <gtest/gtest.h>

#include "networks/compute/spec/testing/sdl_texts.h"

namespace tp::compute {
namespace {

using testing::accepted;
using testing::refused;
using testing::strict_only;
using testing::with;

// --- Services ---

TEST(SdlService, HasANameThatIsADnsLabel) {
  std::string text = with("  web:\n    image", "  We_b:\n    image");
  text.replace(text.find("  web:\n    lane"), 5, "  We_b");
  refused(text, "13: service \"We_b\": name is invalid");
}

TEST(SdlService, HasAnImage) {
  refused(with("    image: example/web:1\n", ""), "service \"web\" has empty image name");
  refused(with("image: example/web:1", "image: \"\""), "service \"web\" has empty image name");
}

TEST(SdlService, NamesItsVariablesWell) {
  refused(with("- DB=db", "- 1DB=db"),
          "16: service \"web\" defines an env. var. with an invalid name \"1DB\"");
}

TEST(SdlService, WithoutDeploymentIsDroppedByGo) {
  strict_only(with("  web:\n    image", "  other:\n    image: x\n  web:\n    image"),
              "13: service \"other\" is not named in deployment");
}

TEST(SdlService, HasCredentialsWithHostUsernameAndPassword) {
  const auto credentials = [](std::string_view fields) {
    return with("    env:", "    credentials: {" + std::string(fields) + "}\n    env:");
  };
  accepted(credentials("host: h, username: u, password: secret"));
  accepted(credentials("host: h, email: a@b.c, username: u, password: secret"));
  refused(credentials("username: u, password: secret"), "service Credentials missing Host");
  refused(credentials("host: h, username: \" \", password: secret"),
          "service Credentials missing Username");
  refused(credentials("host: h, username: u"), "service Credentials missing Password");
  strict_only(credentials("host: h, username: u, password: short"),
              "password must have at least 6 characters");
  strict_only(credentials("host: h, email: a@b, username: u, password: secret"),
              "email must have at least 5 characters");
}

TEST(SdlService, MayHaveDependenciesAndPermissions) {
  accepted(with("    env:", "    dependencies: [{service: db}]\n    env:"));
  accepted(with("    env:", "    params: {permissions: {read: [logs, events]}}\n    env:"));
  strict_only(with("    env:", "    params: {permissions: {read: [secrets]}}\n    env:"),
              "permission \"secrets\" is none of deployment, logs, events");
}

// --- Exposes ---

TEST(SdlExpose, HasAPortFrom1To65535) {
  refused(with("port: 8080", "port: 0"), "18: service \"web\": port 0 is outside 1..65535");
  refused(with("port: 8080", "port: 65536"), "port 65536 is outside 1..65535");
  refused(with("      - port: 8080\n        as: 80", "      - as: 80"),
          "port 0 is outside 1..65535");
  accepted(with("port: 8080", "port: 65535"));
}

TEST(SdlExpose, HasAnOutsidePortThatExistsWhichGoDoesNotCheck) {
  refused(with("as: 80", "as: 65536"), "as 65536 is outside 1..65535");
  strict_only(with("as: 80", "as: 0"), "as 0 is outside 1..65535");
}

TEST(SdlExpose, SpeaksTcpOrUdp) {
  accepted(with("as: 80", "as: 80\n        proto: UDP"));
  accepted(with("as: 80", "as: 80\n        proto: tcp"));
  strict_only(with("as: 80", "as: 80\n        proto: Tcp"), "unsupported service protocol \"Tcp\"");
  refused(with("as: 80", "as: 80\n        proto: http"),
          "service \"web\": unsupported service protocol \"http\"; allowed: tcp, udp");
}

TEST(SdlExpose, AcceptsDnsNames) {
  refused(with("www.example.com", "\"*.example.com\""), "has invalid hostname \"*.example.com\"");
  refused(with("www.example.com", "WWW.example.com"), "has invalid hostname");
}

TEST(SdlExpose, AcceptsEachNameOnce) {
  const std::string_view twice = "hostname \"www.example.com\" is duplicated, this is not allowed";
  refused(with("- www.example.com", "- www.example.com\n          - www.example.com"), twice);
  refused(with("          - global: true", "          - global: true\n          - service: db"),
          twice);
}

TEST(SdlExpose, IsGlobalSomewhere) {
  refused(with("- global: true", "- service: db"), "zero global services");
}

TEST(SdlExpose, LimitsHttpOptions) {
  const auto option = [](std::string_view text) { return with("read_timeout: 1000", text); };
  refused(option("read_timeout: 60001"),
          "23: service \"web\": http option not allowed: read_timeout 60001 is outside 0..60000");
  refused(option("send_timeout: 60001"), "http option not allowed: send_timeout");
  refused(option("max_body_size: 104857601"), "http option not allowed: max_body_size");
  refused(option("proxy_buffer_size: 1048577"), "http option not allowed: proxy_buffer_size");
  accepted(option("next_tries: 100000"));
}

TEST(SdlExpose, KnowsTheCasesForTheNextTry) {
  const auto cases = [](std::string_view list) {
    return with("read_timeout: 1000", "next_cases: " + std::string(list));
  };
  accepted(
      cases("[error, timeout, \"500\", \"502\", \"503\", \"504\", \"403\", \"404\", \"429\"]"));
  accepted(cases("[\"off\"]"));
  strict_only(cases("[500]"), "must be text (write it in quotes)");
  refused(cases("[\"400\"]"), "next case is unknown: \"400\"");
  refused(cases("[\"off\", error]"), "if 'off' is specified, no other cases may be specified");
}

// --- Endpoints ---

std::string leased(std::string_view to, std::string_view endpoints = "front: {kind: ip}") {
  return with("          - global: true", "          - " + std::string(to)) + "endpoints: {" +
         std::string(endpoints) + "}\n";
}

TEST(SdlEndpoint, IsLeasedByAGlobalExpose) {
  accepted(leased("{global: true, ip: front}"));
  refused(leased("{ip: front}"), "if an IP is declared the directive must be declared as global");
}

TEST(SdlEndpoint, MustExistAndBeUsed) {
  refused(leased("{global: true, ip: back}"), "service \"web\": no endpoint named \"back\" exists");
  refused(leased("{global: true}"), "79: endpoint \"front\" declared but never used");
}

TEST(SdlEndpoint, HasANameOfTwoOrMoreAndTheKindIp) {
  for (const std::string_view name : {"f", "Front", "1a", "a b", "-a"})
    refused(leased("{global: true, ip: \"" + std::string(name) + "\"}",
                   "\"" + std::string(name) + "\": {kind: ip}"),
            "is not a valid name");
  accepted(leased("{global: true, ip: a-_1}", "a-_1: {kind: ip}"));
  refused(leased("{global: true, ip: front}", "front: {kind: dns}"), "unknown kind \"dns\"");
  refused(leased("{global: true, ip: front}", "front: {}"), "endpoint named \"front\" has no kind");
}

TEST(SdlEndpoint, HasEachPortOnce) {
  const auto twice = [](std::string_view first, std::string_view second) {
    return leased("{global: true, ip: front}\n      - {" + std::string(first) +
                  ", to: [{global: true, ip: front}]}\n      - {" + std::string(second) +
                  ", to: [{global: true, ip: front}]}");
  };
  refused(
      twice("port: 1, as: 9", "port: 2, as: 9"),
      "IP endpoint \"front\" port: 9 protocol: TCP specified by service \"web\" already in use by "
      "\"web\"");
  accepted(twice("port: 1, as: 9", "port: 1, as: 9, proto: udp"));
  // Go compares what is written, not what is meant.
  strict_only(twice("port: 9, as: 9", "port: 9"), "port: 9 protocol: TCP specified by service");
}

// --- Confidential compute ---

std::string tee(std::string_view type) {
  return with("    env:", "    params: {tee: " + std::string(type) + "}\n    env:");
}

TEST(SdlTee, IsCpuOrCpuWithGpu) {
  accepted(tee("cpu"));
  accepted(tee("cpu-gpu"));
  refused(tee("gpu"), "unsupported tee type: \"gpu\" (allowed: cpu, cpu-gpu)");
}

TEST(SdlTee, WithGpuNeedsAGpu) {
  refused(with("    params:\n      storage:", "    params:\n      tee: cpu-gpu\n      storage:"),
          "tee type requires gpu resources");
}

TEST(SdlTee, IsOneInAPlacement) {
  std::string text = tee("cpu-gpu");
  text.replace(text.find("    params:\n      storage:"), 12, "    params:\n      tee: cpu\n");
  refused(text,
          "conflicting tee types in the same placement group: group \"lane\" has \"cpu\" and "
          "\"cpu-gpu\"");
}

}  // namespace
}  // namespace tp::compute
