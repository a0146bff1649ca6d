// Names of a statement resolved against the schema, and its WHERE tried on a record.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "examples/sandbox/salesforce/errors.hpp"
#include "examples/sandbox/salesforce/org.hpp"
#include "examples/sandbox/salesforce/soql/query.hpp"

namespace sandbox::salesforce::soql {

/// A path with its steps up and the field at its end.
struct Column {
  std::vector<const Field*> hops;
  const Field* field = nullptr;

  /// The name as the reply writes it: Contact.Account.Name.
  std::string canonical() const;
};

/// What every part of one statement needs.
struct Scope {
  const Reader& reader;
  std::string_view statement;
  bool with_deleted = false;
};

/// The object of FROM. errors: ApiError INVALID_TYPE.
const Object& object_of(const Scope& scope, const Query& query);
/// errors: ApiError INVALID_FIELD, located.
Column resolve(const Scope& scope, const Object& object, const Path& path, const std::string& alias);
/// The record a path's field stands in; nothing where a parent is missing.
Row row_at(const Scope& scope, const Row& row, const Column& column);
boost::json::value value_at(const Scope& scope, const Row& row, const Column& column);
/// -1, 0, 1 of two values of one field that are not null; texts ignoring case.
int compare(const boost::json::value& a, const boost::json::value& b);

/// A WHERE ready to be tried on many records.
class Filter {
 public:
  /// errors: ApiError; types and operators are checked here, so that an empty table refuses the same
  /// statements
  Filter(const Scope& scope, const Object& object, const std::string& alias, const Condition& condition);
  bool accepts(const Row& row) const;

 private:
  struct Range {
    boost::json::value from, to;  // half-open; `to` is null for a single value
  };

  void prepare_literal(const Literal& literal);
  void prepare_semi_join(const Object& object);
  [[noreturn]] void wrong_literal(const Literal& literal, std::string_view needs) const;
  bool accepts_value(const boost::json::value& value, const Range& range, const std::string& op) const;

  const Scope& scope_;
  const Condition& condition_;
  std::vector<Filter> parts_;
  Column column_;
  std::vector<Range> ranges_;  // of the literals, in order
  std::set<std::string> ids_;  // of a semi-join
};

/// Runs the subquery of a semi-join: the ids it selects.
std::set<std::string> selected_ids(const Scope& scope, const Query& query, const Object& outer);

/// SQL's LIKE with backslash escapes, ignoring case.
bool is_like(std::string_view text, std::string_view pattern);

}  // namespace sandbox::salesforce::soql
