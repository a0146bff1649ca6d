// Reads "bytes=first-last", "bytes=first-" and "bytes=-suffix".
#include "kernel/front/ranges.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "kernel/front/message.hpp"

namespace kernel::front {

namespace {

/// Digits alone; a number too large for its type is one beyond every file.
std::optional<std::size_t> read_number(std::string_view text) noexcept {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::size_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec == std::errc::result_out_of_range) return static_cast<std::size_t>(-1);
  return number;
}

std::string_view trimmed(std::string_view text) noexcept {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace

Range read_range(std::string_view field, std::size_t size) noexcept {
  const auto equals = field.find('=');
  if (equals == std::string_view::npos || !same_ignoring_case(field.substr(0, equals), "bytes")) return {};
  const std::string_view set = trimmed(field.substr(equals + 1));
  const auto dash = set.find('-');
  if (dash == std::string_view::npos || set.find(',') != std::string_view::npos) return {};
  const std::string_view first_text = set.substr(0, dash);
  const std::string_view last_text = set.substr(dash + 1);

  if (first_text.empty()) {
    const auto suffix = read_number(last_text);
    if (!suffix) return {};
    if (*suffix == 0 || size == 0) return {Range::Kind::unsatisfiable};
    const std::size_t length = std::min(*suffix, size);
    return {Range::Kind::part, size - length, length};
  }
  const auto first = read_number(first_text);
  const auto last = last_text.empty() ? std::optional(static_cast<std::size_t>(-1)) : read_number(last_text);
  if (!first || !last || *last < *first) return {};
  if (*first >= size) return {Range::Kind::unsatisfiable};
  return {Range::Kind::part, *first, std::min(*last, size - 1) - *first + 1};
}

bool if_range_holds(std::string_view if_range, std::string_view entity_tag) noexcept {
  return !entity_tag.starts_with("W/") && trimmed(if_range) == entity_tag;
}

}  // namespace kernel::front
