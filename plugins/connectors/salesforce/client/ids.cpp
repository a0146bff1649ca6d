// Check characters of ids.
#include "client/ids.hpp"

#include <algorithm>

namespace salesforce {

namespace {

constexpr std::size_t kShort = 15, kFull = 18, kBlock = 5;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

char lower_of(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

}  // namespace

std::optional<std::string> full_id(std::string_view text) {
  constexpr std::string_view kCheck = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
  if ((text.size() != kShort && text.size() != kFull) ||
      !std::all_of(text.begin(), text.end(), is_alphanumeric))
    return std::nullopt;
  std::string out(text.substr(0, kShort));
  for (std::size_t block = 0; block < kShort; block += kBlock) {
    std::size_t bits = 0;
    for (std::size_t i = 0; i < kBlock; ++i)
      if (const char c = text[block + i]; c >= 'A' && c <= 'Z') bits |= std::size_t{1} << i;
    out += kCheck[bits];
  }
  const auto same = [](char a, char b) { return lower_of(a) == lower_of(b); };
  if (text.size() == kFull && !std::equal(out.begin() + kShort, out.end(), text.begin() + kShort, same))
    return std::nullopt;
  return out;
}

std::optional<std::string> full_id(std::string_view text, std::string_view prefix) {
  auto id = full_id(text);
  if (!id || !id->starts_with(prefix)) return std::nullopt;
  return id;
}

}  // namespace salesforce
