// turnpike keys: the keyring.
#include <unistd.h>

#include <boost/json.hpp>
#include <fstream>
#include <iostream>

#include "base/text.h"
#include "cli/command.h"
#include "crypto/address.h"

namespace tp::cli {
namespace {

boost::json::object to_json(const Session& session, const crypto::KeyInfo& info) {
  return {{"name", info.name},
          {"address", session.text(info.address)},
          {"algorithm", crypto::to_text(info.algorithm)},
          {"public_key", to_base64(info.public_key)}};
}

std::string to_text(const Session& session, const crypto::KeyInfo& info) {
  return info.name + "  " + session.text(info.address);
}

struct KeyOptions {
  std::string name;
  std::string new_name;
  bool yes = false;
};

Result<void> add(const GlobalOptions& global, const std::string& name) {
  TRY(const auto session, Session::open(global));
  TRY(const crypto::SecretBytes passphrase, session->passphrase(true));
  TRY(const crypto::GeneratedKey key, session->keyring().generate(name, passphrase.view()));
  boost::json::object json = to_json(*session, key.info);
  json["mnemonic"] = std::string_view(key.mnemonic.view());
  print(global,
        to_text(*session, key.info) +
            "\n\nWrite these words down and keep them safe. They are stored nowhere and restore "
            "the key:\n\n" +
            Bytes(key.mnemonic.view()),
        boost::json::serialize(json));
  return {};
}

Result<void> import(const GlobalOptions& global, const std::string& name) {
  TRY(const auto session, Session::open(global));
  std::string mnemonic;
  if (isatty(STDIN_FILENO) != 0) std::cerr << "The words, on one line: " << std::flush;
  std::getline(std::cin, mnemonic);
  const auto passphrase = session->passphrase(true);
  if (!passphrase) return std::unexpected(passphrase.error());
  const auto info = session->keyring().add_mnemonic(name, mnemonic, passphrase->view());
  crypto::wipe(mnemonic.data(), mnemonic.size());
  if (!info) return std::unexpected(info.error());
  print(global, to_text(*session, *info), boost::json::serialize(to_json(*session, *info)));
  return {};
}

Result<void> list(const GlobalOptions& global) {
  TRY(const auto session, Session::open(global));
  TRY(const auto keys, session->keyring().list());
  boost::json::array json;
  std::string text;
  for (const crypto::KeyInfo& info : keys) {
    json.push_back(to_json(*session, info));
    text += (text.empty() ? "" : "\n") + to_text(*session, info);
  }
  print(global, text.empty() ? "no keys yet; `turnpike keys add NAME` makes one" : text,
        boost::json::serialize(json));
  return {};
}

Result<void> show(const GlobalOptions& global, const std::string& name) {
  TRY(const auto session, Session::open(global));
  TRY(const crypto::KeyInfo info, session->keyring().info(name));
  print(global, to_text(*session, info), boost::json::serialize(to_json(*session, info)));
  return {};
}

Result<void> remove(const GlobalOptions& global, const KeyOptions& options) {
  if (!options.yes) return fail(CliError::kUsage, "this cannot be undone; say --yes");
  TRY(const auto session, Session::open(global));
  TRY_VOID(session->keyring().remove(options.name));
  print(global, "removed " + options.name,
        boost::json::serialize(boost::json::object{{"removed", options.name}}));
  return {};
}

Result<void> rename(const GlobalOptions& global, const KeyOptions& options) {
  TRY(const auto session, Session::open(global));
  TRY_VOID(session->keyring().rename(options.name, options.new_name));
  TRY(const crypto::KeyInfo info, session->keyring().info(options.new_name));
  print(global, to_text(*session, info), boost::json::serialize(to_json(*session, info)));
  return {};
}

}  // namespace

void add_keys(Program& program) {
  CLI::App* keys = program.root.add_subcommand("keys", "Make, list and remove keys");
  keys->require_subcommand(1);
  const auto options = std::make_shared<KeyOptions>();
  const auto command = [&](const char* name, const char* help, auto action) {
    CLI::App* sub = keys->add_subcommand(name, help);
    sub->callback([&program, options, action] {
      program.action = [&program, options, action] { return action(program.options, *options); };
    });
    return sub;
  };
  command("add", "Make a new key from fresh words",
          [](const GlobalOptions& g, const KeyOptions& o) { return add(g, o.name); })
      ->add_option("name", options->name, "Its name")
      ->required();
  command("import", "Restore a key from its words, read from standard input",
          [](const GlobalOptions& g, const KeyOptions& o) { return import(g, o.name); })
      ->add_option("name", options->name, "Its name")
      ->required();
  command("list", "Names and addresses",
          [](const GlobalOptions& g, const KeyOptions&) { return list(g); });
  command("show", "One key",
          [](const GlobalOptions& g, const KeyOptions& o) { return show(g, o.name); })
      ->add_option("name", options->name, "Its name")
      ->required();
  CLI::App* renamed = command("rename", "Give a key another name", rename);
  renamed->add_option("name", options->name, "Its name")->required();
  renamed->add_option("new_name", options->new_name, "The new one")->required();
  CLI::App* removed = command("remove", "Delete a key for good", remove);
  removed->add_option("name", options->name, "Its name")->required();
  removed->add_flag("--yes", options->yes, "Yes, for good");
}

}  // namespace tp::cli
