// The cache: an in-process tier over Redis, tags with generations, one load per key at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/cache/entry.hpp"
#include "kernel/cache/redis.hpp"

namespace kernel::cache {

using Deadline = std::chrono::steady_clock::time_point;

/// How long an answer is good, and what makes it bad earlier.
///
/// After ttl it is served for stale_while_revalidate more while somebody fetches a new one; after ttl it is
/// also served for stale_if_error more when the loader fails with a status of 500 or above. All together at
/// most 36 h.
struct Policy {
  std::chrono::milliseconds ttl{0};
  std::chrono::milliseconds stale_while_revalidate{0};
  std::chrono::milliseconds stale_if_error{0};
  std::vector<std::string> tags;
};

struct Loaded {
  std::string value;
  std::string meta;  // small: content type, status …
};
/// Fetches the value; throws portico::Problem when it cannot.
using Loader = std::function<Loaded()>;
/// Runs a refresh elsewhere; false when it has no room (the refresh is then left to a later caller).
using Background = std::function<bool(std::function<void()>)>;

enum class Served {
  hit,    // fresh, or older by no more than stale_while_revalidate
  miss,   // loaded for this call (or for one it waited with)
  stale,  // the loader failed; this is what was known before
};

struct Answer {
  EntryPtr entry;
  Served served = Served::miss;
  std::chrono::milliseconds age{0};
};

struct CacheSettings {
  std::size_t local_bytes = 64u << 20;
  std::chrono::milliseconds local_life_without_link{5000};
  std::chrono::milliseconds error_life{1000};  // a failure is remembered this long
  std::chrono::milliseconds lease{5000};       // one replica loads, the others wait this long for it
  std::chrono::milliseconds link_ping{1000};   // an invalidation link that misses one is lost
  std::function<std::chrono::system_clock::time_point()> now;  // default: the system clock
};

/// Thread-safe. Works without Redis: in-process only, short-lived.
class Cache {
 public:
  explicit Cache(Redis& redis, CacheSettings settings = {});
  ~Cache();
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  /// A fresh entry of the in-process tier. Never blocks on anything but a short lock: for reactor threads.
  std::optional<Answer> find_local(std::string_view key);

  /// The cached answer, or the loader's. Per key one load at a time in this process, and by a short lease in
  /// the fleet.
  ///
  /// key         says version, tenant or user, resource and what it depends on; the user from the session
  /// only background  runs the refresh of a stale answer; without one the first caller to see it stale
  /// refreshes inline errors      the loader's problem (shared by all that waited; from 500 up also for
  /// error_life);
  ///             503 cache.timeout when another call's load did not end before this call's deadline
  Answer get_or_load(const std::string& key, const Policy& policy, const Loader& loader, Deadline deadline,
                     const Background& background = {});

  /// A fresh entry of either tier. tags: those it was stored with.
  std::optional<Answer> get(const std::string& key, const std::vector<std::string>& tags);

  /// Stores a value that the caller knows to be current.
  void set(const std::string& key, const Policy& policy, Loaded loaded);

  /// Makes every entry with that tag invalid, here at once and in the fleet within moments.
  /// returns  false when Redis could not be told yet: it is told when it is back
  bool bust(const std::string& tag);

  /// Whether the invalidation link is up.
  bool linked() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kernel::cache
