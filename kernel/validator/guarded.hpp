// Memory that ends where the next page cannot be read: who reads one byte too far stops at once.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>
#include <utility>
#include <vector>

namespace kernel::validator {

class Guarded {
 public:
  Guarded() = default;
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  ~Guarded() {
    for (const auto& [start, size] : blocks_) ::munmap(start, size);
  }

  /// A copy whose last byte is the last that can be read. errors: std::bad_alloc
  void* copy(const void* from, std::size_t size) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const auto body = (size + page - 1) / page * page;
    void* start = ::mmap(nullptr, body + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) throw std::bad_alloc();
    blocks_.emplace_back(start, body + page);
    ::mprotect(static_cast<char*>(start) + body, page, PROT_NONE);
    return std::memcpy(static_cast<char*>(start) + body - size, from, size);
  }

 private:
  std::vector<std::pair<void*, std::size_t>> blocks_;
};

}  // namespace kernel::validator
