// Both stages over one plugin file.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "kernel/validator/report.hpp"

namespace kernel::validator {

/// What who asks for the check adds to the rules.
struct Wishes {
  bool run = true;                          // false: the static stage alone
  std::set<std::string> further_libraries;  // allowed by name
  std::filesystem::path migrations;         // of this plugin
  std::filesystem::path all_migrations;     // else <id>/ in here, where it exists
  boost::json::object settings;             // in place of invented ones
};

/// The dynamic stage runs only what the static stage has not refused. From a process with one thread.
///
/// errors    404 plugin.unreadable; 422 plugin.too_large
Report validate(const std::filesystem::path& file, const Wishes& wishes);

}  // namespace kernel::validator
