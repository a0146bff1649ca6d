// What a plugin says of itself before any of its code runs.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kernel::loader {

/// Workers of one lane: how many threads, how many may wait, and for how long.
struct LaneSpec {
  std::int64_t workers = 4;
  std::int64_t queue = 64;
  std::int64_t wait_ms = 2000;
  std::int64_t nice = 0;  // 0 … 19: how far its threads step back when the processors are all in use
};

/// Of the lane "tasks", which every plugin has: nobody waits for background work, and what is queued is held
/// under a lease and does not grow stale.
inline constexpr LaneSpec kTasksLane{1, 64, 3'600'000, 5};

struct OutboundLaneSpec {
  std::int64_t concurrency = 8;
  std::int64_t queue = 64;
  std::int64_t queue_wait_ms = 2000;
  std::int64_t rate = 0;  // attempts of all replicas in rate_ms; 0: any number
  std::int64_t rate_ms = 1000;
  std::int64_t background_percent = 40;
};

enum class Protocol { http, grpc };

struct OutboundSpec {
  Protocol protocol = Protocol::http;
  std::string base_url;            // the config key that holds it
  std::string ca_file;             // the config key that holds it; empty: the system's
  std::int64_t keep_alive_ms = 0;  // gRPC: a ping after so long without a byte; 0: none
  std::int64_t timeout_ms = 10'000;
  std::int64_t connect_timeout_ms = 3'000;
  std::int64_t body_limit = 8 << 20;
  std::map<std::string, OutboundLaneSpec> lanes;
};

enum class ConfigType { text, url, integer, boolean, list };

struct ConfigKey {
  ConfigType type = ConfigType::text;
  std::optional<boost::json::value> fallback;
  bool required = false;
  bool secret = false;
  std::optional<std::int64_t> min, max;
  std::string env;  // established variable name
  std::string description;
};

struct Manifest {
  std::string id, version, license, description;
  std::int64_t abi_major = 0, abi_min_minor = 0;
  std::vector<std::string> extensions_required, extensions_optional;
  std::vector<std::string> operations_provided, operations_required, operations_optional;
  std::vector<std::string> routes, pages, tasks;  // path prefixes; names of tasks and queues
  std::vector<std::string> events_published, events_subscribed;
  std::vector<std::string> workflows;     // kinds
  std::map<std::string, LaneSpec> lanes;  // always has "standard"
  bool database = false, mail = false, identity = false;
  std::map<std::string, OutboundSpec> outbound;
  std::map<std::string, ConfigKey> config;
  std::string unload;

  bool may_register_path(std::string_view path, const std::vector<std::string>& prefixes) const;

  /// errors    422 plugin.manifest_invalid; the detail says field, wanted and found
  static Manifest parse(std::string_view json);
};

}  // namespace kernel::loader
