// turnpike client init: client.toml, written with every setting explained.
#include <boost/json.hpp>

#include "cli/command.h"

namespace tp::cli {
namespace {

Result<void> init_client(const GlobalOptions& global) {
  SystemDisk disk;
  const std::string path = client_settings_path(global);
  if (disk.exists(path)) return fail(CliError::kUsage, path + " is there already");
  TRY(ClientConfig client, load_client_config(disk, global));  // the defaults, --node and --key
  TRY_VOID(disk.make_directories(global.home));
  TRY_VOID(write_atomically(disk, path, declare(client).documented()));
  print(global, "wrote " + path, boost::json::serialize(boost::json::object{{"settings", path}}));
  return {};
}

}  // namespace

void add_client(Program& program) {
  CLI::App* client = program.root.add_subcommand(
      "client", "The settings of the commands that ask a node and sign");
  client->require_subcommand(1);
  client
      ->add_subcommand("init",
                       "Write client.toml with every setting explained, and --node and --key in it")
      ->callback([&program] {
        program.client = ClientUse::kNodeAndKey;
        program.action = [&program] { return init_client(program.options); };
      });
}

}  // namespace tp::cli
