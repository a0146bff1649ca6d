// What the job runner holds: who takes work, and the attempts that were claimed.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "kernel/work/cron.hpp"
#include "kernel/work/job_runner.hpp"

namespace kernel::work {

/// A queue, an event or a task that a plugin takes work of. Under the runner's mutex but for what is const.
struct JobRunner::Handler {
  loader::Plugin* const plugin;
  loader::Lane* const lane;
  const JobKind kind;
  const loader::WorkSpec spec;
  const loader::TaskSpec task{};  // of a schedule
  const std::optional<Cron> cron{};
  bool noted = false;  // its row in PostgreSQL is there
  bool removed = false;
  int running = 0;  // posted to the lane
  std::deque<std::shared_ptr<Attempt>> waiting{};
  const std::string owner = plugin->id();  // also once the plugin is gone

  Wanted wanted(int most) const { return {kind, owner, spec.name, spec.lease, most}; }
};

/// One claim on its way through a worker.
struct JobRunner::Attempt : std::enable_shared_from_this<Attempt> {
  Attempt(std::shared_ptr<Handler> whose, Claim what)
      : handler(std::move(whose)), claim(std::move(what)), renewed(Clock::now()) {}
  const std::shared_ptr<Handler> handler;
  const Claim claim;
  Ending ending{};  // once it ended
  std::uint64_t handle = 0;
  // Under the runner's mutex:
  Clock::time_point renewed, limit = Clock::time_point::max();
  bool lost = false, cancelled = false, completed = false;
  bool alive(Clock::time_point now) const { return !lost && now <= limit; }
  Clock::time_point progress_stored{};
};

// Claimed beyond what runs at once, so that a worker that ends finds the next without asking PostgreSQL.
inline constexpr int kAhead = 8;

}  // namespace kernel::work
