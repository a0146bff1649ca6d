// One cached answer and its form in Redis.
#pragma once

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
};
/// Shared by the tier and every answer being sent from it: a hit copies nothing.
using EntryPtr = std::shared_ptr<const Entry>;

std::string encode(const Entry& entry);

/// Nothing for bytes that are no entry of this version.
std::optional<Entry> decode(std::string_view bytes);

}  // namespace kernel::cache
