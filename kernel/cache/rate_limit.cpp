// GCRA on Redis and in this process.
#include "kernel/cache/rate_limit.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <string>
#include <unordered_map>

#include "kernel/cache/local_tier.hpp"
#include "kernel/observe/metrics.hpp"

namespace kernel::cache {
namespace {

using std::chrono::microseconds;

constexpr std::size_t kShards = 16;
constexpr int kEvictionLook = 16;  // entries looked at to find one to give up

/// Microseconds between two requests in the long run, at least 1.
std::int64_t interval_us(const RateClass& rate, std::int64_t share) {
  const auto period = std::chrono::duration_cast<microseconds>(rate.period).count();
  return std::max<std::int64_t>(1, period * share / std::max<std::int64_t>(1, rate.limit));
}

/// Both clocks decide alike: `ahead` is how far the theoretical arrival time would lie beyond now.
Decision decide(bool allowed, std::int64_t ahead_us, std::int64_t interval, std::int64_t burst,
                const RateClass& rate, std::int64_t cost) {
  Decision decision;
  decision.allowed = allowed;
  const std::int64_t room = interval * (burst + 1);
  if (allowed) {
    decision.remaining = std::max<std::int64_t>(0, (room - ahead_us) / interval);
  } else {
    decision.remaining = std::max<std::int64_t>(0, (room - (ahead_us - interval * cost)) / interval);
    decision.retry_after_ms = cost > burst + 1 ? rate.period.count() : (ahead_us - room + 999) / 1000;
  }
  return decision;
}

// KEYS[1] the subject; ARGV room and cost in microseconds. The key holds the theoretical arrival time and
// is gone when that is past. Returns allowed and how far ahead that time lies, with this request counted in.
const Script& gcra() {
  static const Script script(R"(
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local tat = tonumber(redis.call('GET', KEYS[1])) or now
if tat < now then tat = now end
local ahead = tat + tonumber(ARGV[2]) - now
if ahead > tonumber(ARGV[1]) then return {0, ahead} end
redis.call('SET', KEYS[1], string.format('%.0f', now + ahead), 'PX', math.max(1, math.ceil(ahead / 1000)))
return {1, ahead}
)");
  return script;
}

}  // namespace

struct LocalLimiter::Shard {
  std::mutex mutex;
  std::unordered_map<std::string, std::int64_t, StringHash, std::equal_to<>>
      arrival_us;  // theoretical arrival time by key

  /// Gives up the key that loses least: one that has recovered, or is closest to it, among a few.
  void make_room(std::int64_t now_us) {
    auto victim = arrival_us.begin();
    int looked = 0;
    for (auto it = arrival_us.begin(); it != arrival_us.end() && looked < kEvictionLook; ++it, ++looked) {
      if (it->second < victim->second) victim = it;
      if (victim->second <= now_us) break;
    }
    if (victim != arrival_us.end()) arrival_us.erase(victim);
  }
};

LocalLimiter::LocalLimiter(std::size_t max_keys, Now now)
    : max_keys_per_shard_(std::max<std::size_t>(1, max_keys / kShards)),
      now_(now ? std::move(now) : [] { return std::chrono::steady_clock::now(); }),
      shards_(std::make_unique<Shard[]>(kShards)) {}

LocalLimiter::~LocalLimiter() = default;

Decision LocalLimiter::take(std::string_view key, const RateClass& rate, std::int64_t cost) {
  return take_share(key, rate, cost, 1);
}

Decision LocalLimiter::take_share(std::string_view key, const RateClass& rate, std::int64_t cost, int share) {
  const std::int64_t interval = interval_us(rate, share);
  const std::int64_t burst = std::max<std::int64_t>(0, (rate.burst + 1) / share - 1);
  const std::int64_t now = std::chrono::duration_cast<microseconds>(now_().time_since_epoch()).count();
  Shard& shard = shards_[StringHash{}(key) % kShards];
  const std::lock_guard lock(shard.mutex);
  const auto known = shard.arrival_us.find(key);
  const std::int64_t arrival = known == shard.arrival_us.end() ? now : std::max(now, known->second);
  const std::int64_t ahead = arrival - now + interval * cost;
  const bool allowed = ahead <= interval * (burst + 1);
  if (allowed && known != shard.arrival_us.end()) {
    known->second = now + ahead;
  } else if (allowed) {
    if (shard.arrival_us.size() >= max_keys_per_shard_) shard.make_room(now);
    shard.arrival_us.emplace(key, now + ahead);
  }
  return decide(allowed, ahead, interval, burst, rate, cost);
}

std::size_t LocalLimiter::keys() const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < kShards; ++i) {
    const std::lock_guard lock(shards_[i].mutex);
    count += shards_[i].arrival_us.size();
  }
  return count;
}

RateLimiter::RateLimiter(Redis& redis, int replicas, std::size_t max_local_keys, LocalLimiter::Now now)
    : redis_(redis), replicas_(std::max(1, replicas)), local_(max_local_keys, std::move(now)) {}

Decision RateLimiter::take(std::string_view key, const RateClass& rate, std::int64_t cost) {
  static observe::Counter& shared =
      observe::counter("portico_rate_decisions_total", "Rate limit decisions by where", {{"where", "redis"}});
  static observe::Counter& alone =
      observe::counter("portico_rate_decisions_total", "Rate limit decisions by where", {{"where", "local"}});
  const std::int64_t interval = interval_us(rate, 1);
  const std::array<std::string, 1> keys{redis_.key("rate:" + std::string(key))};
  const std::array<std::string, 2> arguments{std::to_string(interval * (rate.burst + 1)),
                                             std::to_string(interval * cost)};
  const RedisResult result = redis_.eval(gcra(), keys, arguments);
  const auto& items = result.reply.items;
  if (!result.ok() || items.size() != 2) {
    alone.add();
    return local_.take_share(key, rate, cost, replicas_);
  }
  shared.add();
  Decision decision = decide(items[0].integer == 1, items[1].integer, interval, rate.burst, rate, cost);
  decision.shared = true;
  return decision;
}

}  // namespace kernel::cache
