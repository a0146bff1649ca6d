// gRPC to named upstreams: unary calls and streams in both directions, under the rules of the HTTP lanes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/outbound/grpc/wire.hpp"
#include "kernel/outbound/outbound.hpp"

namespace kernel::outbound::rpc {

constexpr std::size_t kMostWaiting = 16;  // messages that a stream has not sent yet

struct ChannelSettings {
  UpstreamSettings
      upstream;  // base_url: https://host[:port], or http:// to this machine; body_limit: a message
  std::chrono::milliseconds keep_alive{0};  // an HTTP/2 ping after so long without a byte; 0: none
};

/// A call, or how a stream begins. Metadata may be secret: no log line and no problem has it.
struct Call {
  std::string method;  // "/package.Service/Method"
  Fields metadata;
  std::string message;  // of a stream: the first one, or empty for none
  std::string lane = "standard";
  Clock::time_point deadline{};  // of a call with its retries; default: now + the upstream's time-out
  Kind kind = Kind::write;
  Priority priority = Priority::interactive;
  std::string operation;  // metric label and log word; constant text
};

struct Reply {
  WireStatus status;  // as the server gave it
  std::string message;
  int attempts = 1;
};

/// Why a stream ended.
enum class Cause { answered, lost, cancelled, stopping, isolated, too_large };
std::string_view to_string(Cause cause) noexcept;

/// Whom a stream tells. On gRPC's threads: must neither block nor throw.
class Listener {
 public:
  virtual ~Listener() = default;
  /// The next comes after Stream::take_next.
  virtual void on_message(std::string bytes) noexcept = 0;
  virtual void on_end(Cause cause, const WireStatus& status) noexcept = 0;  // the last call
};

/// An open stream. Thread-safe.
class Stream {
 public:
  enum class Sent { taken, full, ended, too_large };

  virtual ~Stream() = default;
  /// Never waits. full: kMostWaiting messages or body_limit bytes wait already.
  virtual Sent send(std::string bytes) = 0;
  virtual void finish() = 0;     // nothing more is sent; what waits still goes
  virtual void take_next() = 0;  // the last message is done with
  virtual void cancel(Cause why) = 0;
};

class Channel;

/// All channels of the process. Thread-safe. Loads gRPC when the first of them is used.
class Channels {
 public:
  struct Options {
    std::function<Clock::time_point()> breaker_clock = Clock::now;  // tests turn it
    std::function<double()> random;                                 // [0, 1), for jitter
  };

  Channels();
  explicit Channels(Options options);
  ~Channels();  // stops
  Channels(const Channels&) = delete;
  Channels& operator=(const Channels&) = delete;

  /// Adds a channel or replaces the one of that name: what is under way ends under the old settings.
  /// errors    500 upstream.settings (the detail says which value)
  void add(ChannelSettings settings);
  /// Streams under way are not ended. Unknown: nothing.
  void remove(std::string_view name);
  bool knows(std::string_view name) const;

  /// Calls and waits. Any status that the server gave is a reply.
  ///
  /// errors    503 upstream.busy (the lane is full or its rate used up: nothing waits),
  /// upstream.circuit_open,
  ///           upstream.unavailable, upstream.isolated, upstream.not_configured, upstream.stopping;
  ///           504 upstream.timeout, upstream.deadline; 502 upstream.tls, upstream.too_large;
  ///           500 upstream.bad_request, upstream.no_grpc
  Reply call(std::string_view name, Call call);

  /// Begins a stream; listener is told of the rest. errors: those of call, before anything was sent
  std::shared_ptr<Stream> open(std::string_view name, Call call, std::shared_ptr<Listener> listener);

  /// Ends the streams and holds calls back, or lets them through again. Outlives a replacement.
  /// errors    404 upstream.unknown
  void isolate(std::string_view name, bool isolated);

  std::vector<LaneStats> stats() const;

  /// Ends every call and stream; later ones get 503 upstream.stopping. Repeatable.
  void stop();

 private:
  std::shared_ptr<Channel> find(std::string_view name) const;

  const Options options_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Channel>, std::less<>> channels_;
  std::map<std::string, bool, std::less<>> isolated_;
  std::vector<std::weak_ptr<Channel>> replaced_;  // what is under way in them ends with stop
  bool stopped_ = false;
};

}  // namespace kernel::outbound::rpc
