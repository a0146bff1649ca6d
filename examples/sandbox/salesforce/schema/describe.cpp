// Describe documents.
#include "examples/sandbox/salesforce/schema/describe.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

namespace {

std::string_view soap_type(Type type) {
  switch (type) {
    case Type::kId:
    case Type::kReference:
      return "tns:ID";
    case Type::kBoolean:
      return "xsd:boolean";
    case Type::kInt:
      return "xsd:int";
    case Type::kDouble:
    case Type::kCurrency:
      return "xsd:double";
    case Type::kDate:
      return "xsd:date";
    case Type::kDateTime:
      return "xsd:dateTime";
    case Type::kBase64:
      return "xsd:base64Binary";
    case Type::kAddress:
      return "urn:address";
    default:
      return "xsd:string";
  }
}

json::value default_of(const Field& field) {
  if (field.type == Type::kBoolean) return field.default_value == "true";
  if (field.default_value.empty() || field.type == Type::kPicklist) return nullptr;
  return json::value(field.default_value);
}

json::object field_of(const Field& field) {
  json::array choices;
  for (const auto& choice : field.choices)
    choices.push_back(json::object{{"active", true},
                                   {"defaultValue", choice.is_default},
                                   {"label", choice.value},
                                   {"validFor", nullptr},
                                   {"value", choice.value}});
  const bool boolean = field.type == Type::kBoolean;
  return {{"aggregatable", field.filterable},
          {"autoNumber", field.auto_number},
          {"byteLength", field.length * (field.counts_bytes || field.length == 18 ? 1 : 3)},
          {"calculated", !field.formula.empty()},
          {"cascadeDelete", field.cascades},
          {"caseSensitive", false},
          {"createable", field.createable},
          {"custom", field.custom()},
          {"defaultValue", default_of(field)},
          {"defaultedOnCreate", boolean || !field.default_value.empty() || field.name == "OwnerId"},
          {"deprecatedAndHidden", false},
          {"digits", field.type == Type::kInt ? 9 : 0},
          {"externalId", field.external_id},
          {"filterable", field.filterable},
          {"groupable", field.filterable && field.type != Type::kDateTime && !is_number(field.type)},
          {"idLookup", field.id_lookup},
          {"inlineHelpText", nullptr},
          {"label", field.label},
          {"length", field.length},
          {"name", field.name},
          {"nameField", field.name_field},
          {"nillable", !field.required && !boolean && field.type != Type::kId},
          {"picklistValues", std::move(choices)},
          {"precision", field.precision},
          {"referenceTo", json::array(field.refers.begin(), field.refers.end())},
          {"relationshipName", field.relationship.empty() ? json::value() : json::value(field.relationship)},
          {"restrictedPicklist", field.restricted},
          {"scale", field.scale},
          {"soapType", soap_type(field.type)},
          {"sortable", field.filterable},
          {"type", name_of(field.type)},
          {"unique", field.unique},
          {"updateable", field.updateable}};
}

}  // namespace

json::object describe_short(const Object& object, const std::string& base) {
  const std::string own = base + "/sobjects/" + object.name;
  return {{"activateable", false},
          {"createable", object.createable},
          {"custom", object.custom()},
          {"customSetting", false},
          {"deletable", object.deletable},
          {"deprecatedAndHidden", false},
          {"feedEnabled", false},
          {"keyPrefix", object.prefix},
          {"label", object.label},
          {"labelPlural", object.plural},
          {"layoutable", !object.event()},
          {"mergeable", false},
          {"mruEnabled", false},
          {"name", object.name},
          {"queryable", object.queryable},
          {"replicateable", object.queryable},
          {"retrieveable", object.queryable},
          {"searchable", false},
          {"triggerable", object.createable},
          {"undeletable", object.deletable},
          {"updateable", object.updateable},
          {"urls",
           json::object{{"sobject", own}, {"describe", own + "/describe"}, {"rowTemplate", own + "/{ID}"}}}};
}

json::object describe(const Schema& schema, const Object& object, const std::string& base) {
  json::object out = describe_short(object, base);
  json::array children, fields;
  for (const auto& [child, field] : schema.children_of(object))
    children.push_back(json::object{{"cascadeDelete", field->cascades},
                                    {"childSObject", child->name},
                                    {"deprecatedAndHidden", false},
                                    {"field", field->name},
                                    {"junctionIdListNames", json::array{}},
                                    {"junctionReferenceTo", json::array{}},
                                    {"relationshipName", field->child_name},
                                    {"restrictedDelete", false}});
  for (const auto& field : object.fields) fields.push_back(field_of(field));
  out["childRelationships"] = std::move(children);
  out["fields"] = std::move(fields);
  out["recordTypeInfos"] = json::array{json::object{{"active", true},
                                                    {"available", true},
                                                    {"defaultRecordTypeMapping", true},
                                                    {"developerName", "Master"},
                                                    {"master", true},
                                                    {"name", "Master"},
                                                    {"recordTypeId", "012000000000000AAA"},
                                                    {"urls", json::object{}}}};
  out["supportedScopes"] =
      json::array{json::object{{"label", "All " + object.plural}, {"name", "everything"}}};
  return out;
}

}  // namespace sandbox::salesforce
