// What shows only when a plugin runs: lives on made-up hosts, each scene in a child process with limits.
#pragma once

#include <filesystem>

#include "kernel/loader/manifest.hpp"
#include "kernel/validator/report.hpp"

namespace kernel::validator {

struct DynamicRules {
  boost::json::object settings;  // in place of the invented ones
  int reload_cycles = 200;
};

/// Adds one check a scene to the report. The plugin's code runs, with the rights of who calls this, but never
/// in this process; its network is taken away where the machine allows that.
void run_dynamic(const std::filesystem::path& file, const loader::Manifest& manifest,
                 const DynamicRules& rules, Report& report);

}  // namespace kernel::validator
