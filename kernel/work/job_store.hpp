// The durable work of plugins in PostgreSQL: jobs of queues, deliveries of events, tasks that come again.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernel/database/connection.hpp"

namespace kernel::work {

enum class JobKind { queue, event, schedule };
std::string_view to_string(JobKind kind);

struct NewJob {
  std::string owner, queue, payload, dedup_key = {}, key = {}, correlation_id = {};
  int priority = 0;
  std::optional<database::Timestamp> not_before = {};
};

struct NewEvent {
  std::string publisher, topic, payload, key = {}, dedup_key = {}, correlation_id = {};
};

/// What somebody who is free takes: at most `most` of one queue.
struct Wanted {
  JobKind kind;
  std::string owner, queue;
  std::chrono::milliseconds lease;
  int most;
};

/// One claim. Whoever holds a later epoch of the same id has taken it over.
struct Claim {
  std::int64_t id = 0, epoch = 0, attempt = 0, created_us = 0, run_at_us = 0;
  JobKind kind = JobKind::queue;
  std::string owner, queue, key, payload, correlation_id;
  std::chrono::milliseconds lease{0};
};

/// How an attempt ended.
struct Ending {
  enum Kind { done, retry, dead, again } kind = done;
  std::string error = {};
  std::chrono::milliseconds base{0}, most{0}, at_least{0};  // retry: back-off
  std::chrono::milliseconds pause{0};                       // again: from now
  std::optional<database::Timestamp> until = {};            // again: then; retry: then at the latest
};

/// What lies in one queue.
struct Depth {
  JobKind kind;
  std::string owner, queue;
  std::int64_t ready = 0, waiting = 0, running = 0, dead = 0;  // waiting: for its time or its key
  double oldest_s = 0;                                         // how long the first that could run has
};

struct DeadLetter {
  std::int64_t id = 0, attempts = 0;
  std::string kind, owner, queue, key, error, died_at;
};

class JobStore {
 public:
  explicit JobStore(database::Pool& database) : database_(database) {}

  // In the caller's transaction, whatever its role.

  /// returns  its id, 0 where the dedup key was known. errors: 422 work.invalid
  std::int64_t enqueue(database::Transaction& transaction, const NewJob& job) const;
  /// Stores the event and a delivery for each subscriber there is at this moment. errors: 422 work.invalid
  void publish(database::Transaction& transaction, const NewEvent& event) const;
  /// Done, if the claim still holds. errors: 409 work.lease_lost
  void complete(database::Transaction& transaction, const Claim& claim) const;
  /// errors: 404 work.no_such_job
  void cancel(database::Transaction& transaction, const std::string& owner, std::int64_t id) const;

  // In a transaction of its own each.

  /// JSON. errors: 404 work.no_such_job
  std::string look(const std::string& owner, std::int64_t id) const;
  /// The latest first.
  std::vector<DeadLetter> dead_letters(int most) const;
  /// A dead letter gets its attempts anew. errors: 404 work.no_such_job
  void revive(std::int64_t id) const;

  /// Notes who subscribes; events published from now on are kept for them.
  void subscribe(const std::string& owner, const std::vector<std::string>& topics) const;
  /// Makes the row of a task that comes again, or leaves it where `meaning` is as before.
  void schedule(const std::string& owner, const std::string& task, const std::string& meaning,
                database::Timestamp first) const;
  /// The subscriptions and all work of a plugin that is removed for good.
  void forget(const std::string& owner) const;

  std::vector<Claim> claim(const std::string& claimer, const std::vector<Wanted>& wanted) const;
  /// What has outlived its lease is available again. returns how many
  std::int64_t expire() const;
  /// Leases begin anew. returns those that still hold, and whether they are to be cancelled
  struct Held {
    std::int64_t id;
    bool cancel;
  };
  std::vector<Held> renew(const std::vector<const Claim*>& claims) const;
  /// returns  when it is due again, if it is; errors: 409 work.lease_lost
  std::optional<std::chrono::milliseconds> settle(const Claim& claim, const Ending& ending) const;
  void give_back(const Claim& claim) const;
  /// False where the claim no longer holds.
  bool progress(const Claim& claim, std::int64_t done, std::int64_t total, std::string note) const;

  std::vector<Depth> depths(const std::vector<Wanted>& queues) const;
  /// Deletes what is kept no longer (the constants in job_store.cpp); one host at a time.
  void clean() const;

 private:
  database::Transaction begin(const char* reason) const;

  database::Pool& database_;
};

}  // namespace kernel::work
