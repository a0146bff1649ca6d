// Tolerant readers.
#include "client/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>

namespace freebit {

namespace json = boost::json;

namespace {

constexpr std::size_t kMostText = 500;
constexpr std::size_t kMostItems = 1000;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string clean(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= 0x20) text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= 0x20) text.remove_suffix(1);
  if (text.size() > kMostText) {
    auto end = kMostText;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end);
  }
  std::string out(text);
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return out;
}

std::optional<std::int64_t> whole(std::string_view text) {
  if (text.empty() || text.size() > 15) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<std::int64_t> whole(const json::value& value) {
  constexpr double kMost = 1e15;
  if (const auto* text = value.if_string()) return whole(clean({text->data(), text->size()}));
  if (const auto* number = value.if_int64(); number && *number >= 0 && static_cast<double>(*number) < kMost)
    return *number;
  if (const auto* number = value.if_uint64(); number && static_cast<double>(*number) < kMost)
    return static_cast<std::int64_t>(*number);
  if (const auto* number = value.if_double(); number && *number >= 0 && *number < kMost)
    return static_cast<std::int64_t>(*number);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> read_date(std::string_view text) {
  const auto digits = [&](std::size_t from, std::size_t size) -> int {
    int value = 0;
    for (const char c : text.substr(from, size)) {
      if (c < '0' || c > '9') return -1;
      value = value * 10 + (c - '0');
    }
    return value;
  };
  int year = -1, month = -1, day = -1;
  if (text.size() == 8) {
    year = digits(0, 4), month = digits(4, 2), day = digits(6, 2);
  } else if (text.size() == 10 && text[4] == text[7] && (text[4] == '-' || text[4] == '/')) {
    year = digits(0, 4), month = digits(5, 2), day = digits(8, 2);
  }
  if (year < 1 || month < 1 || day < 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return fmt::format("{:04}-{:02}-{:02}", year, month, day);
}

const json::value* Fields::find(std::string_view name) const {
  for (const auto& member : *object_)
    if (same_name({member.key().data(), member.key().size()}, name))
      return member.value().is_null() ? nullptr : &member.value();
  return nullptr;
}

std::string Fields::text(std::string_view name) const {
  const auto* value = find(name);
  if (!value) return {};
  if (const auto* text = value->if_string()) return clean({text->data(), text->size()});
  if (const auto number = whole(*value)) return std::to_string(*number);
  throw BadReply(fmt::format("{} is no text", name));
}

std::optional<std::string> Fields::text_if(std::string_view name) const {
  auto out = text(name);
  if (out.empty()) return std::nullopt;
  return out;
}

std::optional<std::int64_t> Fields::count_if(std::string_view name) const {
  const auto* value = find(name);
  if (!value || (value->is_string() && value->get_string().empty())) return std::nullopt;
  const auto number = whole(*value);
  if (!number) throw BadReply(fmt::format("{} is no count", name));
  return number;
}

std::int64_t Fields::count(std::string_view name) const {
  const auto number = count_if(name);
  if (!number) throw BadReply(fmt::format("{} is missing", name));
  return *number;
}

std::optional<bool> Fields::flag_if(std::string_view name) const {
  const auto* value = find(name);
  if (!value) return std::nullopt;
  if (value->is_bool()) return value->get_bool();
  if (value->is_string() || value->is_number()) {
    const auto word = text(name);
    if (word == "10") return true;
    if (word == "20") return false;
  }
  return std::nullopt;
}

std::optional<std::string> Fields::date_if(std::string_view name) const {
  const auto* value = find(name);
  if (!value || !(value->is_string() || value->is_number())) return std::nullopt;
  return read_date(text(name));
}

std::vector<std::int64_t> Fields::counts(std::string_view name) const {
  const auto* value = find(name);
  std::vector<std::int64_t> out;
  if (!value) return out;
  const auto add = [&](std::optional<std::int64_t> number) {
    if (!number) throw BadReply(fmt::format("{} has an item that is no count", name));
    if (out.size() < kMostItems) out.push_back(*number);
  };
  if (const auto* array = value->if_array()) {
    for (const auto& item : *array) add(whole(item));
  } else if (const auto* text = value->if_string()) {
    std::string_view rest(text->data(), text->size());
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      add(whole(clean(rest.substr(0, comma))));
      rest = comma == rest.npos ? std::string_view{} : rest.substr(comma + 1);
    }
  } else {
    add(whole(*value));
  }
  return out;
}

std::vector<Fields> Fields::list(std::string_view name) const {
  const auto* value = find(name);
  std::vector<Fields> out;
  if (!value) return out;
  if (const auto* one = value->if_object()) return {Fields(*one)};
  const auto* array = value->if_array();
  if (!array) throw BadReply(fmt::format("{} is no list", name));
  for (const auto& item : *array) {
    const auto* object = item.if_object();
    if (!object) throw BadReply(fmt::format("{} has an item that is no object", name));
    if (out.size() < kMostItems) out.emplace_back(*object);
  }
  return out;
}

std::optional<Fields> Fields::object(std::string_view name) const {
  const auto* value = find(name);
  if (!value) return std::nullopt;
  const auto* object = value->if_object();
  if (!object) throw BadReply(fmt::format("{} is no object", name));
  return Fields(*object);
}

bool Fields::has_something(std::string_view name) const {
  const auto* value = find(name);
  if (!value) return false;
  if (const auto* array = value->if_array()) return !array->empty();
  if (const auto* object = value->if_object()) return !object->empty();
  if (const auto* text = value->if_string()) return !text->empty();
  return true;
}

}  // namespace freebit
