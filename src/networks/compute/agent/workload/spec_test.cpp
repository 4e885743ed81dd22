#include "networks/compute/agent/workload/spec.h"

#include <gtest/gtest.h>

#include <set>

#include "networks/compute/agent/workload/error.h"

namespace tp::compute::workload {
namespace {

LeaseWorkload hello() {
  Service web{.name = "web", .image = "localhost:5000/hello-web:1"};
  web.cpu_milli = 100;
  web.memory_bytes = 64 << 20;
  web.volumes = {{.name = "default", .size_bytes = 64 << 20}};
  web.exposes = {{.port = 8080, .external_port = 80, .global = true, .hosts = {"hello.localhost"}}};
  return {.key = {"akash1owner", 7, 1, 1, "akash1provider"}, .services = {web}};
}

// Expects the refusal `error` with `words` in its text.
void expect_refused(const LeaseWorkload& workload, WorkloadError error, std::string_view words) {
  const auto result = validate(workload);
  ASSERT_FALSE(result);
  EXPECT_TRUE(is(result.error(), error)) << result.error().text;
  EXPECT_NE(result.error().text.find(words), std::string::npos) << result.error().text;
}

TEST(WorkloadSpecTest, TheHelloWorkloadIsAccepted) {
  EXPECT_TRUE(validate(hello()));
}

TEST(WorkloadSpecTest, TheLeaseIdReadsAsInTheReference) {
  EXPECT_EQ(hello().key.text(), "akash1owner/7/1/1/akash1provider");
}

TEST(WorkloadSpecTest, AGlobalTcpPortIsHttpOnlyWhenItsExternalPortIs80) {
  EXPECT_TRUE((Expose{.port = 80, .global = true}.is_http()));
  EXPECT_TRUE((Expose{.port = 3000, .external_port = 80, .global = true}.is_http()));
  EXPECT_TRUE((Expose{.port = 80, .external_port = 81, .global = true}.is_forwarded()));
  EXPECT_TRUE((Expose{.port = 80, .protocol = Protocol::kUdp, .global = true}.is_forwarded()));
  EXPECT_FALSE((Expose{.port = 80}.is_http()));
  EXPECT_FALSE((Expose{.port = 81}.is_forwarded()));
}

TEST(WorkloadSpecTest, TwoServicesWithOneNameAreRefused) {
  LeaseWorkload workload = hello();
  workload.services.push_back(workload.services[0]);
  expect_refused(workload, WorkloadError::kBadSpec, "service \"web\" stands there twice");
}

TEST(WorkloadSpecTest, ANameThatIsNoDnsLabelIsRefused) {
  for (const std::string name : {"", "Web", "a/b", "../x", "-a", "a_b", "a.b"}) {
    LeaseWorkload workload = hello();
    workload.services[0].name = name;
    expect_refused(workload, WorkloadError::kBadSpec, "not a DNS label");
  }
}

TEST(WorkloadSpecTest, AVolumeMayHaveAnyName) {
  std::set<std::string> files;
  const std::string digest = file_name_of({.name = "../x"});
  const std::vector<std::string> names{"db_data",    "Data", "my data", "../x",
                                       "a/b",        "a.b",  "..",      std::string(300, 'a'),
                                       "-o,remount", digest};
  for (const std::string& name : names) {
    LeaseWorkload workload = hello();
    workload.services[0].volumes.push_back(
        {.name = name, .size_bytes = 8 << 20, .kind = VolumeKind::kPersistent, .mount = "/data"});
    EXPECT_TRUE(validate(workload)) << name;
    const std::string file =
        "vol-" + file_name_of(workload.services[0].volumes.back()) + ".img.new";
    EXPECT_EQ(file.find_first_of("/, "), std::string::npos) << file;
    EXPECT_LT(file.size(), 256u);
    EXPECT_TRUE(files.insert(file).second) << file;
  }
  EXPECT_EQ(file_name_of({.name = "db_data"}), "db_data");
}

TEST(WorkloadSpecTest, AVolumeWithoutANameIsRefused) {
  LeaseWorkload workload = hello();
  workload.services[0].volumes[0].name.clear();
  expect_refused(workload, WorkloadError::kBadSpec, "needs a name");
}

TEST(WorkloadSpecTest, AnImageNameThatLooksLikeAnOptionIsRefused) {
  LeaseWorkload workload = hello();
  workload.services[0].image = "--authfile=/etc/shadow";
  expect_refused(workload, WorkloadError::kBadSpec, "is not an image name");
}

TEST(WorkloadSpecTest, AGpuIsRefusedAsUnsupported) {
  LeaseWorkload workload = hello();
  workload.services[0].gpu_units = 1;
  expect_refused(workload, WorkloadError::kUnsupported, "GPU");
}

TEST(WorkloadSpecTest, MountsOverTheSandboxItselfAreRefused) {
  for (const std::string path : {"/", "/proc", "/proc/sys", "/sys/fs/cgroup", "/dev", "/dev/sda",
                                 "data", "/a/../b", "/a//b", "/a/", "/etc/hosts"}) {
    LeaseWorkload workload = hello();
    workload.services[0].volumes.push_back(
        {.name = "data", .size_bytes = 8 << 20, .kind = VolumeKind::kPersistent, .mount = path});
    expect_refused(workload, WorkloadError::kBadSpec, "cannot be mounted at");
  }
}

TEST(WorkloadSpecTest, SharedMemoryMayBeReplacedByARamVolume) {
  LeaseWorkload workload = hello();
  workload.services[0].volumes.push_back(
      {.name = "shm", .size_bytes = 8 << 20, .kind = VolumeKind::kRam, .mount = "/dev/shm"});
  EXPECT_TRUE(validate(workload));
}

TEST(WorkloadSpecTest, AnEnvironmentEntryNeedsAName) {
  for (const std::string entry : {"=x", "1A=x", "A B=x", ""}) {
    LeaseWorkload workload = hello();
    workload.services[0].env = {entry};
    expect_refused(workload, WorkloadError::kBadSpec, "is not an environment name");
  }
}

TEST(WorkloadSpecTest, AHostNameMayLeadToOnePlaceOnly) {
  LeaseWorkload workload = hello();
  workload.services[0].exposes.push_back(workload.services[0].exposes[0]);
  expect_refused(workload, WorkloadError::kBadSpec, "host name \"hello.localhost\"");
}

TEST(WorkloadSpecTest, HttpOptionsOutsideTheirLimitsAreRefused) {
  const auto refused = [](const HttpOptions& options, std::string_view words) {
    LeaseWorkload workload = hello();
    workload.services[0].exposes[0].http = options;
    expect_refused(workload, WorkloadError::kBadSpec, words);
  };
  refused({.max_body_bytes = 104'857'601}, "max_body_size 104857601 is outside 1..104857600");
  refused({.max_body_bytes = 0}, "max_body_size 0 is outside");
  refused({.read_timeout_ms = 60'001}, "read_timeout 60001 is outside 1..60000");
  refused({.send_timeout_ms = 0}, "send_timeout 0 is outside");
}

TEST(WorkloadSpecTest, ALeaseCannotTakeAllPortsOfTheMachine) {
  LeaseWorkload workload = hello();
  for (std::uint16_t port = 1000; port < 1064; ++port)
    workload.services[0].exposes.push_back({.port = port, .global = true});
  EXPECT_TRUE(validate(workload));
  workload.services[0].exposes.push_back({.port = 2000, .global = true});
  expect_refused(workload, WorkloadError::kBadSpec, "65 forwarded ports");
}

TEST(WorkloadSpecTest, ALeaseCannotTakeAnyNumberOfHostNames) {
  LeaseWorkload workload = hello();
  for (int i = 0; i < 128; ++i)
    workload.services[0].exposes[0].hosts.push_back("h" + std::to_string(i) + ".example");
  expect_refused(workload, WorkloadError::kBadSpec, "129 host names");
}

TEST(WorkloadSpecTest, MoreReplicasThanTheLeaseNetworkHoldsAreRefused) {
  LeaseWorkload workload = hello();
  workload.services[0].replicas = 201;
  expect_refused(workload, WorkloadError::kBadSpec, "201 replicas");
}

}  // namespace
}  // namespace tp::compute::workload
