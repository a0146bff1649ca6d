// Code points by range, after NFKC.
#include "mapping/names.hpp"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>
#include <vector>

namespace freebit {

namespace {

constexpr std::size_t kMostBytes = 400;

std::optional<std::vector<char32_t>> normalised(std::string_view text) {
  if (text.empty() || text.size() > kMostBytes) return std::nullopt;
  utf8proc_uint8_t* raw = nullptr;
  const auto size = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
      &raw, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT));
  const std::unique_ptr<utf8proc_uint8_t, void (*)(void*)> owned(raw, std::free);
  if (size <= 0) return std::nullopt;
  std::vector<char32_t> out;
  for (utf8proc_ssize_t at = 0; at < size;) {
    utf8proc_int32_t point = 0;
    const auto used = utf8proc_iterate(raw + at, size - at, &point);
    if (used <= 0) return std::nullopt;
    out.push_back(static_cast<char32_t>(point));
    at += used;
  }
  return out;
}

std::string encoded(const std::vector<char32_t>& points) {
  std::string out;
  for (const auto point : points) {
    utf8proc_uint8_t bytes[4];
    const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(point), bytes);
    out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  }
  return out;
}

bool between(char32_t point, char32_t from, char32_t to) {
  return point >= from && point <= to;
}
bool is_hiragana(char32_t p) {
  return between(p, 0x3041, 0x3096);
}
bool is_katakana(char32_t p) {
  return between(p, 0x30A1, 0x30FA) || p == 0x30FC || p == 0x30FB;  // ー ・
}
bool is_kanji(char32_t p) {
  return between(p, 0x4E00, 0x9FFF) || between(p, 0x3400, 0x4DBF) || between(p, 0xF900, 0xFAFF) ||
         between(p, 0x20000, 0x3FFFF) || between(p, 0x3005, 0x3007);  // 々〆〇
}
bool is_latin(char32_t p) {
  return between(p, 'A', 'Z') || between(p, 'a', 'z');
}

constexpr char32_t kWide = 0xFEE0;  // from A to Ａ
constexpr char32_t kWideBlank = 0x3000;

}  // namespace

std::optional<std::string> wide_name(std::string_view text) {
  auto points = normalised(text);
  if (!points || points->front() == ' ' || points->back() == ' ') return std::nullopt;
  for (auto& point : *points) {
    if (is_latin(point))
      point += kWide;
    else if (point == ' ')
      point = kWideBlank;
    else if (!is_kanji(point) && !is_hiragana(point) && !is_katakana(point))
      return std::nullopt;
  }
  return encoded(*points);
}

std::optional<std::string> kana_name(std::string_view text) {
  auto points = normalised(text);
  if (!points) return std::nullopt;
  for (auto& point : *points) {
    if (is_hiragana(point)) point += 0x60;
    if (!is_katakana(point)) return std::nullopt;
  }
  return encoded(*points);
}

}  // namespace freebit
