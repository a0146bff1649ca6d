// A SELECT statement, put together from names of the source and written values: there is no other way in.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "soql/names.hpp"
#include "soql/value.hpp"

namespace salesforce::soql {

/// What goes after WHERE. Levels that mix AND and OR get parentheses; the org refuses them without.
class Condition {
 public:
  const std::string& text() const { return text_; }

 private:
  enum class Kind { term, all, any };
  Condition(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}
  Kind kind_;
  std::string text_;

  static Condition term(Name name, std::string_view op, const Value& value);
  static Condition join(Kind kind, const std::vector<Condition>& parts);

  friend Condition equals(Name, const Value&);
  friend Condition differs(Name, const Value&);
  friend Condition less(Name, const Value&);
  friend Condition at_most(Name, const Value&);
  friend Condition greater(Name, const Value&);
  friend Condition at_least(Name, const Value&);
  friend Condition like(Name, const Value&);
  friend Condition in(Name, const std::vector<Value>&);
  friend Condition all_of(const std::vector<Condition>&);
  friend Condition any_of(const std::vector<Condition>&);
  friend Condition none_of(const Condition&);
};

Condition equals(Name name, const Value& value);
Condition differs(Name name, const Value& value);
Condition less(Name name, const Value& value);
Condition at_most(Name name, const Value& value);
Condition greater(Name name, const Value& value);
Condition at_least(Name name, const Value& value);
/// With a value of like_containing or like_beginning.
Condition like(Name name, const Value& value);
/// errors: 422 request.invalid for an empty list
Condition in(Name name, const std::vector<Value>& values);
/// errors of both: 422 request.invalid for no part
Condition all_of(const std::vector<Condition>& parts);
Condition any_of(const std::vector<Condition>& parts);
Condition none_of(const Condition& part);

enum class Ordering { ascending, descending };

class Select {
 public:
  explicit Select(Name from) : from_(from) {}

  Select& fields(std::initializer_list<Name> names);
  /// A list of children below each row; from is the way down: OrderItems.
  Select& children(const Select& below);
  Select& where(const Condition& condition);
  Select& order_by(Name name, Ordering ordering);
  Select& limit(std::int64_t rows);
  /// At most 2,000; the org reads no further.
  Select& offset(std::int64_t rows);

  std::string_view from() const { return from_.text(); }
  /// errors: 422 request.invalid: longer than a request line may be (12,000 bytes, encoded), or an offset too
  /// far
  std::string text() const;
  /// SELECT COUNT() with the same condition.
  std::string count_text() const;

 private:
  std::string statement(bool counted) const;

  Name from_;
  std::vector<std::string> selected_;
  std::string where_, order_;
  std::optional<std::int64_t> limit_, offset_;
};

}  // namespace salesforce::soql
