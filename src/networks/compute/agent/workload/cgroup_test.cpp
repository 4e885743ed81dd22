// Version 2, over a folder that looks like it: the machines of the tests have version 1 or both.
#include "networks/compute/agent/workload/cgroup.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "networks/compute/agent/workload/error.h"
#include "networks/compute/agent/workload/setup.h"

namespace tp::compute::workload {
namespace {

namespace fs = std::filesystem;

class CgroupTreeTest : public ::testing::Test {
 protected:
  CgroupTreeTest() { fs::remove_all(root_); }
  ~CgroupTreeTest() override { fs::remove_all(root_); }

  void put(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  std::string get(const std::string& path) {
    std::ifstream file(root_ / path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  Mount unified() const { return {root_.string(), "cgroup2", "rw,nsdelegate"}; }
  Cgroups version_2() {
    put("cgroup.controllers", "cpuset cpu io memory hugetlb pids rdma misc\n");
    return *Cgroups::find({unified()});
  }

  const fs::path root_ = fs::temp_directory_path() / ("tp-cgroups." + std::to_string(::getpid()));
};

TEST_F(CgroupTreeTest, Version2AloneLimitsEverything) {
  EXPECT_TRUE(version_2().limits_swap());
}

TEST_F(CgroupTreeTest, AUnifiedHierarchyWithoutControllersLimitsNothing) {
  put("cgroup.controllers", "\n");
  const auto found = Cgroups::find({unified()});
  ASSERT_FALSE(found);
  EXPECT_TRUE(is(found.error(), WorkloadError::kUnsupported));
  EXPECT_NE(found.error().text.find("memory"), std::string::npos);
}

TEST_F(CgroupTreeTest, AnEmptyUnifiedHierarchyBesideVersion1IsEnteredAndNotAsked) {
  put("unified/cgroup.controllers", "");
  put("memory/tp-a/x/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
  put("pids/tp-a/x/pids.events", "max 4\n");
  const std::string root = root_.string();
  const auto mixed = Cgroups::find({{root + "/unified", "cgroup2", "rw"},
                                    {root + "/memory", "cgroup", "rw,memory"},
                                    {root + "/pids", "cgroup", "rw,pids"},
                                    {root + "/cpu", "cgroup", "rw,cpu,cpuacct"},
                                    {root + "/cpuset", "cgroup", "rw,cpuset"}});
  ASSERT_TRUE(mixed) << mixed.error().text;
  EXPECT_EQ(mixed->oom_kills("/tp-a/x"), 3u);
  EXPECT_EQ(mixed->refused_forks("/tp-a/x"), 4u);
  EXPECT_FALSE(mixed->limits_swap());
  const auto entrances = mixed->entrances("/tp-a/x");
  ASSERT_TRUE(entrances);
  EXPECT_EQ(*entrances,
            (std::vector<std::string>{
                root + "/unified/tp-a/x/cgroup.procs", root + "/memory/tp-a/x/cgroup.procs",
                root + "/pids/tp-a/x/cgroup.procs", root + "/cpu/tp-a/x/cgroup.procs"}));
}

TEST_F(CgroupTreeTest, AGroupOfVersion2HasOneEntrance) {
  const auto entrances = version_2().entrances("/tp-a/monitors");
  ASSERT_TRUE(entrances);
  EXPECT_EQ(*entrances, std::vector<std::string>{root_.string() + "/tp-a/monitors/cgroup.procs"});
  EXPECT_TRUE(fs::is_directory(root_ / "tp-a/monitors"));
}

TEST_F(CgroupTreeTest, WhatTheKernelCountsIsReadInVersion2) {
  put("tp-a/x/memory.events", "low 0\nhigh 0\nmax 12\noom 5\noom_kill 2\noom_group_kill 0\n");
  put("tp-a/x/pids.events", "max 7\n");
  put("tp-a/x/memory.current", "4096\n");
  put("tp-a/x/cpu.stat", "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\n");
  const Cgroups groups = version_2();
  EXPECT_EQ(groups.oom_kills("/tp-a/x"), 2u);
  EXPECT_EQ(groups.refused_forks("/tp-a/x"), 7u);
  EXPECT_EQ(groups.memory_bytes("/tp-a/x"), 4096u);
  EXPECT_EQ(groups.cpu_nanoseconds("/tp-a/x"), 1'500'000u);
}

TEST_F(CgroupTreeTest, WhatIsNotThereCountsNothing) {
  const Cgroups groups = version_2();
  EXPECT_EQ(groups.oom_kills("/tp-a/gone"), 0u);
  EXPECT_EQ(groups.refused_forks("/tp-a/gone"), 0u);
  EXPECT_TRUE(groups.processes("/tp-a/gone").empty());
  EXPECT_TRUE(groups.children("/tp-a/gone").empty());
}

TEST_F(CgroupTreeTest, LimitsOfVersion2AreSetAndHandedDown) {
  const Cgroups groups = version_2();
  for (const char* file : {"cgroup.subtree_control", "tp-a/cgroup.subtree_control",
                           "tp-a/x/memory.max", "tp-a/x/cpu.max", "tp-a/x/pids.max"})
    put(file, "");
  const auto set =
      groups.limit("/tp-a/x", {.memory_bytes = 1 << 20, .cpu_milli = 1500, .processes = 64});
  ASSERT_TRUE(set) << set.error().text;
  EXPECT_EQ(get("tp-a/x/memory.max"), "1048576");
  EXPECT_EQ(get("tp-a/x/cpu.max"), "150000 100000");
  EXPECT_EQ(get("tp-a/x/pids.max"), "64");
  // The kernel takes each line for itself; a file keeps the last, over the longer one before it.
  EXPECT_TRUE(get("cgroup.subtree_control").starts_with("+cpu"));
  EXPECT_TRUE(get("tp-a/cgroup.subtree_control").starts_with("+cpu"));
  EXPECT_FALSE(fs::exists(root_ / "tp-a/x/cgroup.subtree_control"));
}

TEST(ProcessLimitTest, AQuarterOfWhatTheKernelHasStaysForTheMachine) {
  EXPECT_EQ(processes_for_leases(32'768, 192'730), 24'576u);
  EXPECT_EQ(processes_for_leases(4'194'304, 60'000), 45'000u);
}

TEST_F(CgroupTreeTest, ALimitThatCannotBeSetNamesItsFile) {
  const Cgroups groups = version_2();
  const auto set = groups.limit("/tp-a", {.processes = 64});
  ASSERT_FALSE(set);
  EXPECT_NE(set.error().text.find("cgroup.subtree_control"), std::string::npos);
}

}  // namespace
}  // namespace tp::compute::workload
