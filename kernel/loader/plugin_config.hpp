// A plugin's settings: looked up, typed and checked against the schema of its manifest.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "kernel/config/source.hpp"
#include "kernel/loader/manifest.hpp"

namespace kernel::loader {

/// Every key of the schema with its value or default.
///
/// errors    500 config.invalid with every fault, one a line; unknown keys below "plugins.<id>." with a
/// suggestion
boost::json::object read_plugin_config(const Manifest& manifest, const config::Source& source);

/// plugins.<id>.enabled; errors: 500 config.invalid
bool is_enabled(const std::string& id, const config::Source& source);

}  // namespace kernel::loader
