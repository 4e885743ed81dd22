#include "cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tp::cli {
namespace {

using ::testing::HasSubstr;

TEST(ErrorJson, HoldsTheRegisteredErrorAndTheTextForPeople) {
  const Error error = fail(CliError::kFailed, "no bid").error();
  EXPECT_EQ(error_json(error, {}), R"({"error":{"codespace":"cli","code":3,"text":"no bid"}})");
}

TEST(ErrorJson, HoldsWhatAFailureLeaves) {
  EXPECT_EQ(error_json({.codespace = "bank", .code = 5, .text = "poor"}, {{"deployment", "12"}}),
            R"({"error":{"codespace":"bank","code":5,"text":"poor","deployment":"12"}})");
}

TEST(ClientOptions, WhatACommandDoesNotReadIsRefused) {
  const GlobalOptions node{.node = "http://127.0.0.1:1"}, key{.key = "demo"};
  EXPECT_THAT(check_client_options(node, ClientUse::kNone).error().text, HasSubstr("--node"));
  EXPECT_THAT(check_client_options(key, ClientUse::kNone).error().text, HasSubstr("--key"));
  EXPECT_THAT(check_client_options(key, ClientUse::kNode).error().text, HasSubstr("--key"));
}

TEST(ClientOptions, WhatACommandReadsIsTaken) {
  const GlobalOptions node{.node = "http://127.0.0.1:1"}, key{.key = "demo"};
  EXPECT_TRUE(check_client_options(node, ClientUse::kNode));
  EXPECT_TRUE(check_client_options(node, ClientUse::kNodeAndKey));
  EXPECT_TRUE(check_client_options(key, ClientUse::kNodeAndKey));
  EXPECT_TRUE(check_client_options({}, ClientUse::kNone));
}

}  // namespace
}  // namespace tp::cli
