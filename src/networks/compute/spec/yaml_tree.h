// YAML text as a tree of nodes that know their line, read under limits. Internal to this folder.
//
// yaml-cpp parses; this keeps what the two reference clients look at and yaml-cpp's own nodes hide:
// duplicate keys (refused), whether a scalar was quoted, merged keys ("<<"), and how often an alias
// multiplies the tree.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "networks/compute/spec/sdl.h"

namespace tp::compute {

enum class ScalarType { kNull, kBool, kInt, kFloat, kTimestamp, kString };

struct YamlNode;

struct YamlEntry {
  std::string key;
  int line = 0;
  const YamlNode* value = nullptr;
};

struct YamlNode {
  enum class Kind { kScalar, kSequence, kMapping };

  Kind kind = Kind::kScalar;
  int line = 0;
  // Scalars.
  ScalarType type = ScalarType::kNull;
  std::string text;  // as written, without quotes and escapes; empty for null
  // Collections.
  std::vector<const YamlNode*> items;
  std::vector<YamlEntry> entries;  // in the order of the file, merged keys last
  bool merged = false;             // some entries came through "<<"

  bool is_null() const { return kind == Kind::kScalar && type == ScalarType::kNull; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_sequence() const { return kind == Kind::kSequence; }
  bool is_mapping() const { return kind == Kind::kMapping; }
  const YamlEntry* find(std::string_view key) const;  // nullptr when absent
};

// Owns the nodes. `root` is nullptr for an empty document.
struct YamlDocument {
  std::deque<YamlNode> nodes;
  const YamlNode* root = nullptr;
  bool more_documents = false;  // the text goes on behind the first one
};

struct YamlFault {
  bool too_large = false;
  SdlIssue issue;
};

// Reads the first document. Refuses what is not UTF-8, control characters, duplicate keys, keys
// that are not scalars, anchors inside themselves, and more than the limits of sdl.h.
std::expected<YamlDocument, YamlFault> read_yaml(std::string_view text);

// The YAML 1.2 core type of a plain scalar, as js-yaml and yaml.v3 agree on it.
ScalarType plain_type(std::string_view text);

// The number that an integer or float scalar writes. Nothing for others, and for what does not fit.
std::optional<double> number_of(const YamlNode& node);

}  // namespace tp::compute
