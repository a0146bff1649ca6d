// Handles: 64-bit names of host objects that plugins may hold; a stale one finds nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace kernel::loader {

/// Slot in the low half, generation in the high half; never 0. Thread-safe.
template <class T>
class Handles {
 public:
  std::uint64_t add(std::shared_ptr<T> object) {
    const std::lock_guard lock(mutex_);
    std::uint32_t slot;
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    slots_[slot].object = std::move(object);
    return (std::uint64_t{slots_[slot].generation} << 32) | slot;
  }

  /// Null for a handle that has ended or never was.
  std::shared_ptr<T> find(std::uint64_t handle) const {
    const std::lock_guard lock(mutex_);
    const auto* slot = live(handle);
    return slot ? slot->object : nullptr;
  }

  /// Ends the handle; null where it had ended before.
  std::shared_ptr<T> take(std::uint64_t handle) {
    const std::lock_guard lock(mutex_);
    auto* slot = const_cast<Slot*>(live(handle));
    if (!slot) return nullptr;
    auto object = std::move(slot->object);
    if (++slot->generation == 0) slot->generation = 1;
    free_.push_back(static_cast<std::uint32_t>(handle));
    return object;
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return slots_.size() - free_.size();
  }

 private:
  struct Slot {
    std::uint32_t generation = 1;
    std::shared_ptr<T> object;
  };
  const Slot* live(std::uint64_t handle) const {
    const auto slot = static_cast<std::uint32_t>(handle);
    if (slot >= slots_.size()) return nullptr;
    const auto& s = slots_[slot];
    return s.generation == (handle >> 32) && s.object ? &s : nullptr;
  }

  mutable std::mutex mutex_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace kernel::loader
