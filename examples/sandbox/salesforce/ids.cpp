// The check characters: one bit for each upper-case letter of a block of five.
#include "examples/sandbox/salesforce/ids.hpp"

#include <algorithm>

namespace sandbox::salesforce {

namespace {

constexpr std::string_view kCheck = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kInstance = "5g0000";
constexpr std::size_t kShort = 15, kLong = 18, kBlock = 5;

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
char upper(char c) {
  return is_lower(c) ? static_cast<char>(c - 32) : c;
}

}  // namespace

std::string long_id(std::string_view id15) {
  std::string out(id15);
  for (std::size_t block = 0; block < kShort; block += kBlock) {
    std::size_t bits = 0;
    for (std::size_t i = 0; i < kBlock; ++i)
      if (is_upper(id15[block + i])) bits |= std::size_t{1} << i;
    out += kCheck[bits];
  }
  return out;
}

std::optional<std::string> normal_id(std::string_view id) {
  if (id.size() != kShort && id.size() != kLong) return std::nullopt;
  if (!std::all_of(id.begin(), id.end(), [](char c) { return kDigits.find(c) != std::string_view::npos; }))
    return std::nullopt;
  if (id.size() == kShort) return long_id(id);
  std::string mended(id.substr(0, kShort));
  for (std::size_t block = 0; block < kShort / kBlock; ++block) {
    const auto bits = kCheck.find(upper(id[kShort + block]));
    if (bits == std::string_view::npos) return std::nullopt;
    for (std::size_t i = 0; i < kBlock; ++i) {
      char& c = mended[block * kBlock + i];
      const bool wants_upper = ((bits >> i) & 1U) != 0;
      if (wants_upper && !is_upper(c) && !is_lower(c)) return std::nullopt;
      if (wants_upper) {
        c = upper(c);
      } else if (is_upper(c)) {
        c = static_cast<char>(c + 32);
      }
    }
  }
  return long_id(mended);
}

std::string make_id(std::string_view prefix, std::int64_t number) {
  std::string tail;
  for (std::size_t left = kShort - prefix.size() - kInstance.size(); left > 0; --left) {
    tail += kDigits[static_cast<std::size_t>(number % 62)];
    number /= 62;
  }
  std::reverse(tail.begin(), tail.end());
  return long_id(std::string(prefix) + std::string(kInstance) + tail);
}

}  // namespace sandbox::salesforce
