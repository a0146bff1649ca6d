// Transactions on the plugin's own schema: scope, statements, typed rows.
#pragma once

#include <portico/abi/database.h>

#include <chrono>
#include <optional>
#include <portico/call.hpp>
#include <vector>

namespace portico {

/// µs since 1970, UTC.
using Time = std::chrono::sys_time<std::chrono::microseconds>;

/// One parameter. Bytes are passed with Parameter::bytes.
class Parameter {
 public:
  Parameter(std::nullptr_t) {}
  Parameter(bool b) { value_.kind = PORTICO_VALUE_BOOL, value_.integer = b; }
  template <class I>
  requires(std::is_integral_v<I> && !std::is_same_v<I, bool>) Parameter(I i) {
    value_.kind = PORTICO_VALUE_INT, value_.integer = static_cast<std::int64_t>(i);
  }
  Parameter(double d) { value_.kind = PORTICO_VALUE_REAL, value_.real = d; }
  Parameter(std::string_view s) { value_.kind = PORTICO_VALUE_TEXT, value_.text = to_str(s); }
  Parameter(const std::string& s) : Parameter(std::string_view(s)) {}
  Parameter(const char* s) : Parameter(std::string_view(s)) {}
  Parameter(Time t) { value_.kind = PORTICO_VALUE_TIME, value_.integer = t.time_since_epoch().count(); }
  template <class T>
  Parameter(const std::optional<T>& o) : Parameter(o ? Parameter(*o) : Parameter(nullptr)) {}
  static Parameter bytes(std::string_view b) {
    Parameter p(b);
    p.value_.kind = PORTICO_VALUE_BYTES;
    return p;
  }
  const portico_value& raw() const { return value_; }

 private:
  portico_value value_{};
};

/// Rows of one statement; cells are views into it.
class Rows {
 public:
  Rows(const portico_host* host, portico_rows rows) : rows_(rows), lease_(host, {nullptr, 0, rows.lease}) {}
  std::size_t size() const { return rows_.row_count; }
  bool empty() const { return rows_.row_count == 0; }
  std::uint64_t affected() const { return rows_.affected; }

  bool null(std::size_t row, std::size_t column) const {
    return cell(row, column, -1).kind == PORTICO_VALUE_NULL;
  }
  std::string text(std::size_t row, std::size_t column) const {
    return std::string(view(cell(row, column, PORTICO_VALUE_TEXT).text));
  }
  std::string bytes(std::size_t row, std::size_t column) const {
    return std::string(view(cell(row, column, PORTICO_VALUE_BYTES).text));
  }
  std::int64_t integer(std::size_t row, std::size_t column) const {
    return cell(row, column, PORTICO_VALUE_INT).integer;
  }
  bool boolean(std::size_t row, std::size_t column) const {
    return cell(row, column, PORTICO_VALUE_BOOL).integer != 0;
  }
  Time time(std::size_t row, std::size_t column) const {
    return Time(std::chrono::microseconds(cell(row, column, PORTICO_VALUE_TIME).integer));
  }
  std::optional<std::string> text_or_null(std::size_t row, std::size_t column) const {
    if (null(row, column)) return std::nullopt;
    return text(row, column);
  }

 private:
  const portico_value& cell(std::size_t row, std::size_t column, int kind) const {
    if (row >= rows_.row_count || column >= rows_.column_count) throw Problem(500, "database.no_such_cell");
    const auto& value = rows_.cells[row * rows_.column_count + column];
    if (kind >= 0 && value.kind != static_cast<std::uint32_t>(kind))
      throw Problem(500, "database.wrong_type",
                    "column " + std::to_string(column) + " has kind " + std::to_string(value.kind));
    return value;
  }
  portico_rows rows_;
  Leased lease_;
};

/// One transaction; rolls back unless committed.
class Transaction {
 public:
  Transaction(const portico_host* host, const portico_database* table, portico_handle handle)
      : host_(host), table_(table), handle_(handle) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (!done_) table_->rollback(host_, handle_);
  }

  /// errors: 409 database.conflict (members.constraint), 503 database.timeout, 503 database.unavailable
  Rows run(std::string_view sql, std::initializer_list<Parameter> parameters = {}) {
    std::vector<portico_value> values;
    values.reserve(parameters.size());
    for (const auto& p : parameters) values.push_back(p.raw());
    portico_rows rows{};
    auto error = call::empty_error();
    call::check(table_->run(host_, handle_, to_str(sql), values.data(), values.size(), &rows, &error), error,
                "database.run");
    return Rows(host_, rows);
  }
  /// errors: 503 database.commit_unknown: read back before doing it again
  void commit() {
    auto error = call::empty_error();
    done_ = true;
    call::check(table_->commit(host_, handle_, &error), error, "database.commit");
  }
  portico_handle handle() const { return handle_; }

 private:
  const portico_host* host_;
  const portico_database* table_;
  portico_handle handle_;
  bool done_ = false;
};

class Database {
 public:
  explicit Database(const portico_host* host) : host_(host), table_(host, PORTICO_EXT_DATABASE) {}

  /// Runs fn(Transaction&) on the rows of one user and commits; an exception rolls back. [request] [task]
  template <class F>
  auto as_user(std::string_view user_id, F&& fn) const {
    return in({sizeof(portico_scope), 0, to_str(user_id), {}}, std::forward<F>(fn));
  }
  /// … on all rows, for a reason that the database session carries.
  template <class F>
  auto as_system(std::string_view reason, F&& fn) const {
    return in({sizeof(portico_scope), 0, {}, to_str(reason)}, std::forward<F>(fn));
  }

 private:
  template <class F>
  auto in(const portico_scope& scope, F&& fn) const {
    portico_handle handle = 0;
    auto error = call::empty_error();
    call::check(table_->begin(host_, &scope, &handle, &error), error, "database.begin");
    Transaction transaction(host_, table_.operator->(), handle);
    if constexpr (std::is_void_v<decltype(fn(transaction))>) {
      fn(transaction);
      transaction.commit();
    } else {
      auto result = fn(transaction);
      transaction.commit();
      return result;
    }
  }
  const portico_host* host_;
  call::Extension<portico_database> table_;
};

}  // namespace portico
