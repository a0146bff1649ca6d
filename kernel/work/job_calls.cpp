// The job runner on the plugins' workers: calls, settles, and answers what plugins ask of an attempt.
#include <portico/call.hpp>

#include "kernel/loader/call_scope.hpp"
#include "kernel/observe/log.hpp"
#include "kernel/observe/metrics.hpp"
#include "kernel/observe/random_id.hpp"
#include "kernel/work/job_attempt.hpp"

namespace kernel::work {

using observe::Level;
using portico::Problem;

namespace {

constexpr std::chrono::milliseconds kProgressPause{500};

/// After now and after `last`, for PostgreSQL's clock, by which it ran, may be ahead of ours.
database::Timestamp next_of(const Cron& cron, const TimeZone& zone, std::int64_t last_us) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto next = cron.next(std::max(now, Seconds(std::chrono::seconds(last_us / 1'000'000))), zone);
  return {std::chrono::duration_cast<std::chrono::microseconds>(next.time_since_epoch()).count()};
}

void count(const Claim& claim, const char* outcome) {
  if (claim.kind == JobKind::schedule)
    observe::counter("portico_task_runs_total", "Runs of tasks by outcome",
                     {{"task", claim.queue}, {"outcome", outcome}})
        .add();
  else
    observe::counter("portico_jobs_total", "Attempts at jobs and deliveries of events by outcome",
                     {{"kind", std::string(to_string(claim.kind))},
                      {"plugin", claim.owner},
                      {"queue", claim.queue},
                      {"outcome", outcome}})
        .add();
}

void complain(const std::string& message, const Claim& claim, const std::string& detail) {
  observe::log(Level::warning, "plugin." + claim.owner, message,
               {{"queue", claim.queue}, {"id", claim.id}, {"attempt", claim.attempt}, {"detail", detail}});
}

}  // namespace

// ---- on the plugins' workers ----

/// Posts what may run beside what runs.
void JobRunner::dispatch(const std::shared_ptr<Handler>& handler) {
  for (;;) {
    std::shared_ptr<Attempt> attempt;
    {
      const std::lock_guard lock(mutex_);
      if (handler->removed || stopping_ || handler->waiting.empty() ||
          handler->running >= handler->spec.concurrency)
        return;
      attempt = handler->waiting.front();
      handler->waiting.pop_front();
      ++handler->running;
    }
    const bool posted = handler->lane && handler->lane->post({[this, attempt] { begin(attempt); },
                                                              [this, attempt] {
                                                                leave(attempt, true);
                                                                give_back({attempt});
                                                              }});
    if (posted) continue;
    const std::lock_guard lock(mutex_);
    --handler->running;
    handler->waiting.push_front(attempt);  // the lane is full: tried again at the next look
    return;
  }
}

/// It has left its worker: another may run. What is not settled is still held.
void JobRunner::leave(const std::shared_ptr<Attempt>& attempt, bool settled) {
  bool low;
  {
    const std::lock_guard lock(mutex_);
    if (settled) held_.erase(attempt);
    --attempt->handler->running;
    low = static_cast<int>(attempt->handler->waiting.size()) <= kAhead / 2;
  }
  dispatch(attempt->handler);
  if (low) wake();
}

void JobRunner::begin(const std::shared_ptr<Attempt>& attempt) {
  const auto& spec = attempt->handler->spec;
  bool ours, cancelled;
  {
    const std::lock_guard lock(mutex_);
    ours = !attempt->handler->removed && !stopping_ && !attempt->lost;
    cancelled = attempt->cancelled;
    if (ours) attempt->limit = Clock::now() + spec.limit;
  }
  if (!ours) {
    leave(attempt, true);
    return give_back({attempt});
  }
  if (attempt->handler->kind != JobKind::schedule && attempt->claim.attempt > spec.attempts)
    attempt->ending = {Ending::dead,
                       "the attempts ended without an answer: the host died, or it took too long"};
  else if (cancelled)
    attempt->ending = {Ending::retry, "cancelled before it began"};
  else
    call(*attempt);
  leave(attempt, settle(attempt));
}

void JobRunner::call(Attempt& attempt) {
  const auto& [handler, claim] = std::tie(*attempt.handler, attempt.claim);
  const bool scheduled = handler.kind == JobKind::schedule;
  const auto id = claim.correlation_id.empty() ? observe::new_correlation_id() : claim.correlation_id;
  auto error = portico::call::empty_error();
  portico_status status;
  {
    const observe::CorrelationScope correlation(id);
    const auto kind = scheduled                        ? loader::Holding::task
                      : handler.kind == JobKind::event ? loader::Holding::event
                                                       : loader::Holding::job;
    const loader::CallScope scope({handler.plugin, attempt.limit, id, {}, {}, kind, handler.spec.name});
    if (scheduled) {
      status = handler.task.fn(handler.task.user, &error);
    } else {
      attempt.handle = handles_.add(attempt.shared_from_this());
      const portico_job job{sizeof job,
                            static_cast<std::uint32_t>(claim.attempt),
                            attempt.handle,
                            claim.id,
                            claim.created_us,
                            portico::to_str(claim.queue),
                            portico::to_str(claim.key),
                            portico::to_str(claim.payload)};
      status = handler.spec.fn(handler.spec.user, &job, &error);
      handles_.take(attempt.handle);
    }
  }
  auto& ending = attempt.ending;
  if (status != PORTICO_OK) {
    ending.error = error.code[0] ? std::string(portico::call::text_in(error.code)) + ": " +
                                       std::string(portico::call::text_in(error.detail))
                                 : "status " + std::to_string(status);
    complain(scheduled ? "task failed" : "job failed", claim, ending.error);
  }
  const bool failed = status != PORTICO_OK;
  ending.base = handler.spec.backoff;
  ending.most = handler.spec.backoff_most;
  ending.at_least = std::chrono::seconds(std::max(0, error.retry_after_s));
  if (scheduled) {
    if (handler.cron) ending.until = next_of(*handler.cron, zone_, claim.run_at_us);
    ending.pause = spread(handler.task.interval, 0.9, 1.1);
    ending.kind = failed && handler.cron ? Ending::retry : Ending::again;
  } else {
    ending.kind = !failed                                                                 ? Ending::done
                  : status == PORTICO_E_INVALID || claim.attempt >= handler.spec.attempts ? Ending::dead
                                                                                          : Ending::retry;
  }
}

/// False where PostgreSQL does not listen; then it is tried again.
bool JobRunner::settle(const std::shared_ptr<Attempt>& attempt) {
  const auto& ending = attempt->ending;
  const auto& claim = attempt->claim;
  const bool failed = !ending.error.empty();
  const char* outcome = ending.kind == Ending::dead ? "dead" : !failed ? "ok" : "failed";
  try {
    if (const auto due = store_.settle(claim, ending)) {
      const std::lock_guard lock(mutex_);
      due_.push(Clock::now() + *due + std::chrono::milliseconds(1));
    }
  } catch (const Problem& problem) {
    if (problem.code == "work.lease_lost") {
      bool completed;
      {
        const std::lock_guard lock(mutex_);
        completed = attempt->completed;
      }
      if (!completed) complain("too late: the lease had ended", claim, "");
      count(claim, completed ? "ok" : "lost");  // ok: settled by the transaction of its effect
      return true;
    }
    const std::lock_guard lock(mutex_);
    attempt->limit = Clock::time_point::max();  // renewed until PostgreSQL listens again
    unsettled_.push_back(attempt);
    return false;
  }
  count(claim, outcome);
  return true;
}

// ---- what a plugin asks while it works ----

std::shared_ptr<JobRunner::Attempt> JobRunner::attempt_of(const loader::Plugin& plugin,
                                                          std::uint64_t handle) const {
  auto attempt = handles_.find(handle);
  if (!attempt || attempt->handler->plugin != &plugin)
    throw Problem(409, "work.lease_lost", "the attempt has ended");
  return attempt;
}

void JobRunner::complete(const loader::Plugin& plugin, std::uint64_t handle,
                         database::Transaction& transaction) {
  const auto attempt = attempt_of(plugin, handle);
  store_.complete(transaction, attempt->claim);
  const std::lock_guard lock(mutex_);
  attempt->completed = true;
}

void JobRunner::progress(const loader::Plugin& plugin, std::uint64_t handle, std::int64_t done,
                         std::int64_t total, std::string note) {
  const auto attempt = attempt_of(plugin, handle);
  {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    if (done < total && now - attempt->progress_stored < kProgressPause) return;
    attempt->progress_stored = now;
  }
  if (!store_.progress(attempt->claim, done, total, std::move(note)))
    throw Problem(409, "work.lease_lost", "somebody else has the job");
}

bool JobRunner::wanted(const loader::Plugin& plugin, std::uint64_t handle) const {
  const auto attempt = handles_.find(handle);
  if (!attempt || attempt->handler->plugin != &plugin) return false;
  const std::lock_guard lock(mutex_);
  return !attempt->lost && !attempt->cancelled && Clock::now() < attempt->limit && !plugin.cancelled();
}

}  // namespace kernel::work
