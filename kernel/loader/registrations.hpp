// What a plugin registered while starting: drafts until all of it is published together.
#pragma once

#include <portico/abi/identity.h>
#include <portico/abi/operations.h>
#include <portico/abi/routes.h>
#include <portico/abi/tasks.h>

#include <boost/describe/enum.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "kernel/loader/workflow_spec.hpp"

namespace kernel::loader {

enum class Access : std::uint32_t { signed_in, anyone, staff, admin };
BOOST_DESCRIBE_ENUM(Access, signed_in, anyone, staff, admin)
enum class Csrf : std::uint32_t { protect, same_origin, open };
enum class CacheScope : std::uint32_t { none, user, shared };

struct RouteSpec {
  std::string method, pattern, lane, rate_class, summary;
  Access access = Access::signed_in;
  Csrf csrf = Csrf::protect;
  CacheScope cache = CacheScope::none;
  bool secret = false, audited = true, streamed_body = false, needs_idempotency_key = false;
  std::uint64_t body_limit = 0;
  std::chrono::milliseconds deadline{0}, fresh{0}, revalidate{0}, stale{0};
  std::vector<std::string> tags;
  boost::json::object schemas;
  portico_route_fn handler = nullptr;
  void* user = nullptr;
};

struct OperationSpec {
  std::string name;
  portico_operation_fn fn = nullptr;
  void* user = nullptr;
};

struct TaskSpec {
  std::string name;
  std::chrono::milliseconds interval{0};
  bool one_replica = false;
  portico_task_fn fn = nullptr;
  void* user = nullptr;
  std::string cron;  // instead of the interval
};

/// A queue that the plugin works through, or an event that it subscribed to.
struct WorkSpec {
  std::string name;
  int attempts = 12, concurrency = 1;
  std::chrono::milliseconds backoff{1000}, backoff_most{3'600'000};
  std::chrono::milliseconds lease{20'000};  // without a sign of life, then others take over
  std::chrono::milliseconds limit{60'000};  // of one attempt
  portico_job_fn fn = nullptr;
  void* user = nullptr;
};

struct IdentitySpec {
  std::string cookie;
  portico_authenticate_fn fn = nullptr;
  void* user = nullptr;
};

struct PageSpec {
  std::string path;
  Access access = Access::signed_in;
  boost::json::value title;
};

struct NavigationSpec {
  std::string path;
  Access access = Access::signed_in;
  std::int64_t order = 0;
  boost::json::value label;
};

struct CardSpec {
  std::string id;
  std::int64_t order = 0;
};

struct Registrations {
  std::vector<RouteSpec> routes;
  std::vector<OperationSpec> operations;
  std::vector<TaskSpec> tasks;
  std::vector<WorkSpec> queues, subscriptions;
  std::vector<WorkflowSpec> workflows;
  std::vector<IdentitySpec> identity;  // at most one
  std::vector<PageSpec> pages;
  std::vector<NavigationSpec> navigation;
  std::vector<CardSpec> cards;
  bool shell = false;
};

}  // namespace kernel::loader
