#include "networks/compute/agent/workload/record.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "networks/compute/agent/workload/backoff.h"
#include "networks/compute/agent/workload/cgroup.h"
#include "networks/compute/agent/workload/error.h"
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

TEST(RecordTest, AnIdHas128BitsOfTheWholeKey) {
  const std::string id = lease_id({"o", 7, 1, 2, "p"});
  ASSERT_TRUE(id.starts_with("7-"));
  EXPECT_EQ(id.size(), 2u + 32);
  std::set<std::string> ids{id};
  for (const LeaseKey& key :
       {LeaseKey{"q", 7, 1, 2, "p"}, LeaseKey{"o", 8, 1, 2, "p"}, LeaseKey{"o", 7, 3, 2, "p"},
        LeaseKey{"o", 7, 1, 3, "p"}, LeaseKey{"o", 7, 1, 2, "q"}})
    EXPECT_TRUE(ids.insert(lease_id(key)).second) << key.text();
}

TEST(RecordTest, ALeaseIsRefusedTheIdOfAnother) {
  const LeaseKey victim{"o", 7, 1, 1, "p"};
  const LeaseKey other{"q", 7, 1, 1, "p"};
  EXPECT_TRUE(check_id_is_free(other, {victim}));
  EXPECT_TRUE(check_id_is_free(victim, {victim}));
  const auto refused = check_id_is_free(other, {victim}, [](const LeaseKey& key) {
    return std::to_string(key.dseq);  // as if a hash had been searched for
  });
  ASSERT_FALSE(refused);
  EXPECT_TRUE(is(refused.error(), WorkloadError::kAlreadyExists));
  EXPECT_NE(refused.error().text.find(victim.text()), std::string::npos);
}

// Folders with a file each, as versions before the first release left them.
class OldDataTest : public ::testing::Test {
 protected:
  OldDataTest() { std::filesystem::remove_all(directory_); }
  ~OldDataTest() override { std::filesystem::remove_all(directory_); }

  void put(const std::string& id, const std::string& text) {
    std::filesystem::create_directories(directory_ + "/" + id);
    std::ofstream(directory_ + "/" + id + "/disk") << text;
  }
  std::string get(const std::string& id) {
    return disk_.read(directory_ + "/" + id + "/disk").value_or("nothing");
  }

  const LeaseKey one_{"o", 7, 1, 1, "p"};
  const LeaseKey two_{"o", 8, 1, 1, "p"};
  const std::string directory_ =
      (std::filesystem::temp_directory_path() / ("tp-old-data." + std::to_string(::getpid())))
          .string();
  SystemDisk disk_;
};

TEST_F(OldDataTest, StaysWithItsLease) {
  put(lease_id_of_old(one_), "one");
  put(lease_id(two_), "two");
  ASSERT_TRUE(rename_data_of_old(disk_, directory_, {one_, two_}));
  EXPECT_EQ(get(lease_id(one_)), "one");
  EXPECT_EQ(get(lease_id(two_)), "two");
  EXPECT_FALSE(disk_.exists(directory_ + "/" + lease_id_of_old(one_)));
}

TEST_F(OldDataTest, IsLeftAloneWhenTwoLeasesMayOwnIt) {
  put(lease_id_of_old(one_), "whose?");
  const auto refused = rename_data_of_old(disk_, directory_, {one_, one_});
  ASSERT_FALSE(refused);
  EXPECT_TRUE(is(refused.error(), WorkloadError::kCorrupted));
  EXPECT_EQ(get(lease_id_of_old(one_)), "whose?");
}

TEST_F(OldDataTest, DoesNotReplaceWhatTheLeaseHasNow) {
  put(lease_id_of_old(one_), "old");
  put(lease_id(one_), "new");
  EXPECT_FALSE(rename_data_of_old(disk_, directory_, {one_}));
  EXPECT_EQ(get(lease_id_of_old(one_)), "old");
  EXPECT_EQ(get(lease_id(one_)), "new");
}

TEST_F(OldDataTest, IsNoNeed) {
  EXPECT_TRUE(rename_data_of_old(disk_, directory_, {one_, two_}));
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

TEST(IngressTest, TriesAreBoundedInNumberAndTime) {
  const auto config_of = [](const HttpOptions& options) {
    return caddy_config(
        {"127.0.0.1:8088"}, "/run/a.sock",
        {{.host = "a.localhost", .upstreams = {"10.0.0.2:80"}, .options = options}});
  };
  const std::string plain = config_of({});
  EXPECT_NE(plain.find("\"retries\": 2"), std::string::npos);
  EXPECT_NE(plain.find("\"try_duration\": \"60000ms\""), std::string::npos);
  EXPECT_NE(plain.find("\"try_interval\": \"50ms\""), std::string::npos);
  const std::string many = config_of({.next_tries = 4'000'000'000, .next_timeout_ms = 90'000});
  EXPECT_NE(many.find("\"retries\": 9"), std::string::npos);
  EXPECT_NE(many.find("\"try_duration\": \"60000ms\""), std::string::npos);
  EXPECT_NE(config_of({.next_timeout_ms = 500}).find("\"try_duration\": \"500ms\""),
            std::string::npos);
  for (const HttpOptions& once : {HttpOptions{.next_tries = 1, .next_timeout_ms = 500},
                                  HttpOptions{.next_timeout_ms = 500, .next_cases = {"off"}}})
    EXPECT_EQ(config_of(once).find("try_duration"), std::string::npos);
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
  const auto bounded =
      unmapped({.next_tries = 11, .next_timeout_ms = 60'001, .proxy_buffer_bytes = 8192});
  ASSERT_EQ(bounded.size(), 3u);
  EXPECT_NE(bounded[0].find("next_tries: 10 instead of 11"), std::string::npos);
  EXPECT_NE(bounded[1].find("next_timeout: 60000 instead of 60001"), std::string::npos);
  EXPECT_NE(bounded[2].find("proxy_buffer_size"), std::string::npos);
}

TEST(RecordTest, AnEntryOfBeforeProxyBufferSizeIsRead) {
  std::string text = to_json(record());
  const std::string field = ",\"proxy_buffer_bytes\":0";
  ASSERT_NE(text.find(field), std::string::npos);
  while (text.find(field) != std::string::npos) text.erase(text.find(field), field.size());
  const auto back = record_from_json(text);
  ASSERT_TRUE(back) << back.error().text;
  EXPECT_EQ(*back, record());
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
