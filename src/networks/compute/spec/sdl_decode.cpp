#include "networks/compute/spec/sdl_decode.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "networks/compute/spec/quantity.h"

namespace tp::compute {
namespace {

std::string list_of(Names names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

bool is_true(std::string_view text) {
  return text == "true" || text == "True" || text == "TRUE";
}

// YAML 1.1's other words for truth: Go takes them where it expects a truth value.
std::optional<bool> yaml11_bool(std::string_view text) {
  for (const std::string_view yes : {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"})
    if (text == yes) return true;
  for (const std::string_view no : {"n", "N", "no", "No", "NO", "off", "Off", "OFF"})
    if (text == no) return false;
  return std::nullopt;
}

std::string kind_of(const YamlNode& node) {
  if (node.is_mapping()) return "a mapping";
  if (node.is_sequence()) return "a list";
  switch (node.type) {
    case ScalarType::kNull: return "empty";
    case ScalarType::kBool: return "a truth value";
    case ScalarType::kInt:
    case ScalarType::kFloat: return "a number";
    case ScalarType::kTimestamp: return "a date";
    case ScalarType::kString: return "text";
  }
  TP_FATAL("ScalarType out of range");
}

}  // namespace

// --- Faults and the simple types ---

void Decoder::wrong_type(const YamlNode& node, const At& at, std::string_view expected) {
  fault(node.line, at,
        at.name() + " must be " + std::string(expected) + ", but it is " + kind_of(node));
}

bool Decoder::is_mapping(const YamlNode& node, const At& at) {
  if (node.is_mapping()) return true;
  if (!node.is_null() || strict_) wrong_type(node, at, "a mapping");
  return false;
}

bool Decoder::is_list(const YamlNode& node, const At& at, bool may_be_empty) {
  if (node.is_sequence()) return true;
  if (!node.is_null() || (strict_ && !may_be_empty)) wrong_type(node, at, "a list");
  return false;
}

void Decoder::only(const YamlNode& node, const At& at, Names allowed, bool always) {
  if (!strict_ && !always) return;
  for (const YamlEntry& entry : node.entries)
    if (std::ranges::find(allowed, entry.key) == allowed.end())
      fault(
          entry.line, at / entry.key,
          "unexpected field " + quoted(entry.key) + at.inside() + "; allowed: " + list_of(allowed));
  if (always && node.merged && !strict_)
    fault(node.line, at, "\"<<\" cannot be used in " + at.name());
}

void Decoder::required(const YamlNode& node, const At& at, std::string_view key) {
  if (strict_ && node.find(key) == nullptr)
    fault(node.line, at / key, std::string(key) + " is missing in " + at.name());
}

std::string Decoder::text(const YamlNode& node, const At& at) {
  if (!node.is_scalar()) {
    wrong_type(node, at, "text");
  } else if (strict_ && node.type != ScalarType::kString) {
    wrong_type(node, at, node.is_null() ? "text" : "text (write it in quotes)");
  }
  return node.text;
}

std::string Decoder::scalar(const YamlNode& node, const At& at) {
  if (!node.is_scalar()) wrong_type(node, at, "a single value");
  return node.text;
}

std::optional<std::uint32_t> Decoder::whole(const YamlNode& node, const At& at,
                                            std::string_view range) {
  if (node.is_null() && !strict_) return 0;
  const auto number = node.is_scalar() ? number_of(node) : std::nullopt;
  const double most = std::numeric_limits<std::uint32_t>::max();
  const bool fits = number && *number >= 0 && *number <= most;
  if (fits && (!strict_ || *number == std::floor(*number)))
    return static_cast<std::uint32_t>(*number);
  fault(node.line, at,
        at.name() + " must be a whole number in " + std::string(range) + ", but it is " +
            (number ? node.text : kind_of(node)));
  return std::nullopt;
}

bool Decoder::boolean(const YamlNode& node, const At& at) {
  if (node.is_scalar() && node.type == ScalarType::kBool) return is_true(node.text);
  if (!strict_ && node.is_null()) return false;
  if (!strict_ && node.is_scalar() && node.type == ScalarType::kString)
    if (const auto value = yaml11_bool(node.text)) return *value;
  wrong_type(node, at, "true or false");
  return false;
}

OptionalList Decoder::texts(const YamlNode& node, const At& at, bool may_be_empty,
                            std::vector<int>* lines) {
  if (!is_list(node, at, may_be_empty)) return std::nullopt;
  OptionalList list(std::in_place);
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const YamlNode& item = *node.items[i];
    if (item.is_null() && !strict_) continue;  // Go drops it
    list->push_back(text(item, at[i]));
    if (lines != nullptr) lines->push_back(item.line);
  }
  return list;
}

void Decoder::each(const YamlNode& node, const At& at, std::string_view what,
                   FunctionRef<void(const YamlEntry&, const At&)> read) {
  if (!is_mapping(node, at)) return;
  for (const YamlEntry& entry : node.entries) {
    At inner = at / entry.key;
    if (!what.empty()) inner.subject = std::string(what) + " " + quoted(entry.key);
    read(entry, inner);
  }
}

// --- The whole file ---

namespace {

// The parts of a tolerant version: "v2.1", "2.0", "2" are 2.1.0, 2.0.0, 2.0.0. Nothing when it is
// no version, or one of a pre-release.
std::optional<std::array<std::uint64_t, 3>> version_numbers(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text.starts_with('v')) text.remove_prefix(1);
  std::array<std::uint64_t, 3> numbers{};
  for (std::size_t i = 0;; ++i) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    const auto number = parse_int<std::uint64_t>(text.substr(0, dot));
    if (!number || i == 3) return std::nullopt;
    numbers[i] = *number;
    if (dot == text.size()) return numbers;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

SdlVersion Decoder::version(const YamlNode& root) {
  const At at{"version", ""};
  const YamlEntry* entry = root.find("version");
  if (entry == nullptr) {
    fault(root.line, at, "no version found; write version: \"2.0\" or \"2.1\"");
    return SdlVersion::k2_0;
  }
  const YamlNode& node = *entry->value;
  const std::string written = scalar(node, at);
  const auto numbers = version_numbers(written);
  constexpr std::array<std::uint64_t, 3> k20{2, 0, 0}, k21{2, 1, 0};
  if (!numbers || (*numbers != k20 && *numbers < k21) ||
      (strict_ && written != "2.0" && written != "2.1")) {
    fault(node.line, at,
          "config: unsupported version " + quoted(written) + "; write \"2.0\" or \"2.1\"");
    return SdlVersion::k2_0;
  }
  if (strict_ && node.type != ScalarType::kString)
    fault(node.line, at, "version must be text: write it in quotes, \"" + written + "\"");
  return *numbers == k20 ? SdlVersion::k2_0 : SdlVersion::k2_1;
}

Sdl Decoder::document(const YamlNode* root) {
  Sdl sdl;
  if (root == nullptr || !root->is_mapping()) {
    issues_.add(root == nullptr ? 0 : root->line, "",
                "the file must be a mapping with version, services, profiles and deployment");
    return sdl;
  }
  const At top;
  only(*root, top,
       {"version", "include", "services", "profiles", "deployment", "endpoints", "reclamation"},
       true);
  sdl.version = version(*root);
  for (const std::string_view key : {"services", "profiles", "deployment"})
    if (strict_ && root->find(key) == nullptr)
      fault(root->line, top / key, std::string(key) + " is missing");

  if (const YamlEntry* entry = root->find("include")) texts(*entry->value, top / "include", false);
  if (const YamlEntry* entry = root->find("services"))
    each(*entry->value, top / "services", "service", [&](const YamlEntry& item, const At& at) {
      sdl.services.emplace(item.key, service(item, at));
    });
  if (const YamlEntry* entry = root->find("profiles")) profiles(*entry->value, sdl);
  if (const YamlEntry* entry = root->find("deployment"))
    each(*entry->value, top / "deployment", "deployment of",
         [&](const YamlEntry& item, const At& at) {
           auto& placements = sdl.deployment[item.key];
           each(*item.value, at, "", [&](const YamlEntry& inner, const At& inner_at) {
             placements.emplace(inner.key, deployment(inner, inner_at));
           });
         });
  if (const YamlEntry* entry = root->find("endpoints"))
    each(*entry->value, top / "endpoints", "endpoint", [&](const YamlEntry& item, const At& at) {
      SdlEndpoint& endpoint = sdl.endpoints[item.key];
      endpoint.line = item.line;
      if (!is_mapping(*item.value, at)) return;
      only(*item.value, at, {"kind"});
      if (const YamlEntry* kind = item.value->find("kind"))
        endpoint.kind = scalar(*kind->value, at / "kind");
    });
  if (const YamlEntry* entry = root->find("reclamation"))
    sdl.reclamation_min_window = reclamation(*entry->value, top / "reclamation");
  return sdl;
}

std::optional<Duration> Decoder::reclamation(const YamlNode& node, const At& at) {
  if (!is_mapping(node, at)) {
    if (node.is_null() && !strict_) fault(node.line, at, "invalid reclamation min_window \"\"");
    return std::nullopt;
  }
  only(node, at, {"min_window"});
  const YamlEntry* entry = node.find("min_window");
  if (entry == nullptr) {
    fault(node.line, at / "min_window", "min_window is missing in reclamation");
    return std::nullopt;
  }
  const std::string written = scalar(*entry->value, at / "min_window");
  const auto window = parse_window(written);
  if (!window) {
    fault(entry->line, at / "min_window", "invalid reclamation min_window: " + window.error().text);
    return std::nullopt;
  }
  // The schema wants one whole number and one unit.
  const std::string_view digits = std::string_view(written).substr(0, written.size() - 1);
  const bool one_number =
      written[0] != '0' && std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  if (strict_ && !one_number)
    fault(entry->line, at / "min_window",
          "reclamation min_window " + quoted(written) +
              " must be a whole number followed by s, m, or h, like 24h");
  return *window;
}

std::string quoted(std::string_view text) {
  return "\"" + std::string(text.substr(0, 64)) + (text.size() > 64 ? "..." : "") + "\"";
}

Sdl decode_sdl(const YamlDocument& document, SdlMode mode, Issues& issues) {
  if (mode == SdlMode::kStrict && document.more_documents)
    issues.add(0, "", "the file holds more than one YAML document");
  return Decoder(mode, issues).document(document.root);
}

}  // namespace tp::compute
