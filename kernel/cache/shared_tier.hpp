// The tier in Redis: entries with the generations of their tags, leases, and raising a tag for the whole
// fleet.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "kernel/cache/entry.hpp"
#include "kernel/cache/redis.hpp"

namespace kernel::cache {

/// Thread-safe. Every call is as short as Redis's call time-out; nothing throws because Redis is away.
class SharedTier {
 public:
  struct Seen {
    bool answered = false;       // Redis said something, be it "nothing there"
    std::optional<Entry> entry;  // whose tags have not been raised since
  };
  struct Fill {
    bool answered = false;
    bool leased = false;  // ours to load
    std::string lease;    // what the lock holds if it is ours
    std::vector<TagGeneration> tags;
  };

  SharedTier(Redis& redis, std::string instance, std::chrono::milliseconds lease);

  Seen read(const std::string& key, const std::vector<std::string>& tags);

  /// Reads the generations a fill starts from, and takes the lease on the key if nobody else loads from the
  /// same ones.
  Fill begin(const std::string& key, const std::vector<std::string>& tags);

  /// Stores the entry only if the generations in it still hold, and gives the lease back.
  /// returns  nothing when Redis did not answer; false when a tag was raised meanwhile
  std::optional<bool> store(const std::string& key, const Fill& fill, const Entry& entry,
                            std::chrono::milliseconds life);

  void give_up(const std::string& key, const Fill& fill);

  /// Raises the tag's generation and tells the channel. false: Redis did not answer.
  bool raise(const std::string& tag);

  /// Where raise() tells, and the tag in such a message; empty for one of our own.
  std::string channel() const;
  std::string tag_in(const std::string& message) const;

 private:
  std::string entry_key(const std::string& key) const { return redis_.key("entry:" + key); }
  std::string lock_key(const std::string& key) const { return redis_.key("load:" + key); }
  std::string tag_key(const std::string& tag) const { return redis_.key("tag:" + tag); }

  Redis& redis_;
  std::string instance_;
  std::chrono::milliseconds lease_;
};

}  // namespace kernel::cache
