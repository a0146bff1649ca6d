// The password rules: length, the lists, and the patterns no list can hold.
#include "domain/password_rules.hpp"

#include <algorithm>
#include <array>

#include "domain/common_passwords.hpp"
#include "domain/unicode.hpp"

namespace auth {
namespace {

constexpr const char* kCommon = "password_common";
constexpr std::size_t kEnoughLeft = 6;  // code points besides known words make a password one's own

bool is_separator(char32_t c) {
  return c <= 0x7F ? !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
                   : (c == 0x3000 || c == 0x30FB || c == 0x3001 || c == 0x3002);
}
bool is_digit(char32_t c) {
  return c >= '0' && c <= '9';
}

template <class Drop>
std::string without(std::string_view folded, Drop drop) {
  std::string out;
  const char* at = folded.data();
  for (const char32_t c : code_points(folded)) {
    const std::size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    if (!drop(c)) out.append(at, size);
    at += size;
  }
  return out;
}

/// "abcabcabcabcabc", "aaaaaaaaaaaaaaa", "あいうあいうあいうあいうあいう".
bool repeats_a_short_unit(const std::u32string& text) {
  for (std::size_t unit = 1; unit <= 6 && unit < text.size(); ++unit) {
    bool same = true;
    for (std::size_t i = unit; same && i < text.size(); ++i) same = text[i] == text[i - unit];
    if (same) return true;
  }
  return false;
}

/// Along a keyboard row, the alphabet or the digits, either way, round and round.
bool runs_along_a_line(const std::u32string& text) {
  static const std::array<std::u32string, 7> lines = {
      U"0123456789",
      U"1234567890",
      U"abcdefghijklmnopqrstuvwxyz",
      U"qwertyuiopasdfghjklzxcvbnm",
      U"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
      U"1q2w3e4r5t6y7u8i9o0p",
      U"あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん"};
  for (const auto& line : lines) {
    std::u32string round;
    while (round.size() < text.size() + line.size()) round += line;
    if (round.find(text) != std::u32string::npos) return true;
    std::reverse(round.begin(), round.end());
    if (round.find(text) != std::u32string::npos) return true;
  }
  return false;
}

/// At most two different common words one after the other, each as often as it likes.
bool is_made_of_common_words(std::string_view letters) {
  if (letters.empty()) return false;
  std::vector<std::string_view> used;
  const auto go = [&](auto&& self, std::string_view rest) -> bool {
    if (rest.empty()) return true;
    for (std::size_t size = 3; size <= std::min<std::size_t>(rest.size(), 24); ++size) {
      const auto word = rest.substr(0, size);
      if (!common_words().contains(word)) continue;
      const bool seen = std::find(used.begin(), used.end(), word) != used.end();
      if (!seen && used.size() == 2) continue;
      if (!seen) used.push_back(word);
      if (self(self, rest.substr(size))) return true;
      if (!seen) used.pop_back();
    }
    return false;
  };
  return go(go, letters);
}

bool is_common(std::string_view typed) {
  const std::string plain = without(fold(typed), is_separator);
  const std::u32string points = code_points(plain);
  // Nothing but signs: they carry the password alone, so they are judged as they are.
  if (points.empty()) return repeats_a_short_unit(code_points(fold(typed)));
  if (common_passwords().contains(plain)) return true;
  if (repeats_a_short_unit(points) || runs_along_a_line(points)) return true;
  const std::string letters = without(plain, is_digit);
  if (letters.empty()) return points.size() < kMinPassword;  // "2024-01-01 12:00": few digits, spread out
  const auto letter_points = code_points(letters);
  if (letter_points.size() + 4 < points.size() && letter_points.size() <= 4)
    return true;  // digits with a tail
  return is_made_of_common_words(letters);
}

}  // namespace

const char* check_password(std::string_view typed) {
  if (typed.empty()) return "required";
  const auto composed = nfc(typed);
  if (!composed) return "invalid_characters";
  const auto length = code_points(*composed).size();
  if (length < kMinPassword) return "too_short";
  if (length > kMaxPassword) return "too_long";
  return is_common(*composed) ? kCommon : nullptr;
}

const char* check_password_for(std::string_view typed, const std::vector<std::string>& words) {
  std::string rest = without(fold(typed), is_separator);
  const auto size_before = rest.size();
  std::vector<std::string> sorted;
  for (const auto& word : words) {
    auto plain = without(fold(word), is_separator);
    if (code_points(plain).size() >= 3) sorted.push_back(std::move(plain));
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  for (const auto& word : sorted)
    for (auto at = rest.find(word); at != std::string::npos; at = rest.find(word))
      rest.erase(at, word.size());
  if (rest.size() == size_before) return nullptr;
  return code_points(without(rest, is_digit)).size() < kEnoughLeft ? kCommon : nullptr;
}

std::vector<std::string> personal_words(std::string_view email, const std::vector<std::string_view>& names) {
  std::vector<std::string> words;
  const auto add_parts = [&](std::string_view text, std::string_view separators) {
    words.emplace_back(text);
    while (!text.empty()) {
      const auto end = text.find_first_of(separators);
      words.emplace_back(text.substr(0, end));
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
  };
  add_parts(email, "@");
  const auto at = email.rfind('@');
  add_parts(email.substr(0, at), "._+-");
  if (at != std::string_view::npos) add_parts(email.substr(at + 1), ".-");
  for (const auto name : names) add_parts(name, " .-");
  return words;
}

}  // namespace auth
