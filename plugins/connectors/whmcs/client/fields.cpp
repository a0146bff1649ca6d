// Readers of scalars and lists in all the shapes WHMCS gives them.
#include "client/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <portico/contracts/money.hpp>

#include "client/decimal.hpp"
#include "client/entities.hpp"

namespace whmcs {

namespace json = boost::json;

namespace {

std::string_view view(const json::string& s) {
  return {s.data(), s.size()};
}

[[noreturn]] void refuse(std::string_view name, std::string_view what) {
  throw BadReply(fmt::format("{} is {}", name, what));
}

bool is_empty(const json::value& value) {
  if (value.is_null()) return true;
  if (const auto* text = value.if_string()) return text->empty();
  if (const auto* array = value.if_array()) return array->empty();
  if (const auto* object = value.if_object()) return object->empty();
  return false;
}

bool is_index(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Rows of a list that is an array, an object keyed by numbers, or a single row.
void append_rows(const json::value& value, std::string_view name, std::vector<Fields>& rows) {
  if (is_empty(value)) return;
  if (const auto* array = value.if_array()) {
    for (const auto& row : *array) {
      if (!row.is_object()) refuse(name, "a list with a row that is no object");
      rows.emplace_back(row.get_object());
    }
    return;
  }
  const auto* object = value.if_object();
  if (!object) refuse(name, "no list");
  const bool numbered = std::all_of(object->begin(), object->end(), [](const auto& member) {
    return is_index({member.key().data(), member.key().size()});
  });
  if (!numbered) {
    rows.emplace_back(*object);
    return;
  }
  for (const auto& member : *object) {
    if (!member.value().is_object()) refuse(name, "a list with a row that is no object");
    rows.emplace_back(member.value().get_object());
  }
}

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Line ends as LF; bytes that no text should hold become spaces.
std::string tidy(std::string text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r') {
      if (i + 1 < text.size() && text[i + 1] == '\n') continue;
      out += '\n';
    } else if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F) {
      out += ' ';
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

const json::value* Fields::find(std::string_view name) const {
  return object_->if_contains(json::string_view(name.data(), name.size()));
}

std::string Fields::text(std::string_view name) const {
  const auto* value = find(name);
  if (!value || value->is_null()) return {};
  if (const auto* text = value->if_string()) return tidy(decode_entities(view(*text)));
  if (const auto* number = value->if_int64()) return std::to_string(*number);
  if (const auto* large = value->if_uint64()) return std::to_string(*large);
  refuse(name, "no text");
}

std::optional<std::string> Fields::text_if(std::string_view name) const {
  auto value = text(name);
  if (value.empty()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> Fields::integer_if(std::string_view name) const {
  const auto* value = find(name);
  if (!value || value->is_null()) return std::nullopt;
  if (const auto* number = value->if_int64()) return *number;
  if (const auto* text = value->if_string()) {
    if (text->empty()) return std::nullopt;
    if (const auto number = whole(view(*text))) return *number;
  }
  refuse(name, "no whole number");
}

std::int64_t Fields::integer(std::string_view name) const {
  const auto number = integer_if(name);
  if (!number) refuse(name, "absent");
  return *number;
}

bool Fields::flag(std::string_view name) const {
  const auto* value = find(name);
  if (!value || value->is_null()) return false;
  if (const auto* on = value->if_bool()) return *on;
  if (const auto* number = value->if_int64(); number && (*number == 0 || *number == 1)) return *number == 1;
  if (const auto* text = value->if_string()) {
    std::string word(view(*text));
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
    for (const auto* on : {"1", "on", "true", "yes"})
      if (word == on) return true;
    for (const auto* off : {"", "0", "off", "false", "no"})
      if (word == off) return false;
  }
  refuse(name, "no yes or no");
}

std::optional<std::string> Fields::date(std::string_view name) const {
  const auto written = text(name);
  if (written.empty() || written == "0" || written.starts_with("0000-00-00")) return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t length) {
    const auto digits = std::string_view(written).substr(at, length);
    return is_index(digits) ? whole(digits).value_or(-1) : -1;
  };
  const bool long_enough =
      written.size() == 10 || (written.size() == 19 && (written[10] == ' ' || written[10] == 'T'));
  if (!long_enough || written[4] != '-' || written[7] != '-') refuse(name, "no date");
  const std::chrono::year_month_day day{std::chrono::year(static_cast<int>(part(0, 4))),
                                        std::chrono::month(static_cast<unsigned>(part(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(part(8, 2)))};
  if (part(0, 4) <= 0 || !day.ok()) refuse(name, "no date");
  return written.substr(0, 10);
}

std::int64_t Fields::money(std::string_view name, std::string_view currency) const {
  const auto written = decimal(name);
  if (written.empty()) refuse(name, "absent");
  const auto amount = minor_units(written, portico::minor_digits(currency));
  if (!amount) refuse(name, fmt::format("no amount of {}", currency));
  return *amount;
}

std::string Fields::decimal(std::string_view name) const {
  const auto* value = find(name);
  if (!value || value->is_null()) return {};
  if (const auto* number = value->if_int64()) return std::to_string(*number);
  if (const auto* text = value->if_string()) return std::string(view(*text));
  refuse(name, "no decimal text");
}

std::vector<Fields> Fields::list(std::string_view plural, std::string_view singular) const {
  std::vector<Fields> rows;
  const auto* outer = find(plural);
  if (!outer) return rows;
  if (const auto* object = outer->if_object())
    if (const auto* inner = object->if_contains(json::string_view(singular.data(), singular.size())))
      outer = inner;
  append_rows(*outer, plural, rows);
  return rows;
}

std::vector<Fields> Fields::list(std::string_view name) const {
  std::vector<Fields> rows;
  if (const auto* value = find(name)) append_rows(*value, name, rows);
  return rows;
}

std::optional<Fields> Fields::object(std::string_view name) const {
  const auto* value = find(name);
  if (!value || (!value->is_object() && is_empty(*value))) return std::nullopt;
  if (const auto* object = value->if_object()) return Fields(*object);
  refuse(name, "no object");
}

}  // namespace whmcs
