// The command line: one word chooses what to do.
#pragma once

namespace kernel::commands {

/// returns   the process's exit status: 0 done, 1 failed, 2 a wrong command line
int run(int argc, char** argv);

}  // namespace kernel::commands
