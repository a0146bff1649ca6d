// The extensions of a few lines each: config, log, metrics, health, clock.
#include <fmt/format.h>

#include "kernel/extensions/all.hpp"
#include "kernel/extensions/table.hpp"
#include "kernel/observe/health.hpp"
#include "kernel/observe/log.hpp"
#include "kernel/observe/metrics.hpp"

namespace kernel::extensions {

namespace {

namespace json = boost::json;

portico_status snapshot(const portico_host* host, portico_buffer* out) {
  return guard(nullptr, [&] { *out = lease_text(json::serialize(plugin_of(host).config)); });
}

portico_status portal(const portico_host* host, portico_buffer* out) {
  return guard(nullptr, [&] {
    const auto& s = services_of(host).settings;
    *out = lease_text(json::serialize(json::object{{"name", s.portal_name},
                                                   {"public_url", s.public_url},
                                                   {"time_zone", s.time_zone},
                                                   {"languages", json::array{"en", "ja"}},
                                                   {"default_language", s.default_language}}));
  });
}

void write_log(const portico_host* host, uint32_t level, portico_str message, const portico_log_field* fields,
               uint64_t count) {
  guard(nullptr, [&] {
    std::vector<observe::Field> list;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, 32); ++i)
      list.emplace_back(portico::view(fields[i].key), portico::view(fields[i].value));
    observe::log(static_cast<observe::Level>(std::min<uint32_t>(level, PORTICO_LOG_ERROR)),
                 "plugin." + plugin_of(host).id(), portico::view(message), list.data(), list.size());
  });
}

std::string metric_name(const portico_host* host, portico_str name, const char* suffix) {
  auto id = plugin_of(host).id();
  std::replace(id.begin(), id.end(), '-', '_');
  return fmt::format("portico_{}_{}{}", id, portico::view(name), suffix);
}

observe::Labels labels(portico_str label, portico_str value) {
  const auto name = portico::view(label);
  if (name.empty() || name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != std::string_view::npos)
    return {};
  return {{text_of(label), text_of(value)}};
}

void count(const portico_host* host, portico_str name, portico_str label, portico_str value, double amount) {
  guard(nullptr, [&] {
    const auto full = metric_name(host, name, "_total");
    if (observe::is_metric_name(full, observe::MetricKind::counter))
      observe::counter(full, "Counted by the plugin", labels(label, value)).add(amount);
  });
}

void duration(const portico_host* host, portico_str name, portico_str label, portico_str value,
              double seconds) {
  guard(nullptr, [&] {
    const auto full = metric_name(host, name, "_seconds");
    if (observe::is_metric_name(full, observe::MetricKind::histogram))
      observe::histogram(full, "Measured by the plugin", labels(label, value)).observe(seconds);
  });
}

void report(const portico_host* host, portico_str name, uint32_t state, portico_str reason) {
  guard(nullptr, [&] {
    plugin_of(host).report_health(
        text_of(name), static_cast<observe::HealthState>(std::min<uint32_t>(state, PORTICO_HEALTH_FAILED)),
        text_of(reason));
  });
}

int64_t now_us(const portico_host*) {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

int64_t monotonic_us(const portico_host*) {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

const portico_config kConfig{sizeof(portico_config), 0, &snapshot, &portal};
const portico_log kLog{sizeof(portico_log), 0, &write_log};
const portico_metrics kMetrics{sizeof(portico_metrics), 0, &count, &duration};
const portico_health kHealth{sizeof(portico_health), 0, &report};
const portico_clock kClock{sizeof(portico_clock), 0, &now_us, &monotonic_us};

}  // namespace kernel::extensions
