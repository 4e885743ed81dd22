#include "engine/comet_types/genesis.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace tp::comet_types {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPublicKeyType = "tendermint/PubKeyEd25519";
constexpr std::size_t kMaxChainIdSize = 50;

std::unexpected<Error> bad(std::string_view what) {
  return fail(BaseError::kInvalidText, "genesis: " + std::string(what));
}

// Cuts the outermost object into its members without looking into their values, so that app_state
// can be passed on as it is, however large.
class MemberScanner {
 public:
  struct Member {
    std::string_view name;  // between the quotes, escapes as they stand
    std::string_view value;
  };

  explicit MemberScanner(std::string_view text) : rest_(text) {}

  Result<std::vector<Member>> scan() {
    std::vector<Member> members;
    skip_space();
    if (!take('{')) return bad("not a JSON object");
    skip_space();
    if (take('}')) return end(std::move(members));
    while (true) {
      skip_space();
      const std::string_view name = string();
      skip_space();
      if (name.size() < 2 || !take(':')) return bad("a member name and \":\" are expected");
      skip_space();
      const std::string_view value = this->value();
      if (value.empty()) return bad("the value of " + std::string(name) + " does not end");
      members.push_back({name.substr(1, name.size() - 2), value});
      skip_space();
      if (take('}')) return end(std::move(members));
      if (!take(',')) return bad("\",\" or \"}\" is expected after " + std::string(name));
    }
  }

 private:
  Result<std::vector<Member>> end(std::vector<Member> members) {
    skip_space();
    if (!rest_.empty()) return bad("text after the end of the object");
    return members;
  }

  void skip_space() {
    const std::size_t at = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at);
  }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // The string literal at the front, with its quotes; empty when there is none.
  std::string_view string() {
    if (!rest_.starts_with('"')) return {};
    const std::size_t end = closing_quote(0);
    return end < rest_.size() ? cut(end + 1) : std::string_view();
  }

  // Of the string that opens at `open`; the end of the text when it does not close.
  std::size_t closing_quote(std::size_t open) const {
    for (std::size_t at = rest_.find('"', open + 1);; at = rest_.find('"', at + 1)) {
      if (at == std::string_view::npos) return rest_.size();
      std::size_t escapes = 0;
      while (rest_[at - 1 - escapes] == '\\') ++escapes;  // ends at the opening quote
      if (escapes % 2 == 0) return at;
    }
  }

  // The value at the front; only nesting and strings are understood.
  std::string_view value() {
    if (rest_.starts_with('"')) return string();
    std::size_t depth = 0;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (c == '"') {
        i = closing_quote(i);
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if (c == '}' || c == ']' || c == ',') {
        if (depth == 0) return cut(i);  // the end of a number or word
        if (c != ',' && --depth == 0) return cut(i + 1);
      }
    }
    return {};
  }

  std::string_view cut(std::size_t size) {
    std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    while (!out.empty() && std::string_view(" \t\r\n").contains(out.back())) out.remove_suffix(1);
    return out;
  }

  std::string_view rest_;
};

Result<std::int64_t> whole_number(const Json& value, const std::string& name) {
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_string()) {
    if (const auto number = parse_int<std::int64_t>(value.get_ref<const std::string&>()))
      return *number;
  }
  return bad(name + " is not a whole number");
}

Result<std::string> text(const Json& value, const std::string& name) {
  if (!value.is_string()) return bad(name + " is not a string");
  return value.get<std::string>();
}

Result<void> read_params(const Json& groups, ConsensusParams& out) {
  if (!groups.is_object()) return bad("consensus_params is not an object");
  for (const auto& [group, members] : groups.items()) {
    if (!members.is_object()) return bad("consensus_params." + group + " is not an object");
    for (const auto& [member, value] : members.items()) {
      const std::string path = group + "." + member;
      const std::string name = "consensus_params." + path;
      if (path == "validator.pub_key_types") {
        if (!value.is_array()) return bad(name + " is not an array");
        out.pub_key_types.clear();
        for (const Json& type : value) {
          TRY(std::string key_type, text(type, name));
          out.pub_key_types.push_back(std::move(key_type));
        }
        continue;
      }
      TRY(const std::int64_t number, whole_number(value, name));
      if (path == "block.max_bytes") {
        out.block_max_bytes = number;
      } else if (path == "block.max_gas") {
        out.block_max_gas = number;
      } else if (path == "block.time_iota_ms") {
        // A leftover of CometBFT 0.34 that later versions ignore.
      } else if (path == "evidence.max_age_num_blocks") {
        out.evidence_max_age_num_blocks = number;
      } else if (path == "evidence.max_age_duration") {
        out.evidence_max_age_duration = {number};
      } else if (path == "evidence.max_bytes") {
        out.evidence_max_bytes = number;
      } else if (path == "version.app" && number >= 0) {
        out.app_version = static_cast<std::uint64_t>(number);
      } else if (path == "abci.vote_extensions_enable_height") {
        out.vote_extensions_enable_height = number;
      } else {
        return bad(name + " is not a consensus parameter, or out of range");
      }
    }
  }
  return validate(out);
}

// The text at `field`, empty where there is none. nlohmann's value() throws for another type.
Result<std::string> text_member(const Json& object, const char* field, const std::string& where) {
  const auto it = object.find(field);
  if (it == object.end()) return std::string();
  return text(*it, where + "." + field);
}

Result<GenesisValidator> read_validator(const Json& value, const std::string& where) {
  if (!value.is_object()) return bad(where + " is not an object");
  GenesisValidator out;
  const auto key = value.find("pub_key");
  if (key == value.end() || !key->is_object()) return bad(where + ".pub_key is not an object");
  TRY(const std::string type, text_member(*key, "type", where + ".pub_key"));
  if (type != kPublicKeyType)
    return bad(where + ".pub_key is not of type " + std::string(kPublicKeyType));
  TRY(const std::string base64, text_member(*key, "value", where + ".pub_key"));
  const auto bytes = from_base64(base64);
  if (!bytes || bytes->size() != crypto::Ed25519PublicKey::kSize)
    return bad(where + ".pub_key.value is not base64 of 32 bytes");
  out.validator.public_key = crypto::Ed25519PublicKey::of(*bytes);
  if (!value.contains("power")) return bad(where + ".power is missing");
  TRY(out.validator.power, whole_number(value["power"], where + ".power"));
  if (out.validator.power <= 0) return bad(where + ".power is not positive");
  TRY_TO(out.name, text_member(value, "name", where));
  const std::string address = to_hex_upper(out.validator.address().view());
  TRY(const std::string stated, text_member(value, "address", where));
  if (!stated.empty() && stated != address)
    return bad(where + ".address is not that of the key, " + address);
  return out;
}

Result<void> read_member(std::string_view name, std::string_view raw, Genesis& out) {
  if (name == "app_state") {
    out.app_state_json = raw;
    return {};
  }
  const Json value = Json::parse(raw, nullptr, false);
  if (value.is_discarded()) return bad(std::string(name) + " is not JSON");
  if (name == "genesis_time") {
    TRY(const std::string time, text(value, "genesis_time"));
    TRY(out.time, from_rfc3339(time));
  } else if (name == "chain_id") {
    TRY(out.chain_id, text(value, "chain_id"));
  } else if (name == "initial_height") {
    TRY(const std::int64_t height, whole_number(value, "initial_height"));
    if (height < 0) return bad("initial_height is negative");
    out.initial_height = Height{height == 0 ? 1 : height};
  } else if (name == "consensus_params") {
    if (!value.is_null()) TRY_VOID(read_params(value, out.params));
  } else if (name == "validators") {
    if (value.is_null()) return {};
    if (!value.is_array()) return bad("validators is not an array");
    for (std::size_t i = 0; i < value.size(); ++i) {
      TRY(GenesisValidator validator,
          read_validator(value[i], "validators[" + std::to_string(i) + "]"));
      out.validators.push_back(std::move(validator));
    }
  } else if (name == "app_hash") {
    TRY(const std::string hex, text(value, "app_hash"));
    TRY(out.app_hash, from_hex(hex));
  } else {
    return bad("\"" + std::string(name) + "\" is not a member that this version knows");
  }
  return {};
}

Json params_json(const ConsensusParams& params) {
  const auto number = [](auto value) { return std::to_string(value); };
  return {
      {"block",
       {{"max_bytes", number(params.block_max_bytes)}, {"max_gas", number(params.block_max_gas)}}},
      {"evidence",
       {{"max_age_num_blocks", number(params.evidence_max_age_num_blocks)},
        {"max_age_duration", number(params.evidence_max_age_duration.nanoseconds)},
        {"max_bytes", number(params.evidence_max_bytes)}}},
      {"validator", {{"pub_key_types", params.pub_key_types}}},
      {"version", {{"app", number(params.app_version)}}},
      {"abci", {{"vote_extensions_enable_height", number(params.vote_extensions_enable_height)}}}};
}

}  // namespace

Result<Genesis> parse_genesis(std::string_view json, AppState app_state) {
  TRY(const auto members, MemberScanner(json).scan());
  Genesis out;
  bool has_time = false;
  for (std::size_t i = 0; i < members.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (members[i].name == members[j].name)
        return bad("\"" + std::string(members[i].name) + "\" stands twice");
    }
    has_time = has_time || members[i].name == "genesis_time";
    if (app_state == AppState::kLeftOut && members[i].name == "app_state") continue;
    TRY_VOID(read_member(members[i].name, members[i].value, out));
  }
  if (!has_time) return bad("genesis_time is missing");
  if (out.chain_id.empty()) return bad("chain_id is missing");
  if (out.chain_id.size() > kMaxChainIdSize) return bad("chain_id is longer than 50 bytes");
  return out;
}

std::string write_genesis(const Genesis& genesis) {
  Json validators = Json::array();
  for (const GenesisValidator& item : genesis.validators) {
    validators.push_back(
        {{"address", to_hex_upper(item.validator.address().view())},
         {"pub_key",
          {{"type", kPublicKeyType}, {"value", to_base64(item.validator.public_key.view())}}},
         {"power", std::to_string(item.validator.power)},
         {"name", item.name}});
  }
  const Json document{{"genesis_time", to_rfc3339(genesis.time)},
                      {"chain_id", genesis.chain_id},
                      {"initial_height", std::to_string(genesis.initial_height.value)},
                      {"consensus_params", params_json(genesis.params)},
                      {"validators", std::move(validators)},
                      {"app_hash", to_hex_upper(genesis.app_hash)}};
  std::string out = document.dump(2);
  if (genesis.app_state_json.empty()) return out + "\n";
  out.resize(out.size() - 2);  // "\n}"
  return out + ",\n  \"app_state\": " + genesis.app_state_json + "\n}\n";
}

ValidatorSet validators_of(const Genesis& genesis) {
  ValidatorSet out;
  for (const GenesisValidator& item : genesis.validators) out.push_back(item.validator);
  sort_validators(out);
  return out;
}

}  // namespace tp::comet_types
