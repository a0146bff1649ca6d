// Field checks, uniqueness, the bin, and the notes of what changed.
#include "examples/sandbox/salesforce/writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/salesforce/ids.hpp"
#include "examples/sandbox/salesforce/rules.hpp"
#include "examples/sandbox/salesforce/values.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

namespace {

bool is_email(std::string_view text) {
  const auto at = text.find('@');
  const auto dot = text.rfind('.');
  return at != std::string_view::npos && at > 0 && text.find('@', at + 1) == std::string_view::npos &&
         dot != std::string_view::npos && dot > at + 1 && dot + 1 < text.size() &&
         text.find_first_of(" \t\r\n,;<>") == std::string_view::npos;
}

std::string_view token_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::string:
      return "VALUE_STRING";
    case json::kind::bool_:
      return value.get_bool() ? "VALUE_TRUE" : "VALUE_FALSE";
    case json::kind::null:
      return "VALUE_NULL";
    case json::kind::object:
      return "START_OBJECT";
    case json::kind::array:
      return "START_ARRAY";
    case json::kind::double_:
      return "VALUE_NUMBER_FLOAT";
    default:
      return "VALUE_NUMBER_INT";
  }
}

ApiError wrong_type(std::string_view wanted, const json::value& value) {
  const std::string shown = value.is_string()       ? std::string(value.get_string())
                            : value.is_structured() ? std::string()
                                                    : json::serialize(value);
  return refusal(
      Err::kJsonParser,
      fmt::format("Cannot deserialize instance of {} from {}{} or request may be missing a required field",
                  wanted, token_of(value), shown.empty() ? "" : " value " + shown),
      2);
}

double number_of(const json::value& value, std::string_view wanted) {
  if (value.is_number()) return value.to_number<double>();
  if (value.is_string()) {
    const std::string_view text = value.get_string();
    double out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error == std::errc{} && end == text.data() + text.size() && std::isfinite(out)) return out;
  }
  throw wrong_type(wanted, value);
}

}  // namespace

Writer::Writer(Org& org, Actor actor) : org_(org), actor_(std::move(actor)), transaction_(make_uuid()) {}

template <typename Work>
auto Writer::undone_on_failure(const Work& work) {
  const auto before = org_.store.mark();
  const auto sequence = sequence_;
  try {
    return work();
  } catch (const ApiError&) {
    org_.store.roll_back(before);
    sequence_ = sequence;
    throw;
  }
}

// ---- reading ----

std::string Writer::read_reference(const Field& field, const std::string& id) {
  const auto normal = normal_id(id);
  const Object* object = normal ? org_.schema.of_id(*normal) : nullptr;
  const bool allowed = object != nullptr && std::find(field.refers.begin(), field.refers.end(),
                                                      object->name) != field.refers.end();
  if (!allowed) throw refusal(Err::kMalformedId, field.label, id).on({field.name});
  const auto* record = org_.store.find(*object, *normal);
  if (record == nullptr) throw refusal(Err::kBadReference).on({});
  if (is_deleted(*record)) throw refusal(Err::kDeleted).on({});
  return *normal;
}

std::string Writer::find_foreign(const Field& reference, const json::object& key) {
  for (const auto& member : key) {
    if (member.key() == "attributes") continue;
    for (const auto& name : reference.refers) {
      const Object& object = org_.schema.get(name);
      const Field* field = object.find(member.key());
      if (field == nullptr || !field->id_lookup) continue;
      const std::string wanted = member.value().is_string() ? std::string(member.value().get_string())
                                                            : json::serialize(member.value());
      for (const auto& [id, record] : org_.store.table(object))
        if (!is_deleted(record) && equal_ignoring_case(text_of(record, field->name), wanted)) return id;
      throw refusal(Err::kForeignKey, wanted, field->name, object.name).on({});
    }
  }
  throw refusal(Err::kForeignKey, json::serialize(key), "Id", reference.refers.front()).on({});
}

json::value Writer::read_value(const Field& field, const json::value& value) {
  if (value.is_null()) return field.type == Type::kBoolean ? json::value(false) : json::value();
  switch (field.type) {
    case Type::kBoolean:
      if (value.is_bool()) return value;
      if (value.is_string() && equal_ignoring_case(value.get_string(), "true")) return true;
      if (value.is_string() && equal_ignoring_case(value.get_string(), "false")) return false;
      throw wrong_type("boolean", value);
    case Type::kInt:
      return static_cast<std::int64_t>(number_of(value, "int"));
    case Type::kDouble:
    case Type::kCurrency: {
      const double number = number_of(value, "double");
      constexpr double kTen = 10;
      if (std::abs(number) >= std::pow(kTen, field.precision - field.scale))
        throw refusal(Err::kOutOfRange, fmt::format("{}: value outside of valid range on numeric field: {}",
                                                    field.label, number))
            .on({field.name});
      const double factor = std::pow(kTen, field.scale);
      return std::round(number * factor) / factor;
    }
    default:
      break;
  }
  if (!value.is_string()) throw wrong_type(is_text(field.type) ? "string" : name_of(field.type), value);
  const std::string text(value.get_string());
  if (text.empty()) return nullptr;
  switch (field.type) {
    case Type::kReference:
      return json::value(read_reference(field, text));
    case Type::kDate:
      if (!is_date(text.substr(0, 10)) || (text.size() > 10 && !read_datetime(text)))
        throw wrong_type("date", value);
      return json::value(text.substr(0, 10));
    case Type::kDateTime:
      if (const auto at = read_datetime(text)) return json::value(datetime_text(*at));
      if (is_date(text)) return json::value(text + "T00:00:00.000+0000");
      throw wrong_type("datetime", value);
    case Type::kBase64:
      return value;  // decoded by the rule that keeps it
    case Type::kEmail:
      if (!is_email(text)) throw refusal(Err::kBadEmail, field.label, text).on({field.name});
      break;
    default:
      break;
  }
  if (field.restricted && std::none_of(field.choices.begin(), field.choices.end(),
                                       [&](const Choice& choice) { return choice.value == text; }))
    throw refusal(Err::kBadPicklist, field.label, text).on({field.name});
  const auto length = field.counts_bytes ? text.size() : length_of(text);
  if (field.length > 0 && length > static_cast<std::size_t>(field.length))
    throw refusal(Err::kTooLong, field.label, text, field.length).on({field.name});
  return json::value(text);
}

json::object Writer::read(const Object& object, const json::object& body, bool creating) {
  json::object out;
  std::vector<std::string> refused;
  for (const auto& member : body) {
    if (member.key() == "attributes") continue;
    const Field* field = object.find(member.key());
    if (field == nullptr) {
      const Field* reference = object.find_relationship(member.key());
      if (reference == nullptr) throw refusal(Err::kNoColumnOnWrite, std::string(member.key()), object.name);
      if (!member.value().is_object()) throw wrong_type("reference", member.value());
      out[reference->name] = find_foreign(*reference, member.value().get_object());
      continue;
    }
    if (field->type == Type::kId)
      throw refusal(Err::kInvalidField, "The Id field should not be specified in the sobject data.");
    if (creating ? !field->createable : !field->updateable) {
      refused.push_back(field->name);
      continue;
    }
    out[field->name] = read_value(*field, member.value());
  }
  if (!refused.empty())
    throw refusal(Err::kNotWritable, fmt::format("{}", fmt::join(refused, ", "))).on(refused);
  return out;
}

void Writer::check_required(const Object& object, const json::object& record, bool creating) const {
  std::vector<std::string> missing;
  for (const auto& field : object.fields) {
    if (!field.required) continue;
    const auto* value = record.if_contains(field.name);
    if (value == nullptr ? creating : value->is_null()) missing.push_back(field.name);
  }
  if (!missing.empty())
    throw refusal(Err::kRequired, fmt::format("{}", fmt::join(missing, ", "))).on(missing);
}

void Writer::check_unique(const Object& object, const json::object& record, const std::string& own_id) const {
  for (const auto& field : object.fields) {
    const std::string value = field.unique ? text_of(record, field.name) : std::string{};
    if (value.empty()) continue;
    for (const auto& [id, other] : org_.store.table(object))
      if (id != own_id && !is_deleted(other) && equal_ignoring_case(text_of(other, field.name), value))
        throw refusal(Err::kDuplicateValue, field.name, id.substr(0, 15)).on({});
  }
}

const json::object& Writer::get(const Object& object, std::string_view id) const {
  const auto normal = normal_id(id);
  if (!normal || !normal->starts_with(object.prefix)) {
    if (org_.switches.malformed_record_id_status == 404 && !normal) throw refusal(Err::kNotFound);
    throw refusal(Err::kMalformedId, object.label + " ID", std::string(id)).on({"Id"});
  }
  const auto* record = org_.store.find(object, *normal);
  if (record == nullptr) throw refusal(Err::kNotFound);
  if (is_deleted(*record)) throw refusal(Err::kDeleted).on({});
  return *record;
}

// ---- writing ----

void Writer::note(const Object& object, const std::string& id, std::string kind, const json::object& values) {
  Change change;
  change.entity = object.name;
  change.record_id = id;
  change.kind = std::move(kind);
  change.values = values;
  change.transaction = transaction_;
  change.sequence = ++sequence_;
  change.origin = actor_.origin;
  change.user_id = actor_.user_id;
  change.committed_ms = org_.now_ms();
  if (change.kind == "UPDATE")
    for (const auto& member : values) {
      change.changed.emplace_back(member.key());
      if (member.value().is_null()) change.nulled.emplace_back(member.key());
    }
  org_.store.note(std::move(change));
}

std::string Writer::insert(const Object& object, json::object record) {
  if (!record.contains("Id")) record["Id"] = org_.store.next_id(object);
  const std::string id = text_of(record, "Id");
  const std::string now = datetime_text(org_.clock.now());
  record["IsDeleted"] = false;
  for (const char* field : {"CreatedDate", "LastModifiedDate", "SystemModstamp"}) record[field] = now;
  for (const char* field : {"CreatedById", "LastModifiedById"}) record[field] = actor_.user_id;
  if (object.find("OwnerId") != nullptr && text_of(record, "OwnerId").empty())
    record["OwnerId"] = actor_.user_id;
  org_.store.remember(object, id);
  org_.store.tables[object.name][id] = record;
  record.erase("IsDeleted");
  record.erase("SystemModstamp");
  note(object, id, "CREATE", record);
  return id;
}

void Writer::set(const Object& object, const std::string& id, const json::object& changes) {
  org_.store.remember(object, id);
  json::object& record = *org_.store.find(object, id);
  json::object changed;
  for (const auto& member : changes) {
    const auto* old = record.if_contains(member.key());
    const bool same = old == nullptr ? member.value().is_null() : *old == member.value();
    if (!same) changed[member.key()] = member.value();
    record[member.key()] = member.value();
  }
  const std::string now = datetime_text(org_.clock.now());
  record["LastModifiedDate"] = record["SystemModstamp"] = now;
  record["LastModifiedById"] = actor_.user_id;
  changed["LastModifiedDate"] = now;
  note(object, id, "UPDATE", changed);
}

std::string Writer::publish(const Object& object, json::object record) {
  event_uuid_ = make_uuid();
  const std::string id = org_.store.next_id(object);
  record["CreatedDate"] = datetime_text(org_.clock.now());
  record["CreatedById"] = actor_.user_id;
  record["EventUuid"] = event_uuid_;
  note(object, id, "EVENT", record);
  return id;
}

std::string Writer::create(const Object& object, const json::object& body) {
  if (!object.createable)
    throw refusal(Err::kNotSupported, fmt::format("entity type {} does not support create", object.name))
        .on({});
  return undone_on_failure([&] {
    json::object record = read(object, body, true);
    for (const auto& field : object.fields) {
      if (record.contains(field.name) || field.name == "Id") continue;
      if (field.type == Type::kBoolean) {
        record[field.name] = field.default_value == "true";
      } else if (!field.default_value.empty() && (field.createable || field.type == Type::kPicklist)) {
        record[field.name] = field.default_value;
      }
    }
    check_required(object, record, true);
    if (object.event()) return publish(object, std::move(record));
    const json::object given = record;
    before_create(*this, object, record);
    check_unique(object, record, "");
    const std::string id = insert(object, std::move(record));
    after_create(*this, object, json::object(*org_.store.find(object, id)), given);
    return id;
  });
}

void Writer::update(const Object& object, std::string_view id, const json::object& body) {
  if (!object.updateable)
    throw refusal(Err::kNotSupported, fmt::format("entity type {} does not support update", object.name))
        .on({});
  undone_on_failure([&] {
    const json::object old = get(object, id);
    const std::string own = text_of(old, "Id");
    json::object changes = read(object, body, false);
    check_required(object, changes, false);
    before_update(*this, object, old, changes);
    check_unique(object, changes, own);
    set(object, own, changes);
    after_update(*this, object, own, changes);
  });
}

Upserted Writer::upsert(const Object& object, const Field& field, const std::string& value,
                        const json::object& body, bool update_only) {
  std::vector<std::string> found;
  for (const auto& [id, record] : org_.store.table(object))
    if (!is_deleted(record) && !value.empty() && equal_ignoring_case(text_of(record, field.name), value))
      found.push_back(id);
  if (found.size() > 1) return {"", false, std::move(found)};
  json::object rest;
  for (const auto& member : body)
    if (!equal_ignoring_case(member.key(), field.name)) rest[member.key()] = member.value();
  if (found.size() == 1) {
    update(object, found[0], rest);
    return {found[0], false, {}};
  }
  if (update_only) throw refusal(Err::kNotFound);
  if (!value.empty()) rest[field.name] = value;
  return {create(object, rest), true, {}};
}

void Writer::bury(const Object& object, const std::string& id) {
  org_.store.remember(object, id);
  json::object& record = *org_.store.find(object, id);
  const std::string now = datetime_text(org_.clock.now());
  record["IsDeleted"] = true;
  record["LastModifiedDate"] = record["SystemModstamp"] = now;
  note(object, id, "DELETE", {});
  for (const auto& [child, field] : org_.schema.children_of(object)) {
    std::vector<std::string> orphans;
    for (const auto& [child_id, other] : org_.store.table(*child))
      if (!is_deleted(other) && text_of(other, field->name) == id) orphans.push_back(child_id);
    for (const auto& orphan : orphans) {
      if (field->cascades) {
        bury(*child, orphan);
      } else {
        set(*child, orphan, {{field->name, nullptr}});
      }
    }
  }
}

void Writer::remove(const Object& object, std::string_view id) {
  if (!object.deletable)
    throw refusal(Err::kNotSupported, fmt::format("entity type {} does not support delete", object.name))
        .on({});
  undone_on_failure([&] {
    const json::object record = get(object, id);
    before_remove(*this, object, record);
    bury(object, text_of(record, "Id"));
    after_remove(*this, object, record);
  });
}

}  // namespace sandbox::salesforce
