// Runs the durable work of plugins: claims what is due, calls the plugin on its own workers, settles.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <queue>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "kernel/loader/handles.hpp"
#include "kernel/loader/plugin.hpp"
#include "kernel/work/job_store.hpp"
#include "kernel/work/time_zone.hpp"

namespace kernel::work {

struct JobRunnerSettings {
  std::chrono::milliseconds poll{500};       // how long what another replica stored may lie unseen; ± 20 %
  std::chrono::milliseconds expire{1'000};   // between looks for leases that ended
  std::chrono::milliseconds sample{10'000};  // between readings of the queues' depth
  std::chrono::minutes clean{10};
};

class JobRunner {
 public:
  /// zone: of cron expressions.
  JobRunner(database::Pool& database, const TimeZone& zone, JobRunnerSettings settings = {});
  /// The lanes of every plugin it was given must have stopped.
  ~JobRunner();
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;

  const JobStore& store() const { return store_; }

  /// The plugin's queues, subscriptions and tasks of one replica. Where PostgreSQL can be reached its
  /// subscriptions are noted before this returns, or before start() does.
  void add(loader::Plugin& plugin);
  /// Afterwards no call into the plugin begins from here. What was claimed and not begun goes back at once;
  /// what runs ends on the plugin's lane and is settled.
  void remove(loader::Plugin& plugin);

  void start();
  /// No work begins afterwards, and what was not begun goes back; what runs belongs to its plugin's lane.
  void stop();

  /// Something was stored that may be due: look now.
  void wake();

  // For a plugin that holds the handle of an attempt. errors: 409 work.lease_lost (also for a stale handle)

  void complete(const loader::Plugin& plugin, std::uint64_t handle, database::Transaction& transaction);
  void progress(const loader::Plugin& plugin, std::uint64_t handle, std::int64_t done, std::int64_t total,
                std::string note);
  /// False once it was cancelled, taken over, or took longer than its limit.
  bool wanted(const loader::Plugin& plugin, std::uint64_t handle) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Handler;
  struct Attempt;
  using Attempts = std::vector<std::shared_ptr<Attempt>>;

  void run();
  void look();
  void note_plugins();
  void try_to_note_plugins();
  bool claim_some();
  void renew();
  void settle_again();
  void sample();
  void dispatch(const std::shared_ptr<Handler>& handler);
  void begin(const std::shared_ptr<Attempt>& attempt);
  void call(Attempt& attempt);
  bool settle(const std::shared_ptr<Attempt>& attempt);
  void leave(const std::shared_ptr<Attempt>& attempt, bool settled);
  void give_back(const Attempts& attempts);
  Attempts not_begun(const loader::Plugin* plugin);
  std::shared_ptr<Attempt> attempt_of(const loader::Plugin& plugin, std::uint64_t handle) const;

  const JobStore store_;
  const TimeZone& zone_;
  const JobRunnerSettings settings_;
  const std::string claimer_;
  loader::Handles<Attempt> handles_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false, woken_ = false;
  std::vector<std::shared_ptr<Handler>> handlers_;
  std::set<std::shared_ptr<Attempt>> held_;         // claimed and not settled
  std::deque<std::shared_ptr<Attempt>> unsettled_;  // ended while PostgreSQL was away
  std::priority_queue<Clock::time_point, std::vector<Clock::time_point>, std::greater<>> due_;
  Clock::time_point expired_{}, sampled_{}, cleaned_{}, seen_{};
  std::thread thread_;
};

}  // namespace kernel::work
