// The in-process tier: entries by key in least-recently-used order, invalid the moment one of their tags is
// raised.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kernel/cache/entry.hpp"

namespace kernel::cache {

struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

/// How often a tag was raised in this process. Shared by the table and everything that was made under the
/// tag.
using TagCell = std::shared_ptr<std::atomic<std::uint64_t>>;

/// What was true when a fill began; while it holds, what the fill brings is not outdated by anything known
/// here.
class Snapshot {
 public:
  bool holds() const;
  bool linked() const { return (epoch_ & 1) != 0; }

 private:
  friend class LocalTier;
  const std::atomic<std::uint64_t>* now_ = nullptr;
  std::uint64_t epoch_ = 0;
  std::vector<std::pair<TagCell, std::uint64_t>> tags_;
};

/// Thread-safe; locks are held for a look-up or an insert only.
class LocalTier {
 public:
  /// unlinked_life  longest life of an entry while nobody tells us of invalidations
  LocalTier(std::size_t max_bytes, std::chrono::microseconds unlinked_life);

  /// Taken before a fill reads anything.
  Snapshot snapshot(const std::vector<std::string>& tags);

  /// Null when absent, dead or invalid.
  EntryPtr find(std::string_view key, WallTime now);

  /// Stores the entry, unless its snapshot does not hold any more.
  void put(const std::string& key, EntryPtr entry, const Snapshot& snapshot, WallTime now);

  /// Makes everything with that tag invalid.
  void raise(std::string_view tag);

  /// The invalidation link came up or was lost: either way nothing kept so far can be relied on.
  void set_linked(bool linked);
  bool linked() const { return (epoch_ & 1) != 0; }

  std::size_t bytes() const { return bytes_; }

 private:
  struct Item {
    std::string key;
    EntryPtr entry;
    Snapshot snapshot;
    WallTime until;
    std::size_t bytes = 0;
  };
  struct Shard {
    std::mutex mutex;
    std::list<Item> items;                                                   // most recently used first
    std::unordered_map<std::string_view, std::list<Item>::iterator> by_key;  // views of Item::key
    std::size_t bytes = 0;
  };
  static constexpr std::size_t kShards = 16;

  Shard& shard_of(std::string_view key) { return shards_[StringHash{}(key) % kShards]; }
  void drop(Shard& shard, std::list<Item>::iterator item);
  TagCell cell(const std::string& tag);

  const std::size_t max_bytes_per_shard_;
  const std::chrono::microseconds unlinked_life_;
  std::atomic<std::uint64_t> epoch_{0};  // odd while linked
  std::atomic<std::size_t> bytes_{0};
  Shard shards_[kShards];
  std::mutex tags_mutex_;
  std::unordered_map<std::string, std::weak_ptr<std::atomic<std::uint64_t>>, StringHash, std::equal_to<>>
      tags_;
  std::size_t tags_swept_at_ = 1024;
};

}  // namespace kernel::cache
