// Compute and placement profiles and the deployment, as written (specs/compute-market.md §1.5,
// §1.6).
#include <algorithm>
#include <map>

#include "base/text.h"
#include "networks/compute/spec/quantity.h"
#include "networks/compute/spec/sdl_decode.h"

namespace tp::compute {
namespace {

constexpr std::size_t kVolumesReadMax = 64;

}  // namespace

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
    // Far above what any provider takes; what follows is quadratic in the number.
    if (node.items.size() > kVolumesReadMax) {
      fault(node.line, at,
            std::to_string(node.items.size()) + " volumes are more than " +
                std::to_string(kVolumesReadMax));
      return false;
    }
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
  // TypeScript says "false" only for ram, and never names the default class.
  for (const auto& [key, value] : values) out.typescript_attributes.push_back({key, value});
  if (!values.contains("persistent") && values.contains("class") && values["class"] == "ram")
    out.typescript_attributes.push_back({"persistent", "false"});
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

// --- Placement and deployment ---

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
    out.signed_by_line = part->line;
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
    out.empty = node.is_null();
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
  out.line = out.count_line = entry.line;
  const YamlNode& node = *entry.value;
  if (!is_mapping(node, at)) return out;
  only(node, at, {"profile", "count"});
  required(node, at, "profile");
  if (const YamlEntry* found = node.find("profile")) {
    out.profile = text(*found->value, at / "profile");
    out.line = found->line;
  }
  if (const YamlEntry* found = node.find("count")) {
    out.count = whole(*found->value, at / "count").value_or(1);
    out.count_line = found->line;
  }
  return out;
}

}  // namespace tp::compute
