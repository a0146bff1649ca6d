// Change events become records_changed; any other event of a fulfilment channel asks for an order.
#include "events/meaning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <portico/problem.hpp>

#include "events/change.hpp"

namespace salesforce::events {

namespace {

namespace json = boost::json;
namespace crm = portico::crm;

constexpr std::size_t kMostText = 200;        // bytes of an id or a number
constexpr std::size_t kMostPayload = 60'000;  // of an announced event; the host takes 64 KB
constexpr std::size_t kMostIdentity = 200;

portico::Time at_ms(std::int64_t ms) {
  constexpr std::int64_t kMost = 253'402'300'799'000;  // the end of 9999
  return portico::Time(std::chrono::milliseconds(std::clamp<std::int64_t>(ms, 0, kMost)));
}

[[noreturn]] void refuse(const std::string& why) {
  throw portico::Problem(502, "crm.event_unreadable", why);
}

/// What is stored and told: no control characters, of a length that people and databases take.
bool is_clean(std::string_view text) {
  return text.size() <= kMostText && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

std::optional<std::string> text_at(const json::object& event, const std::string& name) {
  const auto* value = event.if_contains(name);
  if (!value || value->is_null()) return std::nullopt;
  if (!value->is_string()) refuse(name + " is no text");
  std::string text(value->get_string());
  if (!is_clean(text)) refuse(name + " is too long, or holds control characters");
  if (text.empty()) return std::nullopt;
  return text;
}

crm::ChangeKind kind_of(std::string_view type) {
  using crm::ChangeKind;
  if (type == "CREATE") return ChangeKind::created;
  if (type == "UPDATE") return ChangeKind::updated;
  if (type == "DELETE") return ChangeKind::deleted;
  if (type == "UNDELETE") return ChangeKind::restored;
  return ChangeKind::unknown;  // GAP_…: the records have to be read again
}

crm::RecordsChanged records_changed(const std::string& id, Change change) {
  // Ids that stand for many (001* of a conversion) name no record.
  const bool some = std::all_of(change.record_ids.begin(), change.record_ids.end(),
                                [](const auto& one) { return one.find('*') == one.npos; });
  auto fields = std::move(change.changed);
  fields.insert(fields.end(), change.nulled.begin(), change.nulled.end());
  std::sort(fields.begin(), fields.end());
  fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
  return {id,
          change.entity,
          some ? std::move(change.record_ids) : std::vector<std::string>{},
          some ? kind_of(change.type) : crm::ChangeKind::unknown,
          std::move(fields),
          rfc3339(at_ms(change.commit_ms)),
          std::move(change.origin)};
}

void check(const crm::RecordsChanged& change) {
  bool clean = is_clean(change.kind) && is_clean(change.origin);
  for (const auto* list : {&change.record_ids, &change.fields})
    for (const auto& text : *list) clean = clean && is_clean(text);
  if (!clean) refuse("a name or id that is too long, or holds control characters");
}

template <class Payload>
void give(Taken& taken, Payload payload, Announcer& announcer) {
  if (portico::encode_text(payload).size() > kMostPayload) refuse("it names more than can be told at once");
  taken.effect = [payload = std::move(payload), &announcer](portico::Transaction& transaction) {
    announcer.announce(transaction, payload);
  };
}

void read(Taken& taken, const AvroSchema& schema, const FulfilmentFields& names, Announcer& announcer) {
  const auto event = schema.decode(taken.raw.payload);
  if (auto change = change_of(schema, event)) {
    taken.made_at = at_ms(change->commit_ms);
    auto told = records_changed(taken.id, std::move(*change));
    check(told);
    return give(taken, std::move(told), announcer);
  }
  if (const auto* at = event.if_contains("CreatedDate"); at && at->is_int64())
    taken.made_at = at_ms(at->get_int64());
  const auto order = text_at(event, names.order_id);
  if (!order) refuse("it names no order: " + names.order_id);
  give(taken,
       crm::FulfilmentRequested{taken.id, *order, text_at(event, names.order_number),
                                rfc3339(taken.made_at.value_or(at_ms(0)))},
       announcer);
}

}  // namespace

std::string identity_of(const RawEvent& raw) {
  if (!raw.id.empty() && raw.id.size() <= kMostIdentity &&
      std::all_of(raw.id.begin(), raw.id.end(), [](char c) { return c > ' ' && c < 0x7f; }))
    return raw.id;
  std::string out = "at-";
  for (const char c : raw.replay_id.substr(0, 64))
    out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

Taken read_event(RawEvent raw, const AvroSchema* schema, const FulfilmentFields& names,
                 Announcer& announcer) {
  Taken taken;
  taken.id = identity_of(raw);
  taken.raw = std::move(raw);
  if (!is_clean(taken.raw.schema_id)) taken.raw.schema_id.clear();
  try {
    if (!schema) refuse("nobody knows its schema");
    read(taken, *schema, names, announcer);
  } catch (const portico::Problem& problem) {
    taken.poison = problem.detail;
    taken.effect = nullptr;
  }
  return taken;
}

std::string rfc3339(portico::Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::milliseconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

}  // namespace salesforce::events
