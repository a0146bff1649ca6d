// Clocked tasks, queues and what lies in them.
#pragma once

#include <portico/abi/events.h>
#include <portico/abi/tasks.h>

#include <memory>
#include <portico/testkit/records.hpp>
#include <string>

#include "cron.hpp"

namespace portico::testkit {

struct TaskEntry {
  std::int64_t interval_us = 0;
  std::shared_ptr<Cron> cron;  // instead of an interval
  std::int64_t next_us = 0;
  std::uint32_t where = 0;
  portico_task_fn fn = nullptr;
  void* user = nullptr;
};

struct QueueEntry {
  portico_job_fn fn = nullptr;
  void* user = nullptr;
  bool event = false;  // a subscription
  std::uint32_t attempts = 0;
  std::int64_t backoff_ms = 0, backoff_most_ms = 0;
};

struct StoredJob {
  JobRecord record;
  std::string dedup_key;
  std::int32_t priority = 0;
  std::int64_t due_us = 0, created_us = 0;
  bool cancelled = false;  // asked to end while it runs
};

}  // namespace portico::testkit
