// What can be known of a plugin file without running a byte of it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "kernel/loader/manifest.hpp"
#include "kernel/validator/report.hpp"

namespace kernel::validator {

struct StaticRules {
  std::set<std::string> extensions;         // that this host offers
  std::set<std::string> further_libraries;  // sonames allowed by name beside the C and C++ run time
  std::filesystem::path migrations;         // the plugin's own folder; empty: none were given
  std::filesystem::path web;                // its built pages; empty: none were given
};

/// Adds one check a rule to the report, and fills its id and version.
///
/// returns   the manifest, where it could be read
std::optional<loader::Manifest> run_static(std::span<const std::byte> file, const StaticRules& rules,
                                           Report& report);

}  // namespace kernel::validator
