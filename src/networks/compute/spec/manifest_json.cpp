// Canonical JSON of manifests.
//
// Written by hand, because the order of keys, what is null, what is left out and how strings are
// escaped all enter the hash (specs/compute-market.md §1.10). Fields stand below in byte order.
#include "crypto/sha.h"
#include "networks/compute/spec/json.h"
#include "networks/compute/spec/manifest.h"

namespace tp::compute {
namespace {

void write_strings(JsonWriter& out, const std::vector<std::string>& list) {
  out.begin_array();
  for (const std::string& item : list) out.string(item);
  out.end_array();
}

void write_list(JsonWriter& out, std::string_view key, const OptionalList& list) {
  out.key(key);
  if (list)
    write_strings(out, *list);
  else
    out.null();
}

void write_credentials(JsonWriter& out, const ImageCredentials& credentials) {
  out.begin_object();
  out.field("email", credentials.email);
  out.field("host", credentials.host);
  out.field("password", credentials.password);
  out.field("username", credentials.username);
  out.end_object();
}

void write_http_options(JsonWriter& out, const HttpOptions& options) {
  out.begin_object();
  out.field("maxBodySize", options.max_body_size);
  if (!options.next_cases.empty()) {
    out.key("nextCases");
    write_strings(out, options.next_cases);
  }
  out.field("nextTimeout", options.next_timeout);
  out.field("nextTries", options.next_tries);
  if (options.proxy_buffer_size != 0) out.field("proxyBufferSize", options.proxy_buffer_size);
  out.field("readTimeout", options.read_timeout);
  out.field("sendTimeout", options.send_timeout);
  out.end_object();
}

void write_expose(JsonWriter& out, const ServiceExpose& expose) {
  out.begin_object();
  out.field("endpointSequenceNumber", expose.endpoint_sequence_number);
  out.field("externalPort", expose.external_port);
  out.key("global");
  out.boolean(expose.global);
  write_list(out, "hosts", expose.hosts);
  out.key("httpOptions");
  write_http_options(out, expose.http_options);
  out.field("ip", expose.ip);
  out.field("port", expose.port);
  out.field("proto", expose.proto);
  out.field("service", expose.service);
  out.end_object();
}

void write_mounts(JsonWriter& out, const std::vector<StorageMount>& mounts) {
  out.begin_array();
  for (const StorageMount& mount : mounts) {
    out.begin_object();
    out.field("mount", mount.mount);
    out.field("name", mount.name);
    out.key("readOnly");
    out.boolean(mount.read_only);
    out.end_object();
  }
  out.end_array();
}

void write_params(JsonWriter& out, const ServiceParams& params) {
  out.begin_object();
  if (params.credentials) {
    out.key("credentials");
    write_credentials(out, *params.credentials);
  }
  if (params.permissions) {
    out.key("permissions");
    out.begin_object();
    if (!params.permissions->read.empty()) {
      out.key("read");
      write_strings(out, params.permissions->read);
    }
    out.end_object();
  }
  out.key("storage");
  if (params.storage)
    write_mounts(out, *params.storage);
  else
    out.null();
  if (params.tee) {
    out.key("tee");
    out.begin_object();
    out.key("attestation");
    out.boolean(params.tee->attestation);
    out.field("type", params.tee->type);
    out.end_object();
  }
  out.end_object();
}

void write_service(JsonWriter& out, const Service& service) {
  out.begin_object();
  write_list(out, "args", service.args);
  write_list(out, "command", service.command);
  out.field("count", service.count);
  out.key("credentials");
  if (service.credentials)
    write_credentials(out, *service.credentials);
  else
    out.null();
  write_list(out, "env", service.env);
  out.key("expose");
  out.begin_array();
  for (const ServiceExpose& expose : service.expose) write_expose(out, expose);
  out.end_array();
  out.field("image", service.image);
  out.field("name", service.name);
  if (service.params) {
    out.key("params");
    write_params(out, *service.params);
  }
  out.key("resources");
  write_resources(out, service.resources);
  out.end_object();
}

}  // namespace

void write_resources(JsonWriter& out, const Resources& resources) {
  const auto attributes = [&out](const Attributes& list) {
    if (list.empty()) return;
    out.key("attributes");
    out.begin_array();
    for (const Attribute& attribute : list) {
      out.begin_object();
      if (!attribute.key.empty()) out.field("key", attribute.key);  // Go leaves out what is empty
      if (!attribute.value.empty()) out.field("value", attribute.value);
      out.end_object();
    }
    out.end_array();
  };
  const auto quantity = [&out](std::string_view key, std::uint64_t value) {
    out.key(key);
    out.begin_object();
    out.field("val", std::to_string(value));
    out.end_object();
  };
  out.begin_object();
  out.key("cpu");
  out.begin_object();
  attributes(resources.cpu.attributes);
  quantity("units", resources.cpu.milli_units);
  out.end_object();
  out.key("endpoints");
  out.begin_array();
  for (const Endpoint& endpoint : resources.endpoints) {
    out.begin_object();
    if (endpoint.kind != EndpointKind::kSharedHttp)
      out.field("kind", static_cast<std::uint32_t>(endpoint.kind));
    out.field("sequence_number", endpoint.sequence_number);
    out.end_object();
  }
  out.end_array();
  out.key("gpu");
  out.begin_object();
  attributes(resources.gpu.attributes);
  quantity("units", resources.gpu.units);
  out.end_object();
  out.field("id", resources.id);
  out.key("memory");
  out.begin_object();
  attributes(resources.memory.attributes);
  quantity("size", resources.memory.bytes);
  out.end_object();
  if (!resources.storage.empty()) {
    out.key("storage");
    out.begin_array();
    for (const Volume& volume : resources.storage) {
      out.begin_object();
      attributes(volume.attributes);
      out.field("name", volume.name);
      quantity("size", volume.bytes);
      out.end_object();
    }
    out.end_array();
  }
  out.end_object();
}

std::string canonical_json(const Manifest& manifest) {
  JsonWriter out;
  out.begin_array();
  for (const ManifestGroup& group : manifest.groups) {
    out.begin_object();
    out.field("name", group.name);
    out.key("services");
    out.begin_array();
    for (const Service& service : group.services) write_service(out, service);
    out.end_array();
    out.end_object();
  }
  out.end_array();
  return std::move(out).text();
}

Hash256 manifest_hash(const Manifest& manifest) {
  return crypto::sha256(canonical_json(manifest));
}

}  // namespace tp::compute
