// Reading the tables, and look-ups.
#include "examples/sandbox/salesforce/schema/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "examples/sandbox/common/text.hpp"

namespace sandbox::salesforce {

namespace {

constexpr std::array<std::pair<Type, std::string_view>, 17> kTypes{{
    {Type::kId, "id"},
    {Type::kString, "string"},
    {Type::kTextArea, "textarea"},
    {Type::kPicklist, "picklist"},
    {Type::kReference, "reference"},
    {Type::kMultiPicklist, "multipicklist"},
    {Type::kBoolean, "boolean"},
    {Type::kInt, "int"},
    {Type::kDouble, "double"},
    {Type::kCurrency, "currency"},
    {Type::kDate, "date"},
    {Type::kDateTime, "datetime"},
    {Type::kEmail, "email"},
    {Type::kPhone, "phone"},
    {Type::kUrl, "url"},
    {Type::kBase64, "base64"},
    {Type::kAddress, "address"},
}};

[[noreturn]] void broken(const std::string& line) {
  throw std::logic_error("the schema's line cannot be read: " + line);
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> out;
  for (;;) {
    const auto end = text.find(at);
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::string spaced(std::string text, char stand_in) {
  std::replace(text.begin(), text.end(), stand_in, ' ');
  return text;
}

/// "MailingPostalCode" as people read it.
std::string label_of(std::string_view name) {
  std::string out;
  if (name.ends_with("__c")) name.remove_suffix(3);
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool upper = name[i] >= 'A' && name[i] <= 'Z';
    if (upper && i > 0 && name[i - 1] >= 'a' && name[i - 1] <= 'z') out += ' ';
    out += name[i] == '_' ? ' ' : name[i];
  }
  if (out.size() > 3 && out.ends_with(" Id")) out.resize(out.size() - 3), out += " ID";
  return out;
}

Type type_of(const std::string& name, const std::string& line) {
  for (const auto& [type, text] : kTypes)
    if (text == name) return type;
  broken(line);
}

void read_type(Field& field, const std::string& word, const std::string& line) {
  const auto open = word.find('(');
  field.type = type_of(word.substr(0, open), line);
  if (open == std::string::npos) {
    if (field.type == Type::kPicklist) field.length = 255;
    if (field.type == Type::kMultiPicklist) field.length = 4099;
    if (field.type == Type::kReference || field.type == Type::kId) field.length = 18;
    return;
  }
  const auto numbers = split(word.substr(open + 1, word.size() - open - 2), ',');
  if (numbers.size() == 2) {
    field.precision = std::stoi(numbers[0]);
    field.scale = std::stoi(numbers[1]);
  } else {
    field.length = std::stoi(numbers[0]);
  }
}

void read_choices(Field& field, std::string_view braced) {
  for (auto& word : split(braced.substr(1, braced.size() - 2), '|')) {
    Choice choice;
    choice.is_default = word.starts_with('*');
    choice.value = spaced(choice.is_default ? word.substr(1) : word, '~');
    if (choice.is_default) field.default_value = choice.value;
    field.choices.push_back(std::move(choice));
  }
}

Field read_field(const std::string& line) {
  std::istringstream in(line);
  Field field;
  std::string type, access, word;
  if (!(in >> field.name >> type >> access)) broken(line);
  field.label = label_of(field.name);
  read_type(field, type, line);
  field.createable = access.find('c') != std::string::npos;
  field.updateable = access.find('u') != std::string::npos;
  field.required = access.find('!') != std::string::npos;
  while (in >> word) {
    if (word == "name")
      field.name_field = true;
    else if (word == "auto")
      field.auto_number = true;
    else if (word == "external")
      field.external_id = field.id_lookup = true;
    else if (word == "unique")
      field.unique = true;
    else if (word == "lookup")
      field.id_lookup = true;
    else if (word == "restricted")
      field.restricted = true;
    else if (word == "unfilterable")
      field.filterable = false;
    else if (word == "bytes")
      field.counts_bytes = true;
    else if (word == "cascade")
      field.cascades = true;
    else if (word.starts_with("default="))
      field.default_value = word.substr(8);
    else if (word.starts_with("formula="))
      field.formula = word.substr(8);
    else if (word.starts_with('{'))
      read_choices(field, word);
    else if (word == "->") {
      std::string targets, as, names;
      if (!(in >> targets >> as >> names) || as != "as") broken(line);
      field.refers = split(targets, ',');
      const auto both = split(names, '/');
      field.relationship = both[0];
      if (both.size() > 1) field.child_name = both[1];
    } else {
      broken(line);
    }
  }
  return field;
}

void add_address(Object& object, const std::string& name) {
  for (const auto& [part, length] :
       {std::pair{"Street", 255}, {"City", 40}, {"State", 80}, {"PostalCode", 20}, {"Country", 80}})
    object.fields.push_back(read_field(fmt::format(
        "{}{} {}({}) cu", name, part, std::string_view(part) == "Street" ? "textarea" : "string", length)));
  object.fields.push_back(read_field(name + "Address address - unfilterable"));
}

Object read_object(const std::string& line) {
  std::istringstream in(line);
  Object object;
  std::string word, access;
  if (!(in >> word >> object.name >> object.prefix >> object.label >> object.plural >> access)) broken(line);
  object.label = spaced(object.label, '_');
  object.plural = spaced(object.plural, '_');
  object.createable = access.find('c') != std::string::npos;
  object.updateable = access.find('u') != std::string::npos;
  object.deletable = access.find('d') != std::string::npos;
  object.queryable = !object.event();
  object.fields.push_back(read_field("Id id - lookup"));
  if (!object.event()) object.fields.push_back(read_field("IsDeleted boolean -"));
  return object;
}

void end_object(std::vector<Object>& objects, Object& object) {
  if (object.name.empty()) return;
  for (const char* line : {"CreatedDate datetime -", "CreatedById reference - -> User as CreatedBy"})
    object.fields.push_back(read_field(line));
  if (!object.event())
    for (const char* line :
         {"LastModifiedDate datetime -", "LastModifiedById reference - -> User as LastModifiedBy",
          "SystemModstamp datetime -"})
      object.fields.push_back(read_field(line));
  objects.push_back(std::move(object));
  object = {};
}

}  // namespace

std::string_view name_of(Type type) {
  return std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& row) { return row.first == type; })
      ->second;
}

bool is_text(Type type) {
  switch (type) {
    case Type::kString:
    case Type::kTextArea:
    case Type::kPicklist:
    case Type::kMultiPicklist:
    case Type::kEmail:
    case Type::kPhone:
    case Type::kUrl:
      return true;
    default:
      return false;
  }
}

bool is_number(Type type) {
  return type == Type::kInt || type == Type::kDouble || type == Type::kCurrency;
}

const Field* Object::find(std::string_view field) const {
  for (const auto& one : fields)
    if (equal_ignoring_case(one.name, field)) return &one;
  return nullptr;
}

const Field* Object::find_relationship(std::string_view wanted) const {
  for (const auto& one : fields)
    if (!one.relationship.empty() && equal_ignoring_case(one.relationship, wanted)) return &one;
  return nullptr;
}

Schema::Schema(std::string_view text) {
  Object object;
  for (const auto& raw : split(text, '\n')) {
    const std::string line = trim(raw);
    if (line.empty()) continue;
    if (line.starts_with("object ")) {
      end_object(objects_, object);
      object = read_object(line);
    } else if (line == "owner") {
      object.fields.push_back(read_field("OwnerId reference cu -> User,Group as Owner"));
    } else if (line.starts_with("address ")) {
      add_address(object, line.substr(8));
    } else {
      object.fields.push_back(read_field(line));
    }
  }
  end_object(objects_, object);
  for (const auto& child : objects_)
    for (const auto& field : child.fields) {
      if (field.child_name.empty()) continue;
      for (const auto& parent : field.refers) children_[parent].push_back({&child, &field});
    }
}

const Schema& Schema::standard() {
  static const Schema kSchema(schema_text());
  return kSchema;
}

const Object* Schema::find(std::string_view name) const {
  for (const auto& object : objects_)
    if (equal_ignoring_case(object.name, name)) return &object;
  return nullptr;
}

const Object& Schema::get(std::string_view name) const {
  const Object* found = find(name);
  if (found == nullptr) throw std::logic_error(fmt::format("the schema has no object {}", name));
  return *found;
}

const Object* Schema::of_id(std::string_view id) const {
  for (const auto& object : objects_)
    if (id.starts_with(object.prefix)) return &object;
  return nullptr;
}

std::vector<ChildRelationship> Schema::children_of(const Object& parent) const {
  const auto found = children_.find(parent.name);
  return found == children_.end() ? std::vector<ChildRelationship>{} : found->second;
}

const ChildRelationship* Schema::find_child(const Object& parent, std::string_view name) const {
  const auto found = children_.find(parent.name);
  if (found == children_.end()) return nullptr;
  for (const auto& one : found->second)
    if (equal_ignoring_case(one.field->child_name, name)) return &one;
  return nullptr;
}

}  // namespace sandbox::salesforce
