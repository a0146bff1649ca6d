// Member by member; names mean the same in every call that has them.
#include "client/outgoing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <portico/contracts/mobile_values.hpp>

#include "client/fields.hpp"

namespace freebit {

namespace json = boost::json;

namespace {

using Check = bool (*)(std::string_view);

bool is_flag(std::string_view text) {
  return text == "10" || text == "20";
}
bool is_date(std::string_view text) {
  return text.size() == 8 && read_date(text);
}
bool is_quota(std::string_view text) {
  if (!portico::mobile::only_digits(text) || text.size() > 6) return false;
  int value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  return value >= 1 && value <= 512'000;
}
bool is_eid(std::string_view text) {
  return portico::mobile::check_eid(text) == nullptr;
}

struct Row {
  std::string_view member;
  Check check;
};

constexpr Row kRows[] = {
    {"kind", [](std::string_view t) { return t == "MVNO"; }},
    {"account", [](std::string_view t) { return is_line_account(t) || is_group_account(t); }},
    {"productNumber", is_card_serial},
    {"oldProductNumber", is_card_serial},
    {"planCode", [](std::string_view t) { return !t.empty() && t.size() <= 32; }},
    {"quota", is_quota},
    {"quotaCode", [](std::string_view t) { return t.size() <= 512; }},
    {"contractLine", [](std::string_view t) { return t == "4G" || t == "5G"; }},
    {"userConfirmed", [](std::string_view t) { return t == "10"; }},
    {"aladinOperated", is_flag},
    {"globalIp", is_flag},
    {"voiceMail", is_flag},
    {"callWaiting", is_flag},
    {"callTransfer", is_flag},
    {"worldWing", is_flag},
    {"addKind", [](std::string_view t) { return t == "N" || t == "R" || t == "M"; }},
    {"gender", [](std::string_view t) { return t == "M" || t == "W" || t == "C"; }},
    {"reserveNumber", [](std::string_view t) { return portico::mobile::only_digits(t) && t.size() == 10; }},
    {"eid", is_eid},
    {"oldEid", is_eid},
    {"runDate", is_date},
    {"runTime", is_date},
    {"startDate", is_date},
    {"expire", is_date},
    {"fromDate", is_date},
    {"toDate", is_date},
    {"birthday", is_date},
    {"reserveExpireDate", is_date},
    {"createType", [](std::string_view t) { return t == "new" || t == "add"; }},
    {"method", is_flag},
    {"masterAccount", [](std::string_view t) { return !t.empty() && t.size() <= 64; }},
};

[[noreturn]] void refuse(const CallSpec& call, std::string_view what) {
  throw portico::Problem(422, "mobile.invalid_request", fmt::format("{}: {}", call.name, what));
}

void check_value(const CallSpec& call, std::string_view name, const json::value& value) {
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object) check_value(call, member.key(), member.value());
  } else if (const auto* array = value.if_array()) {
    for (const auto& item : *array) check_value(call, name, item);
  } else if (const auto* text = value.if_string()) {
    const auto row = std::find_if(std::begin(kRows), std::end(kRows),
                                  [&](const Row& known) { return known.member == name; });
    if (row != std::end(kRows) && !row->check({text->data(), text->size()}))
      refuse(call, fmt::format("{} is malformed", name));
  } else {
    refuse(call, fmt::format("{} is no text", name));
  }
}

std::string_view text_of(const json::object& request, std::string_view name) {
  const auto* value = request.if_contains(name);
  return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view{};
}

}  // namespace

bool is_line_account(std::string_view text) {
  return portico::mobile::only_digits(text) && text.size() >= 11 && text.size() <= 14;
}

bool is_group_account(std::string_view text) {
  const auto mark = text.find('_');
  if (mark == text.npos || mark < 3 || mark > 8) return false;
  return portico::mobile::only_digits(text.substr(mark + 1)) && text.size() <= 32 &&
         std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(mark),
                     [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

bool is_card_serial(std::string_view text) {
  return text.size() == 15 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z' &&
         portico::mobile::only_digits(text.substr(2));
}

void check_outgoing(const CallSpec& call, const json::object& request) {
  for (const auto& member : request) check_value(call, member.key(), member.value());
  if (call.id == CallId::change_voice) {
    const auto* options = request.if_contains("talkOption");
    if (!options || !options->is_object() || options->get_object().empty())
      refuse(call, "talkOption is empty");
    if (text_of(request, "userConfirmed") != "10") refuse(call, "userConfirmed is not 10");
  }
  // source: the sheets of PA05-33 and PA05-41; both answer 400-356
  const auto kind = text_of(request, "addKind");
  const bool keyed = text_of(request, "aladinOperated") == "10";
  const bool esim = call.id == CallId::activate_esim;
  if (keyed && (esim || call.id == CallId::activate_ota) && (kind == "R" || (esim && kind == "M")))
    refuse(call, "aladinOperated does not go with this addKind");
}

}  // namespace freebit
