// turnpike completion and turnpike man: made from the command tree itself, so that they cannot
// differ from it.
#include <algorithm>
#include <boost/json.hpp>

#include "base/disk.h"
#include "cli/command.h"

namespace tp::cli {
namespace {

namespace json = boost::json;

struct CommandEntry {
  std::string path;  // "keys add"; empty for the program itself
  const CLI::App* app;
};

void collect(const CLI::App& app, const std::string& path, std::vector<CommandEntry>& out) {
  out.push_back({path, &app});
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    collect(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), out);
}

std::vector<CommandEntry> commands_of(const CLI::App& root) {
  std::vector<CommandEntry> out;
  collect(root, "", out);
  return out;
}

// "--json", "-f,--follow": the names as they are typed; none for positional parameters.
std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    for (const std::string& name : option->get_snames()) flags.push_back("-" + name);
  }
  return flags;
}

std::vector<std::string> words_after(const CLI::App& root, const CommandEntry& entry) {
  std::vector<std::string> words;
  for (const CLI::App* sub : entry.app->get_subcommands([](const CLI::App*) { return true; }))
    words.push_back(sub->get_name());
  for (const std::string& flag : flags_of(*entry.app)) words.push_back(flag);
  if (!entry.path.empty())
    for (const std::string& flag : flags_of(root))
      words.push_back(flag);  // global options go anywhere
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string bash_completion(const CLI::App& root) {
  std::string script =
      "# Bash completion for turnpike. Load it with: source <(turnpike completion bash)\n"
      "_turnpike() {\n"
      "  local word path=\"\" words\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$path $word\" in\n";
  for (const CommandEntry& entry : commands_of(root))
    if (!entry.path.empty())
      script += "      \" " + entry.path + "\" | \"" + entry.path + "\") path=\"" + entry.path +
                "\" ;;\n";
  script +=
      "    esac\n"
      "  done\n"
      "  case \"$path\" in\n";
  for (const CommandEntry& entry : commands_of(root))
    script += "    \"" + entry.path + "\") words=\"" + joined(words_after(root, entry)) + "\" ;;\n";
  script +=
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
      "  if [ ${#COMPREPLY[@]} = 0 ]; then COMPREPLY=($(compgen -f -- "
      "\"${COMP_WORDS[COMP_CWORD]}\")); fi\n"
      "}\n"
      "complete -F _turnpike turnpike\n";
  return script;
}

std::string zsh_completion(const CLI::App& root) {
  return "#compdef turnpike\n# Zsh completion for turnpike, through its Bash completion.\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash_completion(root);
}

std::string fish_completion(const CLI::App& root) {
  std::string script =
      "# Fish completion for turnpike. Load it with: turnpike completion fish | source\n";
  const auto escaped = [](std::string text) {
    for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 2)
      text.insert(at, "\\");
    return text;
  };
  for (const CommandEntry& entry : commands_of(root)) {
    std::string condition = entry.path.empty() ? "__fish_use_subcommand" : "";
    for (std::size_t begin = 0; begin < entry.path.size();) {
      const std::size_t end = std::min(entry.path.find(' ', begin), entry.path.size());
      condition += (condition.empty() ? "" : "; and ") +
                   std::string("__fish_seen_subcommand_from ") +
                   entry.path.substr(begin, end - begin);
      begin = end + 1;
    }
    for (const CLI::App* sub : entry.app->get_subcommands([](const CLI::App*) { return true; }))
      script += "complete -c turnpike -n '" + condition + "' -a " + sub->get_name() + " -d '" +
                escaped(sub->get_description()) + "'\n";
    for (const CLI::Option* option : entry.app->get_options())
      for (const std::string& name : option->get_lnames())
        script += "complete -c turnpike" + (entry.path.empty() ? "" : " -n '" + condition + "'") +
                  " -l " + name + " -d '" + escaped(option->get_description()) + "'\n";
  }
  return script;
}

// Text for roff: backslashes and leading points mean something there.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out.push_back(c);
    }
  }
  if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
  return out;
}

std::string man_head(const std::string& name, const std::string& what) {
  return ".TH " + roff(name) + " 1 \"\" \"turnpike " + std::string(TURNPIKE_VERSION) +
         "\" \"User Commands\"\n.SH NAME\n" + roff(name) + " \\- " + roff(what) + "\n";
}

std::string man_options(const CLI::App& app) {
  std::string page;
  for (const CLI::Option* option : app.get_options()) {
    page += ".TP\n\\fB" + roff(option->get_name(false, true)) + "\\fR\n" +
            roff(option->get_description());
    std::string otherwise = option->get_default_str();
    // A page is for everybody, whoever wrote it.
    if (otherwise == default_home()) otherwise = "$TURNPIKE_HOME or ~/.turnpike";
    if (!otherwise.empty()) page += " (default: " + roff(otherwise) + ")";
    page += "\n";
  }
  return page;
}

// A settings file with every key and its default, as the `init` commands write it.
std::string man_settings(const std::string& name, const std::string& documented) {
  std::string page = ".SH \"" + roff(name) + "\"\n.nf\n";
  for (std::size_t at = 0; at < documented.size();) {
    const std::size_t end = std::min(documented.find('\n', at), documented.size());
    page += roff(documented.substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return page + ".fi\n";
}

std::string man_tail() {
  return ".SH FILES\n.TP\n\\fI~/.turnpike/client.toml\\fR\nSettings of the client commands; "
         "`turnpike client init` writes it with every key explained, and turnpike(1) lists them.\n"
         ".TP\n\\fI~/.turnpike/keys/\\fR\nKeys, encrypted with a passphrase.\n"
         ".TP\n\\fINODE_HOME/config/node.toml\\fR\nSettings of a node.\n"
         ".TP\n\\fIPROVIDER_HOME/provider.toml\\fR\nSettings of a provider.\n"
         ".SH ENVIRONMENT\n.TP\n\\fBTURNPIKE_HOME\\fR\nThe folder that \\-\\-home names "
         "otherwise.\n"
         ".SH EXIT STATUS\n0 done; 1 failed, with the reason on standard error; 2 the command line "
         "is wrong. With \\-\\-json the reason is the last line of standard error: "
         "{\"error\": {\"codespace\", \"code\", \"text\"}}, of a deployment that failed also "
         "\"deployment\", its number.\n";
}

// Commands of `entries`, each with its options, under headings of their own.
std::string man_commands(const std::vector<CommandEntry>& entries) {
  std::string page;
  for (const CommandEntry& entry : entries)
    page += ".SH \"turnpike " + roff(entry.path) + "\"\n" + roff(entry.app->get_description()) +
            ".\n" + man_options(*entry.app);
  return page;
}

// All of it on one page.
std::string man_page(const CLI::App& root) {
  ClientConfig client;
  std::vector<CommandEntry> entries = commands_of(root);
  entries.erase(entries.begin());  // the program itself
  return man_head("turnpike", root.get_description()) +
         ".SH SYNOPSIS\n.B turnpike\n[\\fIoptions\\fR] \\fIcommand\\fR [\\fIarguments\\fR]\n"
         ".SH OPTIONS\n" +
         man_options(root) + man_commands(entries) +
         man_settings("client.toml", declare(client).documented()) + man_tail();
}

// "turnpike-deploy": one command and what is below it.
std::string man_page_of(const CLI::App& root, const CLI::App& command) {
  std::vector<CommandEntry> below;
  collect(command, command.get_name(), below);
  below.erase(below.begin());
  return man_head("turnpike-" + command.get_name(), command.get_description()) +
         ".SH SYNOPSIS\n.B turnpike " + roff(command.get_name()) + "\n[\\fIarguments\\fR]\n" +
         ".SH OPTIONS\n" + man_options(command) + man_commands(below) +
         ".SH \"OPTIONS OF ALL COMMANDS\"\n" + man_options(root) + man_tail() +
         ".SH \"SEE ALSO\"\n.BR turnpike (1)\n";
}

// Into `directory`/man1, as man(1) wants them below each folder of its path. Returns the files.
Result<std::vector<std::string>> write_man_pages(const CLI::App& root,
                                                 const std::string& directory) {
  SystemDisk disk;
  const std::string section = directory + "/man1";
  TRY_VOID(disk.make_directories(section));
  std::vector<std::string> files{section + "/turnpike.1"};
  TRY_VOID(write_atomically(disk, files.back(), man_page(root)));
  for (const CLI::App* command : root.get_subcommands([](const CLI::App*) { return true; })) {
    files.push_back(section + "/turnpike-" + command->get_name() + ".1");
    TRY_VOID(write_atomically(disk, files.back(), man_page_of(root, *command)));
  }
  return files;
}

// `text` without the newline at its end, which print() adds.
std::string line_of(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

void add_reference(Program& program) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* completion =
      program.root.add_subcommand("completion", "Print a completion script for a shell");
  completion->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->callback([&program, shell] {
    program.action = [&program, shell]() -> Result<void> {
      const std::string script = line_of(*shell == "bash"  ? bash_completion(program.root)
                                         : *shell == "zsh" ? zsh_completion(program.root)
                                                           : fish_completion(program.root));
      print(program.options, script,
            json::serialize(json::object{{"shell", *shell}, {"script", script}}));
      return {};
    };
  });
  const auto directory = std::make_shared<std::string>();
  CLI::App* man = program.root.add_subcommand(
      "man", "Print the manual: turnpike man | man -l -; or write its pages");
  man->add_option("--dir", *directory,
                  "Write a page for each command below this folder, such as /usr/local/share/man");
  man->callback([&program, directory] {
    program.action = [&program, directory]() -> Result<void> {
      if (directory->empty()) {
        const std::string page = line_of(man_page(program.root));
        print(program.options, page, json::serialize(json::object{{"page", page}}));
        return {};
      }
      TRY(const auto files, write_man_pages(program.root, *directory));
      print(program.options, "wrote " + std::to_string(files.size()) + " pages below " + *directory,
            json::serialize(json::object{{"files", json::array(files.begin(), files.end())}}));
      return {};
    };
  });
}

}  // namespace tp::cli
