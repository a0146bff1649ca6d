// Kinds of fields as Avro types, and the header of change events.
#include "examples/sandbox/salesforce/schema/event_schema.hpp"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <map>
#include <utility>

#include "examples/sandbox/salesforce/values.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 3> kPersonName{"Salutation", "FirstName", "LastName"};
constexpr std::array<std::string_view, 10> kAddress{
    "Street",    "City",        "State",    "PostalCode", "Country",
    "StateCode", "CountryCode", "Latitude", "Longitude",  "GeocodeAccuracy"};
constexpr int kShortText = 255;  // characters; longer areas are another kind

/// Names of kinds and the Avro type each has.
struct Kind {
  std::string_view doc, avro;
};

Kind kind_of(const Field& field) {
  switch (field.type) {
    case Type::kId:
    case Type::kReference:
      return {"EntityId", "string"};
    case Type::kString:
      return {field.auto_number ? "AutoNumber" : "Text", "string"};
    case Type::kTextArea:
      return {field.length > kShortText ? "StringPlusClob" : "Text", "string"};
    case Type::kPicklist:
      return {field.restricted ? "StaticEnum" : "DynamicEnum", "string"};
    case Type::kMultiPicklist:
      return {"MultiEnum", "string"};
    case Type::kEmail:
      return {"Email", "string"};
    case Type::kPhone:
      return {"Phone", "string"};
    case Type::kUrl:
      return {"Url", "string"};
    case Type::kBoolean:
      return {"Boolean", "boolean"};
    case Type::kInt:
      return {"Integer", "int"};
    case Type::kDouble:
      return {"Double", "double"};
    case Type::kCurrency:
      return {"Currency", "double"};
    case Type::kDate:
      return {"DateOnly", "long"};
    case Type::kDateTime:
      return {"DateTime", "long"};
    case Type::kBase64:
    case Type::kAddress:
      break;
  }
  return {"Address", "record"};
}

/// "Data:Text:00N000000000001" of a custom field, "Data:Text" of a standard one; counts the custom ones.
std::string doc_of(const Field& field, int& custom) {
  if (field.name == "CreatedDate") return "CreatedDate:DateTime";
  if (field.name == "CreatedById") return "CreatedBy:EntityId";
  if (field.type == Type::kReference) return "ForeignKey:EntityId";
  const auto kind = kind_of(field).doc;
  return field.custom() ? fmt::format("Data:{}:00N{:012}", kind, ++custom) : fmt::format("Data:{}", kind);
}

json::object optional_field(std::string_view name, json::value type, std::string doc) {
  return {{"name", name},
          {"type", json::array{"null", std::move(type)}},
          {"doc", std::move(doc)},
          {"default", nullptr}};
}

json::object record(std::string_view name, json::array fields) {
  return {{"type", "record"},
          {"name", name},
          {"namespace", "com.sforce.eventbus"},
          {"fields", std::move(fields)}};
}

/// A record of optional texts and numbers; the second time in one schema only its name.
template <std::size_t N>
json::value named_record(std::string_view name, const std::array<std::string_view, N>& parts, bool& written) {
  if (std::exchange(written, true)) return json::value(name);
  json::array fields;
  for (const auto part : parts) {
    const bool number = part == "Latitude" || part == "Longitude";
    fields.push_back(
        optional_field(part, number ? "double" : "string", number ? "Data:Double" : "Data:Text"));
  }
  return record(name, std::move(fields));
}

json::object header(bool with_snapshot) {
  json::array kinds{"CREATE",     "UPDATE",     "DELETE",       "UNDELETE",    "GAP_CREATE",
                    "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "GAP_OVERFLOW"};
  if (with_snapshot) kinds.emplace_back("SNAPSHOT");
  const json::object texts{{"type", "array"}, {"items", "string"}};
  const auto plain = [](std::string_view name, json::value type) {
    return json::object{{"name", name}, {"type", std::move(type)}};
  };
  return {{"name", "ChangeEventHeader"},
          {"type",
           record("ChangeEventHeader",
                  {plain("entityName", "string"), plain("recordIds", texts),
                   plain("changeType", json::object{{"type", "enum"},
                                                    {"name", "ChangeType"},
                                                    {"namespace", "com.sforce.eventbus"},
                                                    {"symbols", std::move(kinds)}}),
                   plain("changeOrigin", "string"), plain("transactionKey", "string"),
                   plain("sequenceNumber", "int"), plain("commitTimestamp", "long"),
                   plain("commitNumber", "long"), plain("commitUser", "string"), plain("nulledFields", texts),
                   plain("diffFields", texts), plain("changedFields", texts)})},
          {"doc", "Data:ComplexValueType"}};
}

EventSchema finished(const json::object& schema) {
  EventSchema out;
  out.text = write_json(schema);
  const std::string hex = md5_hex(out.text);
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  out.id = base64url(bytes);
  return out;
}

}  // namespace

EventSchema platform_event_schema(const Object& object) {
  json::array fields{
      json::object{{"name", "CreatedDate"}, {"type", "long"}, {"doc", "CreatedDate:DateTime"}},
      json::object{{"name", "CreatedById"}, {"type", "string"}, {"doc", "CreatedBy:EntityId"}}};
  int custom = 0;
  for (const auto& field : object.fields)
    if (field.custom())
      fields.push_back(optional_field(field.name, json::value(kind_of(field).avro), doc_of(field, custom)));
  return finished(record(object.name, std::move(fields)));
}

std::string change_event_name(const Object& object) {
  return object.name.ends_with("__c") ? object.name.substr(0, object.name.size() - 1) + "ChangeEvent"
                                      : object.name + "ChangeEvent";
}

std::vector<ChangeField> change_fields(const Object& object) {
  const bool person = object.find("FirstName") != nullptr && object.find("LastName") != nullptr;
  const auto part_of_compound = [&](const Field& field) {
    for (const auto part : kPersonName)
      if (person && field.name == part) return true;
    for (const auto part : kAddress)
      if (field.name.ends_with(part) && field.name.size() > part.size() &&
          object.find(field.name.substr(0, field.name.size() - part.size()) + "Address") != nullptr)
        return true;
    return false;
  };
  std::vector<ChangeField> out;
  for (const auto& field : object.fields) {
    const bool kept = field.type != Type::kId && field.type != Type::kBase64 && field.formula.empty() &&
                      field.name != "IsDeleted" && field.name != "SystemModstamp";
    if (!kept || part_of_compound(field)) continue;
    ChangeField change{field.name, &field, {}};
    if (field.type == Type::kAddress) {
      const std::string stem = field.name.substr(0, field.name.size() - std::string_view("Address").size());
      for (const auto part : kAddress)
        change.parts.push_back({std::string(part), object.find(stem + std::string(part))});
    } else if (person && field.name == "Name") {
      for (const auto part : kPersonName) change.parts.push_back({std::string(part), object.find(part)});
    }
    out.push_back(std::move(change));
  }
  return out;
}

EventSchema change_event_schema(const Object& object, bool with_snapshot) {
  json::array fields{header(with_snapshot)};
  bool address = false, person = false, switchable = false;
  int custom = 0;
  for (const auto& change : change_fields(object)) {
    const std::string doc = doc_of(*change.source, custom);
    if (change.source->type == Type::kAddress) {
      fields.push_back(optional_field(change.name, named_record("Address", kAddress, address), doc));
    } else if (!change.parts.empty()) {
      fields.push_back(
          optional_field(change.name, named_record("PersonName", kPersonName, person), "Data:PersonName"));
    } else if (object.name == "Account" && change.name == "Name") {
      // Business accounts have a text here, person accounts a name of parts.
      json::object name = optional_field("Name", "string", "Data:Switchable_PersonName");
      name["type"].as_array().push_back(named_record("Switchable_PersonName", kPersonName, switchable));
      fields.push_back(std::move(name));
    } else {
      fields.push_back(optional_field(change.name, json::value(kind_of(*change.source).avro), doc));
    }
  }
  return finished(record(change_event_name(object), std::move(fields)));
}

const EventSchema* find_event_schema(std::string_view id) {
  static const auto kAll = [] {
    std::map<std::string, EventSchema, std::less<>> all;
    const auto keep = [&](EventSchema schema) { all[schema.id] = std::move(schema); };
    for (const auto& object : Schema::standard().objects()) {
      if (object.event()) {
        keep(platform_event_schema(object));
        continue;
      }
      for (const bool with_snapshot : {false, true}) keep(change_event_schema(object, with_snapshot));
    }
    return all;
  }();
  const auto found = kAll.find(id);
  return found == kAll.end() ? nullptr : &found->second;
}

}  // namespace sandbox::salesforce
