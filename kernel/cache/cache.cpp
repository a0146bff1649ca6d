// The cache: two tiers, and one load per key at a time.
#include "kernel/cache/cache.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <portico/problem.hpp>
#include <random>
#include <thread>

#include "kernel/cache/invalidation_link.hpp"
#include "kernel/cache/local_tier.hpp"
#include "kernel/cache/shared_tier.hpp"
#include "kernel/cache/single_flight.hpp"
#include "kernel/observe/log.hpp"
#include "kernel/observe/metrics.hpp"

namespace kernel::cache {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::hours kLongestLife{36};
constexpr milliseconds kLoserLook{25};      // how often one that waits for another replica looks
constexpr std::size_t kMaxUntold = 10'000;  // invalidations Redis could not be told yet
const std::string kEverything = "*";        // a tag every entry has

std::vector<std::string> all_tags(const std::vector<std::string>& tags) {
  std::vector<std::string> out = tags;
  out.push_back(kEverything);
  return out;
}

std::string instance_name() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

/// Whether what was known before may be shown instead: the system of record failed, it did not answer "no".
bool is_outage(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const portico::Problem& problem) {
    return problem.status >= 500 || problem.status == 429;
  } catch (...) {
    return true;
  }
}

/// Whether the leader gave up for a reason of its own, which is none of its followers' business.
bool is_own_end(const std::exception_ptr& error, Deadline deadline) {
  if (steady_clock::now() >= deadline) return true;
  try {
    std::rethrow_exception(error);
  } catch (const portico::Problem& problem) {
    return problem.code == "request.cancelled" || problem.code == "cache.timeout" || problem.status == 499;
  } catch (...) {
    return false;
  }
}

struct Metrics {
  static observe::Counter& requests(const char* tier, const char* outcome) {
    return observe::counter("portico_cache_requests_total", "Cache look-ups by tier and outcome",
                            {{"tier", tier}, {"outcome", outcome}});
  }
  static observe::Counter& loads(const char* outcome) {
    return observe::counter("portico_cache_loads_total", "Loads by outcome", {{"outcome", outcome}});
  }
  observe::Counter& local_hit = requests("local", "hit");
  observe::Counter& local_miss = requests("local", "miss");
  observe::Counter& shared_hit = requests("redis", "hit");
  observe::Counter& shared_miss = requests("redis", "miss");
  observe::Counter& stale = requests("any", "stale");
  observe::Counter& load_ok = loads("ok");
  observe::Counter& load_failed = loads("failed");
  observe::Counter& load_outdated = loads("outdated");
  observe::Counter& joined =
      observe::counter("portico_cache_joined_total", "Calls that waited for another call's load");
  observe::Counter& busts = observe::counter("portico_cache_busts_total", "Tags raised by this process");
  observe::Counter& heard =
      observe::counter("portico_cache_busts_heard_total", "Tags raised by other replicas");
  observe::Gauge& link_up = observe::gauge("portico_cache_link_up", "1 while invalidations are heard");
};

}  // namespace

struct Cache::State {
  State(Redis& r, CacheSettings s)
      : redis(r),
        settings(std::move(s)),
        local(settings.local_bytes, settings.local_life_without_link),
        shared(r, instance_name(), settings.lease),
        flights(settings.error_life),
        link(r.settings(), shared.channel(), settings.link_ping,
             {[this](bool up) { on_link(up); }, [this](const std::string& text) { on_message(text); },
              [this] { tell_untold(); }}) {}

  WallTime now() const {
    const auto time = settings.now ? settings.now() : std::chrono::system_clock::now();
    return std::chrono::time_point_cast<std::chrono::microseconds>(time);
  }
  Answer answer(EntryPtr entry, Served served, WallTime at) const {
    const auto age = std::chrono::duration_cast<milliseconds>(at - entry->made_at);
    return {std::move(entry), served, std::max(age, milliseconds(0))};
  }

  std::optional<Answer> follow(const FlightPtr& flight, Deadline deadline, const EntryPtr& old);
  Answer stale_or_timeout(const EntryPtr& old, const char* why);
  std::optional<Answer> known(const std::string& key, EntryPtr& old);
  Answer lead(const FlightPtr& flight, const std::string& key, const Policy& policy, const Loader& loader,
              Deadline deadline, EntryPtr old);
  Answer fetch(const Flight& flight, const std::string& key, const Policy& policy, const Loader& loader,
               Deadline deadline, EntryPtr old);
  Answer load(const Flight& flight, const std::string& key, const Policy& policy, const Loader& loader,
              Deadline deadline, const SharedTier::Fill& fill, EntryPtr old);
  void keep(const std::string& key, const Policy& policy, const std::shared_ptr<Entry>& entry,
            const SharedTier::Fill& fill, const Snapshot& snapshot);
  void put_shared(const std::string& key, const EntryPtr& entry, const Snapshot& snapshot, WallTime at);
  std::shared_ptr<Entry> make(const Policy& policy, Loaded loaded) const;

  bool may_share(const std::vector<std::string>& tags);
  void on_link(bool up);
  void on_message(const std::string& text);
  void tell_untold();

  Redis& redis;
  const CacheSettings settings;
  Metrics metrics;
  LocalTier local;
  SharedTier shared;
  SingleFlight flights;

  std::mutex untold_mutex;
  std::map<std::string, std::uint64_t> untold;  // tags raised here that Redis does not know of yet, how often
  std::atomic<std::size_t> untold_count{0};

  InvalidationLink link;  // last: its thread uses everything above
};

// --- invalidation ---

void Cache::State::on_link(bool up) {
  local.set_linked(up);
  metrics.link_up.set(up ? 1 : 0);
}

void Cache::State::on_message(const std::string& text) {
  const std::string tag = shared.tag_in(text);
  if (tag.empty()) return;
  metrics.heard.add();
  local.raise(tag);
}

/// While Redis does not know that a tag was raised, what it holds under the tag may be old.
bool Cache::State::may_share(const std::vector<std::string>& tags) {
  if (!redis.available()) return false;
  if (untold_count == 0) return true;
  const std::lock_guard lock(untold_mutex);
  return std::none_of(tags.begin(), tags.end(), [&](const std::string& tag) { return untold.contains(tag); });
}

void Cache::State::tell_untold() {
  while (untold_count > 0 && redis.available()) {
    std::pair<std::string, std::uint64_t> next;
    {
      const std::lock_guard lock(untold_mutex);
      if (untold.empty()) return;
      next = *untold.begin();
    }
    if (!shared.raise(next.first)) return;
    local.raise(next.first);
    const std::lock_guard lock(untold_mutex);
    const auto told = untold.find(next.first);
    if (told != untold.end() && told->second == next.second)
      untold.erase(told);  // not raised again meanwhile
    untold_count = untold.size();
  }
}

// --- what is known without asking anybody ---

/// The answer of this process: fresh, or a failure of a moment ago. Otherwise `old` becomes what the tier
/// still holds.
std::optional<Answer> Cache::State::known(const std::string& key, EntryPtr& old) {
  const WallTime at = now();
  if (EntryPtr held = local.find(key, at)) old = std::move(held);
  if (old && at < old->fresh_until) {
    metrics.local_hit.add();
    return answer(old, Served::hit, at);
  }
  if (const auto failure = flights.recent_failure(key, at)) {
    if (!old || at >= old->dead_until) std::rethrow_exception(failure);
    metrics.stale.add();
    return answer(old, Served::stale, at);
  }
  return {};
}

// --- one load at a time ---

/// The flight's answer; nothing when its leader gave up. Past the deadline the old answer, if there is one.
std::optional<Answer> Cache::State::follow(const FlightPtr& flight, Deadline deadline, const EntryPtr& old) {
  metrics.joined.add();
  switch (flight->wait(deadline)) {
    case Flight::End::none:
      return stale_or_timeout(old, "another call's load did not end in time");
    case Flight::End::answered:
      return flight->answer;
    case Flight::End::failed:
      std::rethrow_exception(flight->error);
    case Flight::End::abandoned:
      break;
  }
  return {};
}

Answer Cache::State::stale_or_timeout(const EntryPtr& old, const char* why) {
  const WallTime at = now();
  if (!old || at >= old->dead_until) throw portico::Problem(503, "cache.timeout", why, 1);
  metrics.stale.add();
  return answer(old, Served::stale, at);
}

Answer Cache::State::lead(const FlightPtr& flight, const std::string& key, const Policy& policy,
                          const Loader& loader, Deadline deadline, EntryPtr old) {
  try {
    Answer answer = fetch(*flight, key, policy, loader, deadline, std::move(old));
    flights.answered(key, flight, answer);
    return answer;
  } catch (...) {
    const auto error = std::current_exception();
    if (is_own_end(error, deadline)) {
      flights.abandoned(key, flight);
    } else {
      flights.failed(key, flight, error);
    }
    throw;
  }
}

Answer Cache::State::fetch(const Flight& flight, const std::string& key, const Policy& policy,
                           const Loader& loader, Deadline deadline, EntryPtr old) {
  // The load that ended between our look and our turn may have brought it.
  if (auto ready = known(key, old)) return *std::move(ready);
  const auto tags = all_tags(policy.tags);
  SharedTier::Fill fill;
  for (bool first = true; may_share(tags); first = false) {
    SharedTier::Seen seen = shared.read(key, tags);
    if (!seen.answered) break;
    const WallTime at = now();
    if (seen.entry && at < seen.entry->dead_until && (!old || seen.entry->made_at >= old->made_at)) {
      old = std::make_shared<const Entry>(std::move(*seen.entry));
      put_shared(key, old, flight.snapshot, at);
    }
    if (old && at < old->fresh_until) {
      (first ? metrics.shared_hit : metrics.shared_miss).add();
      return answer(old, first ? Served::hit : Served::miss, at);
    }
    fill = shared.begin(key, tags);
    if (!fill.answered) break;
    if (fill.leased) {
      // The load that held the lease may have ended between our look and our turn.
      SharedTier::Seen again = shared.read(key, tags);
      const WallTime then = now();
      if (!again.entry || then >= again.entry->fresh_until) break;
      shared.give_up(key, fill);
      const auto entry = std::make_shared<const Entry>(std::move(*again.entry));
      put_shared(key, entry, flight.snapshot, then);
      metrics.shared_miss.add();
      return answer(entry, Served::miss, then);
    }
    // Another replica loads: what is stale will do, otherwise wait for it.
    if (old && at < old->stale_until) return answer(old, Served::hit, at);
    if (steady_clock::now() + kLoserLook >= deadline)
      return stale_or_timeout(old, "another replica's load did not end in time");
    std::this_thread::sleep_for(kLoserLook);
  }
  metrics.shared_miss.add();
  return load(flight, key, policy, loader, deadline, fill, std::move(old));
}

/// Keeps what Redis holds. While it answers but nobody tells us of invalidations, it is asked each time.
void Cache::State::put_shared(const std::string& key, const EntryPtr& entry, const Snapshot& snapshot,
                              WallTime at) {
  if (snapshot.linked()) local.put(key, entry, snapshot, at);
}

std::shared_ptr<Entry> Cache::State::make(const Policy& policy, Loaded loaded) const {
  auto entry = std::make_shared<Entry>();
  entry->value = std::move(loaded.value);
  entry->meta = std::move(loaded.meta);
  entry->made_at = now();
  const WallTime last = entry->made_at + kLongestLife;
  entry->fresh_until = std::min(last, entry->made_at + policy.ttl);
  entry->stale_until = std::min(last, entry->fresh_until + policy.stale_while_revalidate);
  entry->dead_until =
      std::min(last, entry->fresh_until + std::max(policy.stale_while_revalidate, policy.stale_if_error));
  return entry;
}

void Cache::State::keep(const std::string& key, const Policy& policy, const std::shared_ptr<Entry>& entry,
                        const SharedTier::Fill& fill, const Snapshot& snapshot) {
  entry->tags = fill.tags;
  const auto life = std::chrono::ceil<milliseconds>(entry->dead_until - entry->made_at);
  if (fill.answered && life.count() > 0 && may_share(all_tags(policy.tags))) {
    const auto stored = shared.store(key, fill, *entry, life);
    if (stored == false) metrics.load_outdated.add();  // a tag was raised meanwhile: nobody may keep it
    if (stored && (!*stored || !snapshot.linked())) return;
  } else {
    shared.give_up(key, fill);
  }
  local.put(key, entry, snapshot, now());
}

Answer Cache::State::load(const Flight& flight, const std::string& key, const Policy& policy,
                          const Loader& loader, Deadline deadline, const SharedTier::Fill& fill,
                          EntryPtr old) {
  try {
    const auto entry = make(policy, loader());
    metrics.load_ok.add();
    keep(key, policy, entry, fill, flight.snapshot);
    return answer(entry, Served::miss, now());
  } catch (...) {
    metrics.load_failed.add();
    shared.give_up(key, fill);
    const auto error = std::current_exception();
    if (!is_outage(error)) throw;
    if (!is_own_end(error, deadline)) flights.remember_failure(key, error, flight.snapshot, now());
    const WallTime at = now();
    if (!old || at >= old->dead_until) throw;
    metrics.stale.add();
    return answer(std::move(old), Served::stale, at);
  }
}

// --- the door ---

Cache::Cache(Redis& redis, CacheSettings settings)
    : state_(std::make_unique<State>(redis, std::move(settings))) {}

Cache::~Cache() = default;

bool Cache::linked() const {
  return state_->local.linked();
}

std::optional<Answer> Cache::find_local(std::string_view key) {
  const WallTime at = state_->now();
  EntryPtr entry = state_->local.find(key, at);
  if (!entry || at >= entry->fresh_until) return {};
  state_->metrics.local_hit.add();
  return state_->answer(std::move(entry), Served::hit, at);
}

Answer Cache::get_or_load(const std::string& key, const Policy& policy, const Loader& loader,
                          Deadline deadline, const Background& background) {
  const auto tags = all_tags(policy.tags);
  for (;;) {
    EntryPtr old;
    if (auto ready = state_->known(key, old)) return *std::move(ready);
    const WallTime at = state_->now();
    state_->metrics.local_miss.add();
    const bool usable = old && at < old->stale_until;
    const auto joined = state_->flights.join(key, state_->local.snapshot(tags));
    const FlightPtr& flight = joined.first;
    const bool leads = joined.second;
    if (!leads) {
      if (usable) return state_->answer(old, Served::hit, at);  // somebody is refreshing it already
      if (auto answer = state_->follow(flight, deadline, old)) return *std::move(answer);
      continue;
    }
    if (!usable || !background) return state_->lead(flight, key, policy, loader, deadline, old);

    const auto time = deadline - steady_clock::now();
    const bool accepted = background([this, flight, key, policy, loader, time, old] {
      try {
        state_->lead(flight, key, policy, loader, steady_clock::now() + time, old);
      } catch (const std::exception& failure) {
        observe::log(observe::Level::warning, "cache", "a refresh failed", {{"why", failure.what()}});
      }
    });
    if (!accepted) state_->flights.abandoned(key, flight);
    return state_->answer(old, Served::hit, at);
  }
}

std::optional<Answer> Cache::get(const std::string& key, const std::vector<std::string>& tags) {
  if (auto found = find_local(key)) return found;
  const auto every = all_tags(tags);
  if (!state_->may_share(every)) return {};
  const Snapshot snapshot = state_->local.snapshot(every);
  SharedTier::Seen seen = state_->shared.read(key, every);
  const WallTime at = state_->now();
  if (!seen.entry || at >= seen.entry->fresh_until) {
    state_->metrics.shared_miss.add();
    return {};
  }
  state_->metrics.shared_hit.add();
  const auto entry = std::make_shared<const Entry>(std::move(*seen.entry));
  state_->put_shared(key, entry, snapshot, at);
  return state_->answer(entry, Served::hit, at);
}

void Cache::set(const std::string& key, const Policy& policy, Loaded loaded) {
  const auto tags = all_tags(policy.tags);
  const Snapshot snapshot = state_->local.snapshot(tags);
  SharedTier::Fill fill;
  if (state_->may_share(tags)) fill = state_->shared.begin(key, tags);
  state_->keep(key, policy, state_->make(policy, std::move(loaded)), fill, snapshot);
}

bool Cache::bust(const std::string& tag) {
  state_->metrics.busts.add();
  // Redis first: a fill that reads there before this moment is caught by raising the tag here afterwards.
  const bool told = state_->shared.raise(tag);
  if (!told) {
    const std::lock_guard lock(state_->untold_mutex);
    if (state_->untold.size() >= kMaxUntold) state_->untold = {{kEverything, 1}};
    ++state_->untold[tag];
    state_->untold_count = state_->untold.size();
  }
  state_->local.raise(tag);
  return told;
}

}  // namespace kernel::cache
