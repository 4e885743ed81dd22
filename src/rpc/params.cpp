#include "rpc/params.h"

#include "base/text.h"

namespace tp::rpc {
namespace json = boost::json;

Answer<Params> Params::from_json(const json::value* params, const std::vector<std::string>& names) {
  Params out;
  if (params == nullptr || params->is_null()) return out;
  if (params->is_object()) {
    out.values_ = params->get_object();
    return out;
  }
  if (!params->is_array()) return invalid_params("params must be an object or a list");
  const json::array& list = params->get_array();
  if (list.size() > names.size())
    return invalid_params("expected at most " + std::to_string(names.size()) + " parameters, got " +
                          std::to_string(list.size()));
  for (std::size_t i = 0; i < list.size(); ++i) out.values_[names[i]] = list[i];
  return out;
}

Params Params::from_uri(const http::Headers& query) {
  Params out;
  out.from_uri_ = true;
  for (const auto& [name, value] : query) out.values_[name] = value;
  return out;
}

const json::value* Params::find(std::string_view name) const {
  const json::value* value = values_.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

Answer<std::optional<std::string>> Params::text(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) return invalid_params(std::string(name) + " must be a string");
  std::string text(value->get_string());
  if (from_uri_) {
    if (text.empty()) return std::nullopt;
    if (text.size() < 2 || text.front() != '"' || text.back() != '"')
      return invalid_params(std::string(name) + " must be in double quotes");
    text = text.substr(1, text.size() - 2);
  }
  return text;
}

Answer<std::optional<std::int64_t>> Params::integer(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_int64()) return value->get_int64();
  if (value->is_string()) {
    std::string_view text(value->get_string());
    if (from_uri_ && text.empty()) return std::nullopt;
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
      text = text.substr(1, text.size() - 2);
    if (const auto number = parse_int<std::int64_t>(text)) return *number;
  }
  return invalid_params(std::string(name) + " must be a whole number");
}

Answer<std::optional<bool>> Params::boolean(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_bool()) return value->get_bool();
  if (from_uri_ && value->is_string()) {
    if (value->get_string() == "true") return true;
    if (value->get_string() == "false") return false;
    if (value->get_string().empty()) return std::nullopt;
  }
  return invalid_params(std::string(name) + " must be true or false");
}

Answer<std::optional<Bytes>> Params::uri_bytes(std::string_view name) const {
  const std::string_view text(find(name)->get_string());
  if (text.empty()) return std::nullopt;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    auto bytes = from_hex(text.substr(2));
    if (!bytes) return invalid_params(std::string(name) + ": " + bytes.error().text);
    return *std::move(bytes);
  }
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    return Bytes(text.substr(1, text.size() - 2));
  return invalid_params(std::string(name) +
                        " must be 0x and hexadecimal digits, or in double quotes");
}

Answer<std::optional<Bytes>> Params::bytes(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) return invalid_params(std::string(name) + " must be base64 text");
  if (from_uri_) return uri_bytes(name);
  auto bytes = from_base64(value->get_string());
  if (!bytes) return invalid_params(std::string(name) + ": " + bytes.error().text);
  return *std::move(bytes);
}

Answer<std::optional<Bytes>> Params::hex_bytes(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) return invalid_params(std::string(name) + " must be hexadecimal text");
  if (from_uri_) return uri_bytes(name);
  std::string_view text(value->get_string());
  if (text.starts_with("0x")) text.remove_prefix(2);
  auto bytes = from_hex(text);
  if (!bytes) return invalid_params(std::string(name) + ": " + bytes.error().text);
  return *std::move(bytes);
}

}  // namespace tp::rpc
