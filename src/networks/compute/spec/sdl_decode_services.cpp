// Services and what they expose, as written (specs/compute-market.md §1.3, §1.4).
#include "networks/compute/spec/sdl_decode.h"

namespace tp::compute {

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
    out.port = whole(*entry->value, at / "port", "1..65535").value_or(1);  // 1: no second fault
    out.line = entry->line;
  }
  if (const YamlEntry* entry = node.find("as")) {
    out.as = whole(*entry->value, at / "as", "1..65535").value_or(1);
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

}  // namespace tp::compute
