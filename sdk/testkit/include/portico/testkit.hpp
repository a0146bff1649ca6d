// The whole host in one object, in the test's process: the C ABI, with everything behind it in memory.
//
//   portico::testkit::TestHost host;
//   host.load();                       // the plugin this test belongs to, through its C ABI
//   CHECK(host.get("/api/hello/Ada").status == 200);
//
// What the real host would not allow is a Fault, thrown by the call of the test that made it happen, or at
// the end.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <portico/plugin.hpp>
#include <portico/testkit/browser.hpp>
#include <portico/testkit/channel.hpp>
#include <portico/testkit/database.hpp>
#include <portico/testkit/records.hpp>
#include <portico/testkit/upstream.hpp>
#include <portico/workflow_state.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace portico::testkit {

/// The plugin did what no host allows, or the test left something open. what() says each, one a line.
class Fault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct State;

/// One run of a scenario in which one host call failed.
struct FailedCall {
  std::uint64_t n = 0;
  std::string function;  // "database.commit"
  int status = 0;        // of the first answer or problem after it; 0: the plugin did without
  std::string code;
};

/// One host with one plugin. Calls into the plugin run on the calling thread; several threads may ask at
/// once.
///
/// Hold it by value: its end stops the plugin and throws a Fault for what is left open, unless another
/// exception is on its way.
class TestHost {
 public:
  TestHost();
  ~TestHost() noexcept(false);
  TestHost(const TestHost&) = delete;
  TestHost& operator=(const TestHost&) = delete;

  // ---- before the plugin starts

  /// The plugin's manifest. load() takes the one in the file; with<T>() takes the one of the plugin the test
  /// belongs to. Without any, the host allows everything. errors: Problem 422 plugin.manifest_invalid
  TestHost& manifest(std::string_view json);
  TestHost& manifest_file(const std::filesystem::path& path);
  /// Settings, checked against the manifest's schema at the start. errors then: Problem 500 config.invalid
  TestHost& config(boost::json::object settings);
  /// What portico.config/1 says of the portal; over "Test Portal", http://localhost:8080, Asia/Tokyo, en.
  TestHost& portal(boost::json::object info);
  TestHost& with_database(Database& database);
  /// A host that lacks an extension, for those the manifest calls optional.
  TestHost& without(std::string extension);
  /// Fails operations and outbound calls made while a transaction is open: they hold a connection for long.
  TestHost& forbid_calls_in_transactions();
  /// Random bytes that are the same in every run.
  TestHost& seed_random(std::uint64_t seed);

  /// An operation of another plugin. May also be said, or said anew, while the plugin runs.
  template <class In, class Out, class F>
  TestHost& provide(const Operation<In, Out>& operation, F fn) {
    return provide(std::string(operation.name), [fn = std::move(fn)](std::string_view arguments) {
      return encode_text<Out>(fn(decode_text<In>(arguments, Unknown::ignore)));
    });
  }
  using OperationFn = std::function<std::string(std::string_view)>;  // JSON to JSON; may throw a Problem
  TestHost& provide(std::string name, OperationFn fn);

  /// The script of an upstream.
  Upstream& upstream(std::string_view name);
  /// The other side of an upstream that speaks gRPC.
  Channel& channel(std::string_view name);

  // ---- life

  /// Creates and starts a plugin class. errors: the Problem of a start that failed
  template <class T>
  TestHost& with() {
#ifdef PORTICO_MANIFEST_FILE
    if (!has_manifest()) manifest_file(PORTICO_MANIFEST_FILE);
#endif
    return start(&entry::Instance<T>::create);
  }
  /// Opens a plugin.so and starts what is in it. errors: Problem 422 plugin.*; the Problem of a failed start
  TestHost& load(const std::filesystem::path& file);
#ifdef PORTICO_PLUGIN_FILE
  /// … the one of the plugin the test belongs to.
  TestHost& load() {
    return load(PORTICO_PLUGIN_FILE);
  }
#endif
  using CreateFn = portico_status (*)(const portico_host*, portico_plugin**, portico_error*);
  TestHost& start(CreateFn create);
  /// Stops and destroys the plugin.
  void stop();
  /// Stops, and throws a Fault for what was left open or never came.
  void finish();
  const Registered& registered() const;

  // ---- requests

  Browser browser;  // who asks where no other is named
  Reply get(std::string_view target) {
    return send(browser, {"GET", std::string(target), {}, {}, {}});
  }
  Reply post(std::string_view target, const boost::json::value& body = nullptr) {
    return send(browser, "POST", target, body);
  }
  Reply put(std::string_view target, const boost::json::value& body = nullptr) {
    return send(browser, "PUT", target, body);
  }
  Reply patch(std::string_view target, const boost::json::value& body = nullptr) {
    return send(browser, "PATCH", target, body);
  }
  Reply del(std::string_view target) {
    return send(browser, "DELETE", target);
  }
  /// null is no body.
  Reply send(Browser& browser, std::string_view method, std::string_view target,
             const boost::json::value& body = nullptr);
  Reply send(Browser& browser, const Sent& sent);
  TestHost& sign_in(User user = {}) {
    browser.user = std::move(user);
    return *this;
  }
  TestHost& sign_out() {
    browser.user.reset();
    return *this;
  }
  /// Whom the plugin's authenticator sees behind the browser's cookie; nothing: nobody. errors: its Problem
  std::optional<User> who(const Browser& browser);
  /// The deadline of requests and tasks from now on; 15 s at first.
  void time_left(std::chrono::microseconds left);
  /// Requests from now on are of clients that have gone away.
  void clients_gone(bool gone);

  /// What has come so far of an answer in pieces.
  Streamed streamed(const Reply& reply) const;
  /// The client of an answer in pieces goes away.
  void leave(const Reply& reply);
  /// Clients have no room: event streams are cut off, downloads that may not wait get nothing.
  void clients_slow(bool slow);

  // ---- what else calls a plugin

  /// An operation the plugin provides, as another plugin calls it. errors: its Problem; 503
  /// service.not_provided
  template <class In, class Out>
  Out call(const Operation<In, Out>& operation, const In& arguments) {
    return decode_text<Out>(call(operation.name, encode_text(arguments)), Unknown::ignore);
  }
  std::string call(std::string_view name, std::string_view arguments);
  /// One run of a task, now. errors: its Problem
  void run_task(std::string_view name);
  /// Every job of the queue that is due, again until none is. A failed attempt is due again after its
  /// back-off. returns   how many attempts were made
  int run_queue(std::string_view name);
  /// … every delivery of an event.
  int deliver();
  /// … every job and delivery.
  int work();
  /// An event of another plugin; deliver() brings it.
  template <class Payload>
  TestHost& publish(const Event<Payload>& event, const Payload& payload, std::string_view key = {}) {
    return publish(event.name, encode_text(payload), key);
  }
  TestHost& publish(std::string_view name, std::string_view payload, std::string_view key);
  /// From now on another replica has taken over what runs: completing gives 409 work.lease_lost.
  void lose_leases(bool lost);
  /// Every step of a workflow that is due, again until nothing moves. returns how many moves were made
  int run_workflows();
  /// One move of one workflow: a wait that ended, a call of run or look. returns false when nothing moves
  bool step_workflows();
  /// errors of the next four: Fault where there is no such workflow
  WorkflowDetails workflow(std::string_view id) const;
  void signal_workflow(std::string_view id, std::string_view name,
                       const boost::json::value& payload = nullptr);
  void cancel_workflow(std::string_view id);
  /// What a person of the staff decides of one that needs attention: "retry", "skip" or "fail".
  void decide_workflow(std::string_view id, std::string_view decision);
  std::vector<WorkflowDetails> workflows() const;

  // ---- time

  /// Stands still until advance(); at first 2030-01-01T00:00:00Z.
  Time now() const;
  void set_time(Time now);
  /// Moves the clock and runs every task that falls due on the way, each at its time. A failed run is in the
  /// log.
  void advance(std::chrono::microseconds by);
  /// Moves the clock and runs nothing.
  void skip(std::chrono::microseconds by);
  /// Follows the machine's clock (advance() adds to it): for databases, whose now() no test can set.
  TestHost& follow_system_clock();

  // ---- what the plugin left behind

  std::vector<SentMail> mails() const;
  std::vector<AuditRow> audit() const;
  std::vector<LogLine> log() const;
  std::map<std::string, HealthReport> health() const;
  /// Counters by "name" or "name{label=value}"; durations as "name_seconds…", summed.
  std::map<std::string, double> metrics() const;
  std::vector<std::string> revoked_sessions() const;
  /// What the plugin published, in committed transactions.
  std::vector<PublishedEvent> published() const;
  /// Its jobs, and the deliveries to it, in the order they were stored.
  std::vector<JobRecord> jobs() const;

  // ---- failing calls

  /// The n-th host call from now on (the next is 1) fails: with this problem, or, where a function has none
  /// to give, with PORTICO_E_INTERNAL.
  void fail_call(std::uint64_t n, Problem problem = Problem(503, "testkit.failed_call"));
  /// … with this status, where a function has none but a problem too.
  void fail_call(std::uint64_t n, portico_status status);
  /// How many calls that can fail the plugin has made.
  std::uint64_t calls() const;
  /// The function whose call was made to fail ("cache.get_or_load"); empty before.
  std::string failed_call() const;

  FailedCall outcome() const;

  /// Faults so far that no call has thrown yet; they are not thrown any more then.
  std::vector<std::string> take_faults();

 private:
  bool has_manifest() const;
  std::unique_ptr<State> state_;
};

/// Runs the scenario once as it is and then once for every host call it makes, with that call failing. The
/// scenario acts and asserts nothing: Problems and other std::exceptions end a run in which a call has
/// failed. Each run must end without Faults: every request answered, nothing leaked, no start that went on
/// without a registration.
///
/// returns   what became of each failing call, for rules of your own
/// errors    Fault, with the call that failed
std::vector<FailedCall> for_each_failing_call(const std::function<void(TestHost&)>& scenario);

}  // namespace portico::testkit
