// portico plugin validate: whether a file keeps what plugins promise.
#pragma once

#include "kernel/commands/commands.hpp"

namespace kernel::commands {

inline constexpr auto kValidateUsage =
    "portico plugin validate FILE… [--json] [--static] [--allow LIBRARY] [--migrations FOLDER] "
    "[--with KEY=VALUE]\n";

/// returns   0 fine; 1 one of the files is refused; 2 a file cannot be read, or a wrong command line
int validate(const CommandLine& line);

}  // namespace kernel::commands
