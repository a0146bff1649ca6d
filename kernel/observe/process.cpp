// Process figures from /proc/self/stat, /proc/self/fd and getrlimit.
#include "kernel/observe/process.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>

namespace kernel::observe {
namespace {

/// Boot time from /proc/stat, in seconds since the epoch; it does not change while we run.
double boot_time() {
  static const double at = [] {
    std::ifstream stat("/proc/stat");
    std::string word;
    double value = 0;
    while (stat >> word) {
      if (word == "btime" && stat >> value) return value;
    }
    return 0.0;
  }();
  return at;
}

void read_stat(ProcessFigures& figures) {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t name_end = text.rfind(')');  // the program's name may hold spaces and parentheses
  if (name_end == std::string::npos) return;
  std::istringstream rest(text.substr(name_end + 1));
  std::string skipped;
  const auto skip = [&](int count) {
    for (int i = 0; i < count; ++i) rest >> skipped;
  };
  // proc(5): after the name come state (3) … utime (14) stime (15) … threads (20) … starttime (22) vsize (23)
  // rss (24)
  double user = 0, system = 0, start = 0;
  std::uint64_t resident_pages = 0;
  skip(11);
  rest >> user >> system;
  skip(4);
  rest >> figures.threads;
  skip(1);
  rest >> start >> figures.virtual_bytes >> resident_pages;
  const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  figures.cpu_seconds = (user + system) / ticks;
  figures.start_time_seconds = boot_time() + start / ticks;
  figures.resident_bytes = resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

ProcessFigures process_figures() {
  ProcessFigures figures;
  read_stat(figures);
  std::error_code error;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
       at.increment(error)) {
    ++figures.open_fds;
  }
  if (figures.open_fds > 0) --figures.open_fds;  // the one that lists them
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.max_fds = limit.rlim_cur;
  return figures;
}

std::string render_process_metrics() {
  const ProcessFigures f = process_figures();
  std::string out;
  const auto add = [&](std::string_view name, std::string_view type, std::string_view help, auto value) {
    fmt::format_to(std::back_inserter(out), "# HELP {0} {2}\n# TYPE {0} {1}\n{0} {3}\n", name, type, help,
                   value);
  };
  add("process_cpu_seconds_total", "counter", "User and system CPU time spent.", f.cpu_seconds);
  add("process_resident_memory_bytes", "gauge", "Resident memory.", f.resident_bytes);
  add("process_virtual_memory_bytes", "gauge", "Virtual memory.", f.virtual_bytes);
  add("process_open_fds", "gauge", "Open file descriptors.", f.open_fds);
  add("process_max_fds", "gauge", "Most file descriptors this process may open.", f.max_fds);
  add("process_threads", "gauge", "Threads of this process.", f.threads);
  add("process_start_time_seconds", "gauge", "Start of the process since the epoch.", f.start_time_seconds);
  return out;
}

}  // namespace kernel::observe
