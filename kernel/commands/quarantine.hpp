// portico plugin quarantine: what is blocked by its content; and plugin scan, by which a host finds out.
#pragma once

#include "kernel/commands/commands.hpp"

namespace kernel::commands {

inline constexpr auto kQuarantineUsage = "portico plugin quarantine [list | release HASH]\n";

/// returns   0 done; 1 nothing has that hash; 2 a wrong command line
int quarantine(const CommandLine& line);

/// Opens a plugin file in a child process with limits; its first line says why it cannot be opened. The host
/// calls this for files that it has never seen.
///
/// returns   0 fine; 1 refused (loader::kScanRefused); 3 it ended the child (loader::kScanCrashed)
int scan(const CommandLine& line);

}  // namespace kernel::commands
