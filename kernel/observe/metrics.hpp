// Counters, gauges and histograms in the Prometheus text format; bounded cardinality.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kernel::observe {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  void add(double n = 1) noexcept;
  double value() const noexcept;

 private:
  std::atomic<double> value_{0};
};

class Gauge {
 public:
  void set(double v) noexcept;
  void add(double n) noexcept;
  double value() const noexcept;

 private:
  std::atomic<double> value_{0};
};

/// Durations in seconds, buckets 1 ms … 10 s.
class Histogram {
 public:
  Histogram();
  void observe(double seconds) noexcept;

  static const std::vector<double>& bounds();
  std::vector<std::uint64_t> buckets() const;  // not cumulative; last is +Inf
  double sum() const noexcept;

 private:
  std::unique_ptr<std::atomic<std::uint64_t>[]> buckets_;
  std::atomic<double> sum_{0};
};

/// Finds or makes the metric of that name and label set; the reference lives as long as the process.
/// Look it up once and keep the reference on hot paths. Over 200 label sets of one name share the set
/// {overflow="true"}. A name is lower snake_case and starts with "portico_"; counters end in "_total",
/// histograms in "_seconds". A bad name and a name used with two kinds stop the process: both are our own
/// mistakes (ask is_metric_name first where the name comes from a plugin). Label values may be any text and
/// are cut at 128 bytes; label names are lower snake_case.
Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
Histogram& histogram(std::string_view name, std::string_view help, const Labels& labels = {});

enum class MetricKind { counter, gauge, histogram };

/// True where name follows the rules above for that kind and is not taken by another kind.
bool is_metric_name(std::string_view name, MetricKind kind);

/// The whole registry and the process's figures in the Prometheus text exposition format 0.0.4.
std::string render_metrics();

}  // namespace kernel::observe
