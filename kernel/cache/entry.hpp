// One cached answer and its form in Redis.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kernel::cache {

using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

struct TagGeneration {
  std::string tag;
  std::string generation;  // opaque; equal or not equal
  bool operator==(const TagGeneration&) const = default;
};

struct Entry {
  std::string value;
  std::string meta;
  WallTime made_at;
  WallTime fresh_until;
  WallTime stale_until;  // served while it is being refreshed
  WallTime dead_until;   // served while the system of record is down
  std::vector<TagGeneration> tags;

  std::size_t bytes() const;

  /// What `make(value)` gives, kept beside the value for as long as this process keeps the entry: readers
  /// that always need another form of it (decoded, compressed) make that once. One form an entry; any thread.
  template <class T, class Make>
  std::shared_ptr<const T> derived(Make make) const {
    if (auto known = std::atomic_load(&derived_)) return std::static_pointer_cast<const T>(known);
    std::shared_ptr<const T> made = make(value);
    if (made) std::atomic_store(&derived_, std::shared_ptr<const void>(made));
    return made;
  }

 private:
  mutable std::shared_ptr<const void> derived_;  // by atomic_load and atomic_store; small beside the value
};
/// Shared by the tier and every answer being sent from it: a hit copies nothing.
using EntryPtr = std::shared_ptr<const Entry>;

std::string encode(const Entry& entry);

/// Nothing for bytes that are no entry of this version.
std::optional<Entry> decode(std::string_view bytes);

}  // namespace kernel::cache
