// PHP's variable registration, name mangling included.
#include "examples/sandbox/whmcs/php_form.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "examples/sandbox/common/text.hpp"

namespace sandbox::whmcs {

namespace {

/// The integer a key stands for in PHP: canonical decimal only ("7", "-7"; not "07", "-0", "+7").
std::optional<std::int64_t> integer_key(std::string_view key) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), value);
  if (error != std::errc{} || end != key.data() + key.size()) return std::nullopt;
  return std::to_string(value) == key ? std::optional(value) : std::nullopt;
}

/// One "[…]" of a name; no key means append.
using Subscript = std::optional<std::string>;

struct Name {
  std::string base;
  std::vector<Subscript> subscripts;
};

/// Splits a decoded name the way php_register_variable_ex does. An empty base means: ignore the variable.
Name split_name(std::string_view name) {
  name = name.substr(0, name.find('\0'));  // C strings end there
  name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
  Name out;
  std::size_t at = 0;
  for (; at < name.size() && name[at] != '['; ++at)
    out.base += name[at] == ' ' || name[at] == '.' ? '_' : name[at];
  if (out.base.empty()) return out;
  while (at < name.size() && name[at] == '[') {
    std::size_t from = at + 1;
    const std::size_t look =
        from < name.size() && (name[from] == ' ' || name[from] == '\t') ? from + 1 : from;
    if (look < name.size() && name[look] == ']') {
      out.subscripts.emplace_back(std::nullopt);
      at = look + 1;
      continue;
    }
    const auto close = name.find(']', from);
    if (close == std::string_view::npos) {
      // An unclosed first bracket is part of the name; an unclosed later one is dropped with what follows.
      if (out.subscripts.empty()) {
        out.base += '_';
        for (const char c : name.substr(from)) out.base += c == ' ' || c == '.' || c == '[' ? '_' : c;
      }
      break;
    }
    out.subscripts.emplace_back(std::string(name.substr(from, close - from)));
    at = close + 1;
  }
  return out;
}

}  // namespace

const FormValue* FormValue::find(std::string_view key) const {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.key == key; });
  return found == entries.end() ? nullptr : &found->value;
}

FormValue& FormValue::at_key(std::string_view key) {
  for (auto& [name, value] : entries)
    if (name == key) return value;
  if (const auto index = integer_key(key); index && *index >= next_index && *index < INT64_MAX)
    next_index = *index + 1;
  return entries.emplace_back(Entry{std::string(key), {}}).value;
}

FormValue& FormValue::append() {
  std::string key = std::to_string(next_index++);
  return entries.emplace_back(Entry{std::move(key), {}}).value;
}

void FormValue::become_array() {
  if (is_array) return;
  *this = FormValue{};
  is_array = true;
}

FormValue parse_php_form(std::string_view body, const FormLimits& limits) {
  FormValue root;
  root.is_array = true;
  std::size_t count = 0;
  while (!body.empty() && count < limits.variables) {
    const auto end = body.find('&');
    const auto pair = body.substr(0, end);
    body = end == std::string_view::npos ? std::string_view{} : body.substr(end + 1);
    if (pair.empty()) continue;
    ++count;
    const auto equals = pair.find('=');
    const Name name = split_name(well_formed(url_decode(pair.substr(0, equals))));
    if (name.base.empty() || name.subscripts.size() > limits.depth) continue;
    FormValue* target = &root.at_key(name.base);
    for (const auto& subscript : name.subscripts) {
      target->become_array();
      target = subscript ? &target->at_key(*subscript) : &target->append();
    }
    *target = FormValue{};
    if (equals != std::string_view::npos) target->text = well_formed(url_decode(pair.substr(equals + 1)));
  }
  return root;
}

}  // namespace sandbox::whmcs
