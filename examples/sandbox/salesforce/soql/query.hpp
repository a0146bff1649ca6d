// A SOQL statement as a tree.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sandbox::salesforce::soql {

/// Names joined by dots, and where they stand in the statement.
struct Path {
  std::vector<std::string> names;
  std::size_t at = 0;

  std::string text() const;
};

struct Query;

enum class SelectKind { kField, kCount, kAggregate, kChildren, kFields };

struct Select {
  SelectKind kind = SelectKind::kField;
  Path path;             // kField, kAggregate
  std::string function;  // kAggregate: upper case; kFields: STANDARD, CUSTOM, ALL
  std::string alias;
  std::shared_ptr<Query> children;  // kChildren
};

enum class LiteralKind { kText, kNumber, kBoolean, kNull, kDate, kDateTime, kDateWord };

struct Literal {
  LiteralKind kind = LiteralKind::kNull;
  std::string text;        // kText: unescaped; kDateWord: upper case
  std::string pattern;     // kText: for LIKE, where \% and \_ stand for themselves
  double number = 0;       // kNumber
  bool boolean = false;    // kBoolean
  std::int64_t count = 0;  // kDateWord: the n of LAST_N_DAYS:n
  std::size_t at = 0;
};

enum class ConditionKind { kAnd, kOr, kNot, kCompare, kIn, kSemiJoin, kIncludes };

struct Condition {
  ConditionKind kind = ConditionKind::kCompare;
  std::vector<Condition> parts;  // kAnd, kOr, kNot
  Path path;
  std::string op;        // =, !=, <, <=, >, >=, LIKE
  bool negated = false;  // NOT IN, EXCLUDES
  std::vector<Literal> values;
  std::shared_ptr<Query> query;  // kSemiJoin
};

struct Order {
  Path path;
  bool descending = false;
  std::optional<bool> nulls_first;
};

struct Query {
  std::vector<Select> selects;
  std::string from;
  std::size_t from_at = 0;
  std::string alias;
  std::optional<Condition> where;
  std::vector<Path> group_by;
  std::vector<Order> order_by;
  std::optional<std::int64_t> limit, offset;
  std::size_t offset_at = 0;

  bool counts() const { return selects.size() == 1 && selects[0].kind == SelectKind::kCount; }
};

}  // namespace sandbox::salesforce::soql
