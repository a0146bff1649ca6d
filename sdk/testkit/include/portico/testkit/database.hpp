// What stands behind portico.database/1 in a test: a real PostgreSQL (testkit/postgres.hpp), or one of your
// own.
#pragma once

#include <portico/abi/database.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace portico::testkit {

/// One cell or parameter; kind is one of PORTICO_VALUE_*.
struct Value {
  std::uint32_t kind = PORTICO_VALUE_NULL;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;
};

struct QueryResult {
  std::vector<std::string> columns;
  std::vector<Value> cells;  // row by row
  std::uint64_t row_count = 0;
  std::uint64_t affected = 0;
};

/// Whose rows; exactly one of the two is set.
struct DatabaseScope {
  std::string user_id, system_reason;
};

/// Ends with commit or rollback; failures are thrown as Problems with the codes of portico.database/1.
class DatabaseTransaction {
 public:
  virtual ~DatabaseTransaction() = default;
  virtual QueryResult run(std::string_view sql, const std::vector<Value>& parameters) = 0;
  virtual void commit() = 0;
  virtual void rollback() = 0;
};

class Database {
 public:
  virtual ~Database() = default;
  virtual std::unique_ptr<DatabaseTransaction> begin(const DatabaseScope& scope) = 0;
};

}  // namespace portico::testkit
