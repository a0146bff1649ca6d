// Calls to named upstreams: bounded lanes, deadlines, retries with a budget, circuit breakers, one event
// thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <portico/problem.hpp>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kernel::outbound {

using Clock = std::chrono::steady_clock;
using Headers = std::vector<std::pair<std::string, std::string>>;

/// A share of an upstream with its own limits, so that slow calls cannot use up the room of quick ones.
struct LaneSettings {
  int concurrency = 8;                         // calls in flight, 1 … 1000
  int queue = 32;                              // calls that may wait, 0 … 100000
  std::chrono::milliseconds queue_wait{2000};  // longest wait in the queue
  double background_share = 0.4;               // of both, for all that no person waits for; 0 … 1
  int rate = 0;                                // attempts that may begin in rate_period; 0: any number
  std::chrono::milliseconds rate_period{1000};
};

/// Who waits for the answer. Of a lane's room and queue, jobs and refreshes together take at most
/// background_share, and refreshes a quarter of that (each at least one place); within that, the class that
/// is furthest below its weight (6, 3, 1) goes next.
enum class Priority { interactive, job, refresh };

/// When a lane stops calling an upstream that fails.
struct BreakerSettings {
  std::chrono::milliseconds window{10'000};        // what is counted
  int least_calls = 20;                            // fewer in the window never open
  double failure_share = 0.5;                      // opens at or above
  std::chrono::milliseconds slow_after{3'000};     // a call that takes as long is slow, however it ends
  double slow_share = 0.8;                         // opens at or above
  std::chrono::milliseconds open_first{5'000};     // then doubling …
  std::chrono::milliseconds open_longest{60'000};  // … to this, each ±20 %
  int successes_to_close = 3;                      // probes, one at a time
};

struct UpstreamSettings {
  std::string name;      // metric label and health check: lower-case letters, digits, '_', '-'
  std::string base_url;  // http or https, no user info, no query; a path is a prefix of every call's path
  std::map<std::string, LaneSettings> lanes{{"standard", {}}};
  std::chrono::milliseconds connect_timeout{3'000};
  std::chrono::milliseconds timeout{15'000};  // of one attempt, connect included
  std::size_t body_limit = 8u << 20;          // bytes of a reply's body
  std::size_t header_limit = 64u << 10;    // bytes of all header lines of a reply, 1xx and trailers included
  std::vector<std::string> allowed_hosts;  // the base URL's host must be among them; empty: any
  bool verify_tls = true;
  std::string ca_file;           // PEM; empty: the system's
  bool http2 = false;            // offer HTTP/2 over TLS
  bool accept_unframed = false;  // take bodies that end with the connection: nothing proves them whole
  int read_attempts = 3;         // 1 … 3; writes always have one
  BreakerSettings breaker;
};

/// A read may be repeated without effect; it is retried. Anything else is a write and is sent at most once.
enum class Kind { read, write };

class BodyPipe;

struct Request {
  std::string method = "GET";
  std::string
      path;  // "/includes/api.php?x=1": begins with '/', joined to base_url, cannot leave it; may be empty
  Headers headers;  // no framing headers (Host, Content-Length, …): those are ours
  std::string body;
  std::string lane = "standard";
  Clock::time_point
      deadline{};  // of the whole call with queue and retries; default: now + the upstream's time-out
  Kind kind = Kind::write;
  Priority priority = Priority::interactive;
  std::string operation;             // metric label and log word: "ListReports"; constant text, never an id
  std::stop_token cancel{};          // a read ends at once; a write only while it waits in the queue
  std::shared_ptr<BodyPipe> pipe{};  // of Outbound::open: a 2xx body goes there
};

struct Response {
  int status = 0;  // 2xx … 5xx as it came: a redirect is not followed, the connector judges 4xx and 5xx
  Headers headers;
  std::string body;
  std::chrono::microseconds duration{0};  // of the whole call
  int attempts = 1;

  /// The first header of that name (any case); empty where absent.
  std::string_view header(std::string_view name) const noexcept;
};

/// A call without a usable reply. Codes: see Outbound::call.
class CallProblem : public portico::Problem {
 public:
  CallProblem(int http_status, std::string problem_code, std::string log_detail, int retry_after, bool sent)
      : Problem(http_status, std::move(problem_code), std::move(log_detail), retry_after),
        may_have_been_sent(sent) {}

  /// False only where the upstream surely has not seen the request. A write that fails with true has an
  /// unknown outcome: look before repeating.
  bool may_have_been_sent;
};

using Result = std::variant<Response, CallProblem>;
using Callback = std::function<void(Result)>;

enum class BreakerState { closed, half_open, open };
std::string_view to_string(BreakerState state) noexcept;

struct LaneStats {
  std::string upstream;
  std::string lane;
  int in_flight = 0;
  int queued = 0;
  BreakerState breaker = BreakerState::closed;
  bool isolated = false;
};

/// A reply whose body is read while it comes. Destroyed in the middle it ends the call. Movable; one reader
/// at a time; may outlive the Outbound.
class OpenReply {
 public:
  OpenReply(Response head, std::shared_ptr<BodyPipe> pipe, std::stop_source cancel);
  OpenReply(OpenReply&&) noexcept = default;
  OpenReply& operator=(OpenReply&&) = delete;
  ~OpenReply();

  /// Its body is whole where the status is not 2xx, else empty; its duration says nothing.
  const Response& head() const noexcept { return head_; }
  bool streams() const noexcept;

  /// Waits for the next bytes; the call's deadline ends the wait.
  /// returns   how many; 0: the body is complete, proven by its framing
  /// errors    503 upstream.unavailable, 504 upstream.timeout, 502 upstream.bad_reply, upstream.too_large,
  /// 503
  ///           upstream.stopping: what came is not the whole
  std::size_t read(char* into, std::size_t size);

  /// Ends the call; a read that waits on another thread ends with 503 upstream.cancelled.
  void cancel() noexcept;

 private:
  Response head_;
  std::shared_ptr<BodyPipe> pipe_;
  std::stop_source cancel_;
};

class Dispatcher;

/// All upstreams of the process. Thread-safe.
class Outbound {
 public:
  struct Options {
    std::function<Clock::time_point()> breaker_clock = Clock::now;  // tests turn it
    std::function<double()>
        random;  // [0, 1), for jitter; default: seeded by the system. Called on the event thread
  };

  Outbound();
  explicit Outbound(Options options);
  ~Outbound();  // stops
  Outbound(const Outbound&) = delete;
  Outbound& operator=(const Outbound&) = delete;

  /// Adds an upstream or replaces the one of that name: calls under way end under the old settings.
  /// errors  500 upstream.settings (the detail says which value)
  void add(UpstreamSettings settings);

  /// Takes an upstream away: waiting calls fail with upstream.not_configured, those in flight end. Unknown:
  /// nothing.
  void remove(std::string_view name);

  /// Calls and waits. Never on the event thread (from a Callback).
  ///
  /// returns  the complete reply, proven so by its framing
  /// errors   503 upstream.busy            the lane's queue is full, or the wait in it was too long (+ retry
  /// after)
  ///          503 upstream.circuit_open    the breaker holds calls back (+ retry after)
  ///          503 upstream.unavailable     no connection, reset, reply cut off (+ retry after)
  ///          502 upstream.tls             certificate or handshake refused
  ///          502 upstream.bad_reply       not HTTP, contradictory or unprovable framing
  ///          502 upstream.too_large       body or headers above the limits
  ///          504 upstream.timeout         sent, but no whole reply in time
  ///          504 upstream.deadline        no time left before it was sent
  ///          503 upstream.isolated        an administrator holds calls back
  ///          503 upstream.not_configured, 503 upstream.cancelled, 503 upstream.stopping
  ///          500 upstream.bad_request     path, method, header or lane that must not be sent: our own
  ///          mistake
  Response call(std::string_view name, Request request);

  /// A read whose body may be large: waits for the head and the first bytes. A 2xx body is held as little as
  /// BodyPipe::kRoom says, and its upstream waits for who reads it; any other reply is whole. The attempt's
  /// time-out is then for each silence, and the deadline alone for the whole. Retried until the first bytes.
  /// The call keeps its place in the lane until the body was read or the reply is destroyed.
  ///
  /// body_limit  bytes, at least 1
  /// errors      as call; 500 upstream.bad_request also for a write
  OpenReply open(std::string_view name, Request request, std::size_t body_limit);

  /// The same without waiting: done runs once, on the event thread (or on the caller's for 500
  /// upstream.bad_request and after stop). It must be short and must not block; what it throws is logged.
  void call_async(std::string_view name, Request request, Callback done);

  /// The caller could not decode a reply it got: counts as a failure for that lane's breaker.
  void report_bad_reply(std::string_view name, std::string_view lane = "standard");

  /// Holds back every call to the upstream, also the waiting ones, or lets them through again. Outlives a
  /// replacement. errors: 404 upstream.unknown
  void isolate(std::string_view name, bool isolated);

  /// Every lane as it is now, by upstream and lane. Empty after stop.
  std::vector<LaneStats> stats() const;

  /// Ends every call with 503 upstream.stopping and joins the thread; later calls get the same. Repeatable.
  void stop();

 private:
  std::unique_ptr<Dispatcher> dispatcher_;
};

}  // namespace kernel::outbound
