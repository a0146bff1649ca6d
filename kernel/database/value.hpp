// The values that go to and come from PostgreSQL, and the rows of one statement.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kernel::database {

/// A bytea.
struct Bytes {
  std::string data;
  bool operator==(const Bytes&) const = default;
};

/// A timestamptz: microseconds since 1970-01-01 UTC. 'infinity' is the largest value, '-infinity' the
/// smallest.
struct Timestamp {
  std::int64_t us = 0;
  bool operator==(const Timestamp&) const = default;
};

/// A date as 'YYYY-MM-DD'.
struct Date {
  std::string text;
  bool operator==(const Date&) const = default;
};

/// One cell or parameter. As a parameter a string takes the type its place in the statement asks for (text,
/// json, uuid, numeric, an enum …), the others are sent with their own type (bool, int8, float8, bytea,
/// timestamptz, date). As a result text, varchar, json, jsonb, uuid and numeric come as string (numeric
/// exact, uuid in lower case), int2/int4/int8/xid8/oid as int64; other types are refused by name: cast them
/// in the statement.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string, Bytes, Timestamp, Date>;

inline bool is_null(const Value& value) {
  return std::holds_alternative<std::monostate>(value);
}

/// What one statement gave back. Rows and columns count from 0.
class Result {
 public:
  Result() = default;
  Result(std::vector<std::string> names, std::vector<Value> cells, std::int64_t affected)
      : names_(std::move(names)), cells_(std::move(cells)), affected_(affected) {}

  std::size_t rows() const { return names_.empty() ? 0 : cells_.size() / names_.size(); }
  std::size_t columns() const { return names_.size(); }
  bool empty() const { return rows() == 0; }
  const std::string& name(std::size_t column) const { return names_.at(column); }

  /// errors  500 database.column when there is no such column
  std::size_t column(std::string_view name) const;

  /// errors  500 database.column outside the rows and columns
  const Value& at(std::size_t row, std::size_t column) const;
  const Value& at(std::size_t row, std::string_view column_name) const {
    return at(row, column(column_name));
  }

  /// The cell as T, which must be one of Value's types.
  /// errors  500 database.type when the cell holds another type or NULL
  template <class T>
  const T& get(std::size_t row, std::string_view column_name) const {
    const Value& value = at(row, column_name);
    if (const T* held = std::get_if<T>(&value)) return *held;
    refuse_type(column_name);
  }

  /// Rows inserted, changed, deleted or selected, as PostgreSQL counts them.
  std::int64_t affected() const { return affected_; }

 private:
  [[noreturn]] static void refuse_type(std::string_view column_name);

  std::vector<std::string> names_;
  std::vector<Value> cells_;  // row by row
  std::int64_t affected_ = 0;
};

}  // namespace kernel::database
