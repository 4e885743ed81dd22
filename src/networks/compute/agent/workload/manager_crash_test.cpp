// What must hold when the provider, a container or the machine goes down at any moment.
#include "networks/compute/agent/workload/manager_fixture.h"

namespace tp::compute::workload {
namespace {

class CrashRootTest : public WorkloadRootTest {};

TEST_F(CrashRootTest, ContainersOutliveTheProviderAndAreAdopted) {
  LeaseWorkload workload = hello();
  workload.services[0].exposes.push_back({.port = 80, .external_port = 81, .global = true});
  start(workload);
  ASSERT_TRUE(eventually([&] { return healthy(1); })) << reason(1);
  const BlockTime started = service(1).replicas.at(0).started_at;
  const std::uint16_t port = manager_->status(key(1))->forwarded_ports.at(0).external_port;
  lose_process();
  EXPECT_TRUE(page(1));
  EXPECT_TRUE(fetch("http://127.0.0.1:" + std::to_string(port) + "/"));
  open();
  EXPECT_TRUE(healthy(1)) << "adopted at once";
  EXPECT_LT((service(1).replicas.at(0).started_at - started).nanoseconds, 1'000'000'000);
  EXPECT_EQ(service(1).replicas.at(0).restarts, 0u);
  EXPECT_TRUE(page(1));
  EXPECT_EQ(manager_->status(key(1))->forwarded_ports.at(0).external_port, port);
  EXPECT_TRUE(fetch("http://127.0.0.1:" + std::to_string(port) + "/"));
}

TEST_F(CrashRootTest, ContainersThatDiedMeanwhileAreRestartedAndOrphansRemoved) {
  start(hello(1));
  start(hello(2));
  ASSERT_TRUE(eventually([&] { return healthy(1) && healthy(2); }));
  lose_process();
  // Lease 1 dies; lease 2 is forgotten, as if its end had been journaled and the process killed
  // then.
  kill_container(1, "web");
  fs::remove(config_.data_directory + "/journal");
  fs::remove_all(config_.data_directory + "/journal");
  open();
  EXPECT_TRUE(manager_->list().empty());
  EXPECT_TRUE(Cgroups::find(mounts())
                  ->processes("/tp-" + config_.instance + "/" + group_of(container(2, "web")))
                  .empty());
  EXPECT_FALSE(fs::exists(config_.data_directory + "/leases/" + lease_id(key(2))));
  EXPECT_FALSE(page(2));
}

TEST_F(CrashRootTest, ADeadContainerIsRestartedByTheNextProcess) {
  start(hello());
  ASSERT_TRUE(eventually([&] { return healthy(1); }));
  lose_process();
  kill_container(1, "web");
  open();
  EXPECT_TRUE(eventually([&] { return healthy(1) && page(1).has_value(); })) << reason(1);
}

TEST_F(CrashRootTest, AfterARebootEverythingIsMadeAgainWithItsVolumes) {
  LeaseWorkload workload{.key = key(1)};
  Service backend = script("backend", "PORT=8080 exec /backend");
  backend.exposes = {{.port = 8080, .external_port = 80, .global = true, .hosts = {host_of(1)}},
                     {.port = 8080, .external_port = 81, .global = true}};
  backend.volumes.push_back(
      {.name = "data", .size_bytes = 16 << 20, .kind = VolumeKind::kPersistent, .mount = "/data"});
  workload.services = {backend};
  start(workload);
  ASSERT_TRUE(eventually([&] { return page(1) == "1 starts\n"; })) << reason(1);
  const std::uint16_t port = manager_->status(key(1))->forwarded_ports.at(0).external_port;
  reboot();
  EXPECT_FALSE(page(1));
  open();
  EXPECT_TRUE(eventually([&] { return page(1) == "2 starts\n"; })) << reason(1);
  EXPECT_EQ(fetch("http://127.0.0.1:" + std::to_string(port) + "/"), "2 starts\n");
}

TEST_F(CrashRootTest, ABridgeThatWasLeftHalfMadeIsCompleted) {
  start(hello());
  ASSERT_TRUE(eventually([&] { return healthy(1); })) << reason(1);
  lose_process();
  kill_container(1, "web");
  const std::string bridges = names().prefix();
  for (const auto& entry : fs::directory_iterator("/sys/class/net")) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(bridges) || name.find('.') != std::string::npos) continue;
    ASSERT_TRUE(host_.run({.argv = {"ip", "addr", "flush", "dev", name}}));
    ASSERT_TRUE(host_.run({.argv = {"ip", "link", "set", name, "down"}}));
  }
  EXPECT_FALSE(page(1));
  open();
  EXPECT_TRUE(eventually([&] { return healthy(1) && page(1).has_value(); })) << reason(1);
}

TEST_F(CrashRootTest, VolumesThatAnEarlierVersionNamedStayWithTheirLease) {
  LeaseWorkload workload{.key = key(1)};
  Service backend = script("backend", "PORT=8080 exec /backend");
  backend.exposes = {{.port = 8080, .external_port = 80, .global = true, .hosts = {host_of(1)}}};
  backend.volumes.push_back(
      {.name = "data", .size_bytes = 16 << 20, .kind = VolumeKind::kPersistent, .mount = "/data"});
  workload.services = {backend};
  start(workload);
  ASSERT_TRUE(eventually([&] { return page(1) == "1 starts\n"; })) << reason(1);
  reboot();
  const std::string leases = config_.data_directory + "/leases/";
  fs::rename(leases + lease_id(key(1)), leases + lease_id_of_old(key(1)));
  open();
  EXPECT_TRUE(eventually([&] { return page(1) == "2 starts\n"; })) << reason(1);
}

TEST_F(CrashRootTest, DisksOfAServiceThatAnUpdateTookAwayGoWithTheNextStart) {
  LeaseWorkload workload = hello();
  workload.services.push_back(script("worker", "sleep 1000"));
  start(workload);
  ASSERT_TRUE(eventually([&] { return healthy(1); })) << reason(1);
  workload.services.pop_back();
  const std::string disks = config_.data_directory + "/leases/" + lease_id(key(1)) + "/worker.0";
  EXPECT_TRUE(fs::exists(disks));
  ASSERT_TRUE(manager_->update(workload));
  lose_process();  // at once: the lease's thread has hardly begun
  open();
  EXPECT_FALSE(fs::exists(disks));
  EXPECT_TRUE(eventually([&] { return healthy(1) && page(1).has_value(); })) << reason(1);
}

TEST_F(CrashRootTest, AStopThatACrashInterruptedIsFinished) {
  start(hello());
  ASSERT_TRUE(eventually([&] { return healthy(1); }));
  ASSERT_TRUE(manager_->stop(key(1)));
  lose_process();
  open();
  EXPECT_TRUE(eventually([&] { return manager_->stopped(key(1)); }));
  EXPECT_FALSE(page(1));
}

TEST_F(CrashRootTest, ASecondProviderOnTheSameDataIsRefused) {
  const auto second = WorkloadManager::open(config_, host_, disk_, clock_);
  ASSERT_FALSE(second);
  EXPECT_TRUE(is(second.error(), WorkloadError::kBusy)) << second.error().text;
}

TEST_F(CrashRootTest, TheIngressComesBackWhenItIsKilled) {
  start(hello());
  ASSERT_TRUE(eventually([&] { return healthy(1); }));
  std::ifstream file("/run/tp-" + config_.instance + "/ingress/caddy.pid");
  int pid = 0;
  ASSERT_TRUE(file >> pid);
  ::kill(pid, SIGKILL);
  EXPECT_TRUE(eventually([&] { return page(1).has_value(); }));
}

TEST_F(CrashRootTest, ADamagedJournalIsNamedAndNothingIsTouched) {
  start(hello(1));
  start(hello(2));
  ASSERT_TRUE(eventually([&] { return healthy(1) && healthy(2); }));
  lose_process();
  const std::string path = config_.data_directory + "/journal";
  {
    std::fstream file(path, std::ios::in | std::ios::out);
    file.seekp(60);
    file.put('~');
  }
  const auto opened = WorkloadManager::open(config_, host_, disk_, clock_);
  ASSERT_FALSE(opened);
  EXPECT_TRUE(is(opened.error(), WorkloadError::kCorrupted)) << opened.error().text;
  EXPECT_NE(opened.error().text.find(path), std::string::npos);
  EXPECT_TRUE(page(1)) << "what runs goes on";
}

// The child of the next test: does this and that until it is killed, and writes down what was
// acknowledged.
TEST_F(CrashRootTest, ChildThatIsKilled) {
  if (std::getenv("TP_TEST_ACKS") == nullptr) GTEST_SKIP() << "runs only inside the crash test";
  std::ofstream acks(std::getenv("TP_TEST_ACKS"), std::ios::app);
  for (std::uint64_t round = 0;; ++round) {
    const std::uint64_t dseq = 1 + round % 4;
    const bool there = manager_->status(key(dseq)).has_value();
    acks << (there ? "try-stop " : "try-start ") << dseq << std::endl;
    const bool done =
        there ? manager_->stop(key(dseq)).has_value() : manager_->start(hello(dseq)).has_value();
    if (done) acks << (there ? "stopped " : "started ") << dseq << std::endl;
    if (there) eventually([&] { return manager_->stopped(key(dseq)); });
    std::this_thread::sleep_for(std::chrono::milliseconds(50 * (round % 5)));
  }
}

TEST_F(CrashRootTest, KilledAtAnyMomentTheNextProcessKeepsWhatWasAcknowledged) {
  manager_.reset();
  const std::string acks = config_.data_directory + "-acks";
  const int rounds = std::getenv("TURNPIKE_LONG") == nullptr ? 6 : 60;
  std::minstd_rand random(7);
  for (int i = 0; i < rounds; ++i) {
    const auto child = host_.run(
        {.argv = {fs::read_symlink("/proc/self/exe").string(), "--gtest_filter=*ChildThatIsKilled"},
         .env = {"TP_TEST_REGISTRY=" + kRegistry, "TP_TEST_INGRESS=" + kIngress,
                 "TP_TEST_NUMBER=" + kNumber, "TP_TEST_ACKS=" + acks},
         .timeout = Duration::milliseconds(600 + static_cast<std::int64_t>(random() % 1500))});
    EXPECT_FALSE(child) << child->output << child->errors;
  }
  // What must be: the last acknowledged word about each lease, unless a later one was under way.
  std::map<std::uint64_t, std::string> last;
  std::ifstream file(acks);
  std::string word;
  int acknowledged = 0;
  for (std::uint64_t dseq = 0; file >> word >> dseq; last[dseq] = word)
    acknowledged += word.starts_with("try") ? 0 : 1;
  EXPECT_GT(acknowledged, rounds / 2);
  open();
  for (const auto& [dseq, state] : last) {
    if (state == "started") {
      EXPECT_TRUE(eventually([&] { return healthy(dseq) && page(dseq).has_value(); }))
          << dseq << ": " << reason(dseq);
    } else if (state == "stopped") {
      EXPECT_TRUE(eventually([&] { return manager_->stopped(key(dseq)); })) << dseq;
      EXPECT_FALSE(page(dseq));
    }
  }
  for (const LeaseKey& one : manager_->list())
    EXPECT_TRUE(eventually([&] { return manager_->stopped(one) || healthy(one.dseq); }))
        << one.text();
  // Nothing runs that nobody wants.
  const Cgroups cgroups = *Cgroups::find(mounts());
  EXPECT_TRUE(eventually([&] {
    return cgroups.children("/tp-" + config_.instance).size() == manager_->list().size() + 2;
  }));
  fs::remove(acks);
}

}  // namespace
}  // namespace tp::compute::workload
