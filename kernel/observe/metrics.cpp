// The metrics registry: families by name, one metric per label set, a shared one beyond the limit.
#include "kernel/observe/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <mutex>
#include <variant>

#include "kernel/observe/process.hpp"

namespace kernel::observe {
namespace {

constexpr std::size_t kMaxLabelSets = 200;
constexpr std::size_t kMaxLabelValue = 128;

using Metric = std::variant<std::unique_ptr<Counter>, std::unique_ptr<Gauge>, std::unique_ptr<Histogram>>;

struct Family {
  MetricKind kind;
  std::string help;
  std::map<Labels, Metric> metrics;
};

/// A broken rule in our own code: say which and stop.
[[noreturn]] void refuse(std::string_view name, std::string_view why) {
  std::fprintf(stderr, "metric %.*s: %.*s\n", static_cast<int>(name.size()), name.data(),
               static_cast<int>(why.size()), why.data());
  std::abort();
}

bool is_snake_case(std::string_view name) noexcept {
  if (name.empty() || !(name[0] >= 'a' && name[0] <= 'z')) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

bool fits_kind(std::string_view name, MetricKind kind) noexcept {
  switch (kind) {
    case MetricKind::counter:
      return name.ends_with("_total");
    case MetricKind::gauge:
      return !name.ends_with("_total");
    case MetricKind::histogram:
      return name.ends_with("_seconds");
  }
  return false;
}

bool is_well_formed(std::string_view name, MetricKind kind) noexcept {
  return name.starts_with("portico_") && is_snake_case(name) && fits_kind(name, kind);
}

std::string_view type_of(MetricKind kind) noexcept {
  switch (kind) {
    case MetricKind::counter:
      return "counter";
    case MetricKind::gauge:
      return "gauge";
    case MetricKind::histogram:
      return "histogram";
  }
  return "untyped";
}

/// A label value cut at a character boundary.
std::string cut(std::string value) {
  if (value.size() <= kMaxLabelValue) return value;
  std::size_t end = kMaxLabelValue;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xc0) == 0x80) --end;
  value.resize(end);
  return value;
}

void append_escaped(std::string& out, std::string_view text, bool quote_too) {
  for (char c : text) {
    if (c == '\\') {
      out.append("\\\\");
    } else if (c == '\n') {
      out.append("\\n");
    } else if (c == '"' && quote_too) {
      out.append("\\\"");
    } else {
      out.push_back(c);
    }
  }
}

/// {a="b",le="0.1"}; nothing where there is no label. extra is appended as it is.
std::string render_labels(const Labels& labels, std::string_view extra = {}) {
  if (labels.empty() && extra.empty()) return {};
  std::string out = "{";
  for (const auto& [name, value] : labels) {
    if (out.size() > 1) out.push_back(',');
    out.append(name).append("=\"");
    append_escaped(out, value, true);
    out.push_back('"');
  }
  if (!extra.empty()) {
    if (out.size() > 1) out.push_back(',');
    out.append(extra);
  }
  out.push_back('}');
  return out;
}

std::string render_number(double v) {
  if (std::isnan(v)) return "NaN";
  if (std::isinf(v)) return v > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", v);
}

void render_histogram(std::string& out, std::string_view name, const Labels& labels,
                      const Histogram& histogram) {
  const std::vector<std::uint64_t> buckets = histogram.buckets();
  const std::vector<double>& bounds = Histogram::bounds();
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    total += buckets[i];
    const std::string bound = i < bounds.size() ? render_number(bounds[i]) : "+Inf";
    fmt::format_to(std::back_inserter(out), "{}_bucket{} {}\n", name,
                   render_labels(labels, fmt::format("le=\"{}\"", bound)), total);
  }
  const std::string set = render_labels(labels);
  fmt::format_to(std::back_inserter(out), "{0}_sum{1} {2}\n{0}_count{1} {3}\n", name, set,
                 render_number(histogram.sum()), total);
}

class Registry {
 public:
  template <class Type>
  Type& find_or_make(std::string_view name, MetricKind kind, std::string_view help, const Labels& labels) {
    if (!is_well_formed(name, kind)) refuse(name, "not a name for this kind of metric");
    Labels wanted = normalised(name, labels);
    const std::lock_guard lock(mutex_);
    auto family = families_.find(name);
    if (family == families_.end()) {
      family = families_.emplace(std::string(name), Family{kind, std::string(help), {}}).first;
    }
    if (family->second.kind != kind) refuse(name, "used with two kinds");
    auto& metrics = family->second.metrics;
    if (!metrics.contains(wanted) && metrics.size() >= kMaxLabelSets) wanted = {{"overflow", "true"}};
    auto found = metrics.find(wanted);
    if (found == metrics.end()) found = metrics.emplace(std::move(wanted), std::make_unique<Type>()).first;
    return *std::get<std::unique_ptr<Type>>(found->second);
  }

  bool is_free_for(std::string_view name, MetricKind kind) const {
    const std::lock_guard lock(mutex_);
    const auto family = families_.find(name);
    return family == families_.end() || family->second.kind == kind;
  }

  std::string render() const {
    std::string out;
    const std::lock_guard lock(mutex_);
    for (const auto& [name, family] : families_) {
      out.append("# HELP ").append(name).push_back(' ');
      append_escaped(out, family.help, false);
      fmt::format_to(std::back_inserter(out), "\n# TYPE {} {}\n", name, type_of(family.kind));
      for (const auto& [labels, metric] : family.metrics) {
        if (const auto* c = std::get_if<std::unique_ptr<Counter>>(&metric)) {
          out.append(name)
              .append(render_labels(labels))
              .append(" ")
              .append(render_number((*c)->value()))
              .append("\n");
        } else if (const auto* g = std::get_if<std::unique_ptr<Gauge>>(&metric)) {
          out.append(name)
              .append(render_labels(labels))
              .append(" ")
              .append(render_number((*g)->value()))
              .append("\n");
        } else {
          render_histogram(out, name, labels, *std::get<std::unique_ptr<Histogram>>(metric));
        }
      }
    }
    return out;
  }

 private:
  static Labels normalised(std::string_view name, const Labels& labels) {
    Labels sorted = labels;
    for (auto& [label, value] : sorted) {
      if (!is_snake_case(label) || label == "le" || label == "quantile") refuse(name, "bad label name");
      value = cut(std::move(value));
    }
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end(),
                                          [](const auto& a, const auto& b) { return a.first == b.first; });
    if (twice != sorted.end()) refuse(name, "a label given twice");
    return sorted;
  }

  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;
};

Registry& registry() {
  static Registry* const one = new Registry;  // references to metrics live as long as the process
  return *one;
}

}  // namespace

void Counter::add(double n) noexcept {
  value_.fetch_add(n, std::memory_order_relaxed);
}
double Counter::value() const noexcept {
  return value_.load(std::memory_order_relaxed);
}

void Gauge::set(double v) noexcept {
  value_.store(v, std::memory_order_relaxed);
}
void Gauge::add(double n) noexcept {
  value_.fetch_add(n, std::memory_order_relaxed);
}
double Gauge::value() const noexcept {
  return value_.load(std::memory_order_relaxed);
}

const std::vector<double>& Histogram::bounds() {
  static const std::vector<double> all{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                       0.25,  0.5,    1,     2.5,  5,     10};
  return all;
}

Histogram::Histogram() : buckets_(new std::atomic<std::uint64_t>[bounds().size() + 1] {}) {}

void Histogram::observe(double seconds) noexcept {
  const std::vector<double>& all = bounds();
  const auto at = std::lower_bound(all.begin(), all.end(), seconds);  // le: a bound belongs to its bucket
  buckets_[static_cast<std::size_t>(at - all.begin())].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(seconds, std::memory_order_relaxed);
}

std::vector<std::uint64_t> Histogram::buckets() const {
  std::vector<std::uint64_t> copy(bounds().size() + 1);
  for (std::size_t i = 0; i < copy.size(); ++i) copy[i] = buckets_[i].load(std::memory_order_relaxed);
  return copy;
}

double Histogram::sum() const noexcept {
  return sum_.load(std::memory_order_relaxed);
}

Counter& counter(std::string_view name, std::string_view help, const Labels& labels) {
  return registry().find_or_make<Counter>(name, MetricKind::counter, help, labels);
}

Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels) {
  return registry().find_or_make<Gauge>(name, MetricKind::gauge, help, labels);
}

Histogram& histogram(std::string_view name, std::string_view help, const Labels& labels) {
  return registry().find_or_make<Histogram>(name, MetricKind::histogram, help, labels);
}

bool is_metric_name(std::string_view name, MetricKind kind) {
  return is_well_formed(name, kind) && registry().is_free_for(name, kind);
}

std::string render_metrics() {
  return registry().render() + render_process_metrics();
}

}  // namespace kernel::observe
