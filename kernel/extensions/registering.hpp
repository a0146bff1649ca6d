// Checks that registrations share: only while starting, and only what the manifest names.
#pragma once

#include <algorithm>
#include <portico/problem.hpp>

#include "kernel/extensions/table.hpp"

namespace kernel::extensions {

/// errors    409 plugin.not_starting
inline void require_starting(const loader::Plugin& plugin) {
  if (!plugin.registering())
    throw portico::Problem(409, "plugin.not_starting", "register in start, nowhere else");
}

/// errors    403 plugin.not_in_manifest
[[noreturn]] inline void not_in_manifest(const std::string& what, const char* member) {
  throw portico::Problem(403, "plugin.not_in_manifest",
                         what + " is not under \"" + member + "\" in manifest.json");
}

/// errors    403 plugin.not_in_manifest
inline void require_named(const std::string& name, const std::vector<std::string>& names,
                          const char* member) {
  if (std::find(names.begin(), names.end(), name) == names.end()) not_in_manifest(name, member);
}

}  // namespace kernel::extensions
