// What every fuzz target is: one function over bytes that throws where a promise is broken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace fuzz {

/// The target itself; each folder's oracle.cpp defines it.
/// errors    std::logic_error naming the promise that does not hold
void check(std::string_view input);

inline void promise(bool kept, const char* what) {
  if (!kept) throw std::logic_error(what);
}

/// Choices that follow from the bytes alone, so that a finding repeats.
class Choice {
 public:
  explicit Choice(std::string_view bytes) {
    for (const char c : bytes) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  /// A number below `end`; 0 when end is 0.
  std::size_t below(std::size_t end) {
    state_ ^= state_ >> 29;
    state_ *= 0xbf58476d1ce4e5b9U;
    return end == 0 ? 0 : static_cast<std::size_t>(state_ >> 17) % end;
  }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325U;
};

}  // namespace fuzz
