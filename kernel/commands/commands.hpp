// What each command does; one file a command.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernel/config/source.hpp"

namespace kernel::commands {

struct CommandLine {
  std::vector<std::string> arguments;  // after the command's name
  std::unique_ptr<config::Source> source;
};

int serve(const CommandLine&);
int migrate(const CommandLine&);
int plugin(const CommandLine&);
int openapi(const CommandLine&);
int doctor(const CommandLine&);
int config_reference(const CommandLine&);
int version(const CommandLine&);

}  // namespace kernel::commands
