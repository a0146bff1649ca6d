// Work by the clock and durable queues: what runs beside requests on the plugin's own workers.
#pragma once

#include <portico/abi/clock.h>
#include <portico/abi/tasks.h>

#include <functional>
#include <memory>
#include <portico/contract.hpp>
#include <portico/database.hpp>
#include <vector>

namespace portico {

enum class Replicas { every = PORTICO_TASK_EVERY_REPLICA, one = PORTICO_TASK_ONE_REPLICA };

/// A queue and what lies in it; name stands in the manifest under "tasks".
template <class Payload>
struct Queue {
  const char* name;
};

/// How a queue or subscription is worked through; 0 means the default (see portico_queue_options).
struct QueueOptions {
  std::uint32_t attempts = 0, concurrency = 0;
  std::chrono::milliseconds backoff{0}, backoff_most{0}, lease{0}, limit{0};

  portico_queue_options raw() const {
    return {sizeof(portico_queue_options), attempts,      concurrency,  0, backoff.count(),
            backoff_most.count(),          lease.count(), limit.count()};
  }
};

struct EnqueueOptions {
  std::string dedup_key = {}, key = {};
  std::optional<Time> not_before = {};
  std::int32_t priority = 0;
};

/// A failure that no further attempt will mend: the job becomes a dead letter at once.
class Permanent : public Problem {
 public:
  using Problem::Problem;
};

/// One attempt at one job or delivery; lives while the function runs.
class Job {
 public:
  Job(const portico_host* host, const portico_tasks* table, const portico_job& raw)
      : host_(host), table_(table), raw_(raw) {}

  std::int64_t id() const { return raw_.id; }  // the same in every attempt
  std::uint32_t attempt() const { return raw_.attempt; }
  std::string_view key() const { return view(raw_.key); }
  std::string_view payload() const { return view(raw_.payload); }
  Time created_at() const { return Time(std::chrono::microseconds(raw_.created_us)); }

  /// Done, together with what this transaction did. errors: 409 work.lease_lost
  void complete(Transaction& transaction) const {
    auto error = call::empty_error();
    call::check(table().complete(host_, raw_.handle, transaction.handle(), &error), error, "job.complete");
  }
  /// errors: 409 work.lease_lost
  void progress(std::int64_t done, std::int64_t total, std::string_view note = {}) const {
    auto error = call::empty_error();
    call::check(table().progress(host_, raw_.handle, done, total, to_str(note), &error), error,
                "job.progress");
  }
  /// False once somebody cancelled it or it is no longer ours.
  bool wanted() const { return table().check(host_, raw_.handle) == PORTICO_OK; }

 private:
  const portico_tasks& table() const {
    if (!table_) throw Problem(500, "sdk.extension_missing", "portico.tasks/1 is not in the manifest");
    return *table_;
  }
  const portico_host* host_;
  const portico_tasks* table_;
  const portico_job& raw_;
};

namespace call {

/// What the host calls for one queue or subscription.
struct JobHandler {
  const portico_host* host;
  const portico_tasks* table;
  std::function<void(const Job&)> fn;

  static portico_status run(void* user, const portico_job* raw, portico_error* error) noexcept {
    auto& self = *static_cast<JobHandler*>(user);
    bool permanent = false;
    const auto status = guard(error, [&] {
      try {
        self.fn(Job(self.host, self.table, *raw));
      } catch (const Permanent&) {
        permanent = true;
        throw;
      }
    });
    return permanent ? PORTICO_E_INVALID : status;
  }
};

/// A payload that cannot be read is permanent: no later attempt reads it.
template <class Payload>
Payload payload_of(const Job& job) {
  try {
    return decode_text<Payload>(job.payload(), Unknown::ignore);
  } catch (const Problem& problem) {
    throw Permanent(problem.status, problem.code, problem.detail);
  }
}

}  // namespace call

/// What became of a job.
struct JobState {
  std::string state;  // available, running, done, dead, cancelled
  std::int64_t attempt = 0, done = 0, total = 0;
  std::string note, last_error;
};
BOOST_DESCRIBE_STRUCT(JobState, (), (state, attempt, done, total, note, last_error))

class Tasks {
 public:
  explicit Tasks(const portico_host* host)
      : host_(host), table_(host, PORTICO_EXT_TASKS), clock_(host, PORTICO_EXT_CLOCK) {}

  /// [control] Runs fn again and again, interval after the previous end.
  void every(std::string_view name, std::chrono::milliseconds interval, std::function<void()> fn,
             Replicas where = Replicas::one) {
    tasks_.push_back(std::make_unique<std::function<void()>>(std::move(fn)));
    auto error = call::empty_error();
    call::check(table_->every(host_, to_str(name), interval.count(), static_cast<std::uint32_t>(where),
                              &Tasks::run, tasks_.back().get(), &error),
                error, "tasks.every");
  }
  /// [control] Runs fn at the times of "minute hour day month weekday", in the portal's time zone.
  void cron(std::string_view name, std::string_view expression, std::function<void()> fn,
            Replicas where = Replicas::one) {
    tasks_.push_back(std::make_unique<std::function<void()>>(std::move(fn)));
    auto error = call::empty_error();
    call::check(table_->cron(host_, to_str(name), to_str(expression), static_cast<std::uint32_t>(where),
                             &Tasks::run, tasks_.back().get(), &error),
                error, "tasks.cron");
  }
  /// [control] Works through a queue with fn(const Payload&, const Job&).
  template <class Payload, class F>
  void queue(const Queue<Payload>& queue, F fn, const QueueOptions& options = {}) {
    handlers_.push_back(std::make_unique<call::JobHandler>(
        call::JobHandler{host_, table_.operator->(),
                         [fn = std::move(fn)](const Job& job) { fn(call::payload_of<Payload>(job), job); }}));
    const auto raw = options.raw();
    auto error = call::empty_error();
    call::check(table_->queue(host_, to_str(queue.name), &raw, &call::JobHandler::run, handlers_.back().get(),
                              &error),
                error, "tasks.queue");
  }

  /// [request] [task] Runs after the transaction has committed. returns the job's id, 0 where the dedup key
  /// was known. errors: 422 work.invalid
  template <class Payload>
  std::int64_t enqueue(Transaction& transaction, const Queue<Payload>& queue, const Payload& payload,
                       const EnqueueOptions& options = {}) const {
    return put(transaction.handle(), queue.name, encode_text(payload), options);
  }
  /// … in a transaction of its own.
  template <class Payload>
  std::int64_t enqueue(const Queue<Payload>& queue, const Payload& payload,
                       const EnqueueOptions& options = {}) const {
    return put(0, queue.name, encode_text(payload), options);
  }
  /// Once, at that time or soon after; survives restarts.
  template <class Payload>
  std::int64_t at(Transaction& transaction, Time when, const Queue<Payload>& queue, const Payload& payload,
                  EnqueueOptions options = {}) const {
    options.not_before = when;
    return enqueue(transaction, queue, payload, options);
  }
  /// Once, so long from now: by portico.clock/1 where the manifest names it, else by the machine's clock.
  template <class Payload>
  std::int64_t after(Transaction& transaction, std::chrono::milliseconds delay, const Queue<Payload>& queue,
                     const Payload& payload, EnqueueOptions options = {}) const {
    options.not_before = now() + delay;
    return enqueue(transaction, queue, payload, options);
  }
  /// errors: 404 work.no_such_job
  void cancel(Transaction& transaction, std::int64_t id) const { cancel(transaction.handle(), id); }
  void cancel(std::int64_t id) const { cancel(portico_handle{0}, id); }
  /// errors: 404 work.no_such_job
  JobState look(std::int64_t id) const {
    portico_buffer out{};
    auto error = call::empty_error();
    call::check(table_->look(host_, id, &out, &error), error, "tasks.look");
    return decode_text<JobState>(Leased(host_, out).text(), Unknown::ignore);
  }

 private:
  static portico_status run(void* user, portico_error* error) noexcept {
    return call::guard(error, [&] { (*static_cast<std::function<void()>*>(user))(); });
  }
  Time now() const {
    if (clock_) return Time(std::chrono::microseconds(clock_->now_us(host_)));
    return std::chrono::time_point_cast<Time::duration>(std::chrono::system_clock::now());
  }
  std::int64_t put(portico_handle transaction, std::string_view queue, std::string_view payload,
                   const EnqueueOptions& options) const {
    const portico_enqueue_options raw{sizeof raw, options.priority,
                                      options.not_before ? options.not_before->time_since_epoch().count() : 0,
                                      to_str(options.dedup_key), to_str(options.key)};
    std::int64_t id = 0;
    auto error = call::empty_error();
    call::check(table_->enqueue(host_, transaction, to_str(queue), to_str(payload), &raw, &id, &error), error,
                "tasks.enqueue");
    return id;
  }
  void cancel(portico_handle transaction, std::int64_t id) const {
    auto error = call::empty_error();
    call::check(table_->cancel(host_, transaction, id, &error), error, "tasks.cancel");
  }

  const portico_host* host_;
  call::Extension<portico_tasks> table_;
  call::Extension<portico_clock> clock_;
  std::vector<std::unique_ptr<std::function<void()>>> tasks_;
  std::vector<std::unique_ptr<call::JobHandler>> handlers_;
};

}  // namespace portico
