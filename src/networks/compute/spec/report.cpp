#include "networks/compute/spec/report.h"

#include "base/text.h"
#include "networks/compute/spec/json.h"

namespace tp::compute {
namespace {

void write_addresses(JsonWriter& out, std::string_view key, const std::vector<std::string>& list) {
  out.key(key);
  out.begin_array();
  for (const std::string& address : list) out.string(address);
  out.end_array();
}

void write_group(JsonWriter& out, const GroupSpec& group) {
  out.begin_object();
  out.field("name", group.name);
  out.key("requirements");
  out.begin_object();
  out.key("signed_by");
  out.begin_object();
  write_addresses(out, "all_of", group.requirements.signed_by.all_of);
  write_addresses(out, "any_of", group.requirements.signed_by.any_of);
  out.end_object();
  out.key("attributes");
  out.begin_array();
  for (const Attribute& attribute : group.requirements.attributes) {
    out.begin_object();
    out.field("key", attribute.key);
    if (!attribute.value.empty()) out.field("value", attribute.value);
    out.end_object();
  }
  out.end_array();
  out.end_object();
  out.key("resources");
  out.begin_array();
  for (const ResourceUnit& unit : group.resources) {
    out.begin_object();
    out.key("resource");
    write_resources(out, unit.resources);
    out.field("count", unit.count);
    out.key("price");
    out.begin_object();
    out.field("denom", unit.price.denom);
    out.field("amount", unit.price.amount.to_string());
    out.end_object();
    out.end_object();
  }
  out.end_array();
  out.end_object();
}

void write_groups(JsonWriter& out, const std::vector<GroupSpec>& groups) {
  out.begin_array();
  for (const GroupSpec& group : groups) write_group(out, group);
  out.end_array();
}

void write_errors(JsonWriter& out, const SdlErrors& errors) {
  out.key("errors");
  out.begin_array();
  for (const SdlIssue& issue : errors.issues) {
    out.begin_object();
    out.key("line");
    out.number(static_cast<std::uint64_t>(issue.line));
    out.field("field", issue.field);
    out.field("text", issue.text);
    out.end_object();
  }
  out.end_array();
}

void write_changes(JsonWriter& out, const std::vector<DenominationChange>& changes) {
  out.key("denominations");
  out.begin_array();
  for (const DenominationChange& change : changes) {
    out.begin_object();
    out.field("placement", change.placement);
    out.field("profile", change.profile);
    out.field("from", change.from);
    out.field("to", change.to);
    out.key("line");
    out.number(static_cast<std::uint64_t>(change.line));
    out.end_object();
  }
  out.end_array();
}

std::string_view version_text(SdlVersion version) {
  return version == SdlVersion::k2_0 ? "2.0" : "2.1";
}

// "1.5 GiB": for people; three digits are enough to recognise one's own number.
std::string size_text(std::uint64_t bytes) {
  constexpr std::string_view kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  std::uint64_t scale = 1;
  while (unit < 4 && bytes / scale >= 1024) {
    scale *= 1024;
    ++unit;
  }
  std::string text = std::to_string(bytes / scale);
  const std::uint64_t tenths = bytes % scale * 10 / scale;
  if (tenths != 0) text += "." + std::to_string(tenths);
  return text.append(" ").append(kUnits[unit]);
}

std::string service_line(const Service& service) {
  const Resources& resources = service.resources;
  std::string text = "  " + service.name + ": " + std::to_string(service.count) + " x " +
                     service.image + ", cpu " + std::to_string(resources.cpu.milli_units) +
                     "m, memory " + size_text(resources.memory.bytes);
  if (resources.gpu.units > 0) text += ", gpu " + std::to_string(resources.gpu.units);
  for (const Volume& volume : resources.storage)
    text += ", volume " + volume.name + " " + size_text(volume.bytes);
  for (const ServiceExpose& expose : service.expose)
    if (expose.global)
      text += ", port " + std::to_string(expose.outside_port()) + "/" + expose.proto;
  return text + "\n";
}

}  // namespace

std::string groups_json(const std::vector<GroupSpec>& groups) {
  JsonWriter out;
  write_groups(out, groups);
  return std::move(out).text();
}

std::string sdl_report_json(std::string_view text, std::string_view file_name,
                            const SdlReportOptions& options) {
  auto sdl = check_sdl(text, file_name, options.sdl);
  JsonWriter out;
  out.begin_object();
  out.field("file", file_name);
  out.key("valid");
  out.boolean(sdl.has_value());
  if (!sdl) {
    write_errors(out, sdl.error());
  } else {
    const std::vector<DenominationChange> changes = map_denominations(*sdl, options.denominations);
    const CompiledSdl compiled = compile_sdl(*sdl, options.rules);
    out.field("version", version_text(sdl->version));
    out.field("hash", to_hex(compiled.hash.view()));
    out.key("groups");
    write_groups(out, compiled.groups);
    out.key("manifest");
    out.raw(canonical_json(compiled.manifest));
    write_changes(out, changes);
  }
  out.end_object();
  return std::move(out).text();
}

std::string sdl_report_text(std::string_view text, std::string_view file_name,
                            const SdlReportOptions& options, bool* valid) {
  auto sdl = check_sdl(text, file_name, options.sdl);
  if (valid != nullptr) *valid = sdl.has_value();
  if (!sdl) return sdl.error().to_string() + "\n";
  const std::vector<DenominationChange> changes = map_denominations(*sdl, options.denominations);
  const CompiledSdl compiled = compile_sdl(*sdl, options.rules);
  std::string out(file_name);
  out.append(": valid SDL ").append(version_text(sdl->version)).append("\n");
  for (std::size_t g = 0; g < compiled.groups.size(); ++g) {
    const GroupSpec& group = compiled.groups[g];
    out += "group " + group.name + "\n";
    for (const Service& service : compiled.manifest.groups[g].services)
      out += service_line(service);
    for (const ResourceUnit& unit : group.resources)
      out += "  unit " + std::to_string(unit.resources.id) + ": " + std::to_string(unit.count) +
             " x at most " + unit.price.amount.to_string_trimmed() + " " + unit.price.denom + "\n";
  }
  for (const DenominationChange& change : changes)
    out += "denomination changed, " + change.to_string() + "\n";
  return out + "hash " + to_hex(compiled.hash.view()) + "\n";
}

}  // namespace tp::compute
