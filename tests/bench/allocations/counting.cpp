// Replaces operator new by malloc and a counter of the calling thread.
#include "tests/bench/allocations/counting.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t kThreads = 512;  // more of them share the last counter

struct Counter {
  std::atomic<std::uint64_t> blocks{0};
  std::atomic<std::uint64_t> bytes{0};
};

std::array<Counter, kThreads> counters;
std::atomic<std::size_t> used{0};
thread_local Counter* own = nullptr;

void* take(std::size_t size) {
  if (own == nullptr) own = &counters[std::min(used.fetch_add(1), kThreads - 1)];
  own->blocks.fetch_add(1, std::memory_order_relaxed);
  own->bytes.fetch_add(size, std::memory_order_relaxed);
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

namespace bench {

Census take_census() {
  Census all;
  for (std::size_t i = 0; i < std::min(used.load(), kThreads); ++i)
    all.push_back({counters[i].blocks.load(), counters[i].bytes.load()});
  return all;
}

Taken busiest_other(const Census& before, const Census& after) {
  Taken most;
  for (std::size_t i = 0; i < after.size(); ++i) {
    const Taken since = i < before.size() ? before[i] : Taken{};
    if (own == &counters[i] || after[i].blocks - since.blocks <= most.blocks) continue;
    most = {after[i].blocks - since.blocks, after[i].bytes - since.bytes};
  }
  return most;
}

}  // namespace bench

void* operator new(std::size_t size) {
  return take(size);
}
void* operator new[](std::size_t size) {
  return take(size);
}
// The library's own would come here by itself; a sanitizer's does not.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept try {
  return take(size);
} catch (const std::bad_alloc&) {
  return nullptr;
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
