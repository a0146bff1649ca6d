// What each command does; one file a command.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kernel/config/source.hpp"

namespace kernel::commands {

struct CommandLine {
  std::vector<std::string> arguments;  // after the command's name
  std::shared_ptr<const config::Source> source;
  bool overridden = false;  // --set was given
  /// Reads the files again; the environment and the command line stay. errors: those of config::Source
  std::function<std::shared_ptr<const config::Source>()> read_again;
};

int serve(const CommandLine&);
int migrate(const CommandLine&);
int plugin(const CommandLine&);
int reload(const CommandLine&);
int jobs(const CommandLine&);
int upstream(const CommandLine&);
int openapi(const CommandLine&);
int doctor(const CommandLine&);
int config_reference(const CommandLine&);
int version(const CommandLine&);

}  // namespace kernel::commands
