#include "networks/compute/agent/workload/network.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "networks/compute/agent/workload/error.h"
#include "networks/compute/agent/workload/ports.h"

namespace tp::compute::workload {
namespace {

NetworkConfig config() {
  return {.instance = "unit-test",
          .pool = *parse_ipv4_range("10.192.0.0/12"),
          .name_servers = {*parse_ipv4("9.9.9.9")},
          .publish_addresses = {"127.0.0.1"},
          .ingress = {{*parse_ipv4("192.0.2.1"), 8088}}};
}

std::vector<LeaseNetwork> two_leases() {
  const NetworkNames names(config());
  return {{.slot = 0,
           .forwards = {{.machine_port = 30'001, .port = 22, .replicas = {names.address(0, 2)}}}},
          {.slot = 5,
           .forwards = {{.protocol = Protocol::kUdp,
                         .machine_port = 30'002,
                         .port = 53,
                         .replicas = {names.address(5, 2), names.address(5, 3)}}}}};
}

TEST(NetworkTest, RangesAreParsedStrictly) {
  EXPECT_EQ(parse_ipv4_range("10.192.0.0/12")->text(), "10.192.0.0/12");
  for (const char* text : {"", "10.0.0.0", "10.0.0.1/24", "10.0.0.0/33", "a/8", "10.0.0/8"})
    EXPECT_FALSE(parse_ipv4_range(text)) << text;
}

TEST(NetworkTest, EachSlotHasARangeOfItsOwn) {
  const NetworkNames names(config());
  EXPECT_EQ(names.slots(), 4096u);
  EXPECT_EQ(names.range(0).text(), "10.192.0.0/24");
  EXPECT_EQ(names.range(4095).text(), "10.207.255.0/24");
  EXPECT_EQ(names.address(1, 2).text(), "10.192.1.2");
  EXPECT_FALSE(names.range(7).overlaps(names.range(8)));
  EXPECT_TRUE(names.range(7).overlaps(*parse_ipv4_range("10.192.0.0/16")));
}

TEST(NetworkTest, InterfaceNamesFitTheKernel) {
  const NetworkNames names(config());
  EXPECT_LE(names.veth(4095, 254).size(), 15u);
  EXPECT_TRUE(names.veth(4095, 254).starts_with(names.bridge(4095)));
  EXPECT_TRUE(names.bridge(1).starts_with("tp-"));
}

TEST(NetworkTest, TwoProvidersUseOtherNames) {
  NetworkConfig other = config();
  other.instance = "unit-test-2";
  EXPECT_NE(NetworkNames(config()).prefix(), NetworkNames(other).prefix());
  EXPECT_NE(NetworkNames(config()).table(), NetworkNames(other).table());
}

TEST(NetworkTest, ForwardsLeadToEveryReplicaInTurn) {
  const std::string text = nft_ruleset(config(), two_leases(), false);
  EXPECT_NE(text.find("tcp dport 30001 dnat ip to 10.192.0.2:22"), std::string::npos) << text;
  EXPECT_NE(text.find("udp dport 30002 dnat ip addr . port to numgen inc mod 2 map "
                      "{ 0 : 10.192.5.2 . 53, 1 : 10.192.5.3 . 53 }"),
            std::string::npos)
      << text;
}

TEST(NetworkTest, TheGuardIsThereOnlyWhenWeTurnedForwardingOn) {
  const std::string_view guard = "iifname != \"tp-*\" oifname != \"tp-*\" drop";
  EXPECT_EQ(nft_ruleset(config(), {}, false).find(guard), std::string::npos);
  EXPECT_NE(nft_ruleset(config(), {}, true).find(guard), std::string::npos);
}

TEST(NetworkTest, RoutesOfTheMachineAreRead) {
  const auto routes = parse_routes(
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
      "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
      "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n");
  ASSERT_EQ(routes.size(), 1u);
  EXPECT_EQ(routes[0].text(), "192.0.2.0/24");
}

TEST(NetworkTest, APortThatAnotherProgramHasIsRefusedByName) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  const std::uint16_t port = ntohs(address.sin_port);

  PortHolder ports({"127.0.0.1"}, 30'000, 32'767);
  const auto taken = ports.take(Protocol::kTcp, port);
  ::close(fd);
  ASSERT_FALSE(taken);
  EXPECT_TRUE(is(taken.error(), WorkloadError::kPortTaken));
  EXPECT_NE(
      taken.error().text.find("port " + std::to_string(port) + " is taken by another program"),
      std::string::npos);
}

// nft fails when the test says so.
class FailingHost final : public Host {
 public:
  Result<Ran> run(const Command&, std::stop_token) override {
    ++runs;
    return Ran{.exit_code = fails ? 1 : 0};
  }
  Result<int> spawn(const Spawn&) override { return fail(WorkloadError::kProgramFailed); }

  bool fails = false;
  int runs = 0;
};

// Flows that a test says are there.
class FakeFlows final : public Flows {
 public:
  Result<void> forget(FunctionRef<bool(const Flow&)> which) override {
    if (fails) return fail(WorkloadError::kProgramFailed, "flows");
    std::erase_if(known, [&](const Flow& flow) { return which(flow); });
    return {};
  }

  bool fails = false;
  std::vector<Flow> known;
};

class FlowsTest : public ::testing::Test {
 protected:
  FlowsTest() { EXPECT_TRUE(network_.begin()); }

  // Of a customer's client to a port of this machine, answered by a replica.
  static Flow into(std::uint16_t port, Ipv4 replica) {
    return {.protocol = IPPROTO_UDP,
            .from = *parse_ipv4("198.51.100.7"),
            .to = *parse_ipv4("192.0.2.1"),
            .to_port = port,
            .answered_by = replica};
  }
  // Of a replica to somewhere.
  static Flow out_of(Ipv4 replica) {
    return {.protocol = IPPROTO_UDP,
            .from = replica,
            .to = *parse_ipv4("198.51.100.7"),
            .to_port = 53,
            .answered_by = *parse_ipv4("198.51.100.7")};
  }

  FailingHost host_;
  FakeFlows flows_;
  Network network_{host_, flows_, config(), "/tmp/tp-network-test"};
  const NetworkNames names_{config()};
  const LeaseNetwork lease_ = two_leases()[1];  // udp 30002 to its replicas 2 and 3
};

TEST_F(FlowsTest, EndWithTheirLease) {
  ASSERT_TRUE(network_.set_lease(lease_));
  flows_.known = {into(30'002, names_.address(5, 2)), out_of(names_.address(5, 3)),
                  into(30'009, names_.address(6, 2)), out_of(names_.address(4, 2))};
  ASSERT_TRUE(network_.forget_lease(5));
  ASSERT_EQ(flows_.known.size(), 2u) << "those of other leases go on";
  EXPECT_EQ(flows_.known[0].answered_by, names_.address(6, 2));
  EXPECT_EQ(flows_.known[1].from, names_.address(4, 2));
}

TEST_F(FlowsTest, ThatCouldNotBeForgottenAreForgottenByTheNextTry) {
  ASSERT_TRUE(network_.set_lease(lease_));
  flows_.known = {into(30'002, names_.address(5, 2))};
  flows_.fails = true;
  EXPECT_FALSE(network_.forget_lease(5));
  EXPECT_FALSE(network_.forget_lease(5)) << "the lease may not give its network back yet";
  flows_.fails = false;
  EXPECT_TRUE(network_.forget_lease(5));
  EXPECT_TRUE(flows_.known.empty());
}

TEST_F(FlowsTest, LeaveAReplicaToWhichTheirPortNoLongerLeads) {
  ASSERT_TRUE(network_.set_lease(lease_));
  flows_.known = {into(30'002, names_.address(5, 2)), into(30'002, names_.address(5, 3)),
                  into(30'003, names_.address(5, 2)), out_of(names_.address(5, 2))};
  LeaseNetwork fewer = lease_;
  fewer.forwards[0].replicas = {names_.address(5, 3)};
  flows_.fails = true;
  EXPECT_FALSE(network_.set_lease(fewer));
  flows_.fails = false;
  EXPECT_TRUE(network_.supervise());
  ASSERT_EQ(flows_.known.size(), 3u);
  EXPECT_EQ(flows_.known[0].answered_by, names_.address(5, 3));
}

TEST_F(FlowsTest, AreAllForgottenWhenTheirPortLeadsToAnotherPort) {
  ASSERT_TRUE(network_.set_lease(lease_));
  flows_.known = {into(30'002, names_.address(5, 2)), into(30'002, names_.address(5, 3))};
  LeaseNetwork other = lease_;
  other.forwards[0].port = 54;
  ASSERT_TRUE(network_.set_lease(other));
  EXPECT_TRUE(flows_.known.empty());
}

TEST_F(FlowsTest, GoOnWhileNothingChanges) {
  ASSERT_TRUE(network_.set_lease(lease_));
  flows_.known = {into(30'002, names_.address(5, 2))};
  ASSERT_TRUE(network_.set_lease(lease_));
  ASSERT_TRUE(network_.supervise());
  EXPECT_EQ(flows_.known.size(), 1u);
}

TEST(NetworkTest, LeasesReachTheIngressOnItsOwnAddressOnly) {
  NetworkConfig changed = config();
  EXPECT_NE(nft_ruleset(changed, {}, false).find("    ip daddr 192.0.2.1 tcp dport 8088 accept\n"),
            std::string::npos);
  changed.ingress = {{Ipv4{}, 80}};
  EXPECT_NE(nft_ruleset(changed, {}, false).find("\n    tcp dport 80 accept\n"), std::string::npos);
}

TEST(NetworkTest, WhatOthersRulesLeadElsewhereIsNoWayOutForLeases) {
  const std::string text = nft_ruleset(config(), two_leases(), false);
  EXPECT_NE(text.find("oifname \"tp-*\" ct status dnat accept"), std::string::npos);
  EXPECT_EQ(text.find("    ct status dnat accept"), std::string::npos);
}

TEST(NetworkTest, ATableThatCouldNotBeAppliedIsAppliedByTheNextTry) {
  FailingHost host;
  FakeFlows flows;
  Network network(host, flows, config(), "/tmp/tp-network-test");
  ASSERT_TRUE(network.begin());
  const LeaseNetwork lease = two_leases()[0];
  host.fails = true;
  EXPECT_FALSE(network.set_lease(lease));
  EXPECT_FALSE(network.set_lease(lease)) << "the same again is no success";
  EXPECT_FALSE(network.forget_lease(lease.slot));
  EXPECT_FALSE(network.forget_lease(lease.slot));
  EXPECT_FALSE(network.supervise());
  host.fails = false;
  EXPECT_TRUE(network.supervise());
  const int runs = host.runs;
  EXPECT_TRUE(network.supervise());
  EXPECT_TRUE(network.forget_lease(lease.slot));
  EXPECT_EQ(host.runs, runs) << "nothing to do";
}

TEST(NetworkTest, APortIsHeldUntilReleased) {
  PortHolder ports({"127.0.0.1"}, 31'700, 31'701);
  const auto first = ports.take(Protocol::kTcp, 0);
  ASSERT_TRUE(first);
  EXPECT_FALSE(ports.take(Protocol::kTcp, *first));
  ports.release(Protocol::kTcp, *first);
  EXPECT_TRUE(ports.take(Protocol::kTcp, *first));
}

TEST(NetworkTest, AnExhaustedRangeIsAnError) {
  PortHolder ports({"127.0.0.1"}, 31'710, 31'711);
  EXPECT_TRUE(ports.take(Protocol::kTcp, 0));
  EXPECT_TRUE(ports.take(Protocol::kTcp, 0));
  EXPECT_FALSE(ports.take(Protocol::kTcp, 0));
  EXPECT_TRUE(ports.take(Protocol::kUdp, 0));
}

TEST(NetworkRootTest, NftAcceptsTheTable) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  SystemHost host;
  for (const auto& leases : {std::vector<LeaseNetwork>{}, two_leases()}) {
    const auto ran = run_checked(host, {.argv = {"unshare", "--net", "nft", "-f", "-"},
                                        .input = nft_ruleset(config(), leases, true)});
    EXPECT_TRUE(ran) << (ran ? "" : ran.error().text);
  }
}

}  // namespace
}  // namespace tp::compute::workload
