// The host's settings: every key with its type, default and meaning, checked as a whole at start.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "kernel/config/source.hpp"

namespace kernel::config {

/// `count` requests per `period`, per client address or per signed-in user.
struct RateSetting {
  std::int64_t count = 0;
  std::chrono::milliseconds period{0};
  enum class Per { address, user } per = Per::user;
};

struct Settings {
  std::string portal_name, time_zone, default_language;
  std::string public_url;    // scheme://host[:port], no path
  bool development = false;  // http on a loopback name: cookies without Secure and prefix, no HSTS
  std::string http_address;
  std::uint16_t http_port = 0;
  int http_reactors = 0;
  std::vector<std::string> trusted_proxies;  // numeric addresses whose X-Forwarded-* count
  std::string database_url, redis_url, smtp_url, mail_from;
  int database_connections = 0;
  std::string seal_key;  // base64 of 32 bytes
  std::vector<std::string> old_seal_keys;
  std::filesystem::path plugin_path, migration_path, cache_path;
  std::chrono::milliseconds plugin_drain{0};  // for requests in a plugin that is replaced or disabled
  std::uint64_t retired_limit = 0;            // bytes of images that stay mapped; more refuses a reload
  std::filesystem::path control_socket;
  bool migrate_at_start = false;
  std::string log_level;
  int cluster_replicas = 1;
  std::int64_t cache_bytes = 0;
  std::chrono::milliseconds cache_load_lease{0}, redis_call_timeout{0};
  std::chrono::milliseconds read_deadline{0}, write_deadline{0};
  std::chrono::milliseconds drain_notice{0};       // between SIGTERM and the end of accepting
  std::chrono::milliseconds drain{0};              // for requests in flight, after that
  std::filesystem::path tls_certificate, tls_key;  // both or none
  std::size_t max_connections = 0, max_connections_per_address = 0;  // 0: the front's own
  std::chrono::milliseconds head_deadline{0}, idle_deadline{0}, body_grace{0}, send_grace{0};
  std::uint64_t min_rate = 0;  // bytes/s
  std::size_t event_streams = 0, event_streams_per_user = 0;
  std::chrono::milliseconds event_keep_alive{
      0};  // of an event stream, and how often its session is looked at
  std::map<std::string, RateSetting> rates;
  std::vector<std::string> metrics_readers;  // numeric addresses that may read /metrics

  /// errors    500 config.invalid with every fault in the detail, one a line; unknown keys with a suggestion
  ///           (keys below "plugins." are checked by the loader, against the manifests)
  static Settings read(const Source& source);

  std::string origin() const { return public_url; }
};

/// One row of the reference page.
struct KeyInfo {
  std::string key, fallback, description;
  std::vector<std::string> variables;  // established names beside the environment form
  bool secret = false;
};
const std::vector<KeyInfo>& known_keys();

}  // namespace kernel::config
