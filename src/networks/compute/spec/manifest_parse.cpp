// Manifests as clients send them. What is read here and written again by canonical_json() has the
// bytes, and so the hash, of a client that kept to the canonical form.
#include <charconv>
#include <nlohmann/json.hpp>

#include "networks/compute/spec/error.h"
#include "networks/compute/spec/manifest.h"

namespace tp::compute {
namespace {

using Json = nlohmann::json;

// One object of the input. Every field that is asked for is marked; close() refuses the others. The
// first fault stays; after it, everything reads as absent.
class Reader {
 public:
  explicit Reader(std::string& fault) : fault_(fault) {}

  bool failed() const { return !fault_.empty(); }
  void fault(const std::string& path, std::string_view text) {
    if (fault_.empty()) fault_ = path + ": " + std::string(text);
  }

  // Calls read(field, path) for each field; it returns false for a field that it does not know.
  template <class Read>
  void object(const Json& value, const std::string& path, Read read) {
    if (value.is_null()) return;
    if (!value.is_object()) return fault(path, "must be an object");
    for (const auto& [key, field] : value.items()) {
      if (failed()) return;
      if (!read(key, field)) fault(path, "unknown field \"" + key.substr(0, 64) + "\"");
    }
  }

  template <class Item, class Read>
  void array(const Json& value, const std::string& path, std::vector<Item>& out, Read read) {
    if (value.is_null()) return;
    if (!value.is_array()) return fault(path, "must be a list");
    for (std::size_t i = 0; i < value.size() && !failed(); ++i)
      read(value[i], path + "[" + std::to_string(i) + "]", out.emplace_back());
  }

  void text(const Json& value, const std::string& path, std::string& out) {
    if (value.is_null()) return;
    if (!value.is_string()) return fault(path, "must be a string");
    out = value.get<std::string>();
  }

  void boolean(const Json& value, const std::string& path, bool& out) {
    if (value.is_null()) return;
    if (!value.is_boolean()) return fault(path, "must be true or false");
    out = value.get<bool>();
  }

  void whole(const Json& value, const std::string& path, std::uint32_t& out) {
    if (value.is_null()) return;
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > 0xffff'ffffU)
      return fault(path, "must be a whole number below 2^32");
    out = static_cast<std::uint32_t>(value.get<std::uint64_t>());
  }

  void texts(const Json& value, const std::string& path, std::vector<std::string>& out) {
    array(value, path, out, [this](const Json& item, const std::string& at, std::string& text_out) {
      text(item, at, text_out);
    });
  }

  void optional_texts(const Json& value, const std::string& path, OptionalList& out) {
    if (!value.is_null()) texts(value, path, out.emplace());
  }

  // {"val": "<decimal digits>"}
  void quantity(const Json& value, const std::string& path, std::uint64_t& out) {
    object(value, path, [&](const std::string& key, const Json& field) {
      if (key != "val") return false;
      std::string digits;
      text(field, path + ".val", digits);
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
      if (error != std::errc() || end != digits.data() + digits.size())
        fault(path + ".val", "must be decimal digits, below 2^64");
      return true;
    });
  }

 private:
  std::string& fault_;
};

void read_attributes(Reader& in, const Json& value, const std::string& path, Attributes& out) {
  in.array(value, path, out, [&](const Json& item, const std::string& at, Attribute& attribute) {
    in.object(item, at, [&](const std::string& key, const Json& field) {
      if (key == "key")
        in.text(field, at + ".key", attribute.key);
      else if (key == "value")
        in.text(field, at + ".value", attribute.value);
      else
        return false;
      return true;
    });
  });
}

// cpu, gpu, memory and volumes: a quantity under `quantity_key`, and attributes.
void read_quantified(Reader& in, const Json& value, const std::string& path,
                     std::string_view quantity_key, std::uint64_t& quantity, Attributes& attributes,
                     std::string* name = nullptr) {
  in.object(value, path, [&](const std::string& key, const Json& field) {
    if (key == quantity_key)
      in.quantity(field, path + "." + key, quantity);
    else if (key == "attributes")
      read_attributes(in, field, path + ".attributes", attributes);
    else if (key == "name" && name != nullptr)
      in.text(field, path + ".name", *name);
    else
      return false;
    return true;
  });
}

void read_endpoint(Reader& in, const Json& value, const std::string& path, Endpoint& out) {
  in.object(value, path, [&](const std::string& key, const Json& field) {
    if (key == "sequence_number") {
      in.whole(field, path + ".sequence_number", out.sequence_number);
    } else if (key == "kind") {
      std::uint32_t kind = 0;
      in.whole(field, path + ".kind", kind);
      if (kind > static_cast<std::uint32_t>(EndpointKind::kLeasedIp))
        in.fault(path + ".kind", "must be 0, 1 or 2");
      else
        out.kind = static_cast<EndpointKind>(kind);
    } else {
      return false;
    }
    return true;
  });
}

void read_resources(Reader& in, const Json& value, const std::string& path, Resources& out) {
  bool cpu = false, gpu = false, memory = false, endpoints = false;
  in.object(value, path, [&](const std::string& key, const Json& field) {
    const std::string at = path + "." + key;
    if (key == "id") {
      in.whole(field, at, out.id);
    } else if (key == "cpu") {
      cpu = !field.is_null();
      read_quantified(in, field, at, "units", out.cpu.milli_units, out.cpu.attributes);
    } else if (key == "gpu") {
      gpu = !field.is_null();
      read_quantified(in, field, at, "units", out.gpu.units, out.gpu.attributes);
    } else if (key == "memory") {
      memory = !field.is_null();
      read_quantified(in, field, at, "size", out.memory.bytes, out.memory.attributes);
    } else if (key == "storage") {
      in.array(field, at, out.storage,
               [&](const Json& item, const std::string& volume_at, Volume& volume) {
                 read_quantified(in, item, volume_at, "size", volume.bytes, volume.attributes,
                                 &volume.name);
               });
    } else if (key == "endpoints") {
      endpoints = !field.is_null();
      in.array(field, at, out.endpoints,
               [&](const Json& item, const std::string& endpoint_at, Endpoint& endpoint) {
                 read_endpoint(in, item, endpoint_at, endpoint);
               });
    } else {
      return false;
    }
    return true;
  });
  if (!cpu) in.fault(path, "CPU must not be nil");
  if (!gpu) in.fault(path, "GPU must not be nil");
  if (!memory) in.fault(path, "memory must not be nil");
  if (!endpoints) in.fault(path, "endpoints must not be nil");
}

void read_credentials(Reader& in, const Json& value, const std::string& path,
                      std::optional<ImageCredentials>& out) {
  if (value.is_null()) return;
  ImageCredentials& credentials = out.emplace();
  in.object(value, path, [&](const std::string& key, const Json& field) {
    const std::string at = path + "." + key;
    if (key == "host")
      in.text(field, at, credentials.host);
    else if (key == "email")
      in.text(field, at, credentials.email);
    else if (key == "username")
      in.text(field, at, credentials.username);
    else if (key == "password")
      in.text(field, at, credentials.password);
    else
      return false;
    return true;
  });
}

void read_mount(Reader& in, const Json& value, const std::string& path, StorageMount& out) {
  in.object(value, path, [&](const std::string& key, const Json& field) {
    const std::string at = path + "." + key;
    if (key == "name")
      in.text(field, at, out.name);
    else if (key == "mount")
      in.text(field, at, out.mount);
    else if (key == "readOnly")
      in.boolean(field, at, out.read_only);
    else
      return false;
    return true;
  });
}

void read_params(Reader& in, const Json& value, const std::string& path, ServiceParams& out) {
  in.object(value, path, [&](const std::string& key, const Json& field) {
    const std::string at = path + "." + key;
    if (key == "storage") {
      if (field.is_null()) return true;
      in.array(field, at, out.storage.emplace(),
               [&](const Json& item, const std::string& mount_at, StorageMount& mount) {
                 read_mount(in, item, mount_at, mount);
               });
    } else if (key == "credentials") {
      read_credentials(in, field, at, out.credentials);
    } else if (key == "permissions") {
      if (field.is_null()) return true;
      ServicePermissions& permissions = out.permissions.emplace();
      in.object(field, at, [&](const std::string& inner, const Json& list) {
        if (inner != "read") return false;
        in.texts(list, at + ".read", permissions.read);
        return true;
      });
    } else if (key == "tee") {
      if (field.is_null()) return true;
      TeeParams& tee = out.tee.emplace();
      tee.attestation = false;
      in.object(field, at, [&](const std::string& inner, const Json& item) {
        if (inner == "type")
          in.text(item, at + ".type", tee.type);
        else if (inner == "attestation")
          in.boolean(item, at + ".attestation", tee.attestation);
        else
          return false;
        return true;
      });
    } else {
      return false;
    }
    return true;
  });
}

void read_http_options(Reader& in, const Json& value, const std::string& path, HttpOptions& out) {
  out = HttpOptions{0, 0, 0, 0, 0, {}, 0};  // what is absent is zero here, not the default
  in.object(value, path, [&](const std::string& key, const Json& field) {
    const std::string at = path + "." + key;
    if (key == "maxBodySize")
      in.whole(field, at, out.max_body_size);
    else if (key == "readTimeout")
      in.whole(field, at, out.read_timeout);
    else if (key == "sendTimeout")
      in.whole(field, at, out.send_timeout);
    else if (key == "nextTries")
      in.whole(field, at, out.next_tries);
    else if (key == "nextTimeout")
      in.whole(field, at, out.next_timeout);
    else if (key == "nextCases")
      in.texts(field, at, out.next_cases);
    else if (key == "proxyBufferSize")
      in.whole(field, at, out.proxy_buffer_size);
    else
      return false;
    return true;
  });
}

void read_expose(Reader& in, const Json& value, const std::string& path, ServiceExpose& out) {
  out.proto.clear();
  out.http_options = HttpOptions{0, 0, 0, 0, 0, {}, 0};
  in.object(value, path, [&](const std::string& key, const Json& field) {
    const std::string at = path + "." + key;
    if (key == "port")
      in.whole(field, at, out.port);
    else if (key == "externalPort")
      in.whole(field, at, out.external_port);
    else if (key == "proto")
      in.text(field, at, out.proto);
    else if (key == "service")
      in.text(field, at, out.service);
    else if (key == "global")
      in.boolean(field, at, out.global);
    else if (key == "hosts")
      in.optional_texts(field, at, out.hosts);
    else if (key == "httpOptions")
      read_http_options(in, field, at, out.http_options);
    else if (key == "ip")
      in.text(field, at, out.ip);
    else if (key == "endpointSequenceNumber")
      in.whole(field, at, out.endpoint_sequence_number);
    else
      return false;
    return true;
  });
}

void read_service(Reader& in, const Json& value, const std::string& path, Service& out) {
  bool resources = false, expose = false;
  in.object(value, path, [&](const std::string& key, const Json& field) {
    const std::string at = path + "." + key;
    if (key == "name") {
      in.text(field, at, out.name);
    } else if (key == "image") {
      in.text(field, at, out.image);
    } else if (key == "command") {
      in.optional_texts(field, at, out.command);
    } else if (key == "args") {
      in.optional_texts(field, at, out.args);
    } else if (key == "env") {
      in.optional_texts(field, at, out.env);
    } else if (key == "resources") {
      resources = true;
      read_resources(in, field, at, out.resources);
    } else if (key == "count") {
      in.whole(field, at, out.count);
    } else if (key == "expose") {
      expose = !field.is_null();
      in.array(field, at, out.expose,
               [&](const Json& item, const std::string& item_at, ServiceExpose& exposed) {
                 read_expose(in, item, item_at, exposed);
               });
    } else if (key == "params") {
      if (!field.is_null()) read_params(in, field, at, out.params.emplace());
    } else if (key == "credentials") {
      read_credentials(in, field, at, out.credentials);
    } else {
      return false;
    }
    return true;
  });
  if (!resources) in.fault(path, "resources are missing");
  if (!expose) in.fault(path, "expose must be a list");  // its null would have another hash
}

void read_group(Reader& in, const Json& value, const std::string& path, ManifestGroup& out) {
  in.object(value, path, [&](const std::string& key, const Json& field) {
    if (key == "name") {
      in.text(field, path + ".name", out.name);
    } else if (key == "services") {
      in.array(field, path + ".services", out.services,
               [&](const Json& item, const std::string& at, Service& service) {
                 read_service(in, item, at, service);
               });
    } else {
      return false;
    }
    return true;
  });
}

}  // namespace

Result<Manifest> parse_manifest_json(std::string_view json) {
  if (json.size() > kManifestBytesMax)
    return fail(SpecError::kTooLarge, "a manifest of " + std::to_string(json.size()) +
                                          " bytes is longer than " +
                                          std::to_string(kManifestBytesMax));
  const Json value = Json::parse(json, nullptr, false);
  if (value.is_discarded())
    return fail_with_text(SpecError::kInvalidManifest, "invalid manifest: it is not valid JSON");
  std::string fault;
  Reader in(fault);
  Manifest manifest;
  if (!value.is_array())
    in.fault("manifest", "must be a list of groups");
  else
    in.array(value, "manifest", manifest.groups,
             [&](const Json& item, const std::string& at, ManifestGroup& group) {
               read_group(in, item, at, group);
             });
  if (!fault.empty())
    return fail_with_text(SpecError::kInvalidManifest, "invalid manifest: " + fault);
  return manifest;
}

}  // namespace tp::compute
