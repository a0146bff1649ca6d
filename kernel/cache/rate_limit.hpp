// Rate limits by GCRA: one Lua script on Redis for the fleet, a strict local share while Redis is away.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "kernel/cache/redis.hpp"

namespace kernel::cache {

/// `limit` requests per `period` in the long run, and `burst` beyond the one that is due at once.
struct RateClass {
  std::int64_t limit = 1;
  std::chrono::milliseconds period{1000};
  std::int64_t burst = 0;
};

struct Decision {
  bool allowed = false;
  std::int64_t remaining = 0;       // requests of cost 1 that would pass right now
  std::int64_t retry_after_ms = 0;  // 0 when allowed; a cost that can never pass says the period
  bool shared = false;              // decided for the whole fleet, not by the local share
};

/// GCRA in this process alone; for cheap classes and as the fallback. Thread-safe, bounded memory.
class LocalLimiter {
 public:
  using Now = std::function<std::chrono::steady_clock::time_point()>;

  /// max_keys  when full, the key closest to having recovered gives way
  explicit LocalLimiter(std::size_t max_keys = 100'000, Now now = {});
  ~LocalLimiter();
  Decision take(std::string_view key, const RateClass& rate, std::int64_t cost = 1);
  std::size_t keys() const;

  /// As take(), with the part of the rate that one of `share` equal processes may grant.
  Decision take_share(std::string_view key, const RateClass& rate, std::int64_t cost, int share);

 private:
  struct Shard;
  std::size_t max_keys_per_shard_;
  Now now_;
  std::unique_ptr<Shard[]> shards_;
};

/// GCRA for the fleet; Redis's clock is the only clock. Thread-safe.
class RateLimiter {
 public:
  /// replicas  cluster.replicas: the share of a limit that each may grant alone while Redis is away
  RateLimiter(Redis& redis, int replicas, std::size_t max_local_keys = 100'000, LocalLimiter::Now now = {});

  /// key  names class and subject, e.g. "login:203.0.113.0/24"; classes of one key must not change
  Decision take(std::string_view key, const RateClass& rate, std::int64_t cost = 1);

 private:
  Redis& redis_;
  int replicas_;
  LocalLimiter local_;
};

}  // namespace kernel::cache
