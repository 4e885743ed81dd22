#include "agent/config.h"

#include <gtest/gtest.h>

namespace tp::agent {
namespace {

struct Options {
  std::string listen = "127.0.0.1:1";
  std::uint64_t threads = 2;
  bool cors = false;
  Duration idle = Duration::seconds(5);
  std::vector<std::string> peers{"a", "b"};

  Config config() {
    Config config("A test.");
    config.text("listen", &listen, "where");
    config.number("rpc.threads", &threads, 1, 16, "how many");
    config.boolean("rpc.cors", &cors, "whether");
    config.duration("block.idle", &idle, "how long");
    config.texts("block.peers", &peers, "who");
    return config;
  }
};

TEST(Config, AWrittenFileReadsBackTheSame) {
  Options written{
      .listen = "a\"b\\", .threads = 3, .cors = true, .idle = Duration::minutes(90), .peers = {}};
  Options read;
  const auto parsed = read.config().parse(written.config().documented(), "x.toml");
  ASSERT_TRUE(parsed) << parsed.error().text;
  EXPECT_EQ(read.listen, written.listen);
  EXPECT_EQ(read.threads, 3u);
  EXPECT_TRUE(read.cors);
  EXPECT_EQ(read.idle, Duration::minutes(90));
  EXPECT_TRUE(read.peers.empty());
}

TEST(Config, AnUnknownKeyIsRefusedWithItsLine) {
  Options options;
  const auto parsed = options.config().parse("listen = \"x\"\n[rpc]\nthread = 1\n", "node.toml");
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().text.find("node.toml:3: rpc.thread: is not a key of this file"),
            std::string::npos);
}

TEST(Config, AnUnknownSectionIsRefusedAlsoWhenItIsEmpty) {
  Options options;
  for (const char* text :
       {"[rpcs]\n", "[rpc.more]\n", "[[rpc]]\nthreads = 1\n", "[rp]\nx = 1\n", "rpc = 1\n"}) {
    const auto parsed = options.config().parse(text, "node.toml");
    ASSERT_FALSE(parsed) << text;
    EXPECT_NE(parsed.error().text.find("is not a key of this file"), std::string::npos) << text;
  }
}

TEST(Config, EveryWrongValueIsReported) {
  Options options;
  const auto parsed = options.config().parse(
      "listen = 1\n[rpc]\nthreads = 17\n[block]\nidle = \"5 s\"\n", "node.toml");
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().text.find("node.toml:1: listen: expected text"), std::string::npos);
  EXPECT_NE(
      parsed.error().text.find("node.toml:3: rpc.threads: expected a whole number from 1 to 16"),
      std::string::npos);
  EXPECT_NE(parsed.error().text.find("node.toml:5: block.idle"), std::string::npos);
}

TEST(Config, WhatIsNotTomlNamesTheLine) {
  Options options;
  const auto parsed = options.config().parse("listen = \"x\"\nrpc = [", "node.toml");
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().text.find("node.toml:2"), std::string::npos);
}

TEST(Duration, UnitsAddUp) {
  EXPECT_EQ(parse_duration("1h30m").value(), Duration::minutes(90));
  EXPECT_EQ(parse_duration("250ms").value(), Duration::milliseconds(250));
  EXPECT_FALSE(parse_duration(""));
  EXPECT_FALSE(parse_duration("5"));
  EXPECT_FALSE(parse_duration("-5s"));
  EXPECT_FALSE(parse_duration("9999999999h"));
}

}  // namespace
}  // namespace tp::agent
