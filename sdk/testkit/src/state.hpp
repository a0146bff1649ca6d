// What the test host's function tables work on, and the gate every host call goes through.
#pragma once

#include <portico/abi/exchange.h>
#include <portico/abi/identity.h>
#include <portico/abi/operations.h>
#include <portico/abi/plugin.h>
#include <portico/abi/routes.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <portico/testkit.hpp>
#include <set>
#include <thread>

#include "jobs.hpp"
#include "manifest.hpp"
#include "workflows.hpp"

namespace portico::testkit {

/// Where a host function may be called: the tags of the ABI headers.
enum Place : unsigned {
  kControl = 1,      // create, start, stop, destroy
  kRequest = 2,      // route handlers, the authenticator, operations
  kTask = 4,         // tasks
  kStarting = 8,     // in start only: what registers
  kAnywhere = 1024,  // also outside of any call
};

struct Function {
  const char* name;
  unsigned places;
};

/// A call into the plugin that is under way on this thread.
class Scope {
 public:
  Scope(State& state, Place place, std::string what);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  /// Null outside of any call into the plugin of that host.
  static Scope* current(const State& state);
  /// The key is being loaded by this stack of calls.
  bool is_loading(const std::string& key) const;

  State& state;
  const Place place;
  const std::string what;
  std::string correlation_id, user_id, client_address;
  std::vector<portico_handle> transactions;  // opened in this call
  std::set<std::string> loading;             // cache keys being loaded above on this stack

 private:
  Scope* const previous_;
};

/// Host objects by handle. Handles are never used again, so an ended one is always noticed.
template <class T>
class Handles {
 public:
  std::shared_ptr<T> find(portico_handle handle) const {
    const auto it = live_.find(handle);
    return it == live_.end() ? nullptr : it->second;
  }
  std::shared_ptr<T> take(portico_handle handle) {
    const auto node = live_.extract(handle);
    return node.empty() ? nullptr : node.mapped();
  }
  void add(portico_handle handle, std::shared_ptr<T> object) { live_[handle] = std::move(object); }
  const std::map<portico_handle, std::shared_ptr<T>>& all() const { return live_; }
  void clear() { live_.clear(); }

 private:
  std::map<portico_handle, std::shared_ptr<T>> live_;
};

struct Lease {
  std::shared_ptr<void> held;
  std::string from;  // the function that gave it
};

/// A reply that the plugin reads in pieces.
struct ReadReply {
  UpstreamReply reply;
  std::uint64_t body_limit = 0;
  std::size_t read = 0;
};

struct RouteEntry {
  std::string method, pattern;
  std::vector<std::string> segments;
  portico_route raw;
};

struct Exchange {
  std::string method, path, query, body, origin, language, correlation_id, address;
  std::map<std::string, std::string> parameters, cookies;
  std::vector<std::pair<std::string, std::string>> queries;
  Headers headers;
  portico_identity principal{};
  std::optional<Reply> reply;                  // under State::mutex
  bool streamed_body = false, cached = false;  // of its route
  std::string claimed;                         // the place of its idempotency key in State::kept_answers
  std::string fingerprint;
  std::size_t read_at = 0;
  bool ended = false;  // by the host: deadline or stop
  portico_cancel_fn cancel = nullptr;
  void* cancel_user = nullptr;
  std::thread::id cancelling;  // the thread that runs it
};

/// What was answered under an idempotency key.
struct KeptAnswer {
  std::string fingerprint;
  Reply reply;
};

/// A body in pieces.
struct Stream {
  Streamed seen;
  bool events = false;
  std::int64_t length = -1;
  std::set<std::string> topics;
  bool over() const { return seen.finished || seen.cut || seen.client_gone; }
};

struct OpenTransaction {
  std::unique_ptr<DatabaseTransaction> real;
  std::vector<std::function<void()>> on_commit;
  std::string where;  // the call that opened it
};

/// A place for one text: the reply of an operation, the value of a cache load.
struct Slot {
  std::optional<std::string> text;
  std::string of;
};

/// What a step said of its call.
struct StepReply {
  bool given = false;
  std::uint32_t outcome = PORTICO_STEP_UNKNOWN;
  std::string code;
  std::int64_t after_ms = 0;
  boost::json::value output;
};

struct CacheEntry {
  std::string text;
  std::int64_t made_us = 0, fresh_until_us = 0, revalidate_until_us = 0, stale_until_us = 0;
  std::vector<std::string> tags;
};

enum class Phase { fresh, creating, starting, running, stopping, gone };

struct State {
  State();
  ~State();
  static State& of(const portico_host* host) { return *static_cast<State*>(host->context); }

  portico_host host{};
  Manifest manifest;
  Phase phase = Phase::fresh;
  portico_plugin* plugin = nullptr;
  bool started = false;
  std::shared_ptr<void> library;

  // ---- guarded; never held while the plugin is called
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> faults;
  Handles<Lease> leases;
  Handles<OpenTransaction> transactions;
  Handles<Exchange> exchanges;
  std::map<std::string, KeptAnswer> kept_answers;  // by user, route and key
  Handles<Stream> streams;
  bool slow = false;  // clients have no room now
  Handles<Slot> replies, loads;
  std::map<std::string, CacheEntry> cache;
  std::set<std::string> flights;  // cache keys being loaded
  std::vector<SentMail> mails;
  std::vector<AuditRow> audit;
  std::vector<LogLine> log;
  std::map<std::string, HealthReport> health;
  std::map<std::string, double> metrics;
  std::vector<std::string> revoked;
  std::map<std::string, TestHost::OperationFn> foreign_operations;
  std::map<std::string, std::unique_ptr<Upstream>> upstreams;
  std::map<std::string, std::unique_ptr<Channel>> channels;
  Handles<ReadReply> incoming;           // by the handle of their lease
  Handles<OpenedStream> opened_streams;  // the ended ones too
  std::vector<PublishedEvent> published;
  std::map<std::int64_t, StoredJob> jobs;
  std::map<portico_handle, std::int64_t> running_jobs;
  std::set<std::string> dedup_keys;
  std::int64_t last_job = 0;
  bool leases_lost = false;
  std::map<std::string, WorkflowInstance> workflows;
  Handles<StepReply> step_replies;
  std::int64_t last_workflow = 0;
  std::uint64_t random_seed = 0, random_count = 0, correlation_count = 0;

  // ---- what start registered
  std::vector<RouteEntry> routes;
  std::map<std::string, std::pair<portico_operation_fn, void*>> operations;
  std::map<std::string, TaskEntry> tasks;
  std::map<std::string, QueueEntry> queues;
  std::vector<std::unique_ptr<WorkflowKind>> workflow_kinds;
  std::pair<portico_authenticate_fn, void*> authenticator{};
  Registered registered;

  // ---- set by the test
  boost::json::object settings, portal;
  std::set<std::string> lacking;  // extensions
  Database* database = nullptr;
  bool outside_calls_in_transactions = true;
  std::chrono::microseconds left{15'000'000};
  bool gone = false;

  // ---- the clock
  std::int64_t clock_us = 1'893'456'000'000'000;  // 2030-01-01T00:00:00Z
  bool system_clock = false;
  std::int64_t ahead_us = 0;
  std::int64_t now_us() const;
  std::int64_t now_locked() const;
  void move_to(std::int64_t us);  // never back; under the lock

  // ---- failing calls
  std::uint64_t call_count = 0, fail_at = 0;
  Problem failure{503, "testkit.failed_call"};
  portico_status fail_status = PORTICO_E_PROBLEM;
  std::string failed;                // the function that was made to fail
  bool failed_registration = false;  // … was one that registers
  int status_after = 0;              // first problem or answer after the failure
  std::string code_after;

  void fault(std::string text);
  /// Throws every fault that no call has thrown yet.
  void throw_faults();
  /// Counts the call and checks its tag; the failure when this one is to fail.
  bool enter(const Function& function, portico_status& status, portico_error* error) noexcept;
  /// Never twice in the process: a handle of another host is stale here.
  static portico_handle new_handle() {
    static std::atomic<portico_handle> last{0};
    return ++last;
  }
  /// The exchange's one answer.
  portico_status give_reply(portico_handle handle, const char* name, const std::function<Reply()>& make);
  portico_buffer lease_text(std::string text, const char* from);
  portico_handle lease(std::shared_ptr<void> held, const char* from);
  /// A fault and 409 where the transaction has ended.
  std::shared_ptr<OpenTransaction> transaction(portico_handle handle, const char* function);
  /// Runs effect when the transaction commits; now for handle 0.
  void with_transaction(portico_handle handle, const char* function, std::function<void()> effect);
  void note_outcome(int status, std::string_view code);
  /// Ends what the call left open, each a fault.
  void close_call(Scope& scope);
  /// errors    Problem 403 plugin.not_in_manifest, and a fault once the plugin runs
  [[noreturn]] void not_in_manifest(const std::string& what, const char* member);
  /// Outside calls hold a transaction's connection.
  void check_no_transaction(const std::string& what);
  /// Calls into the plugin under a scope, and ends what it left open.
  portico_status run(Place place, std::string what, const std::function<portico_status()>& fn,
                     const std::function<void(Scope&)>& prepare = nullptr);
  /// An operation of the plugin itself. errors: its Problem; 500 service.broken
  std::string run_operation(const std::string& name, std::string_view arguments, Place place);
  /// Stores a job when the transaction commits. returns its id, 0 where the dedup key is known
  std::int64_t store_job(portico_handle transaction, const char* function, StoredJob job);
  /// An event for the plugin's own subscription.
  void receive(const PublishedEvent& event);
  using Which = std::function<bool(const QueueEntry&, const std::string&)>;
  /// The next job due by then; under the lock.
  StoredJob* due_job(std::int64_t by_us, const Which& which);
  /// One attempt at it. returns false without one
  bool run_due_job(std::int64_t by_us, const Which& which);
  portico_status run_one_task(const std::string& name, portico_error& error);

  /// Tells the plugin of the ends of streams that it cancelled; of all, where the host stops.
  void settle_streams(bool stopping = false);

  // ---- workflows; under the lock, which a call of a step gives up
  void begin_step(WorkflowInstance& instance);
  void turn_back(WorkflowInstance& instance, std::size_t from);
  void move_on(WorkflowInstance& instance, bool by_person = false);
  void settle_run(WorkflowInstance& instance, const StepReply& reply);
  void settle_look(WorkflowInstance& instance, const StepReply& reply);
  void call_step(WorkflowInstance& instance, bool look, std::unique_lock<std::mutex>& lock);
  bool turn(WorkflowInstance& instance, std::unique_lock<std::mutex>& lock);
  static void give_signal(WorkflowInstance& instance, const std::string& name, const std::string& key,
                          const boost::json::value& payload);
  std::int64_t next_workflow_us() const;
  /// One step of one workflow; takes the lock. returns false when nothing moves
  bool turn_workflows();

  /// Stop and destroy, then what is left is a fault.
  void shut_down();
};

/// One host call of the plugin: its tag, its chance to fail, and no exception back.
template <class F>
portico_status host_call(const portico_host* host, const Function& function, portico_error* error,
                         F&& body) noexcept {
  auto& state = State::of(host);
  portico_status status = PORTICO_OK;
  if (state.enter(function, status, error)) return status;
  if constexpr (std::is_void_v<decltype(body(state))>) {
    return call::guard(error, [&] { body(state); });
  } else {
    const auto guarded = call::guard(error, [&] { status = body(state); });
    return guarded == PORTICO_OK ? status : guarded;
  }
}

/// A host function that only start may call. errors: Problem 409 plugin.not_starting
template <class F>
portico_status registering_call(const portico_host* host, const char* name, portico_error* error,
                                F&& body) noexcept {
  return host_call(host, {name, kStarting}, error, [&](State& state) {
    if (state.phase != Phase::starting)
      throw Problem(409, "plugin.not_starting", "register in start, nowhere else");
    body(state);
  });
}

inline std::string text_of(portico_str text) {
  return std::string(view(text));
}
/// Status 0 for an answer that no host would send.
Reply reply_of(const portico_answer& answer);
std::string rfc3339(std::int64_t us);
bool same_name(std::string_view a, std::string_view b);
std::string_view first_of(const Headers& headers, std::string_view name);

extern const portico_routes kRoutes;
extern const portico_exchange kExchange;
extern const portico_operations kOperations;
extern const struct portico_database kDatabase;
extern const struct portico_cache kCache;
extern const struct portico_outbound kOutbound;
extern const struct portico_channels kChannels;
extern const portico_tasks kTasks;
extern const portico_events kEvents;
extern const portico_workflows kWorkflows;
/// Whether requests of this route may carry an idempotency key.
bool takes_idempotency_key(std::string_view method, const portico_route& route);
/// Claims the request's idempotency key; the answer of an earlier request with it, where there is one.
/// errors    Problem 400 idempotency.key_missing, idempotency.key_invalid; 422 idempotency.key_reused
std::optional<Reply> claim_key(State& s, const RouteEntry& route, Exchange& exchange);
/// Keeps a good answer for the repeats.
void settle_key(State& s, const Exchange& exchange, const Reply& reply);

extern const struct portico_idempotency kIdempotency;
extern const struct portico_streams kStreams;
extern const struct portico_mail kMail;
extern const portico_identity_ext kIdentity;
extern const struct portico_config kConfig;
extern const struct portico_log kLog;
extern const struct portico_metrics kMetrics;
extern const struct portico_audit kAudit;
extern const struct portico_health kHealth;
extern const struct portico_crypto kCrypto;
extern const struct portico_clock kClock;
extern const struct portico_pages kPages;

}  // namespace portico::testkit
