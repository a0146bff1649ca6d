// What a plugin may not change of the process it lives in.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace kernel::validator {

/// Names of things with a text each: "signal SIGTERM" → how it is handled, "working folder", "file mask",
/// "locale", "environment", "threads", "descriptor 5" → what it is open on.
using ProcessState = std::map<std::string, std::string>;

/// Of the own process, now.
ProcessState read_process_state();

/// What differs, one a line's worth; empty: nothing.
std::vector<std::string> differences(const ProcessState& before, const ProcessState& after);

/// Bytes of memory in use that belong to this process alone.
std::size_t private_memory();

}  // namespace kernel::validator
