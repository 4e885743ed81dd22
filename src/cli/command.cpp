#include "cli/command.h"

#include <boost/json.hpp>

namespace tp::cli {

ErrorInfo describe(CliError error) {
  switch (error) {
    case CliError::kUsage: return {"cli", 2, "usage"};
    case CliError::kFailed: return {"cli", 3, "failed"};
  }
  TP_FATAL("CliError out of range");
}

std::string for_people(const Error& error) {
  std::string text = error.text;
  for (const std::string_view suffix :
       {": usage", ": failed", ": invalid configuration", ": server unreachable"})
    if (text.ends_with(suffix)) text.resize(text.size() - suffix.size());
  return text;
}

std::string error_json(const Error& error, const boost::json::object& left) {
  boost::json::object members{
      {"codespace", error.codespace}, {"code", error.code}, {"text", for_people(error)}};
  for (const auto& [name, value] : left) members[name] = value;
  return boost::json::serialize(boost::json::object{{"error", std::move(members)}});
}

Result<void> check_client_options(const GlobalOptions& options, ClientUse use) {
  if (!options.node.empty() && use == ClientUse::kNone)
    return fail(CliError::kUsage, "this command asks no node; leave --node out");
  if (!options.key.empty() && use != ClientUse::kNodeAndKey)
    return fail(CliError::kUsage, "this command uses no key of --key; leave it out");
  return {};
}

}  // namespace tp::cli
