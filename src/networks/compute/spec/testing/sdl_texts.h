// SDL texts for the tests of this folder: one that is valid, and ways to change it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "networks/compute/spec/sdl.h"

namespace tp::compute::testing {

// A service of each kind of expose, a persistent volume, a GPU; version 2.0. The number of each
// line matters to the tests.
inline constexpr std::string_view kText = R"(version: "2.0"
services:
  db:
    image: example/db:1
    expose:
      - port: 5432
        to:
          - service: web
    params:
      storage:
        data:
          mount: /data
  web:
    image: example/web:1
    env:
      - DB=db
    expose:
      - port: 8080
        as: 80
        accept:
          - www.example.com
        http_options:
          read_timeout: 1000
        to:
          - global: true
profiles:
  compute:
    db:
      resources:
        cpu:
          units: 0.5
        memory:
          size: 256Mi
        storage:
          - size: 512Mi
          - name: data
            size: 1Gi
            attributes:
              persistent: true
              class: beta2
    web:
      resources:
        cpu:
          units: 100m
        memory:
          size: 64Mi
        storage:
          size: 64Mi
        gpu:
          units: 1
          attributes:
            vendor:
              nvidia:
                - model: a100
                  ram: 80Gi
  placement:
    lane:
      attributes:
        region: local
      signedBy:
        anyOf:
          - auditor
      pricing:
        db:
          denom: utoll
          amount: 10
        web:
          denom: utoll
          amount: "20.5"
deployment:
  db:
    lane:
      profile: db
      count: 1
  web:
    lane:
      profile: web
      count: 2
)";

// kText with the first `part` behind `after` replaced. Fails the test when it is not there.
inline std::string with(std::string_view part, std::string_view other,
                        std::string_view after = "") {
  std::string text(kText);
  const std::size_t start = after.empty() ? 0 : text.find(after);
  const std::size_t at = start == std::string::npos ? start : text.find(part, start);
  EXPECT_NE(at, std::string::npos) << "\"" << part << "\" is not in the text";
  return at == std::string::npos ? text : text.replace(at, part.size(), other);
}

// What is wrong with a text: one line each, "14: text"; "" when it is valid.
inline std::string faults(std::string_view text, SdlMode mode) {
  const auto sdl = check_sdl(text, "app.yaml", {.mode = mode});
  std::string lines;
  if (!sdl)
    for (const SdlIssue& issue : sdl.error().issues)
      lines += (lines.empty() ? "" : "\n") + std::to_string(issue.line) + ": " + issue.text;
  return lines;
}
inline std::string strict_faults(std::string_view text) {
  return faults(text, SdlMode::kStrict);
}
inline std::string lenient_faults(std::string_view text) {
  return faults(text, SdlMode::kLenient);
}

// Refused in both modes with this text among the faults.
inline void refused(const std::string& text, std::string_view fault) {
  EXPECT_THAT(strict_faults(text), ::testing::HasSubstr(fault));
  EXPECT_THAT(lenient_faults(text), ::testing::HasSubstr(fault));
}

// Refused when strict, taken when lenient.
inline void strict_only(const std::string& text, std::string_view fault) {
  EXPECT_THAT(strict_faults(text), ::testing::HasSubstr(fault));
  EXPECT_EQ(lenient_faults(text), "");
}

inline void accepted(const std::string& text) {
  EXPECT_EQ(strict_faults(text), "");
  EXPECT_EQ(lenient_faults(text), "");
}

}  // namespace tp::compute::testing
