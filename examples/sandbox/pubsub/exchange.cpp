// The common course of calls.
#include "examples/sandbox/pubsub/exchange.hpp"

#include <mutex>
#include <utility>

#include "examples/sandbox/salesforce/values.hpp"

namespace sandbox::pubsub {

namespace {

constexpr int kUnavailable = 14, kInternal = 13, kCancelled = 1;

End plain(int status, std::string message) {
  return {status, std::move(message), {}, false};
}

}  // namespace

Exchange::Exchange(Bus& bus, const Incoming& call, std::shared_ptr<Wire> wire, std::string action)
    : bus_(bus),
      rpc_id_(salesforce::make_uuid()),
      metadata_(call.metadata),
      wire_(std::move(wire)),
      action_(std::move(action)),
      started_(std::chrono::steady_clock::now()) {}

void Exchange::guarded(const std::function<void()>& work) {
  if (over_) return;
  try {
    work();
  } catch (const BusError& error) {
    end(end_of(error, bus_.switches.statuses, rpc_id_));
  } catch (const std::exception& error) {
    end(plain(kInternal, error.what()));
  }
}

void Exchange::received(const std::string& message) {
  const std::lock_guard lock(bus_.mutex);
  guarded([&] {
    if (number_ == 0) begin(message);
    if (delayed_) {
      waiting_.push_back(message);
    } else if (!over_) {
      take(message);
    }
  });
}

void Exchange::begin(const std::string& message) {
  number_ = bus_.calls.begin(utc_text(bus_.clock.now()), action_, params_of(message));
  verdict_ = bus_.faults.decide("pubsub", action_);
  delayed_ = true;
  switch (verdict_.kind) {
    case FaultKind::kStall:
      arm(delay_, verdict_.latency_ms + verdict_.hold_ms, [this] { end_as({}); });
      return;
    case FaultKind::kAppliedThenTimeout:
      mute_ = true;
      delayed_ = false;
      arm(delay_, verdict_.hold_ms, [this] { end_as({}); });
      return;
    case FaultKind::kError:
    case FaultKind::kDown:
    case FaultKind::kReset:
    case FaultKind::kHttp500Html:
    case FaultKind::kHttp403Empty:
      arm(delay_, verdict_.latency_ms, [this] { end_as(verdict_); });
      return;
    default:
      break;
  }
  delayed_ = verdict_.latency_ms > 0;
  if (delayed_) arm(delay_, verdict_.latency_ms, [this] { drain(); });
}

void Exchange::drain() {
  delayed_ = false;
  for (const auto& message : std::exchange(waiting_, {}))
    if (!over_) take(message);
  if (closed_ && !over_) no_more();
}

void Exchange::take(const std::string& message) {
  if (user_id_.empty()) user_id_ = bus_.authenticate(metadata_);
  handle(message);
}

void Exchange::half_closed() {
  const std::lock_guard lock(bus_.mutex);
  guarded([&] {
    closed_ = true;
    if (!delayed_) no_more();
  });
}

void Exchange::sent() {
  const std::lock_guard lock(bus_.mutex);
  guarded([&] { idle(); });
}

void Exchange::gone() {
  const std::lock_guard lock(bus_.mutex);
  if (over_) return;
  over_ = true;
  log_end(kCancelled, "cancelled by the caller");
  ended();
}

void Exchange::send(std::string message) {
  if (!over_ && !mute_) wire_->send(std::move(message));
}

void Exchange::end(End end) {
  if (over_ || (mute_ && end.status == 0)) return;
  over_ = true;
  disarm(delay_);
  log_end(end.status, end.message);
  wire_->finish(std::move(end));
  ended();
}

void Exchange::end_as(const Verdict& verdict) {
  mute_ = false;
  if (verdict.kind == FaultKind::kError) throw BusError(verdict.code);
  End end =
      plain(kUnavailable, verdict.kind == FaultKind::kHttp500Html ? "The service is down for maintenance."
                                                                  : "Connection reset by peer");
  end.reset = verdict.kind == FaultKind::kReset;
  this->end(std::move(end));
}

void Exchange::log_end(int status, const std::string& message) {
  if (number_ == 0) return;
  const auto took = std::chrono::steady_clock::now() - started_;
  bus_.calls.end(number_, status, status == 0 ? "success" : "error", status == 0 ? outcome_ : message,
                 verdict_.kind == FaultKind::kNone ? "" : std::string(name_of(verdict_.kind)), applied_,
                 std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
}

void Exchange::arm(Alarm& alarm, std::int64_t ms, std::function<void()> due) {
  disarm(alarm);
  alarm.id =
      bus_.timers.after(ms, [weak = weak_from_this(), &alarm, turn = alarm.turn, due = std::move(due)] {
        const auto self = weak.lock();
        if (!self) return;
        const std::lock_guard lock(self->bus_.mutex);
        if (alarm.turn == turn) self->guarded(due);
      });
}

void Exchange::disarm(Alarm& alarm) {
  ++alarm.turn;
  bus_.timers.cancel(std::exchange(alarm.id, 0));
}

void Exchange::check_session() const {
  if (bus_.switches.live_session == "end") bus_.authenticate(metadata_);
}

}  // namespace sandbox::pubsub
