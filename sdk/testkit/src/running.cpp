// What calls a plugin besides requests: its tasks, its jobs, its deliveries, by the test's clock.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "state.hpp"

namespace portico::testkit {

void State::move_to(std::int64_t us) {
  (system_clock ? ahead_us : clock_us) += std::max<std::int64_t>(0, us - now_locked());
}

std::int64_t State::store_job(portico_handle transaction, const char* function, StoredJob job) {
  std::int64_t id = 0;
  {
    const std::lock_guard lock(mutex);
    if (!job.dedup_key.empty() && !dedup_keys.insert(job.record.queue + "\n" + job.dedup_key).second)
      return 0;
    id = job.record.id = ++last_job;
    job.created_us = now_locked();
    job.record.state = "available";
  }
  with_transaction(transaction, function, [this, job = std::move(job)] {
    const std::lock_guard lock(mutex);
    jobs[job.record.id] = job;
  });
  return id;
}

void State::receive(const PublishedEvent& event) {
  const auto it = queues.find(event.name);
  if (it == queues.end() || !it->second.event) return;
  StoredJob job;
  job.record.queue = event.name, job.record.payload = event.payload, job.record.key = event.key;
  store_job(0, "events.publish", std::move(job));
}

// Nothing of a key comes before what is older of it.
StoredJob* State::due_job(std::int64_t by_us, const Which& which) {
  StoredJob* best = nullptr;
  std::set<std::string> blocked;
  for (auto& [id, job] : jobs) {
    const auto& queue = job.record.queue;
    const bool open = job.record.state == "available" || job.record.state == "running";
    const auto key = queue + "\n" + job.record.key;
    const bool first = job.record.key.empty() || !blocked.count(key);
    if (open && !job.record.key.empty()) blocked.insert(key);
    const auto entry = queues.find(queue);
    if (job.record.state != "available" || !first || job.due_us > by_us || entry == queues.end() ||
        !which(entry->second, queue))
      continue;
    const auto rank = [](const StoredJob& j) { return std::tuple(j.due_us, j.priority, j.record.id); };
    const auto rank_now = [](const StoredJob& j) { return std::tuple(j.priority, j.due_us, j.record.id); };
    // Of those due now the priority counts; on the way of the clock, the time.
    if (!best || (by_us <= now_locked() ? rank_now(job) < rank_now(*best) : rank(job) < rank(*best)))
      best = &job;
  }
  return best;
}

bool State::run_due_job(std::int64_t by_us, const Which& which) {
  portico_job raw{};
  QueueEntry entry;
  std::string name, key, payload;
  {
    const std::lock_guard lock(mutex);
    auto* job = due_job(by_us, which);
    if (!job) return false;
    move_to(job->due_us);
    job->record.state = "running", ++job->record.attempt;
    entry = queues.at(job->record.queue);
    name = job->record.queue, key = job->record.key, payload = job->record.payload;
    raw = {sizeof raw,      static_cast<std::uint32_t>(job->record.attempt),
           new_handle(),    job->record.id,
           job->created_us, to_str(name),
           to_str(key),     to_str(payload)};
    running_jobs[raw.handle] = raw.id;
  }
  auto error = call::empty_error();
  const auto status = run(kTask, (entry.event ? "the delivery of " : "a job of ") + name,
                          [&] { return entry.fn(entry.user, &raw, &error); });
  const std::lock_guard lock(mutex);
  running_jobs.erase(raw.handle);
  auto& job = jobs.at(raw.id);
  if (job.record.state != "running") return true;  // settled in its transaction, or cancelled
  if (status == PORTICO_OK) {
    job.record.state = job.cancelled ? "cancelled" : "done";
    return true;
  }
  job.record.last_error =
      error.code[0] ? std::string(error.code) + " " + error.detail : "status " + std::to_string(status);
  if (status != PORTICO_E_INVALID && status != PORTICO_E_PROBLEM && failed.empty())
    faults.push_back(fmt::format("a job of {} ended with status {} and no error", name, status));
  if (!failed.empty() && !status_after)
    status_after = error.status ? error.status : 500, code_after = error.code;
  const auto spent = job.record.attempt >= entry.attempts;
  job.record.state = job.cancelled                          ? "cancelled"
                     : status == PORTICO_E_INVALID || spent ? "dead"
                                                            : "available";
  const auto doubled = entry.backoff_ms << std::min<std::int64_t>(job.record.attempt - 1, 30);
  const auto wait_ms =
      std::max(std::min(doubled, entry.backoff_most_ms), error.retry_after_s * std::int64_t{1000});
  job.due_us = now_locked() + wait_ms * 1000;
  return true;
}

portico_status State::run_one_task(const std::string& name, portico_error& error) {
  const auto entry = tasks.at(name);
  const auto status = run(kTask, "task " + name, [&] { return entry.fn(entry.user, &error); });
  if (status != PORTICO_OK && status != PORTICO_E_PROBLEM && failed.empty())
    fault(fmt::format("task {} ended with status {} and no error", name, status));
  auto& task = tasks.at(name);
  const auto now = now_us();
  task.next_us = task.cron ? task.cron->next(now, std::string(portal.at("time_zone").as_string()))
                           : now + task.interval_us;
  return status;
}

void TestHost::run_task(std::string_view name) {
  auto& s = *state_;
  const std::string key(name);
  if (!s.tasks.count(key)) throw Fault("the plugin has no task " + key);
  auto error = call::empty_error();
  const auto status = s.run_one_task(key, error);
  s.settle_streams();
  if (status != PORTICO_OK) s.note_outcome(error.status ? error.status : 500, error.code);
  s.throw_faults();
  call::check(status, error, key.c_str());
}

int TestHost::work() {
  int attempts = 0;
  const auto now = state_->now_us();
  while (state_->run_due_job(now, [](const auto&, const auto&) { return true; })) ++attempts;
  state_->throw_faults();
  return attempts;
}

int TestHost::run_queue(std::string_view name) {
  int attempts = 0;
  const auto now = state_->now_us();
  while (state_->run_due_job(now, [&](const QueueEntry&, const std::string& queue) { return queue == name; }))
    ++attempts;
  state_->throw_faults();
  return attempts;
}

int TestHost::deliver() {
  int attempts = 0;
  const auto now = state_->now_us();
  while (state_->run_due_job(now, [](const QueueEntry& entry, const std::string&) { return entry.event; }))
    ++attempts;
  state_->throw_faults();
  return attempts;
}

TestHost& TestHost::publish(std::string_view name, std::string_view payload, std::string_view key) {
  state_->receive({std::string(name), std::string(payload), std::string(key), {}});
  return *this;
}

std::vector<PublishedEvent> TestHost::published() const {
  const std::lock_guard lock(state_->mutex);
  return state_->published;
}

std::vector<JobRecord> TestHost::jobs() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<JobRecord> out;
  for (const auto& [id, job] : state_->jobs) out.push_back(job.record);
  return out;
}

void TestHost::lose_leases(bool lost) {
  const std::lock_guard lock(state_->mutex);
  state_->leases_lost = lost;
}

void TestHost::advance(std::chrono::microseconds by) {
  auto& s = *state_;
  const auto until = s.now_us() + by.count();
  for (;;) {
    std::string task;
    std::int64_t first = until + 1;
    for (const auto& [name, entry] : s.tasks)
      if (entry.next_us && entry.next_us < first) task = name, first = entry.next_us;
    while (s.turn_workflows()) {
    }
    bool job = false, workflow = false;
    {
      const std::lock_guard lock(s.mutex);
      const auto* due = s.due_job(until, [](const auto&, const auto&) { return true; });
      job = due && due->due_us < first;
      const auto step = s.next_workflow_us();
      workflow = step && step <= until && step < (job ? std::max(due->due_us, s.now_locked()) : first);
      if (!workflow && !job && task.empty()) break;
      if (workflow) s.move_to(step);
      if (!workflow && !job) s.move_to(first);
    }
    if (workflow) continue;  // its step runs at the top
    if (job) {
      s.run_due_job(until, [](const auto&, const auto&) { return true; });
    } else {
      auto error = call::empty_error();
      if (s.run_one_task(task, error) == PORTICO_OK) continue;
      s.note_outcome(error.status ? error.status : 500, error.code);
      const std::lock_guard lock(s.mutex);
      s.log.push_back({PORTICO_LOG_ERROR, "a task failed", {{"task", task}, {"code", error.code}}});
    }
  }
  {
    const std::lock_guard lock(s.mutex);
    s.move_to(until);
  }
  s.throw_faults();
}

void TestHost::skip(std::chrono::microseconds by) {
  const std::lock_guard lock(state_->mutex);
  (state_->system_clock ? state_->ahead_us : state_->clock_us) += by.count();
}

}  // namespace portico::testkit
