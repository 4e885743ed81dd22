// turnpike: rent out hardware, rent hardware, and see who really pays.
#include <algorithm>
#include <boost/json.hpp>
#include <csignal>
#include <iostream>

#include "base/allocator.h"
#include "base/log.h"
#include "cli/command.h"
#include "client/error.h"

namespace tp::cli {

namespace {

// With --json one line of JSON, which is the last of standard error; else words. Standard output is
// left to answers, some of which a command gives before it fails.
void report(const Error& error, const Program& program) {
  const bool unreachable = is(error, client::ClientError::kUnreachable);
  const std::string hint =
      "No node answers there. Start a local network with scripts/up, or a node with `turnpike "
      "node`; for another one set node = \"http://HOST:PORT\" in " +
      program.options.home + "/client.toml, or say --node http://HOST:PORT.";
  if (program.options.json) {
    boost::json::object more = program.left;
    if (unreachable) more["hint"] = hint;
    std::cerr << error_json(error, more) << std::endl;
    return;
  }
  std::cerr << "turnpike: " << for_people(error) << "\n";
  if (unreachable) std::cerr << hint << "\n";
}

// A wrong command line; 0 for --help and --version, which are answers.
int refuse(const CLI::ParseError& error, Program& program, bool as_json) {
  if (error.get_exit_code() == 0 || !as_json) return program.root.exit(error) == 0 ? 0 : 2;
  program.options.json = true;
  report(fail(CliError::kUsage, error.what()).error(), program);
  return 2;
}

int run(int argc, char** argv) {
  CLI::App root("Rent out hardware, rent hardware, and see who really pays.", "turnpike");
  root.set_version_flag("--version", TURNPIKE_VERSION);
  root.require_subcommand(1);
  root.fallthrough();
  root.option_defaults()->always_capture_default();

  GlobalOptions options{.home = default_home()};
  root.add_option("--home", options.home, "Folder of settings and keys");
  root.add_flag("--json", options.json,
                "Answer in JSON, for programs; failures too, on the last line of standard error");
  root.add_option("--node", options.node, "URL of a node's JSON-RPC; overrides client.toml");
  root.add_option("--key", options.key, "Name of the key that signs; overrides client.toml");

  Program program{.root = root, .options = options, .action = {}, .left = {}};
  add_init(program);
  add_node(program);
  add_state_commands(program);
  add_keys(program);
  add_tx(program);
  add_query(program);
  add_provider(program);
  add_sdl(program);
  add_deploy(program);
  add_lease_commands(program);
  add_client(program);
  add_reference(program);
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // What came before the mistake may not have been read.
    const bool as_json = std::any_of(
        argv + 1, argv + argc, [](const char* word) { return std::string_view(word) == "--json"; });
    return refuse(error, program, as_json);
  }
  if (const auto good = check_client_options(options, program.client); !good) {
    report(good.error(), program);
    return 2;
  }
  if (const Result<void> done = program.action(); !done) {
    report(done.error(), program);
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace tp::cli

int main(int argc, char** argv) {
  tp::keep_freed_memory_a_second();
  std::signal(SIGPIPE, SIG_IGN);
  return tp::cli::run(argc, argv);
}
