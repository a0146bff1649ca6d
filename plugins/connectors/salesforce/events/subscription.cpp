// The rules of a stream of events: correctness is in the store's transactions, this only keeps things moving.
#include "events/subscription.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <portico/problem.hpp>

namespace salesforce::events {

namespace {

using namespace std::chrono_literals;
using portico::ChannelCause;
using portico::HealthState;
using portico::Problem;

constexpr auto kSilence = 330s;              // a sign of life comes every 270 s
constexpr auto kFirst = 1s, kLongest = 60s;  // pauses before another try
constexpr auto kStandby = 1s;                // between looks at whether another replica still leads
constexpr auto kRefused = 300s;              // the channel is not there, or not ours to read
constexpr int kBeforeAlarm = 5;              // failures in a row

/// The same transaction may succeed another time.
bool may_pass(const Problem& problem) {
  return problem.status == 503 || problem.status == 504 || problem.status == 409;
}

}  // namespace

Subscription::Subscription(portico::Host& host, Store& store, Schemas& schemas, Announcer& announcer,
                           AccessSource access, SubscriptionSetting setting)
    : host_(host),
      store_(store),
      schemas_(schemas),
      announcer_(announcer),
      access_(std::move(access)),
      setting_(std::move(setting)),
      health_(setting_.name) {}

void Subscription::tick() {
  bool open, due;
  {
    const std::lock_guard lock(mutex_);
    if (ticking_ || stopping_) return;
    ticking_ = true;
    open = open_, due = now() >= next_try_;
  }
  try {
    if (open)
      keep();
    else if (due)
      lead();
  } catch (const Problem& problem) {
    back_off(problem.code + ": " + problem.detail,
             problem.code == "crm.topic_unknown" || problem.code == "crm.topic_refused" ? kRefused
                                                                                        : Microseconds(0));
    const std::lock_guard lock(mutex_);
    refused_access_ = problem.code == "crm.bus_unauthenticated";
  }
  const std::lock_guard lock(mutex_);
  ticking_ = false;
}

// ---- the lead

void Subscription::lead() {
  const auto hold = store_.acquire(setting_.channel);
  if (!hold) {
    const std::lock_guard lock(mutex_);
    epoch_.reset();
    next_try_ = now() + kStandby;
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    epoch_ = hold->epoch;
    cursor_ = hold->replay_id.value_or("");
    last_renewed_ = now();
  }
  look_for_gap(*hold);
  connect();
}

void Subscription::look_for_gap(const Hold& hold) {
  if (!hold.replay_id || !hold.too_old) return;
  const auto told = missed(hold.heard_at, "too_old");
  store_.note_gap(setting_.channel, hold.epoch, hold.heard_at,
                  [&](portico::Transaction& transaction) { announcer_.announce(transaction, told); });
  host_.metrics().count("events_missed", "reason", "too_old");
  host_.log().error("events are missing: the place in the channel is older than what is kept",
                    {{"channel", setting_.channel}});
  const std::lock_guard lock(mutex_);
  cursor_.clear();
}

void Subscription::connect() {
  Access access;
  bool renew;
  {
    const std::lock_guard lock(mutex_);
    access = current_, renew = refused_access_;
  }
  access = renew ? access_.renew(access.generation) : access_.get();
  {
    const std::lock_guard lock(mutex_);
    refused_access_ = false;
    current_ = access;
  }
  check_topic(host_.channels(), access, setting_.channel);
  std::string message;
  {
    const std::lock_guard lock(mutex_);
    const auto from = !cursor_.empty() ? From::after : setting_.from_latest ? From::latest : From::earliest;
    message = fetch(setting_.channel, from, cursor_, setting_.demand);
    open_ = true;  // what comes may come before open() has returned
    to_ask_ = 0;
    last_heard_ = now();
  }
  auto call = call_of(access, "Subscribe", std::move(message));
  call.lane = "stream";
  try {
    const auto stream = host_.channels().open(call, *this);
    const std::lock_guard lock(mutex_);
    if (open_) stream_ = stream;
  } catch (...) {
    const std::lock_guard lock(mutex_);
    open_ = false;
    throw;
  }
}

void Subscription::keep() {
  portico::StreamId stream;
  std::int64_t epoch;
  bool due, silent;
  {
    const std::lock_guard lock(mutex_);
    if (!open_ || !epoch_) return;
    stream = stream_, epoch = *epoch_;
    silent = now() - last_heard_ > kSilence;
    due = now() - last_renewed_ > setting_.lease / 3;
  }
  if (silent) {
    host_.log().warning("the event stream is silent", {{"channel", setting_.channel}});
    host_.channels().cancel(stream);
    return;
  }
  refill(stream);
  if (!due) return;
  if (!store_.renew(setting_.channel, epoch, true)) {
    lose_lead();
    host_.channels().cancel(stream);
    return;
  }
  const std::lock_guard lock(mutex_);
  last_renewed_ = now();
}

void Subscription::lose_lead() {
  const std::lock_guard lock(mutex_);
  epoch_.reset();
  next_try_ = now() + kStandby;
}

// ---- what comes

void Subscription::on_message(portico::StreamId stream, std::string_view bytes) {
  auto batch = read_batch(bytes);
  Access access;
  {
    const std::lock_guard lock(mutex_);
    stream_ = stream;
    last_heard_ = now();
    access = current_;
  }
  std::vector<Taken> events;
  for (auto& raw : batch.events) {
    const auto schema = schemas_.get(access, raw.schema_id);
    events.push_back(read_event(std::move(raw), schema.get(), setting_.names, announcer_));
  }
  // Of a batch without events the place is that of the whole channel: true as long as something was asked
  // for.
  const auto& place = !events.empty()     ? events.back().raw.replay_id
                      : batch.pending > 0 ? batch.latest_replay_id
                                          : std::string();
  try {
    commit(events, place);
  } catch (const Problem& problem) {
    if (may_pass(problem)) throw;
    one_by_one(events);
  }
  {
    const std::lock_guard lock(mutex_);
    failures_ = 0;
    if (batch.pending <= setting_.demand / 2) to_ask_ = setting_.demand - batch.pending;
  }
  host_.health().report(health_, HealthState::ok);
  refill(stream);
}

/// One of them cannot have its effect: the others do, and that one is kept as unreadable.
void Subscription::one_by_one(std::vector<Taken>& events) {
  for (auto& event : events) {
    const auto place = event.raw.replay_id;
    try {
      commit({event}, place);
    } catch (const Problem& problem) {
      if (may_pass(problem)) throw;
      event.poison = "its effect failed: " + problem.code;
      event.effect = nullptr;
      commit({event}, place);
    }
  }
}

void Subscription::commit(const std::vector<Taken>& events, std::string_view replay_id) {
  std::int64_t epoch;
  {
    const std::lock_guard lock(mutex_);
    if (!epoch_) throw Problem(409, "crm.not_leader", "no longer ours");
    epoch = *epoch_;
  }
  Counts counts;
  try {
    counts = store_.commit(setting_.channel, epoch, events, replay_id);
  } catch (const Problem& problem) {
    if (problem.code == "crm.not_leader") lose_lead();
    throw;
  }
  {
    const std::lock_guard lock(mutex_);
    if (!replay_id.empty()) cursor_ = replay_id;
    last_renewed_ = now();
  }
  if (!events.empty() && events.back().made_at)
    host_.metrics().duration("event_lag", host_.clock().now() - *events.back().made_at);
  const auto tell = [&](const char* outcome, int count) {
    if (count > 0) host_.metrics().count("events", "outcome", outcome, count);
  };
  tell("new", counts.fresh), tell("repeated", counts.repeated), tell("poison", counts.poison);
  if (counts.poison == 0) return;
  for (const auto& event : events)
    if (!event.poison.empty())
      host_.log().error("an event cannot be read; it is kept and passed by",
                        {{"channel", setting_.channel}, {"event_id", event.id}, {"why", event.poison}});
}

void Subscription::refill(portico::StreamId stream) {
  int count;
  {
    const std::lock_guard lock(mutex_);
    count = std::exchange(to_ask_, 0);
  }
  if (count == 0) return;
  if (host_.channels().send(stream, fetch_more(setting_.channel, count)) != portico::SendResult::full) return;
  const std::lock_guard lock(mutex_);
  to_ask_ = count;  // at the next tick
}

// ---- how it ends

void Subscription::on_end(portico::StreamId, const portico::ChannelEnd& end) {
  std::optional<std::int64_t> epoch;
  {
    const std::lock_guard lock(mutex_);
    open_ = false, stream_ = 0;
    epoch = epoch_;
    if (end.cause == ChannelCause::stopping) stopping_ = true;
    if (end.cause == ChannelCause::answered && is_unauthenticated(end.status)) refused_access_ = true;
  }
  const auto code = error_code(end.status);
  host_.metrics().count("event_streams_ended", "cause", code.empty() ? "other" : "refused");
  if (end.cause == ChannelCause::stopping) {
    if (epoch) store_.release(setting_.channel, *epoch);
    return;
  }
  if (end.cause == ChannelCause::answered && is_replay_id_refused(end.status) && epoch) {
    walk_back();
    back_off("the bus refuses the place in the channel");
    return;
  }
  if (epoch && !store_.renew(setting_.channel, *epoch, false)) lose_lead();
  back_off(fmt::format("the stream ended: cause {}, status {} {}", static_cast<int>(end.cause),
                       static_cast<int>(end.status.code), code));
}

void Subscription::walk_back() {
  std::int64_t epoch;
  {
    const std::lock_guard lock(mutex_);
    if (!epoch_) return;
    epoch = *epoch_;
  }
  store_.walk_back(setting_.channel, epoch,
                   [&](portico::Transaction& transaction, std::optional<portico::Time> since) {
                     announcer_.announce(transaction, missed(since, "place_lost"));
                   });
  host_.metrics().count("events_missed", "reason", "place_lost");
  host_.log().error("the bus refuses the place in the channel; going on from an earlier one",
                    {{"channel", setting_.channel}});
}

portico::crm::EventsMissed Subscription::missed(std::optional<portico::Time> since,
                                                const char* reason) const {
  portico::crm::EventsMissed out{setting_.channel, std::nullopt, reason};
  if (since) out.since = rfc3339(*since);
  return out;
}

void Subscription::back_off(const std::string& why, Microseconds least) {
  int failures;
  Microseconds pause;
  {
    const std::lock_guard lock(mutex_);
    failures = ++failures_;
    pause = std::min<Microseconds>(kFirst * (1 << std::min(failures - 1, 6)), kLongest);
  }
  // Half fixed and half random: replicas and tenants that were cut off together do not come back together.
  const auto random = host_.crypto().random(2);
  const auto share = static_cast<unsigned char>(random[0]) * 256 + static_cast<unsigned char>(random[1]);
  pause = std::max<Microseconds>(least, pause / 2 + pause / 2 * share / 65'535);
  {
    const std::lock_guard lock(mutex_);
    next_try_ = now() + pause;
  }
  host_.log().warning(
      "no event stream",
      {{"channel", setting_.channel}, {"why", why}, {"again_in_ms", std::to_string(pause.count() / 1000)}});
  const bool alarm = failures >= kBeforeAlarm || least.count() > 0;
  if (alarm) host_.health().report(health_, HealthState::degraded, why);
}

}  // namespace salesforce::events
