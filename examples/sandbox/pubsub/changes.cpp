// Values and bitmaps of events.
#include "examples/sandbox/pubsub/changes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "examples/sandbox/pubsub/topics.hpp"
#include "examples/sandbox/salesforce/schema/event_schema.hpp"
#include "examples/sandbox/salesforce/values.hpp"

namespace sandbox::pubsub {

namespace json = boost::json;
using salesforce::ChangeField;
using salesforce::Field;
using salesforce::Type;

namespace {

/// A field's value as its Avro type has it: times in milliseconds, days as their midnight.
json::value value_of(const Field& field, const json::value& value) {
  if (value.is_string() && field.type == Type::kDateTime) {
    const auto at = salesforce::read_datetime(value.get_string());
    return at ? json::value(at->time_since_epoch().count()) : json::value();
  }
  if (value.is_string() && field.type == Type::kDate) {
    constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
    return day_of(value.get_string(), 0) * kDayMs;
  }
  return value;
}

bool has_values(std::string_view kind) {
  return kind == "CREATE" || kind == "UPDATE" || kind == "UNDELETE" || kind == "SNAPSHOT";
}

/// The value, or null where there is none.
json::value found_in(const json::object& values, const Field& field) {
  const auto* value = values.if_contains(field.name);
  return value == nullptr ? json::value() : value_of(field, *value);
}

json::value compound(const ChangeField& field, const json::object& values) {
  json::object out;
  bool any = false;
  for (const auto& part : field.parts) {
    json::value value = part.source == nullptr ? json::value() : found_in(values, *part.source);
    any = any || !value.is_null();
    out[part.name] = std::move(value);
  }
  // A compound field whose parts all became null has no value either; the bitmap tells.
  return any ? json::value(std::move(out)) : json::value();
}

/// The bitmaps of these fields: bit 0 is the header, so field i is bit i + 1.
json::array bitmaps(const std::vector<ChangeField>& fields, const std::vector<std::string>& names,
                    bool parent_bit) {
  if (names.empty()) return {};
  const auto listed = [&](const Field* field) {
    return field != nullptr && std::find(names.begin(), names.end(), field->name) != names.end();
  };
  std::vector<std::size_t> top;
  std::map<std::size_t, std::vector<std::size_t>> inner;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].parts.empty() && listed(fields[i].source)) top.push_back(i + 1);
    for (std::size_t part = 0; part < fields[i].parts.size(); ++part)
      if (listed(fields[i].parts[part].source)) inner[i + 1].push_back(part);
  }
  if (parent_bit)
    for (const auto& [field, parts] : inner) top.push_back(field);
  // The first element is always there: readers take the second and later for compound fields.
  json::array out{json::value(bitmap(top))};
  for (const auto& [field, parts] : inner) out.emplace_back(fmt::format("{}-{}", field, bitmap(parts)));
  return out;
}

/// Whether two changes of one transaction differ in nothing but the record.
bool alike(const salesforce::Change& a, const salesforce::Change& b) {
  if (a.transaction != b.transaction || a.entity != b.entity || a.kind != b.kind || a.kind == "CREATE" ||
      a.changed != b.changed || a.committed_ms / 1000 != b.committed_ms / 1000)
    return false;
  return std::all_of(a.values.begin(), a.values.end(), [&](const auto& member) {
    const auto* other = b.values.if_contains(member.key());
    return member.key() == "LastModifiedDate" || (other != nullptr && *other == member.value());
  });
}

json::array texts(const std::vector<std::string>& list) {
  return json::array(list.begin(), list.end());
}

}  // namespace

std::string bitmap(const std::vector<std::size_t>& bits) {
  std::vector<unsigned> bytes(1);  // the last is the lowest
  for (const auto bit : bits) {
    while (bytes.size() <= bit / 8) bytes.push_back(0);
    bytes[bit / 8] |= 1U << (bit % 8);
  }
  std::string out = "0x";
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) out += fmt::format("{:02X}", *byte);
  return out;
}

std::vector<ChangeSet> change_sets(const std::vector<salesforce::Change>& changes, const Switches& switches) {
  std::vector<ChangeSet> out;
  const salesforce::Change* before = nullptr;
  for (const auto& change : changes) {
    const auto& selected = switches.change_entities;
    if (std::find(selected.begin(), selected.end(), change.entity) == selected.end()) continue;
    if (switches.merge_changes && before != nullptr && alike(*before, change)) {
      out.back().record_ids.push_back(change.record_id);
    } else {
      ChangeSet set{change.entity,
                    change.kind,
                    {change.record_id},
                    change.origin,
                    change.transaction,
                    change.sequence,
                    change.committed_ms,
                    kFirstCommit + change.number,
                    change.user_id,
                    change.values,
                    {},
                    {}};
      if (change.kind == "UPDATE") {
        set.changed = change.changed;
        set.nulled = change.nulled;
      }
      out.push_back(std::move(set));
    }
    before = &change;
  }
  return out;
}

json::object change_event(const ChangeSet& set, const Switches& switches) {
  const auto fields = salesforce::change_fields(*feeds()[change_feed(set.entity)].object);
  const bool bit = switches.compound_parent_bit;
  json::object out{{"ChangeEventHeader", json::object{{"entityName", set.entity},
                                                      {"recordIds", texts(set.record_ids)},
                                                      {"changeType", set.kind},
                                                      {"changeOrigin", set.origin},
                                                      {"transactionKey", set.transaction},
                                                      {"sequenceNumber", set.sequence},
                                                      {"commitTimestamp", set.committed_ms},
                                                      {"commitNumber", set.commit_number},
                                                      {"commitUser", set.user_id},
                                                      {"nulledFields", bitmaps(fields, set.nulled, bit)},
                                                      {"diffFields", json::array{}},
                                                      {"changedFields", bitmaps(fields, set.changed, bit)}}}};
  if (has_values(set.kind))
    for (const auto& field : fields)
      out[field.name] =
          field.parts.empty() ? found_in(set.values, *field.source) : compound(field, set.values);
  return out;
}

json::object platform_event(const salesforce::Object& object, const json::object& values) {
  json::object out;
  for (const auto& field : object.fields)
    if (field.custom() || field.name == "CreatedDate" || field.name == "CreatedById")
      out[field.name] = found_in(values, field);
  return out;
}

}  // namespace sandbox::pubsub
