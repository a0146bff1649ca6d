// What the host tells of its plugins: to the command line, to /api/admin/plugins, and as metrics.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "kernel/loader/loader.hpp"

namespace kernel::commands {

/// {"plugins":[{id, version, state, reason, sha256, license, description, unload, retired}], "draining":[…],
/// "refused_files":[{file, code, reason}]}
boost::json::object describe_plugins(const loader::Lineup& lineup,
                                     const std::vector<loader::PluginPtr>& draining);

/// {"instances":[{…as above, "holdings":[{kind, place, correlation_id, age_ms}], "needs":[…],
/// "needed_by":[…]}]}: the running instance, then those of that id that still drain.
/// errors    404 plugin.unknown
boost::json::object explain_plugin(const std::string& id, const loader::Lineup& lineup,
                                   const std::vector<loader::PluginPtr>& draining);

/// {"plugins":[{id, calls, errors, processor_ms, database_ms, outbound_calls, bytes_in, bytes_out, holds}]},
/// sums since each started, the costliest first.
boost::json::object cost_of_plugins(const loader::Lineup& lineup);

/// The same as gauges portico_plugin_*{plugin}, for the page of metrics that is read next.
void measure_plugins(const loader::Lineup& lineup);

}  // namespace kernel::commands
