// Reads the command line and the settings, then runs one command.
#include "kernel/commands/program.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <functional>
#include <iostream>
#include <portico/problem.hpp>

#include "kernel/commands/commands.hpp"
#include "kernel/config/suggestion.hpp"
#include "kernel/observe/log.hpp"

namespace kernel::commands {

namespace {

struct Command {
  const char* name;
  const char* about;
  int (*run)(const CommandLine&);
};

const Command kCommands[] = {
    {"serve", "run the portal until SIGTERM or SIGINT", serve},
    {"migrate", "bring the database up to date; --plan only shows what would run", migrate},
    {"plugin",
     "list, why ID, top: what runs, what it holds, what it costs; bundle, install, rollback, remove, quarantine: "
     "what is there; validate FILE, new ID, lifecycle: for authors",
     plugin},
    {"reload", "apply changed files and plugin settings to the running host, or say why not", reload},
    {"jobs", "dead: work that was given up, and why; revive ID: try it again", jobs},
    {"upstream", "list: calls to other systems; isolate NAME: hold them back, restore NAME: let them through",
     upstream},
    {"openapi", "print the API document of the enabled plugins", openapi},
    {"doctor", "check the configuration and every dependency, and say how to mend what fails", doctor},
    {"config", "print every key with its default and meaning", config_reference},
    {"version", "print the version", version},
};

void print_help(std::ostream& out) {
  out << "portico – a plugin host for customer portals\n\nUsage: portico COMMAND [options]\n\nCommands:\n";
  for (const auto& command : kCommands) out << fmt::format("  {:<10}{}\n", command.name, command.about);
  out << "\nOptions:\n"
         "  --config FILE    settings (default: config/portico.properties where it exists)\n"
         "  --set KEY=VALUE  one setting; wins over the environment and the files\n"
         "  --help           this text\n\n"
         "Every key is also an environment variable: http.port is PORTICO_HTTP_PORT.\n";
}

/// Fault texts hold secrets' names, never values; a dump of memory would hold the values.
void keep_secrets_out_of_dumps() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace

int run(int argc, char** argv) {
  CommandLine line;
  std::map<std::string, std::string> overrides;
  std::string config_file, name;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    // `portico plugin new --help` tells more of itself.
    if ((argument == "--help" || argument == "-h") && line.arguments.empty()) return print_help(std::cout), 0;
    if (argument == "--config" || argument == "--set") {
      if (i + 1 == argc) return std::cerr << argument << " needs a value\n", 2;
      const std::string value = argv[++i];
      if (argument == "--config")
        config_file = value;
      else if (const auto equals = value.find('='); equals != std::string::npos)
        overrides[value.substr(0, equals)] = value.substr(equals + 1);
      else
        return std::cerr << "--set wants KEY=VALUE, not '" << value << "'\n", 2;
    } else if (name.empty() && argument[0] != '-') {
      name = argument;
    } else {
      line.arguments.push_back(argument);
    }
  }
  if (name.empty()) return print_help(std::cerr), 2;
  std::vector<std::string> names;
  for (const auto& command : kCommands) {
    names.emplace_back(command.name);
    if (name != command.name) continue;
    keep_secrets_out_of_dumps();
    try {
      if (config_file.empty() && std::filesystem::exists("config/portico.properties"))
        config_file = "config/portico.properties";
      line.read_again = [config_file, overrides] {
        return std::make_shared<const config::Source>(config_file, config::Environment::of_process(),
                                                      overrides);
      };
      line.source = line.read_again();
      line.overridden = !overrides.empty();
      return command.run(line);
    } catch (const portico::Problem& problem) {
      std::cerr << "portico: " << problem.code << "\n" << problem.detail << "\n";
    } catch (const std::exception& e) {
      std::cerr << "portico: " << e.what() << "\n";
    }
    return 1;
  }
  const auto hint = config::nearest(name, names);
  std::cerr << "portico: no command '" << name << "'"
            << (hint.empty() ? "" : "; did you mean '" + hint + "'?") << "\n";
  return 2;
}

}  // namespace kernel::commands
