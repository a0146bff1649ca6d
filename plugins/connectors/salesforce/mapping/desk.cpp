// Rules of writing, and what the org's refusals mean.
#include "mapping/desk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "client/ids.hpp"
#include "client/text.hpp"

namespace salesforce {

namespace json = boost::json;
using portico::Problem;

namespace {

constexpr int kLookAgainAfterS = 5;
constexpr std::int64_t kDeepest = 2000;

/// What the org calls it, and where the caller wrote it.
struct FieldRow {
  std::string_view field, pointer;
};
constexpr FieldRow kFields[] = {
    {"FirstName", "/first_name"},
    {"LastName", "/last_name"},
    {"Email", "/email"},
    {"Phone", "/phone"},
    {"Name", "/company"},
    {"Subject", "/subject"},
    {"Description", "/description"},
    {"CommentBody", "/text"},
    {"Title", "/name"},
    {"PathOnClient", "/name"},
    {"EffectiveDate", "/ordered_on"},
    {"Quantity", "/items"},
    {"PricebookEntryId", "/items"},
    {"EID__c", "/wishes/eid"},
    {"MNP_Reservation_Number__c", "/wishes/port_in_reservation"},
    {"Access_Mode__c", "/wishes/access_mode"},
    {"Activation_Scheduled_At__c", "/wishes/starts_at"},
    {"Activation_Error_Code__c", "/failure_code"},
    {"Activation_Error_Message__c", "/failure_text"},
    {"Preferred_Language__c", "/language"},
    {"Status", "/stage"},
};
struct PartRow {
  std::string_view ending, member;
};
constexpr PartRow kAddress[] = {{"Street", "street"},
                                {"City", "city"},
                                {"State", "state"},
                                {"PostalCode", "postcode"},
                                {"Country", "country"}};

std::string pointer_of(std::string_view field) {
  for (const auto& row : kFields)
    if (row.field == field) return std::string(row.pointer);
  for (const auto& [prefix, where] : std::array<std::pair<std::string_view, std::string_view>, 3>{
           {{"Mailing", "/address"}, {"Billing", "/billing_address"}, {"Shipping", "/service_address"}}})
    for (const auto& row : kAddress)
      if (field.starts_with(prefix) && field.substr(prefix.size()) == row.ending)
        return fmt::format("{}/{}", where, row.member);
  return {};
}

struct CodeRow {
  std::string_view code, ours;
};
/// Refusals that a person can mend by typing something else.
constexpr CodeRow kTyped[] = {
    {"REQUIRED_FIELD_MISSING", "required"},
    {"STRING_TOO_LONG", "too_long"},
    {"INVALID_EMAIL_ADDRESS", "invalid_email"},
    {"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "not_one_of"},
    {"NUMBER_OUTSIDE_VALID_RANGE", "out_of_range"},
    {"FIELD_INTEGRITY_EXCEPTION", "invalid"},
    {"FIELD_CUSTOM_VALIDATION_EXCEPTION", "refused_by_rule"},
};

}  // namespace

std::string rfc3339(std::chrono::sys_seconds at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(at - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::string Desk::as_of() const {
  return rfc3339(now());
}

void check_reference(std::string_view reference) {
  constexpr std::size_t kLongest = 64;
  const bool good = !reference.empty() && reference.size() <= kLongest &&
                    std::all_of(reference.begin(), reference.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                             c == '.' || c == '_' || c == '-';
                    });
  if (!good) throw portico::invalid_field("/reference", "invalid");
}

void check_length(std::string_view text, std::string_view pointer, std::size_t least, std::size_t most) {
  const auto size = static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  if (size < least) throw portico::invalid_field(std::string(pointer), "required");
  if (size > most) throw portico::invalid_field(std::string(pointer), "too_long");
}

void check_page(std::int64_t page, std::int64_t page_size) {
  constexpr std::int64_t kLargest = 100;
  if (page_size < 1 || page_size > kLargest) throw portico::invalid_field("/page_size", "out_of_range");
  if (page < 1 || page > kDeepest / page_size) throw portico::invalid_field("/page", "out_of_range");
}

std::string id_of(std::string_view text, std::string_view prefix, const char* code) {
  auto id = full_id(text, prefix);
  if (!id) throw Problem(404, code, "not an id of its kind");
  return *std::move(id);
}

How how(portico::crm::Urgency urgency) {
  How out;
  if (urgency == portico::crm::Urgency::refresh) out.priority = portico::Priority::refresh;
  return out;
}

bool is_gone(const Refusal& refusal) {
  for (const char* code : {"NOT_FOUND", "ENTITY_IS_DELETED", "MALFORMED_ID", "INVALID_CROSS_REFERENCE_KEY"})
    if (refusal.has(code)) return true;
  return false;
}

Problem problem_of(const Refusal& refusal) {
  const auto detail = fmt::format("Salesforce {}: {}", refusal.operation, for_log(refusal.reasons));
  if (refusal.has("UNABLE_TO_LOCK_ROW")) return Problem(503, "upstream.busy", detail, 2);
  if (refusal.has("QUERY_TIMEOUT")) return Problem(504, "upstream.timeout", detail, 5);
  if (refusal.has("MULTIPLE_CHOICES")) return Problem(409, "crm.ambiguous", detail);
  if (refusal.has("DUPLICATE_VALUE") || refusal.has("DUPLICATES_DETECTED"))
    return Problem(409, "crm.duplicate", detail);
  json::array errors;
  for (const auto& reason : refusal.reasons)
    for (const auto& row : kTyped) {
      if (row.code != reason.code) continue;
      auto fields = reason.fields;
      if (fields.empty()) fields.emplace_back();
      for (const auto& field : fields) {
        json::object error{{"pointer", pointer_of(field)},
                           {"code", json::string_view(row.ours.data(), row.ours.size())}};
        // A rule's text was written by the org's own people for whoever fills the form.
        if (reason.code == "FIELD_CUSTOM_VALIDATION_EXCEPTION") error["text"] = short_line(reason.message);
        errors.push_back(std::move(error));
      }
    }
  if (!errors.empty()) return Problem(422, "crm.refused", detail, 0, {{"errors", std::move(errors)}});
  return Problem(502, "upstream.refused", detail);
}

bool may_have_run(const Problem& problem) {
  if (const auto* call = dynamic_cast<const portico::OutboundProblem*>(&problem);
      call && !call->may_have_been_sent)
    return false;
  for (const auto* code : {"upstream.busy", "upstream.circuit_open", "upstream.isolated",
                           "upstream.misconfigured", "upstream.quota_used", "upstream.quota_low"})
    if (problem.code == code) return false;
  return problem.status >= 500;
}

Problem outcome_unknown(std::string_view operation, const Problem& problem) {
  return Problem(
      503, "crm.outcome_unknown",
      fmt::format("Salesforce {} ended with {}: nobody knows whether it ran", operation, problem.code),
      kLookAgainAfterS);
}

}  // namespace salesforce
