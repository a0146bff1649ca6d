// One pass over the text; nothing that was decoded is looked at again.
#include "client/entities.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace whmcs {

namespace {

void append_utf8(std::string& out, std::uint32_t c) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    tail(12), tail(6), tail(0);
  }
}

/// The character that the text between "&" and ";" names.
std::optional<std::uint32_t> character(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::uint32_t>, 5> kNamed{
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  for (const auto& [known, c] : kNamed)
    if (name == known) return c;
  if (name.size() < 2 || name[0] != '#') return std::nullopt;
  const bool hex = name[1] == 'x' || name[1] == 'X';
  const auto digits = name.substr(hex ? 2 : 1);
  std::uint32_t c = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), c, hex ? 16 : 10);
  if (digits.empty() || ec != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  const bool control = c < 0x20 && c != '\t' && c != '\n' && c != '\r';
  if (control || (c >= 0x7F && c < 0xA0) || (c >= 0xD800 && c < 0xE000) || c > 0x10FFFF) return std::nullopt;
  return c;
}

}  // namespace

std::string decode_entities(std::string_view text) {
  constexpr std::size_t kLongest = 10;  // "#x0010FFFF"
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto amp = text.find('&');
    out += text.substr(0, amp);
    if (amp == std::string_view::npos) break;
    text.remove_prefix(amp);
    const auto end = text.substr(0, kLongest + 2).find(';');
    const auto c = end == std::string_view::npos ? std::nullopt : character(text.substr(1, end - 1));
    if (c)
      append_utf8(out, *c);
    else
      out += '&';
    text.remove_prefix(c ? end + 1 : 1);
  }
  return out;
}

}  // namespace whmcs
