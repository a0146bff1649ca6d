// A plugin made by a test: its queues, subscriptions and tasks call functions of the test.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <portico/call.hpp>
#include <string>
#include <vector>

#include "kernel/loader/plugin.hpp"
#include "kernel/work/job_runner.hpp"
#include "kernel/work/tests/kernel_database.hpp"

namespace kernel::work::testing {

inline loader::Manifest manifest_named(const std::string& id, int workers = 1) {
  loader::Manifest manifest;
  manifest.id = id;
  manifest.lanes["tasks"] = {workers, 64, 3'600'000};
  return manifest;
}

/// What a test's function sees of an attempt.
struct Seen {
  std::int64_t id;
  std::uint32_t attempt;
  std::uint64_t handle;
  std::string key, payload;
};

class TestPlugin {
 public:
  using Body = std::function<portico_status(const Seen&, portico_error*)>;

  explicit TestPlugin(const std::string& id = "ledger", int workers = 1)
      : held_(std::make_shared<loader::Plugin>(std::filesystem::path(), manifest_named(id, workers))),
        plugin(*held_) {
    plugin.open_lanes();
  }
  ~TestPlugin() { end(); }
  /// Ends its workers; what runs ends first.
  void end() {
    for (const char* lane : {"tasks", "standard"})
      if (auto* found = plugin.lane(lane)) found->stop();
  }

  static loader::WorkSpec quick(const std::string& name) {
    loader::WorkSpec spec;
    spec.name = name;
    spec.attempts = 3;
    spec.backoff = spec.backoff_most = std::chrono::milliseconds(1);
    spec.limit = std::chrono::seconds(60);
    return spec;
  }
  TestPlugin& queue(loader::WorkSpec spec, Body body) {
    return take(plugin.registrations.queues, std::move(spec), std::move(body));
  }
  TestPlugin& subscribe(loader::WorkSpec spec, Body body) {
    return take(plugin.registrations.subscriptions, std::move(spec), std::move(body));
  }
  TestPlugin& task(loader::TaskSpec spec, std::function<portico_status()> body) {
    bodies_.push_back([body = std::move(body)](const Seen&, portico_error*) { return body(); });
    spec.fn = [](void* user, portico_error* error) { return (*static_cast<Body*>(user))({}, error); };
    spec.user = &bodies_.back();
    plugin.registrations.tasks.push_back(std::move(spec));
    return *this;
  }

 private:
  std::shared_ptr<loader::Plugin> held_;

 public:
  loader::Plugin& plugin;

 private:
  TestPlugin& take(std::vector<loader::WorkSpec>& list, loader::WorkSpec spec, Body body) {
    bodies_.push_back(std::move(body));
    spec.fn = [](void* user, const portico_job* job, portico_error* error) {
      return (*static_cast<Body*>(user))(
          {job->id, job->attempt, job->handle, std::string(portico::view(job->key)),
           std::string(portico::view(job->payload))},
          error);
    };
    spec.user = &bodies_.back();
    list.push_back(std::move(spec));
    return *this;
  }
  std::list<Body> bodies_;
};

/// For the queue that most tests have: ledger.post of the plugin "ledger".
inline NewJob job(const std::string& payload, const std::string& key = "") {
  NewJob out{"ledger", "ledger.post", payload};
  out.key = key;
  return out;
}

inline loader::WorkSpec post() {
  return TestPlugin::quick("ledger.post");
}

/// The code of the Problem that it throws; empty when it throws none.
inline std::string code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const portico::Problem& problem) {
    return problem.code;
  }
  return "";
}

/// A list that workers add to and the test reads.
class Noted {
 public:
  void add(const std::string& what) {
    const std::lock_guard lock(mutex_);
    list_.push_back(what);
  }
  std::vector<std::string> list() const {
    const std::lock_guard lock(mutex_);
    return list_;
  }
  std::size_t size() const { return list().size(); }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> list_;
};

inline JobRunnerSettings hurried() {
  JobRunnerSettings settings;
  settings.poll = settings.expire = std::chrono::milliseconds(20);
  settings.sample = std::chrono::milliseconds(20);
  return settings;
}

inline portico_status failed(portico_error* error, const char* code, const char* detail = "") {
  return portico::call::fill(error, portico::Problem(500, code, detail));
}

/// A database, and runners on it as replicas have them.
struct Fleet {
  /// Stopped when the test is over, after the plugins' workers have ended.
  JobRunner* runner() {
    return runners.emplace_back(std::make_unique<JobRunner>(kernel.pool, zone, hurried())).get();
  }
  std::int64_t put(const NewJob& job) {
    auto t = kernel.begin();
    const auto id = store.enqueue(t, job);
    t.commit();
    return id;
  }
  void publish(const NewEvent& event) {
    auto t = kernel.begin();
    store.publish(t, event);
    t.commit();
  }
  std::int64_t count(const std::string& where) {
    return kernel.run("SELECT count(*) AS n FROM kernel.job WHERE " + where).get<std::int64_t>(0, "n");
  }
  std::string text(const std::string& sql) { return kernel.run(sql).get<std::string>(0, "text"); }

  KernelDatabase kernel;
  TimeZone zone{"Asia/Tokyo"};
  JobStore store{kernel.pool};
  std::vector<std::unique_ptr<JobRunner>> runners;
};

}  // namespace kernel::work::testing
