#include "networks/compute/agent/workload/oci.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "networks/compute/agent/workload/error.h"
#include "networks/compute/agent/workload/seccomp.h"

namespace tp::compute::workload {
namespace {

using Json = nlohmann::json;
using Texts = std::vector<std::string>;

ImageConfig image() {
  return {.entrypoint = {"/entry"}, .cmd = {"serve", "-v"}};
}

Texts arguments(const Texts& command, const Texts& args, const Texts& env = {}) {
  Service service{.name = "web"};
  service.command = command;
  service.args = args;
  return arguments_of(service, image(), env).value_or(Texts{"error"});
}

TEST(ArgumentsTest, NothingGivenRunsTheImageAsItIs) {
  EXPECT_EQ(arguments({}, {}), (Texts{"/entry", "serve", "-v"}));
}

TEST(ArgumentsTest, ArgsReplaceTheImagesCmd) {
  EXPECT_EQ(arguments({}, {"help"}), (Texts{"/entry", "help"}));
}

TEST(ArgumentsTest, CommandReplacesEntrypointAndCmd) {
  EXPECT_EQ(arguments({"sh", "-c"}, {}), (Texts{"sh", "-c"}));
  EXPECT_EQ(arguments({"sh", "-c"}, {"date"}), (Texts{"sh", "-c", "date"}));
}

TEST(ArgumentsTest, VariablesInParenthesesAreFilledIn) {
  EXPECT_EQ(arguments({"echo", "$(NAME)-$(NONE)-$$(NAME)-$NAME-$"}, {}, {"NAME=x"}),
            (Texts{"echo", "x-$(NONE)-$(NAME)-$NAME-$"}));
}

TEST(ArgumentsTest, NothingToRunIsAnError) {
  const auto none = arguments_of(Service{.name = "web"}, {}, {});
  ASSERT_FALSE(none);
  EXPECT_TRUE(is(none.error(), WorkloadError::kBadImage));
}

TEST(EnvironmentTest, TheServiceWinsOverTheImageAndBothOverTheLease) {
  LeaseWorkload workload{.key = {"owner", 5, 1, 2, "provider"}};
  Service service{.name = "web"};
  service.env = {"A=service", "B=$(A)!", "AKASH_OWNER=mine", "EMPTY"};
  const Texts env =
      environment_of(workload, service, {.env = {"A=image", "C=image", "PATH=/bin"}}, "web-0");
  const std::set<std::string> all(env.begin(), env.end());
  for (const char* entry :
       {"A=service", "B=service!", "C=image", "PATH=/bin", "AKASH_OWNER=mine",
        "EMPTY=", "AKASH_DEPLOYMENT_SEQUENCE=5", "AKASH_ORDER_SEQUENCE=2", "HOSTNAME=web-0"})
    EXPECT_TRUE(all.contains(entry)) << entry;
  EXPECT_EQ(all.size(), env.size());
}

ContainerSpec spec() {
  return {.rootfs = "/r",
          .hostname = "web-0",
          .arguments = {"/start"},
          .env = {"A=1"},
          .directory = "/www",
          .uid = 7,
          .gid = 8,
          .ids = {.first = 1'879'048'192},
          .cgroup = "/tp-main/x",
          .cpu_milli = 250,
          .memory_bytes = 64 << 20,
          .pids_max = 100,
          .open_files_max = 1024};
}

TEST(OciTest, LimitsAreSetInTheUnitsOfControlGroups) {
  const Json resources = Json::parse(oci_config(spec()))["linux"]["resources"];
  EXPECT_EQ(resources["cpu"]["quota"], 25'000);
  EXPECT_EQ(resources["cpu"]["period"], 100'000);
  EXPECT_EQ(resources["cpu"]["shares"], 256);
  EXPECT_EQ(resources["memory"]["limit"], 64 << 20);
  EXPECT_EQ(resources["memory"]["swap"], 64 << 20);
  EXPECT_EQ(resources["pids"]["limit"], 100);
  EXPECT_EQ(resources["devices"][0]["allow"], false);
}

TEST(OciTest, LessMemoryThanAContainerNeedsToStartIsRaised) {
  ContainerSpec small = spec();
  small.memory_bytes = 1 << 20;
  EXPECT_EQ(Json::parse(oci_config(small))["linux"]["resources"]["memory"]["limit"], 8 << 20);
}

TEST(OciTest, NothingIsSharedWithTheMachine) {
  std::set<std::string> kinds;
  const Json config = Json::parse(oci_config(spec()));
  for (const Json& space : config["linux"]["namespaces"]) {
    kinds.insert(space["type"].get<std::string>());
    EXPECT_FALSE(space.contains("path"));
  }
  EXPECT_EQ(kinds,
            (std::set<std::string>{"pid", "ipc", "uts", "mount", "network", "cgroup", "user"}));
  EXPECT_EQ(config["linux"]["uidMappings"][0]["hostID"], 1'879'048'192);
  EXPECT_EQ(config["linux"]["uidMappings"][0]["size"], 65'536);
  EXPECT_EQ(config["process"]["noNewPrivileges"], true);
}

TEST(OciTest, DangerousCapabilitiesAndSystemCallsAreNotGiven) {
  const Json config = Json::parse(oci_config(spec()));
  for (const char* set : {"bounding", "effective", "permitted"})
    for (const Json& capability : config["process"]["capabilities"][set])
      for (const char* bad : {"CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_MKNOD",
                              "CAP_SYS_PTRACE", "CAP_SYS_MODULE", "CAP_DAC_READ_SEARCH"})
        EXPECT_NE(capability, bad);
  const auto allowed = allowed_system_calls();
  const std::set<std::string_view> names(allowed.begin(), allowed.end());
  EXPECT_EQ(names.size(), allowed.size()) << "one stands there twice";
  for (const std::string_view bad :
       {"mount",           "umount2",      "unshare",       "setns",        "bpf",
        "perf_event_open", "keyctl",       "add_key",       "userfaultfd",  "io_uring_setup",
        "init_module",     "finit_module", "kexec_load",    "reboot",       "open_by_handle_at",
        "pivot_root",      "swapon",       "clock_settime", "settimeofday", "iopl",
        "ioperm",          "quotactl",     "acct",          "syslog",       "socket",
        "clone",           "clone3",       "personality",   "socketcall",   "move_mount",
        "fsopen",          "open_tree",    "mount_setattr", "fanotify_init"})
    EXPECT_FALSE(names.contains(bad)) << bad;
  for (const std::string_view good : {"read", "execve", "futex", "epoll_wait", "accept4", "rseq"})
    EXPECT_TRUE(names.contains(good)) << good;
  EXPECT_EQ(config["linux"]["seccomp"]["defaultAction"], "SCMP_ACT_ERRNO");
}

TEST(OciTest, ARamVolumeAtDevShmTakesThePlaceOfTheDefault) {
  ContainerSpec with = spec();
  with.ram = {{.destination = "/dev/shm", .bytes = 1 << 20}};
  int count = 0;
  const Json config = Json::parse(oci_config(with));
  for (const Json& mount : config["mounts"]) {
    if (mount["destination"] != "/dev/shm") continue;
    ++count;
    EXPECT_EQ(mount["options"].back(), "size=1048576");
  }
  EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace tp::compute::workload
