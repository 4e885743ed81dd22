// How a command of `turnpike` is built: it adds itself to the CLI11 tree and leaves behind what to
// run.
#pragma once

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <string>

#include "base/result.h"
#include "cli/session.h"

namespace tp::cli {

// What the chosen command does, once the whole command line is understood.
using Action = std::function<Result<void>()>;

// Which of --node and --key a command reads. What it does not read is refused, not ignored.
enum class ClientUse { kNone, kNode, kNodeAndKey };

struct Program {
  CLI::App& root;
  GlobalOptions& options;  // --home, --json, ...: complete when the action runs
  // Set by the command that was chosen.
  Action action;
  ClientUse client = ClientUse::kNone;
  // What a failing action leaves behind, such as {"deployment": "12"}: part of its error for
  // programs.
  boost::json::object left;
};

// One function a group of commands, in its own file.
void add_init(Program& program);
void add_node(Program& program);
void add_state_commands(Program& program);
void add_keys(Program& program);
void add_tx(Program& program);
void add_query(Program& program);
void add_provider(Program& program);
void add_sdl(Program& program);
void add_deploy(Program& program);
void add_lease_commands(Program& program);
void add_client(Program& program);
void add_reference(Program& program);

enum class CliError : std::uint32_t { kUsage = 2, kFailed = 3 };
ErrorInfo describe(CliError error);

// The text of an error without the registered part that only programs want.
std::string for_people(const Error& error);
// The same for programs, on one line: {"error": {"codespace", "code", "text", ...members of
// `left`}}.
std::string error_json(const Error& error, const boost::json::object& left);
// Errors: kUsage, when --node or --key was given to a command that does not read it.
Result<void> check_client_options(const GlobalOptions& options, ClientUse use);

}  // namespace tp::cli
