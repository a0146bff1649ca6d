// portico.tasks/1 and portico.events/1: clocked tasks, queues and deliveries, run when the test says so.
#include <fmt/format.h>

#include <algorithm>

#include "jobs.hpp"
#include "state.hpp"

namespace portico::testkit {

namespace {

void add_task(State& s, portico_str name, TaskEntry entry) {
  const auto text = text_of(name);
  if (!s.manifest.names(s.manifest.tasks, text)) s.not_in_manifest("task " + text, "tasks");
  if (!entry.fn || entry.where > PORTICO_TASK_ONE_REPLICA)
    throw Problem(422, "plugin.task_invalid", text + ": no function, or an unknown place");
  if (!s.tasks.emplace(text, std::move(entry)).second)
    throw Problem(422, "plugin.task_invalid", text + " is there twice");
  s.registered.tasks.push_back(text);
}

portico_status every(const portico_host* host, portico_str name, std::int64_t interval_ms,
                     std::uint32_t where, portico_task_fn fn, void* user, portico_error* error) {
  return registering_call(host, "tasks.every", error, [&](State& s) {
    if (interval_ms < 100)
      throw Problem(422, "plugin.task_invalid", text_of(name) + ": interval below 100 ms");
    TaskEntry entry{interval_ms * 1000, nullptr, s.now_us() + interval_ms * 1000, where, fn, user};
    add_task(s, name, std::move(entry));
  });
}

portico_status cron(const portico_host* host, portico_str name, portico_str expression, std::uint32_t where,
                    portico_task_fn fn, void* user, portico_error* error) {
  return registering_call(host, "tasks.cron", error, [&](State& s) {
    TaskEntry entry{0, std::make_shared<Cron>(view(expression)), 0, where, fn, user};
    entry.next_us = entry.cron->next(s.now_us(), std::string(s.portal.at("time_zone").as_string()));
    add_task(s, name, std::move(entry));
  });
}

void add_queue(State& s, std::string name, bool event, const portico_queue_options* options,
               portico_job_fn fn, void* user) {
  if (!fn) throw Problem(422, "plugin.task_invalid", name + ": no function");
  QueueEntry entry{fn, user, event, 12, 1000, 3'600'000};
  if (options && options->attempts) entry.attempts = options->attempts;
  if (options && options->backoff_ms) entry.backoff_ms = options->backoff_ms;
  if (options && options->backoff_most_ms) entry.backoff_most_ms = options->backoff_most_ms;
  if (!s.queues.emplace(name, entry).second)
    throw Problem(422, "plugin.task_invalid", name + " is there twice");
  (event ? s.registered.subscriptions : s.registered.queues).push_back(std::move(name));
}

portico_status queue(const portico_host* host, portico_str name, const portico_queue_options* options,
                     portico_job_fn fn, void* user, portico_error* error) {
  return registering_call(host, "tasks.queue", error, [&](State& s) {
    if (!s.manifest.names(s.manifest.tasks, view(name))) s.not_in_manifest("queue " + text_of(name), "tasks");
    add_queue(s, text_of(name), false, options, fn, user);
  });
}

constexpr std::size_t kMostPayload = 64 * 1024, kMostKey = 200;

/// A payload the host would store. errors: Problem 422 work.invalid
void check_payload(std::string_view payload, std::string_view key, std::string_view dedup_key) {
  if (payload.size() > kMostPayload || key.size() > kMostKey || dedup_key.size() > kMostKey)
    throw Problem(422, "work.invalid", "over 64 KB of payload, or over 200 bytes of key");
  try {
    parse_json(payload);
  } catch (const Problem&) {
    throw Problem(422, "work.invalid", "the payload is no JSON");
  }
}

portico_status enqueue(const portico_host* host, portico_handle transaction, portico_str name,
                       portico_str payload, const portico_enqueue_options* options, std::int64_t* id,
                       portico_error* error) {
  return host_call(host, {"tasks.enqueue", kRequest | kTask}, error, [&](State& s) {
    if (!s.manifest.names(s.manifest.tasks, view(name))) s.not_in_manifest("queue " + text_of(name), "tasks");
    StoredJob job;
    job.record.queue = text_of(name), job.record.payload = text_of(payload);
    if (options) {
      job.priority = options->priority, job.due_us = options->not_before_us;
      job.record.key = text_of(options->key), job.dedup_key = text_of(options->dedup_key);
    }
    check_payload(job.record.payload, job.record.key, job.dedup_key);
    const auto stored = s.store_job(transaction, "tasks.enqueue", std::move(job));
    if (id) *id = stored;
  });
}

/// The running job of a handle; a fault where it has ended.
StoredJob* running(State& s, portico_handle handle, const char* function) {
  const auto it = s.running_jobs.find(handle);
  if (it != s.running_jobs.end()) return &s.jobs.at(it->second);
  s.faults.push_back(fmt::format("{} was given a job that has ended or never was", function));
  return nullptr;
}

[[noreturn]] void lease_lost() {
  throw Problem(409, "work.lease_lost", "another replica has taken the job over");
}

portico_status complete(const portico_host* host, portico_handle handle, portico_handle transaction,
                        portico_error* error) {
  return host_call(host, {"tasks.complete", kTask}, error, [&](State& s) {
    std::int64_t id = 0;
    {
      const std::lock_guard lock(s.mutex);
      const auto* job = running(s, handle, "tasks.complete");
      if (!job || s.leases_lost) lease_lost();
      id = job->record.id;
    }
    s.with_transaction(transaction, "tasks.complete", [&s, id] {
      const std::lock_guard lock(s.mutex);
      s.jobs.at(id).record.state = "done";
    });
  });
}

portico_status progress(const portico_host* host, portico_handle handle, std::int64_t done,
                        std::int64_t total, portico_str note, portico_error* error) {
  return host_call(host, {"tasks.progress", kTask}, error, [&](State& s) {
    const std::lock_guard lock(s.mutex);
    auto* job = running(s, handle, "tasks.progress");
    if (!job || s.leases_lost) lease_lost();
    job->record.done = done, job->record.total = total, job->record.note = text_of(note);
  });
}

portico_status check(const portico_host* host, portico_handle handle) {
  return host_call(host, {"tasks.check", kTask}, nullptr, [&](State& s) -> portico_status {
    const std::lock_guard lock(s.mutex);
    const auto* job = running(s, handle, "tasks.check");
    return job && !s.leases_lost && !job->cancelled ? PORTICO_OK : PORTICO_E_STALE;
  });
}

/// errors    Problem 404 work.no_such_job
StoredJob& known(State& s, std::int64_t id) {
  const auto it = s.jobs.find(id);
  if (it == s.jobs.end()) throw Problem(404, "work.no_such_job", std::to_string(id));
  return it->second;
}

portico_status cancel(const portico_host* host, portico_handle transaction, std::int64_t id,
                      portico_error* error) {
  return host_call(host, {"tasks.cancel", kRequest | kTask}, error, [&](State& s) {
    {
      const std::lock_guard lock(s.mutex);
      known(s, id);
    }
    s.with_transaction(transaction, "tasks.cancel", [&s, id] {
      const std::lock_guard lock(s.mutex);
      auto& job = s.jobs.at(id);
      if (job.record.state == "available") job.record.state = "cancelled";
      if (job.record.state == "running") job.cancelled = true;
    });
  });
}

portico_status look(const portico_host* host, std::int64_t id, portico_buffer* out, portico_error* error) {
  return host_call(host, {"tasks.look", kRequest | kTask}, error, [&](State& s) {
    boost::json::object state;
    {
      const std::lock_guard lock(s.mutex);
      const auto& job = known(s, id).record;
      state = {{"state", job.state}, {"attempt", job.attempt}, {"done", job.done},
               {"total", job.total}, {"note", job.note},       {"last_error", job.last_error}};
    }
    *out = s.lease_text(boost::json::serialize(state), "tasks.look");
  });
}

portico_status publish(const portico_host* host, portico_handle transaction, portico_str name,
                       portico_str payload, const portico_publish_options* options, portico_error* error) {
  return host_call(host, {"events.publish", kRequest | kTask}, error, [&](State& s) {
    PublishedEvent event{text_of(name), text_of(payload), options ? text_of(options->key) : "",
                         options ? text_of(options->dedup_key) : ""};
    if (!s.manifest.names(s.manifest.events_published, event.name))
      s.not_in_manifest("event " + event.name, "events.publishes");
    check_payload(event.payload, event.key, event.dedup_key);
    s.with_transaction(transaction, "events.publish", [&s, event = std::move(event)] {
      {
        const std::lock_guard lock(s.mutex);
        const bool again =
            !event.dedup_key.empty() &&
            std::any_of(s.published.begin(), s.published.end(),
                        [&](const PublishedEvent& other) { return other.dedup_key == event.dedup_key; });
        if (again) return;
        s.published.push_back(event);
      }
      s.receive(event);
    });
  });
}

portico_status subscribe(const portico_host* host, portico_str name, const portico_queue_options* options,
                         portico_job_fn fn, void* user, portico_error* error) {
  return registering_call(host, "events.subscribe", error, [&](State& s) {
    if (!s.manifest.names(s.manifest.events_subscribed, view(name)))
      s.not_in_manifest("event " + text_of(name), "events.subscribes");
    add_queue(s, text_of(name), true, options, fn, user);
  });
}

}  // namespace

const portico_tasks kTasks{
    sizeof(portico_tasks), 0, every, cron, queue, enqueue, complete, progress, check, cancel, look};
const portico_events kEvents{sizeof(portico_events), 0, publish, subscribe};

}  // namespace portico::testkit
