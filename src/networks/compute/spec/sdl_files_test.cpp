// What we say of whole files: our own, with the hashes that the Go client gave them, and 60 real
// ones that lie beside the checkout (tests/clients/sdl/README.md).
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <vector>

#include "base/text.h"
#include "networks/compute/spec/compile.h"

namespace tp::compute {
namespace {

namespace fs = std::filesystem;

fs::path root() {
  const char* given = std::getenv("TURNPIKE_ROOT");
  return given != nullptr ? given : TURNPIKE_SOURCE_DIR;
}

fs::path shared_sdl() {
  const char* given = std::getenv("TURNPIKE_SHARED_DATA");
  return (given != nullptr ? fs::path(given) : root() / ".." / "shared" / "data") / "sdl";
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

using Row = std::vector<std::string>;

// The rows of a table with tabs, by their first column, without the heading.
std::map<std::string, Row> table(const fs::path& path) {
  std::map<std::string, Row> rows;
  std::istringstream lines(read(path));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    Row row;
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, '\t');) row.push_back(field);
    if (!row.empty()) rows.emplace(row[0], row);
  }
  return rows;
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

std::string hash_of(const Sdl& sdl) {
  return to_hex(compile_sdl(sdl).hash.view());
}

TEST(SdlVectors, HaveTheHashesOfTheGoClient) {
  const fs::path folder = root() / "tests" / "clients" / "sdl";
  const auto vectors = table(folder / "vectors.tsv");
  const auto files = files_in(folder / "files");
  EXPECT_EQ(files.size(), vectors.size());
  for (const fs::path& file : files) {
    const auto row = vectors.find(file.filename().string());
    ASSERT_NE(row, vectors.end()) << file << " has no hash";
    const auto sdl = parse_sdl(read(file), file.string(), SdlMode::kStrict);
    ASSERT_TRUE(sdl) << sdl.error().text;
    EXPECT_EQ(hash_of(*sdl), row->second[1]) << file;
  }
}

// "ok", or the first fault as "line: text".
std::string verdict(const std::expected<Sdl, SdlErrors>& sdl) {
  if (sdl) return "ok";
  const SdlIssue& first = sdl.error().issues.front();
  return std::to_string(first.line) + ": " + first.text;
}

TEST(SdlVerdicts, OfSixtyRealFilesAreTheRecordedOnes) {
  enum Column { kFile, kStrict, kLenient, kGo, kHash, kRule, kColumns };
  if (!fs::is_directory(shared_sdl()))
    GTEST_SKIP() << "no real SDL files at " << shared_sdl() << " (set TURNPIKE_SHARED_DATA)";
  const auto verdicts = table(root() / "tests" / "clients" / "sdl_verdicts.tsv");
  const auto files = files_in(shared_sdl());
  EXPECT_EQ(files.size(), 60U);
  EXPECT_EQ(verdicts.size(), files.size());
  for (const fs::path& file : files) {
    const std::string name = file.filename().string();
    ASSERT_TRUE(verdicts.contains(name)) << name << " has no verdict";
    const Row& row = verdicts.at(name);
    ASSERT_EQ(row.size(), static_cast<std::size_t>(kColumns)) << name;
    const std::string text = read(file);
    const auto strict = check_sdl(text, name, {.mode = SdlMode::kStrict});
    const auto lenient = check_sdl(text, name, {.mode = SdlMode::kLenient});
    EXPECT_EQ(verdict(strict), row[kStrict]) << name;
    EXPECT_EQ(verdict(lenient), row[kLenient]) << name;
    EXPECT_EQ(lenient ? hash_of(*lenient) : "-", row[kHash]) << name;
    if (strict) {
      EXPECT_EQ(hash_of(*strict), row[kHash]) << name;
    }
    // A file on which we and the Go client disagree, or strict and lenient, has a rule.
    const bool plain = row[kStrict] == "ok" && row[kLenient] == "ok" && row[kGo] == "ok";
    EXPECT_EQ(row[kRule] == "-", plain) << name;
    // What the Go client takes, lenient takes.
    if (row[kGo] == "ok") {
      EXPECT_TRUE(lenient) << name;
    }
  }
}

TEST(SdlVerdicts, StrictNeverTakesWhatLenientRefuses) {
  if (!fs::is_directory(shared_sdl()))
    GTEST_SKIP() << "no real SDL files at " << shared_sdl() << " (set TURNPIKE_SHARED_DATA)";
  for (const fs::path& file : files_in(shared_sdl())) {
    const std::string text = read(file);
    if (check_sdl(text, "", {.mode = SdlMode::kStrict})) {
      EXPECT_TRUE(check_sdl(text, "", {.mode = SdlMode::kLenient})) << file;
    }
  }
}

TEST(SdlExamples, InThisRepositoryAreValidWhenStrict) {
  const auto files = files_in(root() / "examples");
  EXPECT_FALSE(files.empty());
  for (const fs::path& file : files) {
    const auto sdl = parse_sdl(read(file), file.string(), SdlMode::kStrict);
    EXPECT_TRUE(sdl) << sdl.error().text;
  }
}

}  // namespace
}  // namespace tp::compute
