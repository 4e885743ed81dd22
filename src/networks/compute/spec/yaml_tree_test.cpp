#include "networks/compute/spec/yaml_tree.h"

#include <gtest/gtest.h>

namespace tp::compute {
namespace {

std::string fault(std::string_view text) {
  const auto document = read_yaml(text);
  if (document) return "";
  return std::to_string(document.error().issue.line) + ": " + document.error().issue.text;
}

ScalarType type_of(std::string_view text) {
  const auto document = read_yaml(text);
  return document->root->type;
}

TEST(YamlTree, KnowsTheLineOfEveryKeyAndValue) {
  const auto document = read_yaml("a: 1\nb:\n  - x\n  - y\n");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root->find("a")->line, 1);
  EXPECT_EQ(document->root->find("b")->line, 2);
  EXPECT_EQ(document->root->find("b")->value->items[1]->line, 4);
}

TEST(YamlTree, TypesPlainScalarsAsYaml12) {
  for (const std::string_view text : {"~", "null", "Null", "NULL"})
    EXPECT_EQ(type_of(text), ScalarType::kNull) << text;
  for (const std::string_view text : {"true", "False", "TRUE"})
    EXPECT_EQ(type_of(text), ScalarType::kBool) << text;
  for (const std::string_view text : {"0", "-5", "+5", "1_000", "0x1F", "0o17", "0b101"})
    EXPECT_EQ(type_of(text), ScalarType::kInt) << text;
  for (const std::string_view text : {"0.5", ".5", "5.", "1e3", "-1.5E-3", ".inf", "-.INF", ".nan"})
    EXPECT_EQ(type_of(text), ScalarType::kFloat) << text;
  for (const std::string_view text : {"2026-01-31", "2026-01-31T10:00:00Z", "2026-1-3 10:00:00"})
    EXPECT_EQ(type_of(text), ScalarType::kTimestamp) << text;
  for (const std::string_view text : {"yes", "on", "off", "x", "500m", "1Gi", "0x", "1e", ".",
                                      "2026-01", "1.2.3", "_1", "1_", "\"1\"", "'true'", "'~'"})
    EXPECT_EQ(type_of(text), ScalarType::kString) << text;
}

TEST(YamlTree, KnowsTheValueOfNumbers) {
  const auto value = [](std::string_view text) {
    const auto document = read_yaml(text);
    return number_of(*document->root);
  };
  EXPECT_EQ(value("80"), 80);
  EXPECT_EQ(value("-1.5e1"), -15);
  EXPECT_EQ(value("0x50"), 80);
  EXPECT_EQ(value("1_000"), 1000);
  EXPECT_EQ(value("\"80\""), std::nullopt);
  EXPECT_EQ(value("0xFFFFFFFFFFFFFFFFF"), std::nullopt);
}

TEST(YamlTree, MergesMappingsUnderTheKeysThatAreWritten) {
  const auto document =
      read_yaml("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 3\n");
  ASSERT_TRUE(document);
  const YamlNode& merged = *document->root->find("c")->value;
  EXPECT_EQ(merged.find("x")->value->text, "3");
  EXPECT_EQ(merged.find("y")->value->text, "1");
  EXPECT_EQ(merged.find("z")->value->text, "2");
  EXPECT_TRUE(merged.merged);
}

TEST(YamlTree, RefusesAKeyThatIsWrittenTwice) {
  EXPECT_EQ(fault("a: 1\nb: 2\na: 3\n"), "3: key \"a\" is written twice");
}

TEST(YamlTree, RefusesKeysThatAreNotScalars) {
  EXPECT_EQ(fault("? [a, b]\n: 1\n"), "1: a key must be a plain word, not a list or a mapping");
  EXPECT_NE(fault("a: &a [1]\n*a : 2\n"), "");
}

TEST(YamlTree, RefusesAnAnchorInsideItself) {
  EXPECT_EQ(fault("a: &a\n  - *a\n"), "2: an anchor must not be used inside itself");
}

TEST(YamlTree, RefusesMergingWhatIsNoMapping) {
  EXPECT_EQ(fault("a: &a [1]\nb:\n  <<: *a\n"),
            "1: \"<<\" must name a mapping or a list of mappings");
}

TEST(YamlTree, RefusesTagsThatItDoesNotKnow) {
  EXPECT_EQ(fault("a: !secret x\n"), "1: the tag \"!secret\" is not supported");
  EXPECT_EQ(fault("a: !!python/object {}\n"),
            "1: the tag \"tag:yaml.org,2002:python/object\" is not supported");
  EXPECT_EQ(fault("a: !!str 5\n"), "");
  EXPECT_NE(fault("a: !!int x\n"), "");
}

TEST(YamlTree, StopsABombOfAliases) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) bomb += (k > 0 ? ", " : "") + before;
    bomb += "]\n";
  }
  const auto document = read_yaml(bomb);
  ASSERT_FALSE(document);
  EXPECT_TRUE(document.error().too_large);
}

TEST(YamlTree, StopsABombOfMerges) {
  std::string bomb = "a0: &a0 {";
  for (int i = 0; i < 500; ++i) bomb += "k" + std::to_string(i) + ": 1, ";
  bomb += "z: 1}\n";
  for (int i = 1; i < 200; ++i)
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " {<<: *a" +
            std::to_string(i - 1) + ", n" + std::to_string(i) + ": 1}\n";
  const auto document = read_yaml(bomb);
  ASSERT_FALSE(document);
  EXPECT_TRUE(document.error().too_large);
}

TEST(YamlTree, StopsAtTheLimitsOfSizeDepthAndNumber) {
  EXPECT_TRUE(read_yaml(std::string(kSdlBytesMax + 1, ' ')).error().too_large);
  const std::string deep = std::string(kSdlDepthMax + 1, '[') + std::string(kSdlDepthMax + 1, ']');
  EXPECT_TRUE(read_yaml(deep).error().too_large);
  EXPECT_TRUE(read_yaml(deep.substr(1, deep.size() - 2)));
  EXPECT_FALSE(read_yaml(std::string(100'000, '[')));
  std::string many;
  for (std::size_t i = 0; i <= kSdlNodesMax; ++i) many += "- x\n";
  EXPECT_TRUE(read_yaml(many).error().too_large);
}

TEST(YamlTree, RefusesControlCharactersAndWhatIsNotUtf8) {
  EXPECT_EQ(fault(std::string_view("a: 1\nb: \0\n", 10)), "2: control characters are not allowed");
  EXPECT_EQ(fault("a: \x1b[0m\n"), "1: control characters are not allowed");
  EXPECT_EQ(fault("a: \xff\n"), "1: the text is not valid UTF-8");
  EXPECT_EQ(fault("a: \xe2\x82\n"), "1: the text is not valid UTF-8");
}

TEST(YamlTree, NamesTheLineOfABrokenText) {
  EXPECT_EQ(fault("a: 1\nb: [1\n").substr(0, 3), "3: ");
  EXPECT_EQ(fault("x\na: b: c\n").substr(0, 3), "2: ");
}

TEST(YamlTree, ReadsTheFirstDocumentAndTellsOfMore) {
  const auto one = read_yaml("---\na: 1\n");
  EXPECT_FALSE(one->more_documents);
  const auto two = read_yaml("---\na: 1\n---\nb: 1\n");
  EXPECT_TRUE(two->more_documents);
  EXPECT_NE(two->root->find("a"), nullptr);
}

TEST(YamlTree, RefusesTextBehindTheDocument) {
  EXPECT_EQ(fault("-\na: b\n"),
            "2: it is not valid YAML: the text goes on where the document has ended");
  EXPECT_NE(fault("a: 1\n- b\n"), "");
  EXPECT_NE(fault("[a]\nb\n"), "");
}

TEST(YamlTree, OfNothingHasNoRoot) {
  const auto document = read_yaml("# only a comment\n");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root, nullptr);
}

}  // namespace
}  // namespace tp::compute
