#include "networks/compute/agent/workload/record.h"

#include <gtest/gtest.h>

#include "networks/compute/agent/workload/backoff.h"
#include "networks/compute/agent/workload/cgroup.h"
#include "networks/compute/agent/workload/ingress.h"
#include "networks/compute/agent/workload/kernel.h"

namespace tp::compute::workload {
namespace {

Record record() {
  Service web{.name = "web", .image = "nginx:1", .credentials = Credentials{"h", "u", "p"}};
  web.command = {"a"};
  web.args = {"b", ""};
  web.env = {"A=\"quoted\" \\ \n"};
  web.replicas = 2;
  web.volumes = {{.name = "d", .size_bytes = 10 << 20},
                 {.name = "p",
                  .size_bytes = 20 << 20,
                  .kind = VolumeKind::kPersistent,
                  .mount = "/p",
                  .read_only = true},
                 {.name = "r", .size_bytes = 40 << 20, .kind = VolumeKind::kRam, .mount = "/r"}};
  web.exposes = {{.port = 53,
                  .external_port = 54,
                  .protocol = Protocol::kUdp,
                  .global = true,
                  .hosts = {"a.b"},
                  .http = {.next_cases = {"off"}},
                  .host_port = 9}};
  return {.workload = {.key = {"o", 1, 2, 3, "p"}, .services = {web}, .public_hostname = "h"},
          .slot = 7,
          .stopping = true,
          .digests = {{"web", "sha256:1"}},
          .addresses = {{"web.0", 2}},
          .ports = {{"web", Protocol::kUdp, 53, 54, 30'000}}};
}

TEST(RecordTest, ComesBackFromTheJournalAsItWas) {
  const auto back = record_from_json(to_json(record()));
  ASSERT_TRUE(back) << back.error().text;
  EXPECT_EQ(*back, record());
}

TEST(RecordTest, AnIncompleteEntryIsReported) {
  for (const char* text : {"", "{}", "[]", "{\"owner\":7}"})
    EXPECT_FALSE(record_from_json(text)) << text;
}

TEST(RecordTest, NamesOfContainersAreShortAndTellApart) {
  const LeaseKey key{"o", 18'446'744'073'709'551'615u, 4'294'967'295u, 4'294'967'295u, "p"};
  const std::string one = container_id(key, std::string(63, 'a'), 199);
  const std::string other = container_id(key, std::string(62, 'a') + "b", 199);
  EXPECT_NE(one, other);
  // conmon's attach socket lies beside the bundle: "/run/tp-<instance>/c/<id>/attach" in 107 bytes.
  EXPECT_LE(one.size(), 80u);
  LeaseKey neighbour = key;
  neighbour.owner = "q";
  EXPECT_NE(lease_id(key), lease_id(neighbour));
}

TEST(RecordTest, AddressesStayWithTheirReplicas) {
  Record value = record();
  ASSERT_TRUE(assign_addresses(value));
  EXPECT_EQ(value.addresses, (std::map<std::string, std::uint32_t>{{"web.0", 2}, {"web.1", 3}}));
  Service other{.name = "api"};
  value.workload.services.insert(value.workload.services.begin(), other);
  value.workload.services[1].replicas = 1;
  ASSERT_TRUE(assign_addresses(value));
  EXPECT_EQ(value.addresses, (std::map<std::string, std::uint32_t>{{"web.0", 2}, {"api.0", 3}}));
}

TEST(RecordTest, TheFingerprintFollowsWhatRunsAndNothingElse) {
  const Record value = record();
  const std::string before = fingerprint(value, value.workload.services[0]);
  Record same = value;
  Service& service = same.workload.services[0];
  service.replicas = 5;
  service.credentials.reset();
  service.exposes[0].hosts = {"c.d"};
  service.exposes[0].host_port = 10;
  EXPECT_EQ(fingerprint(same, service), before);
  Record other = value;
  other.workload.services[0].env = {"A=2"};
  EXPECT_NE(fingerprint(other, other.workload.services[0]), before);
  Record pulled = value;
  pulled.digests["web"] = "sha256:2";
  EXPECT_NE(fingerprint(pulled, pulled.workload.services[0]), before);
}

TEST(RecordTest, DiskIsCountedPerReplicaWithoutRam) {
  EXPECT_EQ(disk_bytes(record().workload), 2u * (30u << 20));
}

TEST(RecordTest, LeasesHaveUsersOfTheirOwn) {
  EXPECT_EQ(ids_of(0).first, 1'879'048'192u);
  EXPECT_EQ(ids_of(1).first - ids_of(0).first, IdRange::kSize);
  EXPECT_LE(std::uint64_t{ids_of(4095).first} + IdRange::kSize, std::uint64_t{1} << 31);
}

TEST(BackoffTest, DoublesUpToItsBoundAndStartsAgain) {
  Backoff backoff(Duration::seconds(1), Duration::seconds(5));
  EXPECT_EQ(backoff.fail(), Duration::seconds(1));
  EXPECT_EQ(backoff.fail(), Duration::seconds(2));
  EXPECT_EQ(backoff.fail(), Duration::seconds(4));
  EXPECT_EQ(backoff.fail(), Duration::seconds(5));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(backoff.fail(), Duration::seconds(5));
  backoff.forget();
  EXPECT_EQ(backoff.fail(), Duration::seconds(1));
}

TEST(KernelTest, MountsAreReadWithTheirEscapes) {
  const auto all = parse_mountinfo(
      "36 35 98:0 / /mnt\\040a rw,noatime master:1 - ext4 /dev/root rw,errors=continue\n"
      "37 35 0:30 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
      "garbage\n");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].target, "/mnt a");
  EXPECT_EQ(all[0].type, "ext4");
  EXPECT_EQ(all[1].options, "rw,memory");
}

TEST(CgroupTest, AMachineThatCannotLimitIsRefused) {
  EXPECT_FALSE(Cgroups::find({}));
  EXPECT_FALSE(
      Cgroups::find({{"/c/memory", "cgroup", "rw,memory"}, {"/c/pids", "cgroup", "rw,pids"}}));
  EXPECT_TRUE(Cgroups::find({{"/c/memory", "cgroup", "rw,memory"},
                             {"/c/pids", "cgroup", "rw,pids"},
                             {"/c/cpu", "cgroup", "rw,cpu,cpuacct"}}));
}

TEST(IngressTest, ARouteLeadsToEveryReadyReplica) {
  const std::string text = caddy_config(
      {"127.0.0.1:8088"}, "/run/a.sock",
      {{.host = "a.localhost", .upstreams = {"10.0.0.2:80", "10.0.0.3:80"}, .options = {}}});
  EXPECT_NE(text.find("\"10.0.0.2:80\""), std::string::npos);
  EXPECT_NE(text.find("\"10.0.0.3:80\""), std::string::npos);
  EXPECT_NE(text.find("\"max_size\": 1048576"), std::string::npos);
  EXPECT_NE(text.find("\"retries\": 2"), std::string::npos);
  EXPECT_NE(text.find("\"persist\": false"), std::string::npos);
}

TEST(IngressTest, ARouteWithoutReplicasAnswersThatItIsNotReady) {
  const std::string text =
      caddy_config({"127.0.0.1:8088"}, "/run/a.sock", {{.host = "a.localhost"}});
  EXPECT_NE(text.find("503"), std::string::npos);
  EXPECT_EQ(text.find("reverse_proxy"), std::string::npos);
}

TEST(IngressTest, WhatCaddyCannotDoIsSaid) {
  EXPECT_TRUE(unmapped({}).empty());
  EXPECT_TRUE(unmapped({.next_cases = {"off"}}).empty());
  const auto notes = unmapped({.next_cases = {"error", "503"}});
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("503"), std::string::npos);
}

TEST(IngressTest, ThePortIsReadFromTheListenAddress) {
  EXPECT_EQ(port_of("127.0.0.1:8088"), 8088);
  EXPECT_EQ(port_of(":80"), 80);
  EXPECT_EQ(port_of("nowhere"), 0);
  EXPECT_EQ(port_of("x:99999"), 0);
}

TEST(RecordTest, WhatAThreadFoundOutForAnOlderWorkloadDoesNotReplaceTheNewerOne) {
  Record older{.workload = {.services = {{.name = "web", .image = "web:1"},
                                         {.name = "db", .image = "db:1"}}},
               .digests = {{"web", "sha256:1"}, {"db", "sha256:2"}}};
  Record newer{.workload = {.services = {{.name = "web", .image = "web:2"},
                                         {.name = "db", .image = "db:1"}}}};
  const Record merged = with_digests(newer, older);
  EXPECT_EQ(merged.workload, newer.workload);
  EXPECT_EQ(merged.digests, (std::map<std::string, std::string>{{"db", "sha256:2"}}));
}

}  // namespace
}  // namespace tp::compute::workload
