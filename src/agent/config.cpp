#include "agent/config.h"

#include <toml++/toml.h>

#include <algorithm>

#include "base/text.h"

namespace tp::agent {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

std::string section_of(std::string_view key) {
  const std::size_t point = key.rfind('.');
  return point == std::string_view::npos ? "" : std::string(key.substr(0, point));
}

std::string leaf_of(std::string_view key) {
  const std::size_t point = key.rfind('.');
  return std::string(point == std::string_view::npos ? key : key.substr(point + 1));
}

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
constexpr Unit kUnits[] = {
    {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};

}  // namespace

struct Config::Value {
  const toml::node& node;
};

ErrorInfo describe(ConfigError) {
  return {"config", 2, "invalid configuration"};
}

Result<Duration> parse_duration(std::string_view text) {
  const auto bad = [text] {
    return fail(ConfigError::kInvalid,
                quoted(text) + " is not a time span such as \"250ms\", \"5s\", \"10m\" or \"24h\"");
  };
  Duration total;
  std::string_view rest = text;
  if (rest.empty()) return bad();
  while (!rest.empty()) {
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    const auto count = parse_int<std::int64_t>(rest.substr(0, digits));
    rest.remove_prefix(digits);
    const std::size_t letters = std::min(rest.find_first_of("0123456789"), rest.size());
    const auto unit = std::find_if(std::begin(kUnits), std::end(kUnits), [&](const Unit& u) {
      return u.name == rest.substr(0, letters);
    });
    if (!count || unit == std::end(kUnits) ||
        *count >
            9'000'000'000'000'000'000 / unit->nanoseconds - total.nanoseconds / unit->nanoseconds)
      return bad();
    total.nanoseconds += *count * unit->nanoseconds;
    rest.remove_prefix(letters);
  }
  return total;
}

std::string to_text(Duration span) {
  if (span.nanoseconds == 0) return "0s";
  for (auto unit = std::rbegin(kUnits); unit != std::rend(kUnits); ++unit)
    if (span.nanoseconds % unit->nanoseconds == 0)
      return std::to_string(span.nanoseconds / unit->nanoseconds) + std::string(unit->name);
  return std::to_string(span.nanoseconds / 1'000'000) + "ms";
}

const Config::Key* Config::find(std::string_view name) const {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [name](const Key& key) { return key.name == name; });
  return found == keys_.end() ? nullptr : &*found;
}

void Config::text(std::string key, std::string* target, std::string help) {
  keys_.push_back({std::move(key), std::move(help),
                   [target](const Value& value) -> Result<void> {
                     const auto* text = value.node.as_string();
                     if (text == nullptr)
                       return fail(ConfigError::kInvalid, "expected text in quotes");
                     *target = text->get();
                     return {};
                   },
                   [target] { return quoted(*target); }});
}

void Config::texts(std::string key, std::vector<std::string>* target, std::string help) {
  keys_.push_back({std::move(key), std::move(help),
                   [target](const Value& value) -> Result<void> {
                     const auto* list = value.node.as_array();
                     if (list == nullptr)
                       return fail(ConfigError::kInvalid, "expected a list of texts");
                     std::vector<std::string> items;
                     for (const toml::node& item : *list) {
                       if (!item.is_string())
                         return fail(ConfigError::kInvalid, "expected a list of texts");
                       items.push_back(item.as_string()->get());
                     }
                     *target = std::move(items);
                     return {};
                   },
                   [target] {
                     std::string out = "[";
                     for (const std::string& item : *target)
                       out += (out.size() > 1 ? ", " : "") + quoted(item);
                     return out + "]";
                   }});
}

void Config::boolean(std::string key, bool* target, std::string help) {
  keys_.push_back({std::move(key), std::move(help),
                   [target](const Value& value) -> Result<void> {
                     const auto* boolean = value.node.as_boolean();
                     if (boolean == nullptr)
                       return fail(ConfigError::kInvalid, "expected true or false");
                     *target = boolean->get();
                     return {};
                   },
                   [target] { return std::string(*target ? "true" : "false"); }});
}

void Config::number(std::string key, std::uint64_t* target, std::uint64_t min, std::uint64_t max,
                    std::string help) {
  keys_.push_back({std::move(key), std::move(help),
                   [target, min, max](const Value& value) -> Result<void> {
                     const auto* number = value.node.as_integer();
                     if (number == nullptr || number->get() < 0 ||
                         static_cast<std::uint64_t>(number->get()) < min ||
                         static_cast<std::uint64_t>(number->get()) > max)
                       return fail(ConfigError::kInvalid, "expected a whole number from " +
                                                              std::to_string(min) + " to " +
                                                              std::to_string(max));
                     *target = static_cast<std::uint64_t>(number->get());
                     return {};
                   },
                   [target] { return std::to_string(*target); }});
}

void Config::duration(std::string key, Duration* target, std::string help) {
  keys_.push_back({std::move(key), std::move(help),
                   [target](const Value& value) -> Result<void> {
                     const auto* text = value.node.as_string();
                     if (text == nullptr)
                       return fail(ConfigError::kInvalid, "expected a time span such as \"5s\"");
                     TRY_TO(*target, parse_duration(text->get()));
                     return {};
                   },
                   [target] { return quoted(to_text(*target)); }});
}

Result<void> Config::load(Disk& disk, const std::string& path) {
  TRY(const Bytes toml, disk.read(path));
  return parse(toml, path);
}

Result<void> Config::parse(std::string_view text, const std::string& path) {
  toml::table table;
  try {
    table = toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    return fail(ConfigError::kInvalid, path + ":" + std::to_string(error.source().begin.line) +
                                           ": " + std::string(error.description()));
  }
  std::string problems;
  const auto report = [&](const toml::node& node, const std::string& key, const std::string& what) {
    if (!problems.empty()) problems += "\n";
    problems += path + ":" + std::to_string(node.source().begin.line) + ": " + key + ": " + what;
  };
  const auto visit = [&](const auto& self, const toml::table& section,
                         const std::string& prefix) -> void {
    for (const auto& [leaf, node] : section) {
      const std::string key = prefix + std::string(leaf.str());
      if (const Key* declared = find(key)) {
        if (const Result<void> read = declared->read({node}); !read) {
          std::string what = read.error().text;
          if (const std::size_t suffix = what.rfind(": invalid configuration");
              suffix != std::string::npos)
            what.resize(suffix);
          report(node, key, what);
        }
      } else if (const toml::table* inner = node.as_table();
                 inner != nullptr && std::ranges::any_of(keys_, [&](const Key& one) {
                   return one.name.starts_with(key + ".");
                 })) {
        self(self, *inner, key + ".");
      } else {
        report(node, key, "is not a key of this file");
      }
    }
  };
  visit(visit, table, "");
  if (!problems.empty()) return fail(ConfigError::kInvalid, problems);
  return {};
}

std::string Config::documented() const {
  std::string out = "# " + title_ + "\n";
  std::string section;
  for (const Key& key : keys_) {
    if (const std::string now = section_of(key.name); now != section) {
      section = now;
      out += "\n[" + section + "]\n";
    }
    out += "\n# " + key.help + "\n" + leaf_of(key.name) + " = " + key.write() + "\n";
  }
  return out;
}

}  // namespace tp::agent
