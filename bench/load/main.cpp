// turnpike_load MODE NAME=VALUE...: loads a running node for the scripts of bench/, through its
// HTTP as clients do. Modes: modes.h.
#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "modes.h"
#include "signers.h"

namespace tp::load {

std::string Settings::text(const std::string& name) const {
  const auto found = values_.find(name);
  if (found != values_.end()) return found->second;
  std::fprintf(stderr, "turnpike_load: %s=... is missing\n", name.c_str());
  std::exit(2);
}

std::uint64_t Settings::number(const std::string& name, std::uint64_t otherwise) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return otherwise;
  const auto number = parse_int<std::uint64_t>(found->second);
  if (number) return *number;
  std::fprintf(stderr, "turnpike_load: %s=%s is not a number\n", name.c_str(),
               found->second.c_str());
  std::exit(2);
}

Result<void> genesis(const Settings& settings) {
  return add_accounts(settings.text("genesis"), settings.number("accounts", 1),
                      settings.number("signers", 1), "1000000000000");
}

}  // namespace tp::load

int main(int count, char** arguments) {
  using namespace tp::load;
  const std::map<std::string, tp::Result<void> (*)(const Settings&)> modes{{"genesis", genesis},
                                                                           {"history", history},
                                                                           {"queries", queries},
                                                                           {"transfers", transfers},
                                                                           {"latency", latency}};
  std::map<std::string, std::string> values;
  for (int i = 2; i < count; ++i) {
    const std::string argument = arguments[i];
    const std::size_t equals = argument.find('=');
    values[argument.substr(0, equals)] =
        equals == std::string::npos ? "" : argument.substr(equals + 1);
  }
  const auto mode = modes.find(count > 1 ? arguments[1] : "");
  if (mode == modes.end()) {
    std::fprintf(stderr,
                 "usage: turnpike_load genesis|history|queries|transfers|latency NAME=VALUE...\n");
    return 2;
  }
  const tp::Result<void> done = mode->second(Settings(std::move(values)));
  if (done) return 0;
  std::fprintf(stderr, "turnpike_load: %s\n", done.error().text.c_str());
  return 1;
}
