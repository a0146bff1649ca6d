// The host's HTTP/1.1 server: event loops that read whole requests and send answers in order.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/front/limits.hpp"
#include "kernel/front/message.hpp"
#include "kernel/front/tls.hpp"

namespace kernel::front {

struct FrontSettings {
  std::string address = "127.0.0.1";  // numeric, v4 or v6
  std::uint16_t port = 0;             // 0 picks a free one; see Front::port
  int reactors = 0;                   // event loops, a thread each; 0 is one per core
  Limits limits;
  std::optional<TlsFiles> tls;  // without: plain HTTP

  // Over TLS, who is beyond these two is closed without a word: an answer would cost a handshake.
  std::size_t max_connections = 0;  // over all addresses; 0 is below half the descriptor limit; beyond: 503
  std::size_t max_connections_per_address = 256;  // a v6 address counts by its /64; beyond: 429
  std::vector<std::string> uncounted_addresses;   // numeric: proxies, which carry many clients
  std::size_t max_pipelined = 16;                 // requests of one connection in the host at a time
  std::size_t max_unsent = 1024 * 1024;           // bytes; above, the connection's next requests wait

  std::chrono::milliseconds head_deadline{10'000};  // for a whole head, however its bytes trickle; 408. For a
                                                    // TLS handshake: closed
  std::chrono::milliseconds idle_deadline{75'000};  // between requests; longer than a proxy keeps its side
  std::chrono::milliseconds rate_grace{5'000};      // after it a body must come at min_rate; 408
  std::uint64_t min_rate = 1024;                    // bytes/s of a request body
  std::chrono::milliseconds send_grace{30'000};     // a reader slower than min_rate after it is cut off
  std::chrono::milliseconds linger{2'000};          // for reading away what comes after the last answer
  std::chrono::milliseconds event_keep_alive{15'000};  // an event stream that is silent sends a comment
  std::chrono::milliseconds drain_idle_grace{1'000};   // idle connections live on this long in a drain
};

struct ExchangeState;
class Inflow;
class Outflow;
struct OutflowSettings;

/// One request in flight. Answer it once, from any thread; dropped without an answer it answers 500.
/// May outlive the Front, where an answer goes nowhere.
class Exchange {
 public:
  explicit Exchange(ExchangeState* state) noexcept : state_(state) {}
  Exchange(Exchange&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Exchange& operator=(Exchange&& other) noexcept;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange();

  /// Valid until answer(), whose caller gives the request back.
  const Request& request() const noexcept;

  /// True once the client has closed its side; an answer is still accepted. A hint for reads: a client that
  /// only shuts down its sending side looks the same.
  bool cancelled() const noexcept;

  /// Calls `then` once when the client has gone, at once where it has; never after the answer. On the reactor
  /// thread, mostly: it must neither block nor throw. To be called once, before answer().
  void on_cancel(std::function<void()> then);

  /// The body, where the front was told that it is read in pieces (StreamedBody); else null.
  std::shared_ptr<Inflow> inflow() const;

  /// Answers with this head and a body that is written in pieces. The response's own body is not looked at.
  std::shared_ptr<Outflow> begin(Response head, OutflowSettings settings);

  /// Sends the answer. On the reactor thread it is written directly, elsewhere it is queued for that thread.
  /// A response marked Compression::allowed is compressed here, in the caller's thread. A second answer is
  /// ignored and logged.
  void answer(Response response) noexcept;

 private:
  ExchangeState* state_;
};

/// Called on a reactor thread for every complete request, or complete head of one whose body is streamed;
/// must not block. What it throws becomes the 500.
using Handler = std::function<void(Exchange)>;

/// Builds the answer to a request the front refuses by itself (see limits.hpp for the pairs).
using RefusalRenderer = std::function<Response(int status, std::string_view code)>;

struct FrontStats {
  std::uint64_t connections = 0;  // open now
  std::uint64_t accepted = 0;
  std::uint64_t requests = 0;  // complete ones, handed to the handler
  std::uint64_t in_flight = 0;
  std::uint64_t refused = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

class Front {
 public:
  /// errors    Problem 500 tls.unusable_certificate, tls.unusable_key, tls.exposed_key
  Front(FrontSettings settings, Handler handler, BodyLimit body_limit, RefusalRenderer refusals,
        BodyGate body_gate = {}, StreamedBody streamed_body = {});
  ~Front();
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  /// Binds, listens and starts the loops.
  /// errors    Problem 500 http.address_unusable (taken, no right, not an address)
  void start();

  /// The bound port; 0 before start.
  std::uint16_t port() const noexcept;

  /// Stops accepting, says `Connection: close` with every further answer, and waits until no connection is
  /// left or `longest` is over. Idle connections may bring one more request during drain_idle_grace.
  void drain(std::chrono::milliseconds longest);

  /// Closes everything and joins the loops. Right after a half-finished start, and twice.
  void stop() noexcept;

  FrontStats stats() const noexcept;

  /// The certificate; null for plain HTTP.
  Tls* tls() const noexcept;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kernel::front
