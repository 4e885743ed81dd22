// Images as registries really serve them: private, hostile, packed in other ways.
#include "networks/compute/agent/workload/manager_fixture.h"

namespace tp::compute::workload {
namespace {

class ImageRootTest : public WorkloadRootTest {};

TEST_F(ImageRootTest, AMissingImageIsToldWithinSeconds) {
  LeaseWorkload workload = hello();
  workload.services[0].image = kRegistry + "/hello-web:none";
  start(workload);
  ASSERT_TRUE(eventually([&] { return !reason(1).empty(); }, 5s));
  EXPECT_NE(reason(1).find("no such image"), std::string::npos) << reason(1);
  EXPECT_EQ(service(1).state, ServiceState::kBackingOff);
}

TEST_F(ImageRootTest, AnUnreachableRegistryIsToldWithinSeconds) {
  LeaseWorkload workload = hello();
  workload.services[0].image = "127.0.0.1:9/x:1";
  start(workload);
  ASSERT_TRUE(eventually([&] { return !reason(1).empty(); }, 5s));
  EXPECT_NE(reason(1).find("the registry cannot be reached"), std::string::npos) << reason(1);
}

// Counts what it runs.
class CountingHost final : public Host {
 public:
  Result<Ran> run(const Command& what, std::stop_token stop) override {
    if (std::ranges::find(what.argv, "copy") != what.argv.end()) ++copies;
    return host_.run(what, stop);
  }
  Result<int> spawn(const Spawn& what) override { return host_.spawn(what); }

  std::atomic<int> copies = 0;

 private:
  SystemHost host_;
};

TEST_F(ImageRootTest, LeasesThatWantTheSameImageAtOnceFetchItOnce) {
  manager_.reset();
  CountingHost counting;
  manager_ = std::move(*WorkloadManager::open(config_, counting, disk_, clock_));
  for (std::uint64_t dseq = 1; dseq <= 4; ++dseq) start(hello(dseq));
  for (std::uint64_t dseq = 1; dseq <= 4; ++dseq)
    EXPECT_TRUE(eventually([&] { return healthy(dseq); })) << reason(dseq);
  EXPECT_EQ(counting.copies, 1);
  manager_.reset();
}

TEST_F(ImageRootTest, APrivateRegistryLetsInOnlyWhoHasThePassword) {
  // user "tenant", password "open-sesame"
  const std::string directory = config_.data_directory + "-private";
  fs::create_directories(directory);
  std::ofstream(directory + "/htpasswd")
      << "tenant:$2y$05$abcdefghijklmnopqrstuutXu9KzOt.1yBoZUeFWoT/914/JfszCO\n";
  const std::string address = free_address();
  const auto pid = host_.spawn(
      {.argv = {source_directory().string() + "/deploy/images/registry", directory, address},
       .env = {"REGISTRY_HTPASSWD=" + directory + "/htpasswd"},
       .log_path = directory + "/log"});
  ASSERT_TRUE(pid);
  ASSERT_TRUE(eventually([&] {
    const auto ran = host_.run({.argv = {"curl", "-s", "http://" + address + "/v2/"}});
    return ran && ran->exit_code == 0;
  }));
  ASSERT_TRUE(run_checked(
      host_,
      {.argv = {"skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false",
                "--dest-creds", "tenant:open-sesame", "oci:" + registry_directory_ + "/hello:1",
                "docker://" + address + "/app:1"}}));

  LeaseWorkload workload = hello();
  workload.services[0].image = address + "/app:1";
  workload.services[0].credentials = Credentials{address, "tenant", "guess"};
  start(workload);
  EXPECT_TRUE(eventually([&] { return !reason(1).empty(); }, 5s));
  EXPECT_NE(reason(1).find("the registry refused access"), std::string::npos) << reason(1);
  EXPECT_EQ(reason(1).find("guess"), std::string::npos);

  workload.services[0].credentials->password = "open-sesame";
  ASSERT_TRUE(manager_->update(workload));
  EXPECT_TRUE(eventually([&] { return healthy(1); })) << reason(1);

  // That the image is here now helps nobody who may not have it.
  LeaseWorkload thief = hello(2);
  thief.services[0].image = address + "/app:1";
  start(thief);
  EXPECT_TRUE(eventually([&] { return !reason(2).empty(); }, 5s));
  EXPECT_NE(reason(2).find("the registry refused access"), std::string::npos) << reason(2);
  ::kill(*pid, SIGTERM);
  fs::remove_all(directory);
}

TEST_F(ImageRootTest, AnUpdateToAnImageThatIsNotThereLeavesTheEarlierVersionRunning) {
  LeaseWorkload workload = hello();
  workload.services[0].exposes.push_back({.port = 80, .external_port = 81, .global = true});
  start(workload);
  ASSERT_TRUE(eventually([&] { return healthy(1); })) << reason(1);
  const BlockTime started = service(1).replicas.at(0).started_at;
  const std::uint16_t port = manager_->status(key(1))->forwarded_ports.at(0).external_port;
  const auto forwarded = [](std::uint16_t to) {
    return fetch("http://127.0.0.1:" + std::to_string(to) + "/").has_value();
  };

  LeaseWorkload bad = workload;
  bad.services[0].image = kRegistry + "/absent:1";
  bad.services[0].exposes.pop_back();
  ASSERT_TRUE(manager_->update(bad));
  ASSERT_TRUE(eventually([&] { return !reason(1).empty(); }));
  EXPECT_NE(reason(1).find("the earlier version runs on"), std::string::npos) << reason(1);
  EXPECT_EQ(*manager_->workload(key(1)), bad) << "what is wanted";
  EXPECT_TRUE(healthy(1));
  EXPECT_TRUE(page(1));
  EXPECT_TRUE(forwarded(port));
  EXPECT_EQ(service(1).replicas.at(0).started_at, started);

  LeaseWorkload good = workload;
  good.services[0].env = {"VERSION=2"};
  ASSERT_TRUE(manager_->update(good));
  EXPECT_TRUE(eventually([&] {
    return in_container(1, "web", "echo $VERSION") == "2\n" && page(1).has_value();
  })) << reason(1);
  EXPECT_TRUE(eventually(
      [&] { return forwarded(manager_->status(key(1))->forwarded_ports.at(0).external_port); }));
  // The status is published after what it tells of.
  EXPECT_TRUE(eventually([&] { return reason(1).empty(); })) << reason(1);
}

// Makes an image of the hello image and whatever `change` does to its root directory.
std::string pushed_variant(SystemHost& host, const std::string& name, const std::string& change,
                           const std::string& layout_of_hello,
                           const std::vector<std::string>& copy_options = {}) {
  const std::string directory = "/tmp/tp-test-variant." + kNumber;
  fs::remove_all(directory);
  fs::create_directories(directory);
  fs::copy(layout_of_hello, directory + "/layout", fs::copy_options::recursive);
  const std::string image = directory + "/layout:1";
  const std::string target = kRegistry + "/" + name + ":1";
  std::vector<std::string> copy{"skopeo", "--insecure-policy", "copy", "--quiet",
                                "--dest-tls-verify=false"};
  copy.insert(copy.end(), copy_options.begin(), copy_options.end());
  copy.insert(copy.end(), {"oci:" + image, "docker://" + target});
  for (const std::vector<std::string>& argv :
       {std::vector<std::string>{"umoci", "unpack", "--image", image, directory + "/bundle"},
        std::vector<std::string>{"sh", "-c", "cd " + directory + "/bundle/rootfs && " + change},
        std::vector<std::string>{"umoci", "repack", "--image", image, directory + "/bundle"},
        copy}) {
    const auto ran = run_checked(host, {.argv = argv});
    EXPECT_TRUE(ran) << ran.error().text;
  }
  fs::remove_all(directory);
  return target;
}

TEST_F(ImageRootTest, AnArchiveThatUnpacksPastTheLimitIsRefusedAndLeavesNothing) {
  manager_.reset();
  config_.image_unpacked_bytes_max = 24 << 20;
  open();
  LeaseWorkload workload = hello();
  workload.services[0].image = pushed_variant(host_, "bomb", "head -c 200000000 /dev/zero > zeros",
                                              registry_directory_ + "/hello");
  start(workload);
  EXPECT_TRUE(eventually([&] { return !reason(1).empty(); }));
  EXPECT_NE(reason(1).find("the image is too large"), std::string::npos) << reason(1);
  EXPECT_TRUE(fs::is_empty(config_.data_directory + "/images"));
}

TEST_F(ImageRootTest, LayersPackedWithZstandardRunToo) {
  LeaseWorkload workload = hello();
  workload.services[0].image =
      pushed_variant(host_, "zstd", "echo zstd > www/index.html", registry_directory_ + "/hello",
                     {"--dest-compress-format", "zstd"});
  start(workload);
  EXPECT_TRUE(eventually([&] { return page(1) == "zstd\n"; })) << reason(1);
}

TEST_F(ImageRootTest, TheImagesUserRunsTheContainerAndOwnsItsVolume) {
  LeaseWorkload workload{.key = key(1)};
  workload.services = {script("job", "id -u; echo x > /data/file && echo written; sleep 100")};
  workload.services[0].image = kRegistry + "/user:1";
  workload.services[0].volumes.push_back(
      {.name = "data", .size_bytes = 16 << 20, .kind = VolumeKind::kPersistent, .mount = "/data"});
  const std::string layout = "/tmp/tp-test-user." + kNumber;
  fs::copy(registry_directory_ + "/hello", layout, fs::copy_options::recursive);
  ASSERT_TRUE(run_checked(
      host_, {.argv = {"umoci", "config", "--image", layout + ":1", "--config.user", "web"}}));
  ASSERT_TRUE(run_checked(
      host_, {.argv = {"skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false",
                       "oci:" + layout + ":1", "docker://" + kRegistry + "/user:1"}}));
  fs::remove_all(layout);
  start(workload);
  ASSERT_TRUE(eventually([&] { return log_text(1) == "1000\nwritten\n"; }))
      << log_text(1) << reason(1);
}

}  // namespace
}  // namespace tp::compute::workload
