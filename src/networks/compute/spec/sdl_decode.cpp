// From the YAML tree to the structs of sdl.h: types, units, and which keys there may be.
//
// Strict follows the JSON schema of the TypeScript client, lenient the YAML decoder of the Go
// client (specs/compute-market.md §1.2 to §1.6); both refuse what docs/networks/compute-sdl.md
// lists.
#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <limits>

#include "base/function_ref.h"
#include "base/text.h"
#include "networks/compute/spec/quantity.h"
#include "networks/compute/spec/sdl_internal.h"

namespace tp::compute {
namespace {

using Names = std::initializer_list<std::string_view>;

// Where a value stands: its path for machines, and the part of the file for people.
struct At {
  std::string path;
  std::string subject;  // `service "web"`; empty at the top

  At operator/(std::string_view field) const {
    return {path.empty() ? std::string(field) : path + "." + std::string(field), subject};
  }
  At operator[](std::size_t index) const {
    return {path + "[" + std::to_string(index) + "]", subject};
  }
  // What the value is called in a sentence: the last part of the path.
  std::string name() const {
    const std::size_t dot = path.rfind('.');
    return dot == std::string::npos ? path : path.substr(dot + 1);
  }
  // " in <name>", unless the subject says it already.
  std::string inside() const {
    return path.empty() || subject.ends_with("\"" + name() + "\"") ? "" : " in " + name();
  }
};

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

class Decoder {
 public:
  Decoder(SdlMode mode, Issues& issues) : strict_(mode == SdlMode::kStrict), issues_(issues) {}

  Sdl document(const YamlNode* root);

 private:
  // --- Faults and the simple types ---

  void fault(int line, const At& at, const std::string& text) {
    issues_.add(line, at.path, at.subject.empty() ? text : at.subject + ": " + text);
  }

  void wrong_type(const YamlNode& node, const At& at, std::string_view expected) {
    fault(node.line, at,
          at.name() + " must be " + std::string(expected) + ", but it is " + kind_of(node));
  }

  // True when `node` may be read as a mapping. Go takes an empty value for an absent one.
  bool is_mapping(const YamlNode& node, const At& at) {
    if (node.is_mapping()) return true;
    if (!node.is_null() || strict_) wrong_type(node, at, "a mapping");
    return false;
  }

  bool is_list(const YamlNode& node, const At& at, bool may_be_empty) {
    if (node.is_sequence()) return true;
    if (!node.is_null() || (strict_ && !may_be_empty)) wrong_type(node, at, "a list");
    return false;
  }

  // Refuses keys outside `allowed`: always, or only when strict.
  void only(const YamlNode& node, const At& at, Names allowed, bool always = false) {
    if (!strict_ && !always) return;
    for (const YamlEntry& entry : node.entries)
      if (std::ranges::find(allowed, entry.key) == allowed.end())
        fault(entry.line, at / entry.key,
              "unexpected field " + quoted(entry.key) + at.inside() +
                  "; allowed: " + list_of(allowed));
    if (always && node.merged && !strict_)
      fault(node.line, at, "\"<<\" cannot be used in " + at.name());
  }

  void required(const YamlNode& node, const At& at, std::string_view key) {
    if (strict_ && node.find(key) == nullptr)
      fault(node.line, at / key, std::string(key) + " is missing in " + at.name());
  }

  std::string text(const YamlNode& node, const At& at) {
    if (!node.is_scalar()) {
      wrong_type(node, at, "text");
    } else if (strict_ && node.type != ScalarType::kString) {
      wrong_type(node, at, node.is_null() ? "text" : "text (write it in quotes)");
    }
    return node.text;
  }

  // A scalar whose text is parsed by us, so that its YAML type does not matter.
  std::string scalar(const YamlNode& node, const At& at) {
    if (!node.is_scalar()) wrong_type(node, at, "a single value");
    return node.text;
  }

  // Nothing when it is none; the fault is then known.
  std::optional<std::uint32_t> whole(const YamlNode& node, const At& at) {
    if (node.is_null() && !strict_) return 0;
    const auto number = node.is_scalar() ? number_of(node) : std::nullopt;
    const double most = std::numeric_limits<std::uint32_t>::max();
    const bool fits = number && *number >= 0 && *number <= most;
    if (fits && (!strict_ || *number == std::floor(*number)))
      return static_cast<std::uint32_t>(*number);
    fault(node.line, at,
          at.name() + " must be a whole number from 0 to 4294967295, but it is " +
              (number ? node.text : kind_of(node)));
    return std::nullopt;
  }

  bool boolean(const YamlNode& node, const At& at) {
    if (node.is_scalar() && node.type == ScalarType::kBool) return is_true(node.text);
    if (!strict_ && node.is_null()) return false;
    if (!strict_ && node.is_scalar() && node.type == ScalarType::kString)
      if (const auto value = yaml11_bool(node.text)) return *value;
    wrong_type(node, at, "true or false");
    return false;
  }

  OptionalList texts(const YamlNode& node, const At& at, bool may_be_empty,
                     std::vector<int>* lines = nullptr) {
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

  // Calls read(name, value, at) for each entry of a mapping of named things.
  void each(const YamlNode& node, const At& at, std::string_view what,
            FunctionRef<void(const YamlEntry&, const At&)> read) {
    if (!is_mapping(node, at)) return;
    for (const YamlEntry& entry : node.entries) {
      At inner = at / entry.key;
      if (!what.empty()) inner.subject = std::string(what) + " " + quoted(entry.key);
      read(entry, inner);
    }
  }

  // --- The parts ---

  SdlVersion version(const YamlNode& root);
  SdlService service(const YamlEntry& entry, const At& at);
  SdlExpose expose(const YamlNode& node, const At& at);
  SdlExposeTo expose_to(const YamlNode& node, const At& at);
  SdlHttpOptions http_options(const YamlNode& node, const At& at);
  std::optional<SdlServiceParams> params(const YamlNode& node, const At& at);
  std::optional<SdlCredentials> credentials(const YamlNode& node, const At& at);
  void profiles(const YamlNode& node, Sdl& sdl);
  SdlCompute compute(const YamlEntry& entry, const At& at);
  bool cpu(const YamlNode& node, const At& at, SdlCompute& out);
  bool memory(const YamlNode& node, const At& at, SdlCompute& out);
  void gpu(const YamlNode& node, const At& at, SdlCompute& out);
  void gpu_attributes(const YamlNode& node, const At& at, SdlCompute& out);
  SdlGpuModel gpu_model(const YamlNode& node, const At& at);
  bool storage(const YamlNode& node, const At& at, SdlCompute& out);
  bool volume(const YamlNode& node, const At& at, SdlVolume& out);
  void storage_attributes(const YamlNode& node, const At& at, SdlVolume& out);
  bool size(const YamlNode& node, const At& at, ByteSize& out);
  SdlPlacement placement(const YamlEntry& entry, const At& at);
  SdlPrice price(const YamlEntry& entry, const At& at);
  SdlDeployment deployment(const YamlEntry& entry, const At& at);
  std::optional<Duration> reclamation(const YamlNode& node, const At& at);

  bool strict_;
  Issues& issues_;
};

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

// --- Services
// -------------------------------------------------------------------------------------

SdlService Decoder::service(const YamlEntry& entry, const At& at) {
  SdlService out;
  out.line = entry.line;
  const YamlNode& node = *entry.value;
  if (!is_mapping(node, at)) return out;
  only(node, at,
       {"image", "command", "args", "env", "expose", "dependencies", "params", "credentials"});
  if (const YamlEntry* image = node.find("image")) out.image = text(*image->value, at / "image");
  if (const YamlEntry* list = node.find("command"))
    out.command = texts(*list->value, at / "command", true);
  if (const YamlEntry* list = node.find("args")) out.args = texts(*list->value, at / "args", true);
  if (const YamlEntry* list = node.find("env"))
    out.env = texts(*list->value, at / "env", true, &out.env_lines);
  if (const YamlEntry* list = node.find("expose")) {
    const At inner = at / "expose";
    if (is_list(*list->value, inner, true))
      for (std::size_t i = 0; i < list->value->items.size(); ++i)
        out.expose.push_back(expose(*list->value->items[i], inner[i]));
  }
  if (const YamlEntry* list = node.find("dependencies")) {
    const At inner = at / "dependencies";
    if (is_list(*list->value, inner, false))
      for (std::size_t i = 0; i < list->value->items.size(); ++i) {
        const YamlNode& item = *list->value->items[i];
        if (!is_mapping(item, inner[i])) continue;
        only(item, inner[i], {"service"});
        if (const YamlEntry* name = item.find("service"))
          out.dependencies.push_back(text(*name->value, inner[i] / "service"));
      }
  }
  if (const YamlEntry* part = node.find("params")) out.params = params(*part->value, at / "params");
  if (const YamlEntry* part = node.find("credentials"))
    out.credentials = credentials(*part->value, at / "credentials");
  return out;
}

SdlExpose Decoder::expose(const YamlNode& node, const At& at) {
  SdlExpose out;
  out.line = node.line;
  if (!is_mapping(node, at)) return out;
  only(node, at, {"port", "as", "proto", "to", "accept", "http_options"});
  if (const YamlEntry* entry = node.find("port")) {
    out.port = whole(*entry->value, at / "port").value_or(1);  // 1: no second fault
    out.line = entry->line;
  }
  if (const YamlEntry* entry = node.find("as")) {
    out.as = whole(*entry->value, at / "as").value_or(1);
    if (strict_ && out.as == 0) fault(entry->line, at / "as", "as 0 is outside 1..65535");
  }
  if (const YamlEntry* entry = node.find("proto")) out.proto = text(*entry->value, at / "proto");
  if (const YamlEntry* entry = node.find("to"))
    if (is_list(*entry->value, at / "to", false))
      for (std::size_t i = 0; i < entry->value->items.size(); ++i) {
        const YamlNode& item = *entry->value->items[i];
        if (item.is_null() && !strict_) continue;  // Go drops it
        out.to.push_back(expose_to(item, (at / "to")[i]));
      }
  if (const YamlEntry* entry = node.find("accept"))
    out.accept = texts(*entry->value, at / "accept", false);
  if (const YamlEntry* entry = node.find("http_options"))
    out.http_options = http_options(*entry->value, at / "http_options");
  return out;
}

SdlExposeTo Decoder::expose_to(const YamlNode& node, const At& at) {
  SdlExposeTo out;
  out.line = node.line;
  if (!is_mapping(node, at)) return out;
  only(node, at, {"service", "global", "ip"});
  if (const YamlEntry* entry = node.find("service"))
    out.service = text(*entry->value, at / "service");
  if (const YamlEntry* entry = node.find("global"))
    out.global = boolean(*entry->value, at / "global");
  if (const YamlEntry* entry = node.find("ip")) {
    out.ip = text(*entry->value, at / "ip");
    if (strict_ && out.ip.empty()) fault(entry->line, at / "ip", "ip must name an endpoint");
  }
  return out;
}

SdlHttpOptions Decoder::http_options(const YamlNode& node, const At& at) {
  SdlHttpOptions out;
  out.line = node.line;
  if (!is_mapping(node, at)) return out;
  only(node, at,
       {"max_body_size", "read_timeout", "send_timeout", "next_tries", "next_timeout", "next_cases",
        "proxy_buffer_size"});
  const auto number = [&](std::string_view key, std::optional<SdlNumber>& value) {
    const YamlEntry* entry = node.find(key);
    if (entry == nullptr) return;
    if (const auto read = whole(*entry->value, at / key)) value = {*read, entry->line};
  };
  number("max_body_size", out.max_body_size);
  number("read_timeout", out.read_timeout);
  number("send_timeout", out.send_timeout);
  number("next_tries", out.next_tries);
  number("next_timeout", out.next_timeout);
  number("proxy_buffer_size", out.proxy_buffer_size);
  if (const YamlEntry* entry = node.find("next_cases"))
    out.next_cases = texts(*entry->value, at / "next_cases", false).value_or(out.next_cases);
  return out;
}

std::optional<SdlServiceParams> Decoder::params(const YamlNode& node, const At& at) {
  if (!is_mapping(node, at)) return std::nullopt;
  only(node, at, {"storage", "permissions", "tee"});
  SdlServiceParams out;
  out.line = node.line;
  if (const YamlEntry* entry = node.find("storage"))
    each(*entry->value, at / "storage", "", [&](const YamlEntry& item, const At& inner) {
      SdlMount& mount = out.storage[item.key];
      mount.line = item.line;
      if (!is_mapping(*item.value, inner)) return;
      only(*item.value, inner, {"mount", "readOnly"});
      if (const YamlEntry* path = item.value->find("mount"))
        mount.mount = text(*path->value, inner / "mount");
      if (const YamlEntry* flag = item.value->find("readOnly"))
        mount.read_only = boolean(*flag->value, inner / "readOnly");
    });
  if (const YamlEntry* entry = node.find("permissions"); entry != nullptr) {
    const At inner = at / "permissions";
    if (is_mapping(*entry->value, inner)) {
      only(*entry->value, inner, {"read"});
      out.permissions_read.emplace();
      if (const YamlEntry* read = entry->value->find("read"))
        out.permissions_read =
            texts(*read->value, inner / "read", false).value_or(std::vector<std::string>{});
      for (const std::string& right : *out.permissions_read)
        if (strict_ && right != "deployment" && right != "logs" && right != "events")
          fault(entry->line, inner / "read",
                "permission " + quoted(right) + " is none of deployment, logs, events");
    }
  }
  if (const YamlEntry* entry = node.find("tee")) {
    out.tee = text(*entry->value, at / "tee");
    if (strict_ && out.tee.empty())
      fault(entry->line, at / "tee", "unsupported tee type \"\" (allowed: cpu, cpu-gpu)");
  }
  return out;
}

std::optional<SdlCredentials> Decoder::credentials(const YamlNode& node, const At& at) {
  if (!is_mapping(node, at)) return std::nullopt;
  only(node, at, {"host", "email", "username", "password"});
  SdlCredentials out;
  out.line = node.line;
  const auto field = [&](std::string_view key, std::string& value, std::size_t least) {
    const YamlEntry* entry = node.find(key);
    if (entry == nullptr) return;
    value = text(*entry->value, at / key);
    if (strict_ && !value.empty() && value.size() < least)
      fault(entry->line, at / key,
            std::string(key) + " must have at least " + std::to_string(least) + " characters");
  };
  field("host", out.host, 1);
  field("email", out.email, 5);
  field("username", out.username, 1);
  field("password", out.password, 6);
  return out;
}

// --- Profiles
// -------------------------------------------------------------------------------------

void Decoder::profiles(const YamlNode& node, Sdl& sdl) {
  const At at{"profiles", ""};
  if (!is_mapping(node, at)) return;
  only(node, at, {"compute", "placement"});
  required(node, at, "compute");
  required(node, at, "placement");
  if (const YamlEntry* entry = node.find("compute"))
    each(*entry->value, at / "compute", "compute profile",
         [&](const YamlEntry& item, const At& inner) {
           sdl.compute.emplace(item.key, compute(item, inner));
         });
  if (const YamlEntry* entry = node.find("placement"))
    each(*entry->value, at / "placement", "placement", [&](const YamlEntry& item, const At& inner) {
      sdl.placement.emplace(item.key, placement(item, inner));
    });
}

SdlCompute Decoder::compute(const YamlEntry& entry, const At& at) {
  SdlCompute out;
  out.line = out.cpu_line = out.memory_line = out.gpu_line = entry.line;
  if (!is_mapping(*entry.value, at)) return out;
  only(*entry.value, at, {"resources"});
  const YamlEntry* resources = entry.value->find("resources");
  if (resources == nullptr) {
    fault(entry.line, at / "resources", "resources is missing: it must name cpu, memory, storage");
    return out;
  }
  const YamlNode& node = *resources->value;
  const At inner = at / "resources";
  if (!is_mapping(node, inner)) {
    if (!strict_) fault(node.line, inner, "resources is empty: it must name cpu, memory, storage");
    return out;
  }
  only(node, inner, {"cpu", "memory", "storage", "gpu"});
  bool complete = true;
  const auto part = [&](std::string_view key,
                        bool (Decoder::*read)(const YamlNode&, const At&, SdlCompute&)) {
    const YamlEntry* found = node.find(key);
    // An empty value means absent; strict has said so already.
    if (found == nullptr)
      fault(node.line, inner / key, "invalid unit " + std::string(key) + ": it is missing");
    complete = found != nullptr && (this->*read)(*found->value, inner / key, out) && complete;
  };
  part("cpu", &Decoder::cpu);
  part("memory", &Decoder::memory);
  part("storage", &Decoder::storage);
  out.complete = complete;
  if (const YamlEntry* found = node.find("gpu")) gpu(*found->value, inner / "gpu", out);
  return out;
}

bool Decoder::cpu(const YamlNode& node, const At& at, SdlCompute& out) {
  out.cpu_line = node.line;
  if (!is_mapping(node, at)) {
    if (node.is_null() && !strict_) fault(node.line, at, "invalid unit cpu: it is missing");
    return false;
  }
  only(node, at, {"units", "attributes"});
  if (const YamlEntry* entry = node.find("attributes"))
    each(*entry->value, at / "attributes", "", [&](const YamlEntry& item, const At& inner) {
      if (item.key != "arch")
        return fault(item.line, {inner.path, at.subject},
                     "unsupported cpu attribute " + quoted(item.key) + "; allowed: arch");
      out.cpu_attributes.push_back({item.key, scalar(*item.value, inner)});
    });
  const YamlEntry* entry = node.find("units");
  if (entry == nullptr) {
    fault(node.line, at / "units", "units is missing in cpu");
    return false;
  }
  out.cpu_line = entry->line;
  const auto units = parse_cpu_units(scalar(*entry->value, at / "units"));
  if (!units) {
    fault(entry->line, at / "units", "cpu units: " + units.error().text);
    return false;
  }
  out.cpu_milli = *units;
  return true;
}

bool Decoder::size(const YamlNode& node, const At& at, ByteSize& out) {
  const YamlEntry* entry = node.find("size");
  if (entry == nullptr) {
    fault(node.line, at / "size", "size is missing in " + at.name());
    return false;
  }
  const std::string written = text(*entry->value, at / "size");
  if (!entry->value->is_scalar() || (strict_ && entry->value->is_null())) return false;
  const auto bytes = parse_byte_size(written);
  if (!bytes) {
    fault(entry->line, at / "size", at.name() + " size: " + bytes.error().text);
    return false;
  }
  out = *bytes;
  return true;
}

bool Decoder::memory(const YamlNode& node, const At& at, SdlCompute& out) {
  out.memory_line = node.line;
  if (!is_mapping(node, at)) {
    if (node.is_null() && !strict_) fault(node.line, at, "invalid unit memory: it is missing");
    return false;
  }
  only(node, at, {"size"});
  return size(node, at, out.memory);
}

void Decoder::gpu(const YamlNode& node, const At& at, SdlCompute& out) {
  out.gpu_line = node.line;
  if (!is_mapping(node, at)) return;
  only(node, at, {"units", "attributes"}, true);
  if (const YamlEntry* entry = node.find("units")) {
    out.gpu_line = entry->line;
    const std::string written = scalar(*entry->value, at / "units");
    const auto units = parse_int<std::uint64_t>(written);
    if (!units)
      fault(entry->line, at / "units", "gpu units " + quoted(written) + " is not a whole number");
    else
      out.gpu_units = *units;
  }
  if (const YamlEntry* entry = node.find("attributes"))
    gpu_attributes(*entry->value, at / "attributes", out);
  if (out.gpu_units > 0 && !out.gpu_models)
    fault(out.gpu_line, at / "attributes",
          "GPU attributes must be present if units > 0; write attributes: {vendor: {nvidia: }} for "
          "any model");
}

void Decoder::gpu_attributes(const YamlNode& node, const At& at, SdlCompute& out) {
  if (!is_mapping(node, at)) return;
  only(node, at, {"vendor"}, true);
  const YamlEntry* vendor = node.find("vendor");
  if (vendor == nullptr || !vendor->value->is_mapping() ||
      (strict_ && vendor->value->entries.empty())) {
    out.gpu_models.emplace();  // one fault is enough
    return fault(node.line, at / "vendor",
                 "invalid GPU attributes. at least one vendor must be set; allowed: nvidia");
  }
  out.gpu_models.emplace();
  for (const YamlEntry& entry : vendor->value->entries) {
    const At inner = at / "vendor" / entry.key;
    // Go would silently take any other vendor for "any model of nvidia".
    if (entry.key != "nvidia") {
      fault(entry.line, inner, "unsupported GPU vendor " + quoted(entry.key) + "; allowed: nvidia");
      continue;
    }
    if (!is_list(*entry.value, inner, true)) continue;
    for (std::size_t i = 0; i < entry.value->items.size(); ++i)
      out.gpu_models->push_back(gpu_model(*entry.value->items[i], inner[i]));
  }
}

SdlGpuModel Decoder::gpu_model(const YamlNode& node, const At& at) {
  SdlGpuModel out;
  if (!node.is_mapping()) {
    wrong_type(node, at, "a mapping with model, and perhaps ram and interface");
    return out;
  }
  only(node, at, {"model", "ram", "interface"});
  if (const YamlEntry* entry = node.find("model")) out.model = text(*entry->value, at / "model");
  if (out.model.empty()) fault(node.line, at / "model", "model is missing for a GPU");
  if (const YamlEntry* entry = node.find("ram"); entry && !entry->value->is_null()) {
    out.ram = text(*entry->value, at / "ram");
    const auto bytes = parse_gpu_ram(out.ram);
    if (!bytes)
      fault(entry->line, at / "ram", "ram: " + bytes.error().text);
    else
      out.ram_bytes = *bytes;
  }
  if (const YamlEntry* entry = node.find("interface"); entry && !entry->value->is_null()) {
    out.interface = text(*entry->value, at / "interface");
    if (out.interface != "pcie" && out.interface != "sxm")
      fault(entry->line, at / "interface",
            "invalid GPU interface " + quoted(out.interface) + ". expected \"pcie|sxm\"");
  }
  return out;
}

bool Decoder::storage(const YamlNode& node, const At& at, SdlCompute& out) {
  if (node.is_sequence()) {
    bool complete = true;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      SdlVolume& item = out.volumes.emplace_back();
      complete = volume(*node.items[i], at[i], item) && complete;
      if (item.name.empty()) item.name = "default";
      for (std::size_t k = 0; k + 1 < out.volumes.size(); ++k)
        if (out.volumes[k].name == item.name)
          fault(item.line, at[i] / "name", "duplicated volume name " + quoted(item.name));
    }
    if (node.items.empty())
      fault(node.line, at, "invalid unit storage: there must be at least one volume");
    return complete && !node.items.empty();
  }
  if (node.is_mapping()) {
    SdlVolume& only_one = out.volumes.emplace_back();
    only_one.single = true;
    const bool complete = volume(node, at, only_one);
    if (only_one.name.empty()) only_one.name = "default";
    return complete;
  }
  wrong_type(node, at, "a mapping or a list of mappings");
  return false;
}

bool Decoder::volume(const YamlNode& node, const At& at, SdlVolume& out) {
  out.line = node.line;
  if (!is_mapping(node, at)) {
    if (!strict_) fault(node.line, at, "size is missing in " + at.name());
    return false;
  }
  only(node, at, {"name", "size", "attributes"});
  if (const YamlEntry* entry = node.find("name")) out.name = text(*entry->value, at / "name");
  if (const YamlEntry* entry = node.find("attributes"))
    storage_attributes(*entry->value, at / "attributes", out);
  return size(node, at, out.size);
}

void Decoder::storage_attributes(const YamlNode& node, const At& at, SdlVolume& out) {
  if (!is_mapping(node, at)) return;
  std::map<std::string, std::string> values;
  for (const YamlEntry& entry : node.entries) {
    if (entry.key != "persistent" && entry.key != "class") {
      fault(entry.line, at / entry.key,
            "unsupported storage attribute: " + quoted(entry.key) + "; allowed: persistent, class");
      continue;
    }
    values[entry.key] = scalar(*entry.value, at / entry.key);
  }
  values.try_emplace("persistent", "false");
  // The comparisons are with what is written, before "yes" and "off" are understood, as in Go.
  const std::string persistent = values["persistent"];
  const auto found = values.find("class");
  const std::string volume_class = found == values.end() ? "" : found->second;
  if (volume_class.empty()) {
    if (persistent == "true") values["class"] = "default";
  } else if (volume_class == "ram") {
    if (persistent != "false") fault(node.line, at, "ram storage class cannot be persistent");
  } else if (persistent == "false") {
    fault(
        node.line, at,
        "ephemeral storage should not set attribute class; write persistent: true, or leave class "
        "out");
  }
  for (auto& [key, value] : values) {
    if (key == "persistent") {
      if (value == "true" || value == "on" || value == "yes")
        value = "true";
      else if (value == "false" || value == "off" || value == "no")
        value = "false";
      else
        fault(node.line, at / key,
              "invalid value " + quoted(value) + " for attribute \"persistent\". expected bool");
    } else if (value != "default" && value != "beta1" && value != "beta2" && value != "beta3" &&
               value != "ram") {
      fault(node.line, at / key,
            "invalid value " + quoted(value) +
                " for attribute class; allowed: default, beta1, beta2, beta3, ram");
    }
    out.attributes.push_back({key, value});
  }
}

// --- Placement and deployment
// ---------------------------------------------------------------------

SdlPlacement Decoder::placement(const YamlEntry& entry, const At& at) {
  SdlPlacement out;
  out.line = entry.line;
  const YamlNode& node = *entry.value;
  if (!is_mapping(node, at)) return out;
  only(node, at, {"attributes", "signedBy", "pricing"});
  required(node, at, "pricing");
  if (const YamlEntry* part = node.find("attributes")) {
    each(*part->value, at / "attributes", "", [&](const YamlEntry& item, const At& inner) {
      if (!is_attribute_key(item.key))
        fault(item.line, inner,
              "attribute key " + quoted(item.key) +
                  " must begin with a letter and hold only letters, digits and _ / . -");
      out.attributes.push_back({item.key, scalar(*item.value, inner)});
    });
    std::ranges::sort(out.attributes, {}, &Attribute::key);
  }
  if (const YamlEntry* part = node.find("signedBy")) {
    const At inner = at / "signedBy";
    if (is_mapping(*part->value, inner)) {
      only(*part->value, inner, {"allOf", "anyOf"});
      const auto auditors = [&](std::string_view key, std::vector<std::string>& list) {
        if (const YamlEntry* found = part->value->find(key))
          list = texts(*found->value, inner / key, false).value_or(std::vector<std::string>{});
      };
      auditors("allOf", out.signed_by.all_of);
      auditors("anyOf", out.signed_by.any_of);
    }
  }
  if (const YamlEntry* part = node.find("pricing"))
    each(*part->value, at / "pricing", "", [&](const YamlEntry& item, const At& inner) {
      out.pricing.emplace(item.key, price(item, inner));
    });
  return out;
}

SdlPrice Decoder::price(const YamlEntry& entry, const At& at) {
  SdlPrice out;
  out.line = entry.line;
  const YamlNode& node = *entry.value;
  if (!is_mapping(node, at)) {
    if (!strict_) fault(entry.line, at, "price is empty: write denom and amount");
    return out;
  }
  only(node, at, {"denom", "amount"});
  bool valid = true;
  const YamlEntry* denom = node.find("denom");
  if (denom != nullptr) out.price.denom = text(*denom->value, at / "denom");
  if (!is_denomination(out.price.denom)) {
    fault(denom == nullptr ? entry.line : denom->line, at / "denom",
          "denom " + quoted(out.price.denom) + " is not a denomination, like utoll or uact");
    valid = false;
  }
  const YamlEntry* amount = node.find("amount");
  const int line = amount == nullptr ? entry.line : amount->line;
  out.line = line;
  const std::string written = amount == nullptr ? "" : scalar(*amount->value, at / "amount");
  if (written.starts_with('-')) {
    fault(line, at / "amount",
          "invalid: negative value not allowed: amount " + quoted(written) + " is negative");
    valid = false;
  } else if (const auto value = Decimal::parse(written); !value) {
    fault(line, at / "amount",
          "amount " + quoted(written) +
              " is not a decimal number with at most 18 digits after the "
              "point");
    valid = false;
  } else if (value->is_zero()) {
    fault(line, at / "amount", "invalid coin amount: amount is zero");
    valid = false;
  } else {
    out.price.amount = *value;
  }
  out.valid = valid;
  return out;
}

SdlDeployment Decoder::deployment(const YamlEntry& entry, const At& at) {
  SdlDeployment out;
  out.line = entry.line;
  const YamlNode& node = *entry.value;
  if (!is_mapping(node, at)) return out;
  only(node, at, {"profile", "count"});
  required(node, at, "profile");
  if (const YamlEntry* found = node.find("profile"))
    out.profile = text(*found->value, at / "profile");
  if (const YamlEntry* found = node.find("count")) {
    out.count = whole(*found->value, at / "count").value_or(1);
    out.line = found->line;
  }
  return out;
}

}  // namespace

std::string quoted(std::string_view text) {
  return "\"" + std::string(text.substr(0, 64)) + (text.size() > 64 ? "..." : "") + "\"";
}

Sdl decode_sdl(const YamlDocument& document, SdlMode mode, Issues& issues) {
  if (mode == SdlMode::kStrict && document.more_documents)
    issues.add(0, "", "the file holds more than one YAML document");
  return Decoder(mode, issues).document(document.root);
}

}  // namespace tp::compute
