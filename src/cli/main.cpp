// turnpike: rent out hardware, rent hardware, and see who really pays.
#include <csignal>
#include <iostream>

#include "base/log.h"
#include "cli/command.h"
#include "client/error.h"

namespace tp::cli {

ErrorInfo describe(CliError error) {
  switch (error) {
    case CliError::kUsage: return {"cli", 2, "usage"};
    case CliError::kFailed: return {"cli", 3, "failed"};
  }
  TP_FATAL("CliError out of range");
}

namespace {

// The text of an error without the registered part that only programs want.
std::string for_people(const Error& error) {
  std::string text = error.text;
  for (const std::string_view suffix :
       {": usage", ": failed", ": invalid configuration", ": server unreachable"})
    if (text.ends_with(suffix)) text.resize(text.size() - suffix.size());
  return text;
}

int run(int argc, char** argv) {
  CLI::App root("Rent out hardware, rent hardware, and see who really pays.", "turnpike");
  root.set_version_flag("--version", TURNPIKE_VERSION);
  root.require_subcommand(1);
  root.fallthrough();
  root.option_defaults()->always_capture_default();

  GlobalOptions options{.home = default_home()};
  root.add_option("--home", options.home, "Folder of settings and keys");
  root.add_flag("--json", options.json, "Answer in JSON, for programs");
  root.add_option("--node", options.node, "URL of a node's JSON-RPC; overrides client.toml");
  root.add_option("--key", options.key, "Name of the key that signs; overrides client.toml");

  Program program{.root = root, .options = options};
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
  add_reference(program);
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return root.exit(error) == 0 ? 0 : 2;
  }
  if (const Result<void> done = program.action(); !done) {
    std::cerr << "turnpike: " << for_people(done.error()) << "\n";
    if (is(done.error(), client::ClientError::kUnreachable))
      std::cerr << "No node answers there. Start a local network with scripts/up, or a node with "
                   "`turnpike node`; for another one set node = \"http://HOST:PORT\" in "
                << options.home << "/client.toml, or say --node http://HOST:PORT.\n";
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace tp::cli

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return tp::cli::run(argc, argv);
}
