// Which bytes HTTP allows where (RFC 9110 5.6.2 tokens, 5.5 field values, visible ASCII).
#pragma once

#include <array>
#include <string_view>

#include "kernel/observe/printable.hpp"

namespace kernel::front {

enum ByteClass : unsigned char { kToken = 1, kFieldValue = 2, kVisible = 4, kHexDigit = 8 };

inline constexpr std::array<unsigned char, 256> kByteClasses = [] {
  std::array<unsigned char, 256> table{};
  for (int c = 0; c < 256; ++c) {
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    unsigned char bits = 0;
    if (alnum || (c < 128 &&
                  std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos)) {
      bits |= kToken;
    }
    if (c == '\t' || (c >= 0x20 && c != 0x7f)) bits |= kFieldValue;
    if (c > 0x20 && c < 0x7f) bits |= kVisible;
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f')) bits |= kHexDigit;
    table[static_cast<std::size_t>(c)] = bits;
  }
  return table;
}();

constexpr bool is(char c, ByteClass which) noexcept {
  return (kByteClasses[static_cast<unsigned char>(c)] & which) != 0;
}

constexpr bool all_are(std::string_view text, ByteClass which) noexcept {
  for (const char c : text) {
    if (!is(c, which)) return false;
  }
  return true;
}

/// all_are(text, kFieldValue), eight bytes at a time.
inline bool is_field_value(std::string_view text) noexcept {
  while (text.size() >= observe::kWord) {
    if (!observe::is_printable_word(text.data()) && !all_are(text.substr(0, observe::kWord), kFieldValue))
      return false;
    text.remove_prefix(observe::kWord);
  }
  return all_are(text, kFieldValue);
}

/// The value of a hexadecimal digit; the caller has checked that it is one.
constexpr unsigned hex_value(char c) noexcept {
  if (c <= '9') return static_cast<unsigned>(c - '0');
  return static_cast<unsigned>((c | 0x20) - 'a') + 10;
}

}  // namespace kernel::front
