// Admission, attempts and retries of one upstream.
#include "kernel/outbound/grpc/channel.hpp"

#include <fmt/format.h>

#include <fstream>
#include <future>
#include <sstream>

#include "kernel/observe/log.hpp"
#include "kernel/outbound/call_log.hpp"
#include "kernel/outbound/grpc/library.hpp"
#include "kernel/outbound/grpc/open_stream.hpp"
#include "kernel/outbound/grpc/verdict.hpp"

namespace kernel::outbound::rpc {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLeastTime{1};  // less is no time to send anything

std::string contents(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in || text.str().find("-----BEGIN CERTIFICATE-----") == std::string::npos)
    throw portico::Problem(500, "upstream.settings", "ca_file: no certificate can be read from " + file);
  return text.str();
}

std::chrono::system_clock::time_point by_the_wall(Clock::time_point until) {
  return std::chrono::system_clock::now() +
         std::chrono::duration_cast<std::chrono::system_clock::duration>(until - Clock::now());
}

void forget_ended(auto& list) {
  std::erase_if(list, [](const auto& one) { return one.expired(); });
}

}  // namespace

Channel::Channel(ChannelSettings settings, Channels::Options options, bool isolated)
    : settings_(std::move(settings)),
      options_(std::move(options)),
      address_(address_of(settings_.upstream.base_url)),
      upstream_(settings_.upstream, check_settings(settings_.upstream), options_.random) {
  if (!settings_.upstream.ca_file.empty()) contents(settings_.upstream.ca_file);
  upstream_.isolated = isolated;
  upstream_.report_health();
}

WireChannel& Channel::connected() {
  if (!wire_) {
    const auto& s = settings_.upstream;
    wire_ = wire().connect({address_, upstream_.target().tls,
                            s.ca_file.empty() ? std::string() : contents(s.ca_file), s.connect_timeout,
                            s.body_limit, s.header_limit, settings_.keep_alive});
  }
  return *wire_;
}

void Channel::publish(Lane& lane) {
  if (lane.publish_breaker(options_.breaker_clock())) upstream_.report_health();
}

void Channel::refuse(const Call& call, Outcome outcome, const char* why, int retry_after_s) {
  upstream_.count_call(call.operation, outcome, 0);
  log_call({name(), call.operation, call.lane, outcome, 0, 0, std::chrono::microseconds(0), why});
  throw problem_for(outcome, fmt::format("{} {}: {}", name(), call.operation, why), false, retry_after_s);
}

Place Channel::admit(const Call& call) {
  const auto now = Clock::now();
  Lane* const lane = upstream_.find_lane(call.lane);
  if (stopped_) refuse(call, Outcome::stopping, "stopping");
  if (!lane) refuse(call, Outcome::bad_request, "no such lane");
  if (upstream_.isolated) refuse(call, Outcome::isolated, "isolated");
  if (call.deadline - now < kLeastTime) refuse(call, Outcome::deadline, "no time left");
  if (!lane->has_room(call.priority)) refuse(call, Outcome::busy, "lane full");
  if (lane->paced_until() > now) refuse(call, Outcome::busy, "rate used up");
  const auto permit = lane->breaker().ask(options_.breaker_clock());
  if (permit == Breaker::Permit::refused) {
    const auto left =
        std::chrono::ceil<std::chrono::seconds>(lane->breaker().remaining(options_.breaker_clock()));
    refuse(call, Outcome::circuit_open, "breaker open", static_cast<int>(left.count()));
  }
  publish(*lane);
  lane->started(call.priority, now);
  ++upstream_.active;
  upstream_.count_attempt();
  return {lane, permit, now};
}

void Channel::give_back(Place& place, Outcome outcome) {
  const auto permit = std::exchange(place.permit, Breaker::Permit::refused);
  if (permit == Breaker::Permit::refused) return;
  auto& breaker = place.lane->breaker();
  if (const auto verdict = verdict_of(outcome); verdict == Verdict::none)
    breaker.abandon(permit);
  else
    breaker.record(permit, verdict == Verdict::success, Clock::now() - place.since, options_.breaker_clock());
  if (verdict_of(outcome) == Verdict::failure)
    upstream_.budget().failure();
  else
    upstream_.budget().success();
  publish(*place.lane);
}

void Channel::report(const Call& call, Outcome outcome, int attempts, Clock::time_point started,
                     std::string_view detail) {
  const auto took = Clock::now() - started;
  upstream_.count_call(call.operation, outcome, std::chrono::duration<double>(took).count());
  log_call({name(), call.operation, call.lane, outcome, 0, attempts,
            std::chrono::duration_cast<std::chrono::microseconds>(took), detail});
}

// ---- calls

std::pair<WireStatus, std::string> Channel::attempt(const Call& call, Clock::time_point until) {
  const auto answer = std::make_shared<std::promise<std::pair<WireStatus, std::string>>>();
  std::shared_ptr<WireCall> under_way;
  {
    const std::lock_guard lock(mutex_);
    under_way = connected().call(call.method, call.metadata, call.message, by_the_wall(until),
                                 [answer](WireStatus status, std::string message) {
                                   answer->set_value({std::move(status), std::move(message)});
                                 });
    forget_ended(calls_);
    calls_.push_back(under_way);
    if (stopped_) under_way->cancel();
  }
  return answer->get_future().get();
}

bool Channel::pause(const Call& call, int attempts, Outcome outcome, const WireStatus& status,
                    bool& holds_retry) {
  const auto& s = upstream_.settings();
  std::unique_lock lock(mutex_);
  if (std::exchange(holds_retry, false)) upstream_.budget().end();
  if (call.kind != Kind::read || attempts >= s.read_attempts || stopped_ ||
      !worth_retrying(outcome, http_status_of(status)))
    return false;
  Lane& lane = *upstream_.find_lane(call.lane);
  const auto due = Clock::now() + retry_delay(attempts, outcome == Outcome::throttled, -1, options_.random());
  if (due + kLeastTime >= call.deadline || lane.breaker().state() == BreakerState::open) return false;
  if (!upstream_.budget().try_start(upstream_.active + 1)) {
    upstream_.count_refused_retry();
    return false;
  }
  upstream_.count_retry();
  holds_retry = true;
  changed_.wait_until(lock, due, [&] { return stopped_; });
  if (!stopped_) return true;
  upstream_.budget().end();
  return holds_retry = false;
}

Reply Channel::call(Call call) {
  const auto started = Clock::now();
  const auto& s = upstream_.settings();
  check_call(call, s.body_limit);
  if (call.deadline == Clock::time_point{}) call.deadline = started + s.timeout;
  bool holds_retry = false;
  for (int attempts = 1;; ++attempts) {
    Place place;
    {
      const std::lock_guard lock(mutex_);
      try {
        connected();
        place = admit(call);
      } catch (...) {
        if (holds_retry) upstream_.budget().end();
        throw;
      }
    }
    auto [status, message] = attempt(call, std::min(call.deadline, Clock::now() + s.timeout));
    auto outcome = outcome_of(status);
    {
      const std::lock_guard lock(mutex_);
      if (stopped_ && !is_answer(outcome)) outcome = Outcome::stopping;
      place.lane->ended(call.priority);
      --upstream_.active;
      // A call whose caller left it hardly any time says nothing about the upstream.
      const bool short_of_time = outcome == Outcome::timeout &&
                                 call.deadline - started < std::chrono::seconds(1) &&
                                 call.deadline - started < s.timeout;
      give_back(place, short_of_time ? Outcome::cancelled : outcome);
    }
    if (pause(call, attempts, outcome, status, holds_retry)) continue;
    const std::lock_guard lock(mutex_);
    report(call, outcome, attempts, started, is_answer(outcome) ? std::string_view() : status.text);
    if (is_answer(outcome)) return {std::move(status), std::move(message), attempts};
    throw problem_for(outcome, fmt::format("{} {}: {}", name(), call.operation, status.text),
                      may_have_been_sent(status));
  }
}

// ---- streams

std::shared_ptr<Stream> Channel::open(Call call, std::shared_ptr<Listener> listener) {
  check_call(call, upstream_.settings().body_limit);
  call.deadline = Clock::time_point::max();
  std::shared_ptr<OpenStream> stream;
  {
    const std::lock_guard lock(mutex_);
    auto& connection = connected();
    const auto place = admit(call);
    stream = std::make_shared<OpenStream>(shared_from_this(), place, call, std::move(listener));
    forget_ended(streams_);
    streams_.push_back(stream);
    stream->begin(connection, call);
  }
  return stream;
}

void Channel::settle(Place& place, Outcome outcome) {
  const std::lock_guard lock(mutex_);
  place.since = Clock::now();  // how long a stream waits for its first message is nobody's slowness
  give_back(place, outcome);
}

void Channel::ended(const Place& place, Priority priority, const std::string& operation,
                    const std::string& lane, Cause cause, const WireStatus& status) {
  const std::lock_guard lock(mutex_);
  place.lane->ended(priority);
  --upstream_.active;
  const auto outcome = cause == Cause::cancelled || cause == Cause::stopping || cause == Cause::isolated
                           ? Outcome::cancelled
                           : outcome_of(status);
  Call call;
  call.operation = operation, call.lane = lane;
  report(call, outcome, 1, place.since,
         fmt::format("stream {}: {}", to_string(cause), is_answer(outcome) ? "" : status.text));
}

void Channel::isolate(bool isolated) {
  std::vector<std::shared_ptr<OpenStream>> open;
  {
    const std::lock_guard lock(mutex_);
    upstream_.isolated = isolated;
    upstream_.report_health();
    if (isolated)
      for (const auto& one : streams_)
        if (auto stream = one.lock()) open.push_back(std::move(stream));
  }
  for (const auto& stream : open) stream->cancel(Cause::isolated);
}

void Channel::stop() {
  std::vector<std::shared_ptr<OpenStream>> open;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    for (const auto& one : calls_)
      if (const auto call = one.lock()) call->cancel();
    for (const auto& one : streams_)
      if (auto stream = one.lock()) open.push_back(std::move(stream));
  }
  changed_.notify_all();
  for (const auto& stream : open) stream->cancel(Cause::stopping);
  for (const auto& stream : open) stream->wait();
}

void Channel::stats(std::vector<LaneStats>& out) {
  const std::lock_guard lock(mutex_);
  for (const auto& [lane_name, lane] : upstream_.lanes())
    out.push_back({name(), lane_name, lane.in_flight(), 0, lane.breaker().state(), upstream_.isolated});
}

}  // namespace kernel::outbound::rpc
