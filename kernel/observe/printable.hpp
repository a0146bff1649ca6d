// Looks at eight bytes at once: nearly all text of requests and log lines is printable ASCII.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace kernel::observe {

constexpr std::size_t kWord = sizeof(std::uint64_t);

constexpr std::uint64_t in_each_byte(unsigned char c) noexcept {
  return 0x0101010101010101u * c;
}

/// The high bit of a byte of the result is set where that byte of the word is zero (and, above the first such
/// one, perhaps elsewhere): not zero exactly when one is.
constexpr std::uint64_t zero_bytes(std::uint64_t word) noexcept {
  return (word - in_each_byte(1)) & ~word & in_each_byte(0x80);
}

inline std::uint64_t load_word(const char* text) noexcept {
  std::uint64_t word;
  std::memcpy(&word, text, sizeof word);
  return word;
}

/// Are all eight bytes from 0x20 to 0x7e?
inline bool is_printable_word(const char* text) noexcept {
  const std::uint64_t word = load_word(text);
  const std::uint64_t below_space = word - in_each_byte(0x20);  // borrows only where a byte is below
  return ((word | below_space | zero_bytes(word ^ in_each_byte(0x7f))) & in_each_byte(0x80)) == 0;
}

}  // namespace kernel::observe
