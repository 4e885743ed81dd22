// Leases as a provider runs them: reached, updated, logged, measured.
#include "networks/compute/agent/workload/manager_fixture.h"

namespace tp::compute::workload {
namespace {

TEST_F(WorkloadRootTest, ALeaseAnswersThroughTheIngressByItsHostName) {
  start(hello());
  ASSERT_TRUE(eventually([&] { return healthy(1); })) << reason(1);
  EXPECT_NE(page(1).value_or("").find("Hello from Turnpike"), std::string::npos);
  EXPECT_EQ(service(1).state, ServiceState::kRunning);
  EXPECT_EQ(service(1).uris, std::vector<std::string>{host_of(1)});
  EXPECT_TRUE(service(1).image_digest.starts_with("sha256:"));
  EXPECT_TRUE(stop(1));
  EXPECT_FALSE(manager_->status(key(1)));
}

TEST_F(WorkloadRootTest, TheEnvironmentNamesTheLease) {
  LeaseWorkload workload = hello(42);
  workload.services[0].env = {"GREETING=hi", "AKASH_OWNER=mine"};
  start(workload);
  ASSERT_TRUE(eventually([&] { return healthy(42); })) << reason(42);
  const std::string env = in_container(42, "web", "tr '\\0' '\\n' < /proc/1/environ");
  for (const std::string line :
       {"AKASH_DEPLOYMENT_SEQUENCE=42\n", "AKASH_GROUP_SEQUENCE=1\n", "AKASH_ORDER_SEQUENCE=1\n",
        "AKASH_PROVIDER=akash1provider\n", "AKASH_CLUSTER_PUBLIC_HOSTNAME=provider.localhost\n",
        "GREETING=hi\n", "AKASH_OWNER=mine\n"})
    EXPECT_NE(env.find(line), std::string::npos) << line << "not in\n" << env;
  EXPECT_NE(page(42).value_or("").find("<h1>hi</h1>"), std::string::npos);
}

TEST_F(WorkloadRootTest, AnImageThatExitsAtOnceShowsItsCodeAndItsLastWords) {
  LeaseWorkload workload{.key = key(1)};
  workload.services = {script("job", "echo config.json: no such file >&2; exit 3")};
  start(workload);
  ASSERT_TRUE(eventually([&] { return !reason(1).empty(); }, 5s));
  EXPECT_TRUE(reason(1).starts_with("exited with code 3 after ")) << reason(1);
  EXPECT_NE(reason(1).find("config.json: no such file"), std::string::npos) << reason(1);
  // And it is tried again, with a wait that grows.
  ASSERT_TRUE(eventually([&] { return service(1).replicas.at(0).restarts >= 2; }));
  EXPECT_EQ(service(1).replicas.at(0).last_exit->code, 3);
}

TEST_F(WorkloadRootTest, ACommandThatIsNotThereIsNamed) {
  LeaseWorkload workload = hello();
  workload.services[0].command = {"/no/such/program"};
  start(workload);
  ASSERT_TRUE(eventually([&] { return !reason(1).empty(); }, 5s));
  EXPECT_NE(reason(1).find("/no/such/program"), std::string::npos) << reason(1);
}

TEST_F(WorkloadRootTest, APersistentVolumeSurvivesItsContainerAndTheRootDiskDoesNot) {
  LeaseWorkload workload{.key = key(1)};
  Service backend = script("backend", "PORT=8080 exec /backend");
  backend.exposes = {{.port = 8080, .external_port = 80, .global = true, .hosts = {host_of(1)}}};
  backend.volumes.push_back(
      {.name = "data", .size_bytes = 16 << 20, .kind = VolumeKind::kPersistent, .mount = "/data"});
  workload.services = {backend};
  start(workload);
  ASSERT_TRUE(eventually([&] { return page(1) == "1 starts\n"; })) << reason(1);
  EXPECT_EQ(in_container(1, "backend", "touch /on-root"), "");
  kill_container(1, "backend");
  ASSERT_TRUE(eventually([&] { return page(1) == "2 starts\n"; })) << page(1).value_or("nothing");
  EXPECT_EQ(in_container(1, "backend", "test -e /on-root || echo gone"), "gone\n");
  EXPECT_EQ(in_container(1, "backend", "ls -A /data | tr '\\n' ' '"), "count index.html starts ");
}

TEST_F(WorkloadRootTest, AnUpdateRestartsOnlyWhatChanged) {
  LeaseWorkload workload = hello();
  Service worker = script("worker", "sleep 1000");
  worker.volumes.push_back(
      {.name = "data", .size_bytes = 16 << 20, .kind = VolumeKind::kPersistent, .mount = "/data"});
  workload.services.push_back(worker);
  start(workload);
  ASSERT_TRUE(eventually([&] { return healthy(1); })) << reason(1);
  in_container(1, "worker", "echo kept > /data/file");
  const BlockTime web_started = service(1, 0).replicas.at(0).started_at;
  const BlockTime worker_started = service(1, 1).replicas.at(0).started_at;
  workload.services[1].env = {"NEW=1"};
  ASSERT_TRUE(manager_->update(workload));
  ASSERT_TRUE(eventually(
      [&] { return healthy(1) && service(1, 1).replicas.at(0).started_at > worker_started; }));
  EXPECT_EQ(service(1, 0).replicas.at(0).started_at, web_started);
  EXPECT_EQ(in_container(1, "worker", "echo $NEW; cat /data/file"), "1\nkept\n");

  workload.services[1].volumes[1].size_bytes = 32 << 20;
  EXPECT_FALSE(manager_->update(workload));
  workload.services.pop_back();
  ASSERT_TRUE(manager_->update(workload));
  EXPECT_TRUE(eventually([&] { return manager_->status(key(1))->services.size() == 1; }));
  EXPECT_FALSE(fs::exists(config_.data_directory + "/leases/" + lease_id(key(1)) + "/worker.0"));
  EXPECT_TRUE(page(1));
}

TEST_F(WorkloadRootTest, LogsComeWithTimeAndStreamAndCanBeFollowed) {
  LeaseWorkload workload{.key = key(1)};
  workload.services = {script("talk", "echo one; echo two >&2; sleep 0.5; echo three; sleep 100")};
  start(workload);
  ASSERT_TRUE(eventually([&] { return log_text(1).find("two") != std::string::npos; }));
  std::vector<LogLine> lines;
  const auto followed = manager_->logs(key(1), {.service = "talk", .tail = 1, .follow = true},
                                       [&](const LogLine& line) {
                                         lines.push_back(line);
                                         return line.text != "three";
                                       },
                                       {});
  ASSERT_TRUE(followed);
  ASSERT_GE(lines.size(), 2u);
  EXPECT_EQ(lines.back().text, "three");
  EXPECT_FALSE(lines.back().is_stderr);
  EXPECT_GT(lines.back().at.nanoseconds, clock_.now().nanoseconds - 60'000'000'000);
  EXPECT_FALSE(
      manager_->logs(key(1), {.service = "none"}, [](const LogLine&) { return true; }, {}));
}

TEST_F(WorkloadRootTest, LogsAreBounded) {
  manager_.reset();
  config_.log_bytes_max = 1 << 20;
  open();
  LeaseWorkload workload{.key = key(1)};
  workload.services = {script("talk",
                              "yes 'a line that is repeated for ever' & sleep 2; kill $!; "
                              "sleep 1; echo the end; sleep 100")};
  start(workload);
  ASSERT_TRUE(eventually([&] { return log_text(1).find("the end") != std::string::npos; }));
  std::uint64_t bytes = 0;
  for (const auto& entry :
       fs::directory_iterator(config_.data_directory + "/leases/" + lease_id(key(1)) + "/talk.0"))
    if (entry.path().filename().string().starts_with("log")) bytes += fs::file_size(entry.path());
  EXPECT_LE(bytes, (2u << 20) + 4096);
}

TEST_F(WorkloadRootTest, AHostNameMovesToANewLeaseOfItsOwnerWhileTheOldOneEnds) {
  config_.stop_grace = Duration::seconds(3);
  manager_.reset();
  open();
  LeaseWorkload old = hello(1);
  old.services[0].command = {"sh", "-c", "trap '' TERM; while :; do sleep 1; done"};
  old.services[0].exposes.clear();
  old.services.push_back(hello(1).services[0]);
  old.services[1].name = "front";
  start(old);
  ASSERT_TRUE(eventually([&] { return healthy(1) && page(1).has_value(); })) << reason(1);
  ASSERT_TRUE(manager_->stop(key(1)));
  ASSERT_FALSE(manager_->stopped(key(1))) << "it takes its time";

  LeaseWorkload next = hello(2);
  next.services[0].exposes[0].hosts = {host_of(1)};
  LeaseWorkload thief = next;
  thief.key.owner = "akash1thief";
  EXPECT_TRUE(is(manager_->start(thief).error(), WorkloadError::kHostNameTaken));
  start(next);
  EXPECT_TRUE(eventually([&] { return page(1).has_value(); })) << reason(2);
}

TEST_F(WorkloadRootTest, AHostNameOfAnotherLeaseIsRefused) {
  start(hello(1));
  LeaseWorkload second = hello(2);
  second.services[0].exposes[0].hosts = {host_of(1)};
  const auto started = manager_->start(second);
  ASSERT_FALSE(started);
  EXPECT_TRUE(is(started.error(), WorkloadError::kHostNameTaken));
  EXPECT_TRUE(is(manager_->start(hello(1)).error(), WorkloadError::kAlreadyExists));
}

TEST_F(WorkloadRootTest, MoreDiskThanThereIsIsRefused) {
  LeaseWorkload workload = hello();
  workload.services[0].volumes[0].size_bytes = 1ull << 45;
  const auto started = manager_->start(workload);
  ASSERT_FALSE(started);
  EXPECT_TRUE(is(started.error(), WorkloadError::kNoSpace)) << started.error().text;
}

TEST_F(WorkloadRootTest, AnOperatorMayPromiseMoreDiskThanThereIs) {
  LeaseWorkload workload = hello();
  workload.services[0].volumes[0].size_bytes =
      fs::space(config_.data_directory).available + (1ull << 30);
  ASSERT_FALSE(manager_->start(workload));
  manager_.reset();
  config_.disk_percent = 300;
  open();
  start(workload);
  EXPECT_TRUE(eventually([&] { return healthy(1); })) << reason(1);
}

TEST_F(WorkloadRootTest, ABodyLargerThanTheSdlAllowsIsRefused) {
  LeaseWorkload workload = hello();
  workload.services[0].exposes[0].http.max_body_bytes = 1000;
  start(workload);
  ASSERT_TRUE(eventually([&] { return healthy(1); }));
  const auto ran = host_.run(
      {.argv = {"curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Host: " + host_of(1),
                "--data", std::string(2000, 'x'), "http://" + kIngress + "/cgi-bin/backend"}});
  ASSERT_TRUE(ran);
  EXPECT_NE(ran->output, "200");
}

TEST_F(WorkloadRootTest, FromStartToAnAnswerThroughTheIngressWithinASecond) {
  start(hello(1));
  ASSERT_TRUE(eventually([&] { return healthy(1); }));
  const auto begin = std::chrono::steady_clock::now();
  start(hello(2));
  ASSERT_TRUE(eventually([&] { return page(2).has_value(); }));
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begin);
  std::cout << "start to HTTP 200 with a cached image: " << took.count() << " ms\n";
  RecordProperty("milliseconds", std::to_string(took.count()));
}

std::uint64_t kibibytes(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    if (word != key + ":") continue;
    std::uint64_t value = 0;
    file >> value;
    return value;
  }
  return 0;
}

TEST_F(WorkloadRootTest, ARunningLeaseCostsUnderTenMebibytesOfOurOwn) {
  start(hello(1));
  ASSERT_TRUE(eventually([&] { return healthy(1); }));
  constexpr std::uint64_t kLeases = 8;
  const std::uint64_t before = kibibytes("/proc/self/smaps_rollup", "Rss");
  for (std::uint64_t dseq = 2; dseq < 2 + kLeases; ++dseq) start(hello(dseq));
  for (std::uint64_t dseq = 2; dseq < 2 + kLeases; ++dseq)
    ASSERT_TRUE(eventually([&] { return healthy(dseq); })) << reason(dseq);
  const std::uint64_t after = kibibytes("/proc/self/smaps_rollup", "Rss");
  std::uint64_t conmon = 0;
  for (std::uint64_t dseq = 2; dseq < 2 + kLeases; ++dseq) {
    std::ifstream file("/run/tp-" + config_.instance + "/c/" + container(dseq, "web") +
                       "/conmon.pid");
    std::string pid;
    file >> pid;
    conmon += kibibytes("/proc/" + pid + "/smaps_rollup", "Rss");
  }
  const std::uint64_t each = (after - before + conmon) / kLeases;
  std::cout << "per running lease: " << (after - before) / kLeases << " KiB here, "
            << conmon / kLeases << " KiB in conmon\n";
  EXPECT_LE(each, 10u * 1024);
}

}  // namespace
}  // namespace tp::compute::workload
