// The upstreams of a plugin's manifest, as the outbound room knows them.
#pragma once

#include <string>

#include "kernel/extensions/table.hpp"
#include "kernel/outbound/grpc/channels.hpp"
#include "kernel/outbound/outbound.hpp"

namespace kernel::extensions {

/// Under upstream_name; isolated where the one of the serving version is. errors    500 upstream.settings
void add_upstreams(const loader::Plugin& plugin, outbound::Outbound& outbound,
                   outbound::rpc::Channels& channels, int replicas);
/// "parcels_rates", and "parcels_rates--starting" for a version that starts beside the one that serves.
std::string serving_upstream_name(const loader::Plugin& plugin, const std::string& name);
std::string starting_upstream_name(const loader::Plugin& plugin, const std::string& name);
/// The one of the two that this instance calls now.
std::string upstream_name(const loader::Plugin& plugin, const std::string& name);

/// The name of one that the manifest lists with that protocol. errors: 500 plugin.not_in_manifest
std::string declared_upstream(const portico_host* host, portico_str name, loader::Protocol protocol);

/// asked: PORTICO_PRIORITY_…
outbound::Priority priority_of(std::uint32_t asked);

}  // namespace kernel::extensions
