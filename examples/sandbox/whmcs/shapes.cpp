// List and number shapes.
#include "examples/sandbox/whmcs/shapes.hpp"

#include <array>
#include <charconv>

namespace sandbox::whmcs {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 8> kListModes{"documented",    "empty_string", "empty_array",
                                                     "empty_object",  "null",         "missing",
                                                     "single_object", "numeric_keys"};

json::object numeric_keys(const json::array& list) {
  json::object out;
  for (std::size_t i = 0; i < list.size(); ++i) out[std::to_string(i)] = list[i];
  return out;
}

/// Members whose texts are never numbers, however they look.
bool is_plain_text(std::string_view key) {
  constexpr std::array<std::string_view, 18> kTexts{
      "postcode",     "phonenumber",  "phonecc",    "firstname", "lastname",       "companyname",
      "access_token", "passwordhash", "invoicenum", "transid",   "version",        "tax_id",
      "value",        "username",     "password",   "domain",    "card_last_four", "description"};
  return std::find(kTexts.begin(), kTexts.end(), key) != kTexts.end();
}

}  // namespace

std::string Shapes::mode_for_next_list() {
  if (lists_ != "chaos") return lists_;
  return std::string(kListModes[turn_++ % kListModes.size()]);
}

void Shapes::nested(json::object& to, std::string_view outer, std::string_view inner, json::array list) {
  const std::string mode = mode_for_next_list();
  if (list.empty()) {
    if (mode == "empty_string") to[outer] = "";
    if (mode == "empty_array") to[outer] = json::array{};
    if (mode == "empty_object") to[outer] = json::object{};
    if (mode == "null") to[outer] = nullptr;
    if (mode == "missing" || to.contains(outer)) return;
  }
  if (mode == "single_object" && list.size() == 1) {
    to[outer] = json::object{{inner, list[0]}};
  } else if (mode == "numeric_keys" && !list.empty()) {
    to[outer] = json::object{{inner, numeric_keys(list)}};
  } else {
    to[outer] = json::object{{inner, std::move(list)}};
  }
}

void Shapes::flat(json::object& to, std::string_view name, json::array list) {
  const std::string mode = mode_for_next_list();
  if (list.empty()) {
    if (mode == "empty_string") to[name] = "";
    if (mode == "empty_object") to[name] = json::object{};
    if (mode == "null") to[name] = nullptr;
    if (mode == "missing" || to.contains(name)) return;
  }
  if (mode == "single_object" && list.size() == 1) {
    to[name] = list[0];
  } else if (mode == "numeric_keys" && !list.empty()) {
    to[name] = numeric_keys(list);
  } else {
    to[name] = std::move(list);
  }
}

void Shapes::numbers(json::value& answer) {
  if (numbers_ == "documented") return;
  if (auto* array = answer.if_array()) {
    for (auto& element : *array) numbers(element);
    return;
  }
  auto* object = answer.if_object();
  if (object == nullptr) return;
  for (auto& member : *object) {
    auto& value = member.value();
    if (value.is_structured()) {
      numbers(value);
      continue;
    }
    const bool flip = numbers_ == "mixed" && turn_++ % 2 == 0;
    if ((value.is_int64() || value.is_uint64()) && (numbers_ == "strings" || flip)) {
      value = json::serialize(value);
    } else if (value.is_string() && (numbers_ == "numbers" || flip) && !is_plain_text(member.key())) {
      const auto& text = value.get_string();
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error == std::errc{} && end == text.data() + text.size() && !text.empty()) value = number;
    }
  }
}

json::object wrong_shape(const json::object& answer) {
  json::object out;
  for (const auto& member : answer) {
    const auto& value = member.value();
    if (member.key() == "result") {
      out[member.key()] = value;
    } else if (value.is_array()) {
      out[member.key()] = json::object{{"unexpected", true}};
    } else if (value.is_object()) {
      out[member.key()] = json::array{json::array{}, "unexpected"};
    } else if (value.is_string()) {
      out[member.key()] = json::array{value};
    } else {
      out[member.key()] = json::object{{"value", value}};
    }
  }
  return out;
}

}  // namespace sandbox::whmcs
