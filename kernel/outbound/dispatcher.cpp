// The life of a call on the event thread.
#include "kernel/outbound/dispatcher.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <exception>
#include <future>

#include "kernel/observe/log.hpp"
#include "kernel/outbound/body_pipe.hpp"
#include "kernel/outbound/call_log.hpp"

namespace kernel::outbound {
namespace {

using observe::Level;
using std::chrono::milliseconds;

constexpr std::size_t kMaxIdleTransfers = 256;
constexpr auto kLeastTime = milliseconds(1);  // less is no time to send anything

milliseconds whole_ms(Clock::duration d) {
  return std::chrono::duration_cast<milliseconds>(d);
}

/// A thread that takes no signal: they belong to the main thread, and a write to a closed TLS connection must
/// give an error, not SIGPIPE (libcurl without signals does not see to that).
void block_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

Dispatcher::Dispatcher(Outbound::Options options)
    : options_(std::move(options)), engine_(std::random_device{}()), inbox_([this] { loop_.wake(); }) {
  if (!options_.breaker_clock) options_.breaker_clock = Clock::now;
  if (!options_.random) {
    options_.random = [this] { return std::uniform_real_distribution<double>(0, 1)(engine_); };
  }
  resize_connection_cache();
  std::promise<void> started;
  thread_ = std::thread([this, &started] {
    thread_id_ = std::this_thread::get_id();
    started.set_value();
    run();
  });
  started.get_future().wait();
}

Dispatcher::~Dispatcher() {
  stop();
}

void Dispatcher::stop() {
  inbox_.close();
  if (on_event_thread()) return;  // from a callback: the owner's destructor joins
  std::call_once(joined_, [this] { thread_.join(); });
}

bool Dispatcher::run_task(const std::function<void()>& task) {
  if (on_event_thread()) {  // a callback that manages upstreams
    task();
    return true;
  }
  // Shared with the task, which may still be inside set_value when the waiting side goes on.
  const auto done = std::make_shared<std::promise<void>>();
  const bool taken = inbox_.push([&task, done] {
    try {
      task();
      done->set_value();
    } catch (...) {
      done->set_exception(std::current_exception());
    }
  });
  if (taken) done->get_future().get();
  return taken;
}

void Dispatcher::run() {
  block_signals();
  ::pthread_setname_np(::pthread_self(), "outbound");
  loop_.run(*this);
}

void Dispatcher::on_wake() {
  Inbox::Batch batch = inbox_.take();
  for (auto& job : batch.jobs) admit(std::move(job));
  for (const std::uint64_t id : batch.cancelled) {
    if (const auto found = jobs_.find(id); found != jobs_.end()) cancel(*found->second);
  }
  for (const auto& task : batch.tasks) task();
  if (batch.stopping) {
    fail_everything();
    stopped_ = true;
  }
}

std::optional<Clock::time_point> Dispatcher::on_time(Clock::time_point now) {
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const std::uint64_t id = timers_.begin()->second;
    Job& job = *jobs_.at(id);
    clear_timer(job);
    timer_fired(job);
  }
  for (auto it = paced_.begin(); it != paced_.end();) {
    if (it->second.due > now) {
      ++it;
      continue;
    }
    Lane& lane = *it->first;
    const auto upstream = it->second.upstream;
    it = paced_.erase(it);
    pump(upstream, lane);  // puts at most this lane back, to a later time
  }
  std::optional<Clock::time_point> next;
  if (!timers_.empty()) next = timers_.begin()->first;
  for (const auto& [lane, paced] : paced_)
    if (!next || paced.due < *next) next = paced.due;
  return next;
}

void Dispatcher::publish_breaker(Upstream& upstream, Lane& lane) {
  if (lane.publish_breaker(options_.breaker_clock())) upstream.report_health();
}

// ---- a call: in

void Dispatcher::admit(std::unique_ptr<Job> owned) {
  Job& job = *owned;
  jobs_.emplace(job.id, std::move(owned));
  const auto found = upstreams_.find(job.upstream_name);
  if (found == upstreams_.end()) return refuse(job, Outcome::not_configured, "no upstream of that name");
  job.upstream = found->second;
  ++job.upstream->active;
  job.lane = job.upstream->find_lane(job.request.lane);
  if (!job.lane) return refuse(job, Outcome::bad_request, "no lane " + job.request.lane);
  job.url = job.upstream->target().base + job.request.path;
  job.deadline = job.request.deadline == Clock::time_point{} ? job.started + job.upstream->settings().timeout
                                                             : job.request.deadline;
  if (job.request.cancel.stop_possible()) {
    job.on_cancel.emplace(job.request.cancel, [this, id = job.id] { inbox_.cancel(id); });
  }
  if (job.request.pipe) {
    job.request.pipe->on_room([this, id = job.id] { inbox_.push([this, id] { resume(id); }); });
  }
  enqueue(job);
}

void Dispatcher::enqueue(Job& job) {
  const Clock::time_point now = Clock::now();
  Lane& lane = *job.lane;
  job.stage = Job::Stage::queued;
  lane.push(job);
  if (isolated_.contains(job.upstream_name)) return refuse(job, Outcome::isolated, "isolated");
  if (job.deadline - now < kLeastTime) return refuse(job, Outcome::deadline, "no time left");
  const bool is_next = lane.next() == &job;
  if (is_next && lane.paced_until() <= now) return start(job);
  if (lane.breaker().refuses(options_.breaker_clock()))
    return refuse(job, Outcome::circuit_open, "breaker open");
  if (lane.overfull(job.request.priority)) return refuse(job, Outcome::busy, "queue full");
  set_timer(job, std::min(job.deadline, now + lane.settings().queue_wait));
  if (is_next) pump_later(job.upstream, lane);
}

/// From the queue to the wire. The job is in its lane's queue, the lane has room.
void Dispatcher::start(Job& job) {
  Lane& lane = *job.lane;
  // The word of the cancellation may still be on its way here; nothing that nobody wants is sent.
  if (job.request.cancel.stop_requested()) {
    job.last.reset();
    return refuse(job, Outcome::cancelled, "cancelled");
  }
  const auto left = whole_ms(job.deadline - Clock::now());
  if (left < kLeastTime) return refuse(job, Outcome::deadline, "no time left after waiting");
  job.permit = lane.breaker().ask(options_.breaker_clock());
  if (job.permit == Breaker::Permit::refused) return refuse(job, Outcome::circuit_open, "breaker open");
  publish_breaker(*job.upstream, lane);

  clear_timer(job);
  lane.take_out(job);
  lane.started(job.request.priority, Clock::now());
  job.stage = Job::Stage::in_flight;
  job.attempt_started = Clock::now();
  job.attempt_time = job.request.pipe ? left : std::min(left, job.upstream->settings().timeout);
  ++job.attempts;
  job.upstream->count_attempt();
  try {
    if (idle_transfers_.empty()) {
      job.transfer = std::make_unique<Transfer>();
    } else {
      job.transfer = std::move(idle_transfers_.back());
      idle_transfers_.pop_back();
    }
    job.transfer->prepare(job.upstream->settings(), job.request, job.url, job.attempt_time);
    sent_.emplace(job.transfer->handle(), &job);
    loop_.add(job.transfer->handle());
    if (job.request.pipe) set_timer(job, job.attempt_started + job.upstream->settings().timeout);
  } catch (const std::exception& e) {
    if (job.transfer) sent_.erase(job.transfer->handle());
    job.transfer.reset();
    lane.ended(job.request.priority);
    lane.breaker().abandon(job.permit);
    finish(job, problem_for(Outcome::unavailable, std::string("not sent: ") + e.what(), false),
           Outcome::unavailable);
  }
}

void Dispatcher::pump(const std::shared_ptr<Upstream>& upstream, Lane& lane) {
  while (Job* job = lane.next()) {
    if (lane.paced_until() > Clock::now()) {
      pump_later(upstream, lane);
      break;
    }
    start(*job);
  }
  publish_breaker(*upstream, lane);
}

void Dispatcher::pump_later(const std::shared_ptr<Upstream>& upstream, Lane& lane) {
  paced_[&lane] = {upstream, lane.paced_until()};
}

// ---- a call: out

void Dispatcher::on_done(CURL* handle, CURLcode code) {
  const auto found = sent_.find(handle);
  if (found == sent_.end()) return;
  Job& job = *found->second;
  const std::shared_ptr<Upstream> upstream = job.upstream;  // the job may be gone below
  Lane& lane = *job.lane;
  const Attempt attempt = job.transfer->finish(code);
  give_back_permit(job, attempt);
  settle_attempt(job, attempt);
  pump(upstream, lane);
}

void Dispatcher::give_back_permit(Job& job, const Attempt& attempt) {
  Breaker& breaker = job.lane->breaker();
  const Clock::time_point now = options_.breaker_clock();
  const auto* pipe = job.request.pipe.get();
  const bool begun = pipe && pipe->begun();
  const Clock::duration took = (begun ? pipe->begun_at() : Clock::now()) - job.attempt_started;
  // A call whose caller left it hardly any time says nothing about the upstream.
  const bool short_of_time = attempt.outcome == Outcome::timeout &&
                             job.attempt_time < std::chrono::seconds(1) &&
                             job.attempt_time < job.upstream->settings().timeout;
  const bool reader_was_slow =
      begun && attempt.outcome == Outcome::timeout && pipe->waited_for_reader() && !job.fell_silent;
  switch (short_of_time || reader_was_slow ? Verdict::none : verdict_of(attempt.outcome)) {
    case Verdict::success:
      breaker.record(job.permit, true, took, now);
      break;
    case Verdict::failure:
      breaker.record(job.permit, false, took, now);
      break;
    case Verdict::none:
      breaker.abandon(job.permit);
      break;
  }
  if (worth_retrying(attempt.outcome, attempt.status)) {
    job.upstream->budget().failure();
  } else {
    job.upstream->budget().success();
  }
}

void Dispatcher::settle_attempt(Job& job, const Attempt& attempt) {
  job.may_have_been_sent = job.may_have_been_sent || attempt.may_have_been_sent;
  if (attempt.status != 0) {
    Response response;
    response.status = attempt.status;
    response.headers = job.transfer->reply().take_headers();
    response.body = job.transfer->reply().take_body();
    job.last = std::move(response);
  } else {
    job.last = problem_for(attempt.outcome, attempt.detail, job.may_have_been_sent);
  }
  job.last_outcome = attempt.outcome;
  release_transfer(job);
  job.lane->ended(job.request.priority);
  if (job.holds_retry) {
    job.upstream->budget().end();
    job.holds_retry = false;
  }
  if (schedule_retry(job, attempt)) return;
  Result result = std::move(*job.last);
  finish(job, std::move(result), attempt.outcome);
}

bool Dispatcher::schedule_retry(Job& job, const Attempt& attempt) {
  Upstream& upstream = *job.upstream;
  if (job.request.kind != Kind::read || !worth_retrying(attempt.outcome, attempt.status)) return false;
  if (job.attempts >= upstream.settings().read_attempts) return false;
  if (job.request.pipe && job.request.pipe->begun()) return false;  // its reader has the first bytes
  const bool told_to_wait = attempt.outcome == Outcome::throttled || attempt.retry_after_s > 0;
  const milliseconds delay =
      retry_delay(job.attempts, told_to_wait, attempt.retry_after_s, options_.random());
  const Clock::time_point due = Clock::now() + delay;
  if (due + kLeastTime >= job.deadline) return false;
  if (job.lane->breaker().state() == BreakerState::open) return false;
  if (!upstream.budget().try_start(upstream.active)) {
    upstream.count_refused_retry();
    return false;
  }
  upstream.count_retry();
  job.holds_retry = true;
  job.stage = Job::Stage::pausing;
  set_timer(job, due);
  return true;
}

void Dispatcher::release_transfer(Job& job) {
  sent_.erase(job.transfer->handle());
  if (idle_transfers_.size() < kMaxIdleTransfers) idle_transfers_.push_back(std::move(job.transfer));
  job.transfer.reset();
}

void Dispatcher::timer_fired(Job& job) {
  if (job.stage == Job::Stage::pausing) return enqueue(job);
  if (job.stage == Job::Stage::in_flight) return look_for_silence(job);
  const bool late = job.deadline - Clock::now() < kLeastTime;
  refuse(job, late ? Outcome::deadline : Outcome::busy, "waited too long in the queue");
}

void Dispatcher::resume(std::uint64_t id) {
  const auto found = jobs_.find(id);
  if (found != jobs_.end() && found->second->stage == Job::Stage::in_flight)
    loop_.resume(found->second->transfer->handle());
}

void Dispatcher::look_for_silence(Job& job) {
  const auto now = Clock::now();
  const auto& transfer = *job.transfer;
  const auto since = transfer.waits_for_reader() ? now : transfer.heard_at();
  const auto due = since + job.upstream->settings().timeout;
  if (due > now) return set_timer(job, due);
  job.fell_silent = true;
  CURL* const handle = transfer.handle();
  loop_.remove(handle);
  on_done(handle, CURLE_OPERATION_TIMEDOUT);
}

void Dispatcher::cancel(Job& job) {
  if (job.stage == Job::Stage::in_flight) {
    if (job.request.kind == Kind::write) return;  // it is out: its caller should learn how it ended
    const std::shared_ptr<Upstream> upstream = job.upstream;
    Lane& lane = *job.lane;
    loop_.remove(job.transfer->handle());
    release_transfer(job);
    lane.ended(job.request.priority);
    lane.breaker().abandon(job.permit);
    finish(job, problem_for(Outcome::cancelled, "cancelled", true), Outcome::cancelled);
    return pump(upstream, lane);
  }
  job.last.reset();  // nobody wants it any more
  refuse(job, Outcome::cancelled, "cancelled");
}

/// Ends a call that is not in flight. Where an earlier attempt had an answer, that one is the truth about the
/// upstream.
void Dispatcher::refuse(Job& job, Outcome outcome, std::string detail) {
  int retry_after_s = 0;
  if (outcome == Outcome::circuit_open && job.lane) {
    const auto left = job.lane->breaker().remaining(options_.breaker_clock());
    retry_after_s = static_cast<int>(std::chrono::ceil<std::chrono::seconds>(left).count());
  }
  if (job.lane && job.stage == Job::Stage::queued) job.lane->take_out(job);
  if (job.last) {
    Result result = std::move(*job.last);
    return finish(job, std::move(result), job.last_outcome);
  }
  finish(job, problem_for(outcome, std::move(detail), job.may_have_been_sent, retry_after_s), outcome);
}

void Dispatcher::finish(Job& job, Result result, Outcome outcome) {
  const auto duration = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - job.started);
  clear_timer(job);
  const auto node = jobs_.extract(job.id);  // keeps the job alive to the end of this function
  if (job.upstream) {
    --job.upstream->active;
    if (job.holds_retry) job.upstream->budget().end();
    job.upstream->count_call(job.request.operation, outcome, std::chrono::duration<double>(duration).count());
  }
  if (auto* response = std::get_if<Response>(&result)) {
    response->duration = duration;
    response->attempts = job.attempts;
  } else {
    CallProblem& problem = std::get<CallProblem>(result);
    problem.detail = job.upstream_name + " " + job.request.operation + ": " + problem.detail;
  }
  log_call(job, result, outcome, duration);
  const observe::CorrelationScope scope(job.correlation_id);  // for what the callback logs
  job.on_cancel.reset();
  try {
    job.done(std::move(result));
  } catch (const std::exception& e) {
    observe::log(Level::error, "outbound", "callback threw",
                 {{"upstream", job.upstream_name}, {"detail", e.what()}});
  } catch (...) {
    observe::log(Level::error, "outbound", "callback threw", {{"upstream", job.upstream_name}});
  }
}

void Dispatcher::fail_everything() {
  while (!jobs_.empty()) {
    Job& job = *jobs_.begin()->second;
    if (job.stage == Job::Stage::in_flight) {
      loop_.remove(job.transfer->handle());
      release_transfer(job);
      job.lane->ended(job.request.priority);
      finish(job, problem_for(Outcome::stopping, "stopping", true), Outcome::stopping);
    } else {
      job.last.reset();
      refuse(job, Outcome::stopping, "stopping");
    }
  }
}

void Dispatcher::set_timer(Job& job, Clock::time_point due) {
  clear_timer(job);
  job.timer = timers_.emplace(due, job.id);
}

void Dispatcher::clear_timer(Job& job) {
  if (!job.timer) return;
  timers_.erase(*job.timer);
  job.timer.reset();
}

}  // namespace kernel::outbound
