// Figures of this process under the names that Prometheus dashboards expect (process_…).
#pragma once

#include <cstdint>
#include <string>

namespace kernel::observe {

struct ProcessFigures {
  double cpu_seconds = 0;         // user + system
  double start_time_seconds = 0;  // since the epoch
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;
  std::uint64_t threads = 0;
};

/// Read from /proc/self; a figure that cannot be read is 0.
ProcessFigures process_figures();

/// The figures in the Prometheus text format. render_metrics() ends with them.
std::string render_process_metrics();

}  // namespace kernel::observe
