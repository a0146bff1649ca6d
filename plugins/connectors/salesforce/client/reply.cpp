// Shapes of answers.
#include "client/reply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <portico/contract.hpp>

#include "client/ids.hpp"
#include "client/records.hpp"
#include "client/text.hpp"

namespace salesforce {

namespace json = boost::json;

namespace {

constexpr std::size_t kLargestJson = 8 << 20, kMostReasons = 20, kMostFields = 20, kLongestCode = 80;

std::string member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// Codes are words of the platform; whatever else stands in their place is not repeated.
bool is_code(std::string_view text) {
  return !text.empty() && text.size() <= kLongestCode && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool is_field(std::string_view text) {
  return !text.empty() && text.size() <= kLongestCode && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}

bool is_locator(std::string_view text) {
  constexpr std::size_t kLongest = 200;
  return !text.empty() && text.size() <= kLongest && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Reason reason_of(const json::object& error) {
  Reason reason;
  reason.code = member(error, error.contains("errorCode") ? "errorCode" : "statusCode");
  reason.message = member(error, "message");
  if (const auto* fields = error.if_contains("fields"); fields && fields->is_array())
    for (const auto& field : fields->get_array())
      if (field.is_string() && is_field(field.get_string()) && reason.fields.size() < kMostFields)
        reason.fields.emplace_back(field.get_string());
  if (const auto* result = error.if_contains("duplicateResult"); result && result->is_object())
    if (const auto* allowed = result->get_object().if_contains("allowSave"); allowed && allowed->is_bool())
      reason.may_save = allowed->get_bool();
  return reason;
}

}  // namespace

std::vector<Reason> reasons_of(const json::value& errors) {
  std::vector<Reason> out;
  const auto* list = errors.if_array();
  if (!list) return out;
  for (const auto& one : *list) {
    const auto* error = one.if_object();
    auto reason = error ? reason_of(*error) : Reason{};
    if (!is_code(reason.code)) return {};
    if (out.size() < kMostReasons) out.push_back(std::move(reason));
  }
  return out;
}

Verdict read_reply(int status, std::string_view body) {
  if (status >= 500 || status == 420) return Down{status};
  if (status == 204) return Done{};
  if (body.size() > kLargestJson) return Nonsense{fmt::format("HTTP {}, {} bytes", status, body.size())};
  // Turned down by what stands before the API, which speaks no JSON.
  if (status == 414 || status == 431) return Declined{status, {{"URI_TOO_LONG", {}, {}}}};
  json::value parsed;
  try {
    parsed = portico::parse_json(body);
  } catch (const portico::Problem&) {
    return Nonsense{fmt::format("HTTP {}, {} bytes, not JSON", status, body.size())};
  }
  if (status == 200 || status == 201) return Done{std::move(parsed)};
  if (status == 300) return Declined{status, {{"MULTIPLE_CHOICES", {}, {}}}};
  if (status < 400) return Nonsense{fmt::format("HTTP {}", status)};
  auto reasons = reasons_of(parsed);
  if (reasons.empty()) return Nonsense{fmt::format("HTTP {}, no list of errors", status)};
  return Declined{status, std::move(reasons)};
}

Written read_written(const json::value& body) {
  if (body.is_null()) return {};  // 204
  const auto* result = body.if_object();
  if (!result) throw BadReply("a write's result is no object");
  const Record record(*result);
  if (!record.flag("success")) throw BadReply("a write's result is no success");
  Written out;
  out.id = record.id("id");
  out.created = result->contains("created") && record.flag("created");
  return out;
}

Rows read_rows(json::value&& body) {
  auto* page = body.if_object();
  if (!page) throw BadReply("a page is no object");
  const Record record(*page);
  Rows out;
  out.total = record.count("totalSize");
  auto* list = page->if_contains("records");
  if (!list || !list->is_array()) throw BadReply("records is no list");
  for (const auto& row : list->get_array())
    if (!row.is_object()) throw BadReply("records has something that is no record");
  if (!record.flag("done")) {
    const auto next = record.text("nextRecordsUrl");
    const auto slash = next.rfind('/');
    out.locator = slash == next.npos ? next : next.substr(slash + 1);
    if (!is_locator(out.locator)) throw BadReply("nextRecordsUrl ends with no locator");
  }
  out.records = std::move(list->get_array());
  return out;
}

std::string for_log(const std::vector<Reason>& reasons) {
  // Their messages name the org's own things: objects, fields, limits.
  constexpr std::string_view kQuiet[] = {"INVALID_FIELD",
                                         "INVALID_TYPE",
                                         "NOT_FOUND",
                                         "REQUEST_LIMIT_EXCEEDED",
                                         "API_DISABLED_FOR_ORG",
                                         "API_CURRENTLY_DISABLED",
                                         "INVALID_SESSION_ID",
                                         "INVALID_FIELD_FOR_INSERT_UPDATE"};
  std::string out;
  for (const auto& reason : reasons) {
    if (!out.empty()) out += "; ";
    out += reason.code;
    if (!reason.fields.empty()) out += fmt::format(" [{}]", fmt::join(reason.fields, ", "));
    if (std::find(std::begin(kQuiet), std::end(kQuiet), reason.code) == std::end(kQuiet)) continue;
    // A located text begins with a piece of the query, which may quote a person; its last line does not.
    const auto line = reason.message.rfind('\n');
    out += ": " + (line == reason.message.npos ? reason.message : reason.message.substr(line + 1));
  }
  return short_line(out);
}

}  // namespace salesforce
