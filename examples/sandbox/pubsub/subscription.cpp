// Flow control, delivery with its faults, keep-alives and the ends of streams.
#include "examples/sandbox/pubsub/subscription.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "eventbus.pb.h"
#include "examples/sandbox/salesforce/values.hpp"

namespace sandbox::pubsub {

namespace v1 = eventbus::v1;

namespace {

constexpr std::size_t kMostBytes = 3'000'000;  // of payloads in one response

v1::FetchRequest request_of(const std::string& message) {
  v1::FetchRequest request;
  if (!request.ParseFromString(message)) throw BusError("subscription.fetch.request.invalid");
  return request;
}

}  // namespace

Subscription::~Subscription() = default;

boost::json::object Subscription::params_of(const std::string& message) const {
  v1::FetchRequest request;
  if (!request.ParseFromString(message)) return {};
  const auto replay = replay_of(request.replay_id());
  return {{"topic", request.topic_name()},
          {"preset", static_cast<int>(request.replay_preset())},
          {"replay", replay ? boost::json::value(*replay) : boost::json::value()},
          {"num_requested", request.num_requested()}};
}

boost::json::object Subscription::shown() const {
  return {{"topic", topic_ ? topic_->name : ""},
          {"demand", demand_},
          {"delivered", delivered_},
          {"rpc_id", rpc_id_}};
}

void Subscription::handle(const std::string& message) {
  const auto request = request_of(message);
  if (!topic_) {
    start(request);
    return;
  }
  check_session();
  if (!request.topic_name().empty() && request.topic_name() != topic_->name)
    throw BusError("subscription.fetch.topic.mismatch");
  ask(request.num_requested());
}

void Subscription::start(const v1::FetchRequest& request) {
  if (request.topic_name().empty()) throw BusError("topic.validation.empty");
  Topic topic = bus_.topic_named(request.topic_name());
  if (request.num_requested() <= 0) throw BusError("subscription.fetch.requested.events.invalid");
  bus_.retire();
  switch (request.replay_preset()) {
    case v1::EARLIEST:
      cursor_ = bus_.log.begin();
      break;
    case v1::CUSTOM: {
      if (request.replay_id().empty()) throw BusError("subscription.fetch.replayid.validation.failed");
      const auto replay = replay_of(request.replay_id());
      const auto place = replay ? bus_.log.after(*replay) : std::nullopt;
      if (!place) throw BusError("subscription.fetch.replayid.corrupted");
      cursor_ = *place;
      last_replay_ = *replay;
      break;
    }
    default:
      cursor_ = bus_.log.end();
  }
  topic_ = std::move(topic);
  set_applied();
  bus_.subscriptions.insert(this);
  const Verdict life = bus_.faults.decide("pubsub", "stream");
  if (life.kind != FaultKind::kNone) arm(cut_, life.latency_ms, [this, life] { end_as(life); });
  ask(request.num_requested());
}

void Subscription::ask(std::int64_t count) {
  if (count <= 0) throw BusError("subscription.fetch.requested.events.invalid");
  const auto most = bus_.switches.most_demand;
  if (bus_.switches.overflow == "refuse" && demand_ + std::min(count, most) > most)
    throw BusError("subscription.fetch.overflow");
  if (demand_ == 0) {
    disarm(idle_);
    arm(keepalive_, bus_.switches.keepalive_ms, [this] { keep_alive(); });
  }
  demand_ = std::min(most, demand_ + count);
  pump();
}

std::uint64_t Subscription::next_from(std::uint64_t place) const {
  place = std::max(place, bus_.log.begin());
  for (; place < bus_.log.end(); ++place) {
    const auto feed = bus_.log.at(place).feed;
    if (feed < topic_->carries.size() && topic_->carries[feed]) break;
  }
  return place;
}

void Subscription::pump() {
  guarded([this] { deliver(); });
}

void Subscription::cut(const std::string& code) {
  guarded([&] {
    Verdict verdict;
    verdict.kind = code.empty() ? FaultKind::kReset : FaultKind::kError;
    verdict.code = code;
    end_as(verdict);
  });
}

void Subscription::deliver() {
  if (over() || !topic_ || writing_ || paused_ || demand_ == 0) return;
  v1::FetchResponse response;
  const bool goes_on = fill(response);
  const Verdict last = decided_.value_or(Verdict{});
  if (response.events_size() > 0) respond(response);
  if (goes_on) return;
  decided_.reset();
  end_as(last);
}

bool Subscription::fill(v1::FetchResponse& response) {
  std::size_t bytes = 0;
  while (demand_ > 0 && response.events_size() < bus_.switches.batch_events && bytes < kMostBytes) {
    if (!again_.empty()) {
      const auto place = again_.front();
      again_.erase(again_.begin());
      if (place >= bus_.log.begin()) add(response, bus_.log.at(place), FaultKind::kNone);
      continue;
    }
    cursor_ = next_from(cursor_);
    if (cursor_ == bus_.log.end()) break;
    const auto verdict = verdict_for_next();
    if (!verdict) break;
    const std::uint64_t place = cursor_;
    switch (verdict->kind) {
      case FaultKind::kReset:
      case FaultKind::kDown:
      case FaultKind::kError:
        return false;
      case FaultKind::kRepeat:
        again_.push_back(place);
        break;
      case FaultKind::kReorder: {
        const auto second = next_from(place + 1);
        if (second == bus_.log.end()) break;
        again_.push_back(place);
        cursor_ = second;
        break;
      }
      default:
        break;
    }
    decided_.reset();
    const Event& event = bus_.log.at(cursor_++);
    bytes += event.payload.size();
    add(response, event, verdict->kind);
  }
  return true;
}

std::optional<Verdict> Subscription::verdict_for_next() {
  if (decided_) return decided_;
  decided_ = bus_.faults.decide("pubsub", "event");
  const auto wait = decided_->latency_ms + (decided_->kind == FaultKind::kStall ? decided_->hold_ms : 0);
  if (wait == 0) return decided_;
  pause(wait);
  return std::nullopt;
}

void Subscription::pause(std::int64_t ms) {
  paused_ = true;
  arm(pause_, ms, [this] {
    paused_ = false;
    pump();
  });
}

void Subscription::add(v1::FetchResponse& response, const Event& event, FaultKind kind) {
  auto& out = *response.add_events();
  const bool reused = kind == FaultKind::kReuseReplayId && last_replay_ != 0;
  const auto replay = reused ? last_replay_ : event.replay;
  out.set_replay_id(replay_bytes(replay));
  out.mutable_event()->set_id(event.id);
  out.mutable_event()->set_schema_id(event.schema_id);
  std::string payload = event.payload;
  if (kind == FaultKind::kCutBody || kind == FaultKind::kTruncatedJson)
    payload.resize(payload.size() * 2 / 3);
  if (kind == FaultKind::kWrongShape)
    payload.assign(payload.size(), '\xFF');  // no number ends, nothing decodes
  out.mutable_event()->set_payload(std::move(payload));
  last_replay_ = replay;
  --demand_;
  ++delivered_;
}

void Subscription::respond(v1::FetchResponse& response) {
  response.set_latest_replay_id(replay_bytes(last_replay_));
  response.set_rpc_id(rpc_id_);
  response.set_pending_num_requested(static_cast<std::int32_t>(demand_));
  writing_ = true;
  set_outcome(fmt::format("{} events", delivered_));
  // Before anything is sent: who reads the response may move the clock at once.
  if (demand_ > 0) {
    arm(keepalive_, bus_.switches.keepalive_ms, [this] { keep_alive(); });
  } else {
    disarm(keepalive_);
    arm(idle_, bus_.switches.idle_end_ms, [this] {
      if (bus_.switches.idle_end != "ok") throw BusError(bus_.switches.idle_end);
      end({});
    });
  }
  send(response.SerializeAsString());
}

void Subscription::keep_alive() {
  check_session();
  arm(keepalive_, bus_.switches.keepalive_ms, [this] { keep_alive(); });
  // A stream that has events to send is no idle one, even while a fault holds them.
  if (writing_ || paused_) return;
  if (bus_.faults.decide("pubsub", "keepalive").kind != FaultKind::kNone) return;
  cursor_ = next_from(cursor_);
  if (cursor_ != bus_.log.end() || !again_.empty()) return;
  last_replay_ = bus_.log.position(bus_.now_ms());
  cursor_ = bus_.log.end();
  v1::FetchResponse response;
  respond(response);
}

void Subscription::idle() {
  writing_ = false;
  pump();
}

void Subscription::no_more() {
  end({});
}

void Subscription::ended() {
  for (Alarm* alarm : {&keepalive_, &idle_, &cut_, &pause_}) disarm(*alarm);
  bus_.subscriptions.erase(this);
}

}  // namespace sandbox::pubsub
