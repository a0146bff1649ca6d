// Runs what may crash, hang or eat memory in a process of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace kernel::validator {

struct ChildLimits {
  std::uint64_t memory = std::uint64_t{2} << 30;  // bytes of address space; not under a sanitizer
  std::uint64_t cpu_s = 60;
  std::chrono::milliseconds time{120'000};
};

struct ChildEnd {
  enum class Kind { answered, crashed, left, too_slow, no_child };
  Kind kind = Kind::no_child;
  std::string answer;  // what body returned
  std::string step;    // what it last said it was doing
  int signal = 0;      // of crashed
  int status = 0;      // of left: it called exit

  /// "killed by SIGSEGV while calling start"
  std::string text() const;
};

/// Where body says what it does next, so that a crash can be told.
using Step = std::function<void(const std::string&)>;

/// Forks: only from a process that has one thread, or none that holds a lock that body needs. The child has
/// no network where the machine lets it be taken away, writes to /dev/null, dies with its parent, and takes
/// its own children along.
ChildEnd run_in_child(const ChildLimits& limits, const std::function<std::string(const Step&)>& body);

}  // namespace kernel::validator
