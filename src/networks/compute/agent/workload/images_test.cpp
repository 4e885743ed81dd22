#include "networks/compute/agent/workload/images.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <thread>

#include "networks/compute/agent/workload/error.h"

namespace tp::compute::workload {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

// Answers every command with what the test says, and remembers them.
class FakeHost final : public Host {
 public:
  Result<Ran> run(const Command& what, std::stop_token) override {
    commands.push_back(what);
    return answer(what);
  }
  Result<int> spawn(const Spawn&) override { return fail(WorkloadError::kProgramFailed); }

  std::function<Result<Ran>(const Command&)> answer;
  std::vector<Command> commands;
};

std::string manifest_text(std::uint64_t layer_bytes) {
  return R"({"schemaVersion":2,"config":{"digest":")" + kDigest +
         R"(","size":100},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","size":)" +
         std::to_string(layer_bytes) + "}]}";
}

class ImagesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = "/tmp/tp-images-test." + std::to_string(::getpid());
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  ImageStore store() {
    return ImageStore(
        host_, disk_, directory_ + "/data", directory_ + "/run",
        {.packed_bytes_max = 1000,
         .unpacked_bytes_max = 1 << 30,
         .cache_bytes_max = 1 << 20,
         .timeout = Duration::seconds(1)},
        {{"registry.lan:80"}, mirrors_}, [this] { return in_use_; },
        [this](const ImageBytes& images) { return spare_(images); });
  }
  // As if it had been pulled: `age` seconds ago.
  void keep(const std::string& digest, int age) {
    const std::string directory = directory_ + "/data/images/" + digest.substr(7);
    std::filesystem::create_directories(directory);
    std::ofstream(directory + "/rootfs.img") << std::string(8192, 'x');
    std::ofstream(directory + "/image.json") << "{}";
    std::filesystem::last_write_time(
        directory + "/image.json",
        std::filesystem::file_time_type::clock::now() - std::chrono::seconds(age));
  }
  bool is_kept(const std::string& digest) const {
    return std::filesystem::exists(directory_ + "/data/images/" + digest.substr(7));
  }
  // The references that were asked for, in order.
  std::vector<std::string> asked() const {
    std::vector<std::string> out;
    for (const Command& command : host_.commands) out.push_back(command.argv.back());
    return out;
  }
  // The error of a pull whose registry answers `text`.
  Error refused(const std::string& text) {
    host_.answer = [&](const Command&) { return Ran{.exit_code = 1, .errors = text}; };
    return store().pull("registry.example/app:1", std::nullopt, {}).error();
  }

  FakeHost host_;
  std::vector<Mirror> mirrors_;
  std::set<std::string> in_use_;
  SpareBytes spare_ = [](const ImageBytes&) { return std::uint64_t{1} << 40; };
  SystemDisk disk_;
  std::string directory_;
};

TEST(ImageNameTest, ShortNamesAreCompletedAsDockerDoes) {
  EXPECT_EQ(parse_image_name("nginx")->text(), "docker.io/library/nginx:latest");
  EXPECT_EQ(parse_image_name("nginx:1.27")->text(), "docker.io/library/nginx:1.27");
  EXPECT_EQ(parse_image_name("user/app:2")->text(), "docker.io/user/app:2");
  EXPECT_EQ(parse_image_name("index.docker.io/user/app")->text(), "docker.io/user/app:latest");
  EXPECT_EQ(parse_image_name("ghcr.io/a/b/c")->text(), "ghcr.io/a/b/c:latest");
  EXPECT_EQ(parse_image_name("localhost:5000/hello-web:1")->text(), "localhost:5000/hello-web:1");
  EXPECT_EQ(parse_image_name("localhost/x")->text(), "localhost/x:latest");
}

TEST(ImageNameTest, ADigestWinsOverATag) {
  EXPECT_EQ(parse_image_name("quay.io/a/b:1@" + kDigest)->text(), "quay.io/a/b@" + kDigest);
  EXPECT_EQ(parse_image_name("nginx:1")->pinned(kDigest), "docker.io/library/nginx@" + kDigest);
}

TEST(ImageNameTest, WhatIsNoNameIsRefused) {
  for (const char* text : {"", "UPPER", "a b", "a:", "a@sha256:12", "a//b", "a/", ":1", "a?b"})
    EXPECT_FALSE(parse_image_name(text)) << text;
}

TEST(ImageNameTest, PlainHttpIsForLoopbackOnly) {
  EXPECT_TRUE(is_loopback_registry("localhost:5000"));
  EXPECT_TRUE(is_loopback_registry("127.0.0.1:5000"));
  EXPECT_TRUE(is_loopback_registry("[::1]:5000"));
  EXPECT_FALSE(is_loopback_registry("127.evil.example:80"));
  EXPECT_FALSE(is_loopback_registry("localhost.evil.example:80"));
  EXPECT_FALSE(is_loopback_registry("registry.lan:80"));
}

TEST(MirrorTest, AMirrorIsARegistryAndWhereElseItsImagesAre) {
  const auto plain = parse_mirror("docker.io=http://127.0.0.1:5000");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->instead_of(*parse_image_name("nginx:1.27")).text(),
            "127.0.0.1:5000/library/nginx:1.27");
  EXPECT_TRUE(plain->plain_http);
  const auto below = parse_mirror("ghcr.io=https://cache.lan/hub/ghcr/");
  ASSERT_TRUE(below);
  EXPECT_EQ(below->instead_of(*parse_image_name("ghcr.io/a/b@" + kDigest)).text(),
            "cache.lan/hub/ghcr/a/b@" + kDigest);
  EXPECT_FALSE(below->plain_http);
  EXPECT_EQ(parse_mirror("index.docker.io=https://cache.lan")->registry, "docker.io");
}

TEST(MirrorTest, WhatIsNoMirrorIsRefused) {
  for (const char* text :
       {"", "docker.io", "docker.io=", "docker.io=127.0.0.1:5000", "docker.io=ftp://cache.lan",
        "docker.io=http://", "docker.io=https://cache", "docker.io=https://cache.lan/UPPER",
        "docker.io=https://a b.lan/ c", "docker.io/library=https://cache.lan",
        "nowhere=https://cache.lan", "=https://cache.lan"})
    EXPECT_FALSE(parse_mirror(text)) << text;
}

TEST(ManifestTest, ThePlatformsManifestIsChosenFromAnIndex) {
  const std::string index = R"({"manifests":[{"digest":"sha256:)" + std::string(64, 'b') +
                            R"(","platform":{"os":"linux","architecture":"arm64"}},{"digest":")" +
                            kDigest + R"(","platform":{"os":"linux","architecture":"amd64"}}]})";
  EXPECT_EQ(parse_manifest(index, "amd64")->platform_digest, kDigest);
  const auto missing = parse_manifest(index, "riscv64");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().text.find("not made for linux/riscv64"), std::string::npos);
}

TEST(ManifestTest, LayersAreSummed) {
  const auto manifest = parse_manifest(manifest_text(500), "amd64");
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->packed_bytes, 500u);
  EXPECT_EQ(manifest->config_digest, kDigest);
}

TEST(ManifestTest, HostileManifestsAreRefused) {
  for (const std::string& text :
       {std::string("not json"), std::string("[]"), std::string("{}"), std::string("null"),
        std::string(R"({"layers":[],"config":{}})"), std::string(R"({"layers":[],"config":7})"),
        std::string(R"({"manifests":[7,{"platform":3}]})"),
        std::string(R"({"config":{"digest":"sha256:../../etc/passwd"},"layers":[]})"),
        manifest_text(~0ull)})
    EXPECT_FALSE(parse_manifest(text, "amd64")) << text;
}

TEST_F(ImagesTest, EachRefusalOfARegistryHasItsOwnReason) {
  EXPECT_TRUE(is(refused("level=fatal msg=\"reading manifest 2 in x: manifest unknown\""),
                 WorkloadError::kNoSuchImage));
  EXPECT_TRUE(is(refused("unauthorized: authentication required"), WorkloadError::kBadCredentials));
  EXPECT_TRUE(
      is(refused("requested access to the resource is denied"), WorkloadError::kBadCredentials));
  EXPECT_TRUE(is(refused("dial tcp 127.0.0.1:9: connect: connection refused"),
                 WorkloadError::kUnreachable));
  EXPECT_TRUE(is(refused("lookup no.such.example: no such host"), WorkloadError::kUnreachable));
  EXPECT_TRUE(is(refused("write /x: no space left on device"), WorkloadError::kNoSpace));
  EXPECT_TRUE(is(refused("something else"), WorkloadError::kBadImage));
}

TEST_F(ImagesTest, TheReasonNamesTheImageInTheRegistrysWords) {
  const Error error =
      refused("time=\"x\" level=fatal msg=\"reading manifest: manifest unknown\"\n");
  EXPECT_EQ(error.text,
            "image \"registry.example/app:1\": reading manifest: manifest unknown: no such image");
}

TEST_F(ImagesTest, CredentialsTravelInAPrivateFileThatIsRemoved) {
  std::string authfile;
  host_.answer = [&](const Command& what) -> Result<Ran> {
    const auto option = std::ranges::find(what.argv, "--authfile");
    EXPECT_NE(option, what.argv.end());
    authfile = *(option + 1);
    struct stat status{};
    EXPECT_EQ(::stat(authfile.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    // base64("user:hunter2")
    EXPECT_EQ(*disk_.read(authfile),
              R"({"auths":{"registry.example":{"auth":"dXNlcjpodW50ZXIy"}}})");
    return Ran{.exit_code = 1, .errors = "unauthorized"};
  };
  const auto pulled = store().pull(
      "registry.example/app:1", Credentials{"https://registry.example/v2", "user", "hunter2"}, {});
  EXPECT_FALSE(pulled);
  EXPECT_FALSE(disk_.exists(authfile));
  for (const Command& command : host_.commands)
    for (const std::string& arg : command.argv)
      EXPECT_EQ(arg.find("hunter2"), std::string::npos) << arg;
  EXPECT_EQ(pulled.error().text.find("hunter2"), std::string::npos);
}

TEST_F(ImagesTest, WithoutCredentialsThoseOfTheMachineAreNotUsed) {
  refused("unauthorized");
  const auto& argv = host_.commands.at(0).argv;
  EXPECT_NE(std::ranges::find(argv, "--no-creds"), argv.end());
}

TEST_F(ImagesTest, TlsIsGivenUpOnlyForLoopbackAndConfiguredRegistries) {
  const auto plain = [&](const std::string& image) {
    host_.commands.clear();
    host_.answer = [](const Command&) { return Ran{.exit_code = 1, .errors = "x"}; };
    EXPECT_FALSE(store().pull(image, std::nullopt, {}));
    const auto& argv = host_.commands.at(0).argv;
    return std::ranges::find(argv, "--tls-verify=false") != argv.end();
  };
  EXPECT_TRUE(plain("localhost:5000/x"));
  EXPECT_TRUE(plain("registry.lan:80/x"));
  EXPECT_FALSE(plain("registry.example/x"));
}

TEST_F(ImagesTest, MirrorsOfTheRegistryAreAskedFirstInOrder) {
  mirrors_ = {*parse_mirror("docker.io=http://one.lan"), *parse_mirror("quay.io=https://two.lan"),
              *parse_mirror("docker.io=https://three.lan/hub")};
  host_.answer = [](const Command& what) -> Result<Ran> {
    const bool plain = std::ranges::find(what.argv, "--tls-verify=false") != what.argv.end();
    EXPECT_EQ(plain, what.argv.back().starts_with("docker://one.lan"));
    return Ran{.exit_code = 1, .errors = "manifest unknown"};
  };
  const auto pulled = store().pull("nginx:1", std::nullopt, {});
  EXPECT_EQ(asked(), (std::vector<std::string>{"docker://one.lan/library/nginx:1",
                                               "docker://three.lan/hub/library/nginx:1",
                                               "docker://docker.io/library/nginx:1"}));
  ASSERT_FALSE(pulled);
  EXPECT_TRUE(is(pulled.error(), WorkloadError::kNoSuchImage));
  for (const char* place : {"mirror one.lan: ", "mirror three.lan: ", "docker.io/library/nginx:1"})
    EXPECT_NE(pulled.error().text.find(place), std::string::npos) << pulled.error().text;
}

TEST_F(ImagesTest, WhatAMirrorHasIsFetchedThere) {
  mirrors_ = {*parse_mirror("docker.io=https://one.lan")};
  host_.answer = [](const Command& what) -> Result<Ran> {
    if (std::ranges::find(what.argv, "inspect") != what.argv.end())
      return Ran{.output = manifest_text(900)};
    // "docker://one.lan/library/nginx@sha256:..." "oci:..."
    EXPECT_TRUE((what.argv.end() - 2)->starts_with("docker://one.lan/library/nginx@sha256:"));
    return Ran{.exit_code = 1, .errors = "no space left on device"};
  };
  const auto pulled = store().pull("nginx", std::nullopt, {});
  ASSERT_FALSE(pulled);
  EXPECT_TRUE(is(pulled.error(), WorkloadError::kNoSpace)) << pulled.error().text;
  EXPECT_EQ(host_.commands.size(), 2u);  // a full disk is full for the registry's answer as well
}

TEST_F(ImagesTest, AMirrorIsNeverShownCredentials) {
  mirrors_ = {*parse_mirror("docker.io=https://one.lan")};
  host_.answer = [](const Command&) { return Ran{.exit_code = 1, .errors = "unauthorized"}; };
  EXPECT_FALSE(store().pull("tenant/app:1", Credentials{"docker.io", "tenant", "secret"}, {}));
  EXPECT_EQ(asked(), std::vector<std::string>{"docker://docker.io/tenant/app:1"});
}

TEST_F(ImagesTest, AnImageLargerThanTheLimitIsNotFetched) {
  host_.answer = [](const Command&) { return Ran{.output = manifest_text(1001)}; };
  const auto pulled = store().pull("registry.example/app:1", std::nullopt, {});
  ASSERT_FALSE(pulled);
  EXPECT_TRUE(is(pulled.error(), WorkloadError::kImageTooLarge)) << pulled.error().text;
  EXPECT_EQ(host_.commands.size(), 1u);
}

TEST_F(ImagesTest, AFailedFetchLeavesNothingAndTheFileLimitFollowsTheManifest) {
  host_.answer = [&](const Command& what) -> Result<Ran> {
    if (std::ranges::find(what.argv, "inspect") != what.argv.end())
      return Ran{.output = manifest_text(900)};
    EXPECT_EQ(what.file_bytes_max, 900u + (2u << 20));
    return Ran{.exit_code = 1, .errors = "connection reset by peer"};
  };
  const auto pulled = store().pull("registry.example/app:1", std::nullopt, {});
  ASSERT_FALSE(pulled);
  EXPECT_TRUE(is(pulled.error(), WorkloadError::kUnreachable)) << pulled.error().text;
  EXPECT_TRUE(disk_.list(directory_ + "/data/images")->empty());
}

TEST_F(ImagesTest, AnImageForWhichNoRoomIsLeftIsNotFetched) {
  spare_ = [](const ImageBytes&) { return 899; };
  host_.answer = [](const Command&) { return Ran{.output = manifest_text(900)}; };
  const auto pulled = store().pull("registry.example/app:1", std::nullopt, {});
  ASSERT_FALSE(pulled);
  EXPECT_TRUE(is(pulled.error(), WorkloadError::kNoSpace)) << pulled.error().text;
  EXPECT_EQ(host_.commands.size(), 1u);
}

TEST_F(ImagesTest, WhatAnImageMayUnpackToIsPromisedToItFirstAndIsHalfOfWhatIsSpare) {
  ImageStore images = store();
  std::uint64_t promised = 0;
  spare_ = [&](const ImageBytes& bytes) {
    promised = bytes.promised;
    return 400u << 20;
  };
  bool made = false;
  host_.answer = [&](const Command& what) -> Result<Ran> {
    if (std::ranges::find(what.argv, "inspect") != what.argv.end())
      return Ran{.output = manifest_text(900)};
    if (what.argv[0] != "mkfs.ext4") return Ran{};
    made = true;
    EXPECT_EQ(std::filesystem::file_size(what.argv.back()), 200u << 20);
    EXPECT_TRUE(images.hold_room(1, spare_));
    EXPECT_EQ(promised, 900u + (200u << 20));
    return Ran{.exit_code = 1};
  };
  EXPECT_FALSE(images.pull("registry.example/app:1", std::nullopt, {}));
  EXPECT_TRUE(made);
  EXPECT_TRUE(images.hold_room(1, spare_));
  EXPECT_EQ(promised, 0u) << "given back";
}

TEST_F(ImagesTest, WhenTheDiskIsShortUnusedImagesGoOldestFirst) {
  const std::string used = "sha256:" + std::string(64, '1');
  const std::string old = "sha256:" + std::string(64, '2');
  const std::string young = "sha256:" + std::string(64, '3');
  keep(used, 300);
  keep(old, 200);
  keep(young, 100);
  in_use_ = {used};
  ImageStore images = store();
  EXPECT_EQ(images.unused_bytes(), 2 * 8192u);
  const auto spare = [](const ImageBytes& bytes) { return 24'576 - bytes.promised; };
  EXPECT_TRUE(images.hold_room(0, spare));
  EXPECT_TRUE(is_kept(old));
  EXPECT_TRUE(images.hold_room(8192, spare));
  EXPECT_FALSE(is_kept(old));
  EXPECT_TRUE(is_kept(young));
  const auto refused = images.hold_room(24'576, spare);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(is(refused.error(), WorkloadError::kNoSpace)) << refused.error().text;
  EXPECT_FALSE(is_kept(young));
  EXPECT_TRUE(is_kept(used));
}

TEST_F(ImagesTest, ARegistryThatAnswersADigestWithSomethingElseIsRefused) {
  host_.answer = [](const Command&) { return Ran{.output = manifest_text(900)}; };
  const auto pulled = store().pull("registry.example/app@" + kDigest, std::nullopt, {});
  ASSERT_FALSE(pulled);
  EXPECT_TRUE(is(pulled.error(), WorkloadError::kBadImage)) << pulled.error().text;
  EXPECT_NE(pulled.error().text.find("the registry answers with sha256:"), std::string::npos);
  EXPECT_EQ(host_.commands.size(), 1u);
}

TEST_F(ImagesTest, AnIndexWhosePlatformIsAnsweredWithSomethingElseIsRefused) {
  const std::string index = R"({"manifests":[{"digest":")" + kDigest +
                            R"(","platform":{"os":"linux","architecture":"amd64"}},{"digest":")" +
                            kDigest + R"(","platform":{"os":"linux","architecture":"arm64"}}]})";
  host_.answer = [&](const Command& what) {
    const bool platform = what.argv.back().find('@') != std::string::npos;
    return Ran{.output = platform ? manifest_text(900) : index};
  };
  const auto pulled = store().pull("registry.example/app:1", std::nullopt, {});
  ASSERT_FALSE(pulled);
  EXPECT_TRUE(is(pulled.error(), WorkloadError::kBadImage)) << pulled.error().text;
  EXPECT_EQ(host_.commands.size(), 2u);
}

TEST_F(ImagesTest, AMirrorThatLiesAboutADigestIsPassedOver) {
  mirrors_ = {*parse_mirror("docker.io=https://one.lan")};
  host_.answer = [](const Command& what) {
    if (what.argv.back().starts_with("docker://one.lan")) return Ran{.output = manifest_text(9)};
    return Ran{.exit_code = 1, .errors = "manifest unknown"};
  };
  const auto pulled = store().pull("nginx@" + kDigest, std::nullopt, {});
  ASSERT_FALSE(pulled);
  EXPECT_TRUE(is(pulled.error(), WorkloadError::kNoSuchImage)) << pulled.error().text;
  EXPECT_EQ(host_.commands.size(), 2u);
}

TEST_F(ImagesTest, AStrangeDigestIsNeverAPath) {
  EXPECT_FALSE(store().open("sha256:../../x"));
  EXPECT_FALSE(store().open(""));
}

// Holds every command until the test lets them go, and counts them.
class HeldHost final : public Host {
 public:
  Result<Ran> run(const Command& what, std::stop_token) override {
    std::unique_lock lock(mutex_);
    cgroups = what.cgroups;
    most = std::max(most, ++running);
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
    --running;
    return Ran{.exit_code = 1, .errors = "unauthorized"};
  }
  Result<int> spawn(const Spawn&) override { return fail(WorkloadError::kProgramFailed); }
  void await(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return running == count; });
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

  int running = 0;
  int most = 0;
  std::vector<std::string> cgroups;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

class ManyPullsTest : public ImagesTest {
 protected:
  HeldHost held_;
  ImageStore store_{held_,
                    disk_,
                    directory_ + "/data",
                    directory_ + "/run",
                    {.packed_bytes_max = 1000, .timeout = Duration::seconds(1), .fetches_max = 2},
                    {},
                    [this] { return in_use_; },
                    [this](const ImageBytes& images) { return spare_(images); }};
};

TEST_F(ManyPullsTest, AskAFewRegistriesAtOnceInTheGroupForIt) {
  store_.confine({"/groups/images/cgroup.procs"});
  {
    std::vector<std::jthread> pulls;
    for (int i = 0; i < 6; ++i)
      pulls.emplace_back([this] { EXPECT_FALSE(store_.pull("registry.example/app:1", {}, {})); });
    held_.await(2);
    held_.let_go();
  }
  EXPECT_EQ(held_.most, 2);
  EXPECT_EQ(held_.cgroups, std::vector<std::string>{"/groups/images/cgroup.procs"});
}

TEST_F(ManyPullsTest, OneThatWaitsForItsTurnCanBeCancelled) {
  std::vector<std::jthread> pulls;
  for (int i = 0; i < 2; ++i)
    pulls.emplace_back([this] { EXPECT_FALSE(store_.pull("registry.example/app:1", {}, {})); });
  held_.await(2);
  std::stop_source stop;
  std::jthread third([&] {
    const auto pulled = store_.pull("registry.example/app:1", {}, stop.get_token());
    EXPECT_TRUE(is(pulled.error(), WorkloadError::kCancelled));
  });
  stop.request_stop();
  third.join();
  held_.let_go();
}

}  // namespace
}  // namespace tp::compute::workload
