// Reads the YAML tree into the structs of sdl.h. Internal to this folder.
//
// Strict follows the JSON schema of the TypeScript client, lenient the YAML decoder of the Go
// client (specs/compute-market.md §1.2 to §1.6); both refuse what docs/networks/compute-sdl.md
// lists.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "networks/compute/spec/sdl_internal.h"

namespace tp::compute {

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

class Decoder {
 public:
  Decoder(SdlMode mode, Issues& issues) : strict_(mode == SdlMode::kStrict), issues_(issues) {}

  Sdl document(const YamlNode* root);

 private:
  // --- Faults and the simple types ---

  void fault(int line, const At& at, const std::string& text) {
    issues_.add(line, at.path, at.subject.empty() ? text : at.subject + ": " + text);
  }

  void wrong_type(const YamlNode& node, const At& at, std::string_view expected);
  // True when `node` may be read as a mapping. Go takes an empty value for an absent one.
  bool is_mapping(const YamlNode& node, const At& at);
  bool is_list(const YamlNode& node, const At& at, bool may_be_empty);
  // Refuses keys outside `allowed`: always, or only when strict.
  void only(const YamlNode& node, const At& at, Names allowed, bool always = false);
  void required(const YamlNode& node, const At& at, std::string_view key);
  std::string text(const YamlNode& node, const At& at);
  // A scalar whose text is parsed by us, so that its YAML type does not matter.
  std::string scalar(const YamlNode& node, const At& at);
  // Nothing when it is none; the fault is then known. `range` is what it will have to be in.
  std::optional<std::uint32_t> whole(const YamlNode& node, const At& at,
                                     std::string_view range = "0..4294967295");
  bool boolean(const YamlNode& node, const At& at);
  OptionalList texts(const YamlNode& node, const At& at, bool may_be_empty,
                     std::vector<int>* lines = nullptr);
  // Calls read(entry, at) for each entry of a mapping of named things.
  void each(const YamlNode& node, const At& at, std::string_view what,
            FunctionRef<void(const YamlEntry&, const At&)> read);

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

}  // namespace tp::compute
