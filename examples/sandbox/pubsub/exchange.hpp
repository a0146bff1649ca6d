// One call of the bus from its first message to its end: sign-on, ordered faults, times, the call log.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "examples/sandbox/pubsub/bus.hpp"
#include "examples/sandbox/pubsub/errors.hpp"
#include "examples/sandbox/pubsub/server.hpp"

namespace sandbox::pubsub {

/// Base of all calls. What it calls of its children runs under the bus's lock, and may throw BusError, which
/// ends the call.
class Exchange : public Handler, public std::enable_shared_from_this<Exchange> {
 public:
  /// action  what fault orders and the call log name it
  Exchange(Bus& bus, const Incoming& call, std::shared_ptr<Wire> wire, std::string action);

  void received(const std::string& message) final;
  void half_closed() final;
  void sent() final;
  void gone() final;

  /// Ends it from outside. Under the bus's lock.
  void end(End end);

 protected:
  /// A moment of this call: what is armed again or disarmed is not called.
  struct Alarm {
    Timers::Id id = 0;
    std::uint64_t turn = 0;
  };

  /// The next message of a caller who is signed on.
  virtual void handle(const std::string& message) = 0;
  /// The caller sends no more, and everything that came was handled.
  virtual void no_more() = 0;
  /// Everything sent is out.
  virtual void idle() {}
  virtual void ended() {}
  /// What the log shows of the first message.
  virtual boost::json::object params_of(const std::string& message) const = 0;

  /// Runs it unless the call is over; what it throws ends the call.
  void guarded(const std::function<void()>& work);
  void send(std::string message);
  void arm(Alarm& alarm, std::int64_t ms, std::function<void()> due);
  void disarm(Alarm& alarm);
  /// errors: BusError when the caller's token is refused by now
  void check_session() const;
  /// Ends the call the way a fault says.
  void end_as(const Verdict& verdict);
  bool over() const { return over_; }
  /// What the log says at the end.
  void set_outcome(std::string text) { outcome_ = std::move(text); }
  void set_applied() { applied_ = true; }
  const Verdict& verdict() const { return verdict_; }

  Bus& bus_;
  const std::string rpc_id_;
  std::string user_id_;

 private:
  void begin(const std::string& message);
  void take(const std::string& message);
  void drain();
  void log_end(int status, const std::string& message);

  const std::map<std::string, std::string> metadata_;
  const std::shared_ptr<Wire> wire_;
  const std::string action_;
  std::chrono::steady_clock::time_point started_;
  std::int64_t number_ = 0;  // in the call log; 0 before the first message
  Verdict verdict_;
  Alarm delay_;
  std::deque<std::string> waiting_;  // messages behind a delay
  bool delayed_ = false, mute_ = false, closed_ = false, over_ = false, applied_ = false;
  std::string outcome_;
};

}  // namespace sandbox::pubsub
