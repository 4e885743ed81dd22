// How a command of `turnpike` is built: it adds itself to the CLI11 tree and leaves behind what to
// run.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "base/result.h"
#include "cli/session.h"

namespace tp::cli {

// What the chosen command does, once the whole command line is understood.
using Action = std::function<Result<void>()>;

struct Program {
  CLI::App& root;
  GlobalOptions& options;  // --home, --json, ...: complete when the action runs
  Action action;           // set by the command that was chosen
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
void add_reference(Program& program);

enum class CliError : std::uint32_t { kUsage = 2, kFailed = 3 };
ErrorInfo describe(CliError error);

}  // namespace tp::cli
