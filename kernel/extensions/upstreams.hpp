// The upstreams of a plugin's manifest, as the outbound room knows them.
#pragma once

#include <string>

#include "kernel/loader/plugin.hpp"
#include "kernel/outbound/outbound.hpp"

namespace kernel::extensions {

/// errors    500 upstream.settings
void add_upstreams(const loader::Plugin& plugin, outbound::Outbound& outbound, int replicas);
std::string upstream_name(const loader::Plugin& plugin, const std::string& name);

}  // namespace kernel::extensions
