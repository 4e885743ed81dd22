#include "networks/compute/spec/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

namespace tp::compute {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool all_digits(std::string_view text, std::string_view allowed) {
  return !text.empty() && text[0] != '_' && text.back() != '_' &&
         text.find_first_not_of(allowed) == std::string_view::npos;
}

std::string_view without_sign(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return text;
}

bool is_int(std::string_view text) {
  text = without_sign(text);
  if (text.starts_with("0x")) return all_digits(text.substr(2), "0123456789abcdefABCDEF_");
  if (text.starts_with("0o")) return all_digits(text.substr(2), "01234567_");
  if (text.starts_with("0b")) return all_digits(text.substr(2), "01_");
  return all_digits(text, "0123456789_");
}

bool is_float(std::string_view text) {
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return true;
  text = without_sign(text);
  if (text == ".inf" || text == ".Inf" || text == ".INF") return true;
  const std::size_t exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos) {
    const std::string_view power = without_sign(text.substr(exponent + 1));
    if (power.empty() || !std::ranges::all_of(power, is_digit)) return false;
    text = text.substr(0, exponent);
  }
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point < text.size() ? text.substr(point + 1) : "";
  if (whole.empty() && fraction.empty()) return false;
  const auto digits = [](char c) { return is_digit(c) || c == '_'; };
  return std::ranges::all_of(whole, digits) && std::ranges::all_of(fraction, digits) &&
         !whole.starts_with('_') && !text.ends_with('_');
}

// "2001-12-14", or a date followed by a time.
bool is_timestamp(std::string_view text) {
  const auto digits = [&text](std::size_t from, std::size_t to) {
    return text.size() >= to && std::all_of(text.begin() + from, text.begin() + to, is_digit);
  };
  const std::size_t month_end = text.find('-', 5);
  if (!digits(0, 4) || text.size() < 8 || text[4] != '-') return false;
  if (month_end != 6 && month_end != 7) return false;
  if (!digits(5, month_end)) return false;
  std::size_t end = month_end + 1;
  while (end < text.size() && is_digit(text[end])) ++end;
  const std::size_t day = end - month_end - 1;
  if (day < 1 || day > 2) return false;
  if (end == text.size()) return text.size() == 10;  // a date alone is written in full
  const char separator = text[end];
  if (separator != 'T' && separator != 't' && separator != ' ' && separator != '\t') return false;
  const std::size_t colon = text.find(':', end);
  return colon != std::string_view::npos &&
         text.find_first_not_of("0123456789:.Zz+- \t", end + 1) == std::string_view::npos;
}

// Thrown through yaml-cpp and caught in read_yaml.
struct Stop {
  YamlFault fault;
};

[[noreturn]] void stop(int line, std::string text, bool too_large = false) {
  throw Stop{{too_large, {line, "", std::move(text)}}};
}

int line_of(const YAML::Mark& mark) {
  return mark.is_null() ? 0 : mark.line + 1;
}

// Builds the tree from events, under the limits.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(YamlDocument& document) : document_(document) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode& node = make(mark, YamlNode::Kind::kScalar);
    add(finish(node, anchor, 1));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode& node = make(mark, YamlNode::Kind::kScalar);
    node.text = value;
    if (tag == "?")
      node.type = plain_type(value);
    else if (tag == "tag:yaml.org,2002:int")
      node.type = ScalarType::kInt;
    else if (tag == "tag:yaml.org,2002:float")
      node.type = ScalarType::kFloat;
    else if (tag == "tag:yaml.org,2002:bool")
      node.type = ScalarType::kBool;
    else if (tag == "!" || tag == "tag:yaml.org,2002:str")
      node.type = ScalarType::kString;
    else
      stop(node.line, "the tag \"" + tag.substr(0, 64) + "\" is not supported");
    if (node.type != ScalarType::kString && node.type != plain_type(value) && tag != "?")
      stop(node.line, "\"" + value.substr(0, 64) + "\" does not fit its tag \"" + tag + "\"");
    add(finish(node, anchor, 1));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) stop(line_of(mark), "an anchor must not be used inside itself");
    count(line_of(mark), found->second.weight);
    add(found->second);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag, "tag:yaml.org,2002:seq");
    start(make(mark, YamlNode::Kind::kSequence), anchor);
  }
  void OnSequenceEnd() override { end(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check_tag(mark, tag, "tag:yaml.org,2002:map");
    start(make(mark, YamlNode::Kind::kMapping), anchor);
  }
  void OnMapEnd() override {
    merge(*open_.back().node);
    end();
  }

 private:
  // A finished node with the number of nodes that it stands for, aliases expanded.
  struct Weighted {
    const YamlNode* node = nullptr;
    std::size_t weight = 0;
  };
  struct Open {
    YamlNode* node;
    YAML::anchor_t anchor;
    std::size_t weight = 1;
    const YamlNode* key = nullptr;  // of a mapping: waits for its value
    std::set<std::string> keys;
    std::vector<const YamlNode*> merges;
  };

  static void check_tag(const YAML::Mark& mark, const std::string& tag, std::string_view known) {
    if (tag != "?" && tag != "!" && tag != known && !tag.empty())
      stop(line_of(mark), "the tag \"" + tag.substr(0, 64) + "\" is not supported");
  }

  YamlNode& make(const YAML::Mark& mark, YamlNode::Kind kind) {
    count(line_of(mark), 1);
    YamlNode& node = document_.nodes.emplace_back();
    node.kind = kind;
    node.line = line_of(mark);
    return node;
  }

  void count(int line, std::size_t nodes) {
    total_ += nodes;
    if (total_ > kSdlNodesMax)
      stop(line,
           "the file has more than " + std::to_string(kSdlNodesMax) +
               " values (an alias counts as often as it is used)",
           true);
  }

  Weighted finish(const YamlNode& node, YAML::anchor_t anchor, std::size_t weight) {
    const Weighted done{&node, weight};
    if (anchor != YAML::NullAnchor) anchors_[anchor] = done;
    return done;
  }

  void start(YamlNode& node, YAML::anchor_t anchor) {
    if (open_.size() >= kSdlDepthMax)
      stop(node.line, "values are nested deeper than " + std::to_string(kSdlDepthMax), true);
    if (!open_.empty() && open_.back().node->is_mapping() && open_.back().key == nullptr)
      stop(node.line, "a key must be a plain word, not a list or a mapping");
    open_.push_back({&node, anchor, 1, nullptr, {}, {}});
  }

  void end() {
    const Open done = std::move(open_.back());
    open_.pop_back();
    add(finish(*done.node, done.anchor, done.weight));
  }

  void add(const Weighted& child) {
    if (open_.empty()) {
      document_.root = child.node;
      return;
    }
    Open& parent = open_.back();
    parent.weight += child.weight;
    if (parent.node->is_sequence()) {
      parent.node->items.push_back(child.node);
    } else if (parent.key == nullptr) {
      if (!child.node->is_scalar())
        stop(child.node->line, "a key must be a plain word, not a list or a mapping");
      parent.key = child.node;
    } else {
      add_entry(parent, *parent.key, *child.node);
      parent.key = nullptr;
    }
  }

  void add_entry(Open& parent, const YamlNode& key, const YamlNode& value) {
    if (!parent.keys.insert(key.text).second)
      stop(key.line, "key \"" + key.text.substr(0, 64) + "\" is written twice");
    if (key.text == "<<") return add_merge(parent, value);
    parent.node->entries.push_back({key.text, key.line, &value});
  }

  void add_merge(Open& parent, const YamlNode& value) {
    if (value.is_mapping()) return parent.merges.push_back(&value);
    const bool all_mappings =
        value.is_sequence() && std::ranges::all_of(value.items, &YamlNode::is_mapping);
    if (!all_mappings) stop(value.line, "\"<<\" must name a mapping or a list of mappings");
    parent.merges.insert(parent.merges.end(), value.items.begin(), value.items.end());
  }

  // Keys written in place win over merged ones, earlier merges over later ones.
  void merge(YamlNode& node) {
    Open& open = open_.back();
    for (const YamlNode* source : open.merges) {
      node.merged = true;
      for (const YamlEntry& entry : source->entries)
        if (open.keys.insert(entry.key).second) node.entries.push_back(entry);
    }
  }

  YamlDocument& document_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Weighted> anchors_;
  std::size_t total_ = 0;
};

// Looks where the second document begins, and stops there. yaml-cpp ends a document without a word
// where it cannot go on, and takes the rest for the next one.
class NextDocument : public YAML::EventHandler {
 public:
  explicit NextDocument(std::string_view text) : text_(text) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    std::string_view rest = text_;
    for (int line = 0; line < mark.line; ++line) {
      const std::size_t end = rest.find('\n');
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
    if (mark.column != 0 || !rest.starts_with("---"))
      stop(line_of(mark), "it is not valid YAML: the text goes on where the document has ended");
    throw Found{};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  struct Found {};  // thrown: there is a second document

 private:
  std::string_view text_;
};

// What YAML allows in a stream: no control characters but tab and line ends, valid UTF-8.
std::optional<YamlFault> check_characters(std::string_view text) {
  int line = 1;
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<std::uint8_t>(text[i]);
    if (first == '\n') ++line;
    if ((first < 0x20 && first != '\t' && first != '\n' && first != '\r') || first == 0x7f)
      return YamlFault{false, {line, "", "control characters are not allowed"}};
    std::size_t length = 1;
    if (first >= 0xf0 && first <= 0xf4)
      length = 4;
    else if (first >= 0xe0 && first < 0xf0)
      length = 3;
    else if (first >= 0xc2 && first < 0xe0)
      length = 2;
    else if (first >= 0x80)
      length = 0;
    bool valid = length != 0 && i + length <= text.size();
    for (std::size_t k = 1; valid && k < length; ++k)
      valid = (static_cast<std::uint8_t>(text[i + k]) & 0xc0) == 0x80;
    if (!valid) return YamlFault{false, {line, "", "the text is not valid UTF-8"}};
    i += length;
  }
  return std::nullopt;
}

}  // namespace

ScalarType plain_type(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return ScalarType::kNull;
  if (text == "true" || text == "True" || text == "TRUE" || text == "false" || text == "False" ||
      text == "FALSE")
    return ScalarType::kBool;
  if (is_int(text)) return ScalarType::kInt;
  if (is_float(text)) return ScalarType::kFloat;
  if (is_timestamp(text)) return ScalarType::kTimestamp;
  return ScalarType::kString;
}

std::optional<double> number_of(const YamlNode& node) {
  if (node.type != ScalarType::kInt && node.type != ScalarType::kFloat) return std::nullopt;
  std::string digits;
  std::ranges::copy_if(node.text, std::back_inserter(digits), [](char c) { return c != '_'; });
  const bool negative = digits.starts_with('-');
  std::string_view rest = without_sign(digits);
  const int base = rest.starts_with("0x")   ? 16
                   : rest.starts_with("0o") ? 8
                   : rest.starts_with("0b") ? 2
                                            : 10;
  double value = 0;
  if (base != 10) {
    std::uint64_t whole = 0;
    rest.remove_prefix(2);
    if (std::from_chars(rest.data(), rest.data() + rest.size(), whole, base).ec != std::errc())
      return std::nullopt;
    value = static_cast<double>(whole);
  } else {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (error != std::errc() || end != rest.data() + rest.size()) return std::nullopt;
  }
  return negative ? -value : value;
}

const YamlEntry* YamlNode::find(std::string_view key) const {
  for (const YamlEntry& entry : entries)
    if (entry.key == key) return &entry;
  return nullptr;
}

std::expected<YamlDocument, YamlFault> read_yaml(std::string_view text) {
  if (text.size() > kSdlBytesMax)
    return std::unexpected(YamlFault{
        true, {0, "", "the file is longer than " + std::to_string(kSdlBytesMax) + " bytes"}});
  if (auto fault = check_characters(text)) return std::unexpected(*std::move(fault));
  YamlDocument document;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder(document);
    parser.HandleNextDocument(builder);
    NextDocument next(text);
    parser.HandleNextDocument(next);
  } catch (const NextDocument::Found&) {
    document.more_documents = true;
  } catch (const Stop& stopped) {
    return std::unexpected(stopped.fault);
  } catch (const YAML::Exception& error) {
    return std::unexpected(
        YamlFault{false, {line_of(error.mark), "", "it is not valid YAML: " + error.msg}});
  }
  return document;
}

}  // namespace tp::compute
