// The objects and fields the played org has.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sandbox::salesforce {

enum class Type {
  kId,
  kString,
  kTextArea,
  kPicklist,
  kReference,
  kMultiPicklist,
  kBoolean,
  kInt,
  kDouble,
  kCurrency,
  kDate,
  kDateTime,
  kEmail,
  kPhone,
  kUrl,
  kBase64,
  kAddress,
};

std::string_view name_of(Type type);
bool is_text(Type type);
bool is_number(Type type);

struct Choice {
  std::string value;
  bool is_default = false;
};

struct Field {
  std::string name, label;
  Type type = Type::kString;
  int length = 0;
  int precision = 0, scale = 0;
  bool createable = false, updateable = false, required = false;
  bool filterable = true;
  bool external_id = false, unique = false, id_lookup = false, name_field = false, auto_number = false;
  bool restricted = false, counts_bytes = false;
  std::vector<Choice> choices;
  std::string default_value;  // as text; "" is none
  std::vector<std::string> refers;
  std::string relationship;  // name of the way up, "Account"
  std::string child_name;    // name of the way down, on the parent, "Contacts"
  bool cascades = false;     // deleting the parent deletes this
  std::string formula;       // "Contact.Email": read from there

  bool custom() const { return name.ends_with("__c"); }
};

struct Object {
  std::string name, label, plural, prefix;
  bool createable = false, updateable = false, deletable = false, queryable = true;
  std::vector<Field> fields;

  bool custom() const { return name.ends_with("__c") || name.ends_with("__e"); }
  bool event() const { return name.ends_with("__e"); }
  /// Any letter case; null if there is none.
  const Field* find(std::string_view field) const;
  /// The reference field whose relationship has this name, any letter case.
  const Field* find_relationship(std::string_view name) const;
};

/// One way from a parent to its children.
struct ChildRelationship {
  const Object* child = nullptr;
  const Field* field = nullptr;
};

/// Made once of the text in tables.cpp.
class Schema {
 public:
  static const Schema& standard();

  const std::vector<Object>& objects() const { return objects_; }
  /// Any letter case; null if there is none.
  const Object* find(std::string_view name) const;
  /// errors: std::logic_error for a name the tables do not have
  const Object& get(std::string_view name) const;
  /// The object an id belongs to; null if none has its prefix.
  const Object* of_id(std::string_view id) const;
  std::vector<ChildRelationship> children_of(const Object& parent) const;
  /// By the name of the relationship, any letter case.
  const ChildRelationship* find_child(const Object& parent, std::string_view name) const;

 private:
  explicit Schema(std::string_view text);

  std::vector<Object> objects_;
  std::map<std::string, std::vector<ChildRelationship>> children_;
};

/// The tables, in the form schema.cpp reads.
std::string_view schema_text();

}  // namespace sandbox::salesforce
