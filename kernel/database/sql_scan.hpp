// Cuts a migration into statements and looks for what an old replica or its data would not survive.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kernel::database {

/// One top-level statement as upper-case words and signs; literals and comments left out.
struct ScannedStatement {
  std::vector<std::string> words;
  int line = 1;               // where it begins
  std::string dollar_quoted;  // the text between $…$ signs, if any
};

std::vector<ScannedStatement> scan_sql(std::string_view sql);

struct SqlFinding {
  int line = 1;
  std::string what;
};

/// DROP of what holds data or code, ALTER … DROP column, TYPE, RENAME, switching row-level security off,
/// TRUNCATE, DELETE without WHERE; inside DO blocks too.
std::optional<SqlFinding> find_destructive(std::string_view sql);

/// Tables that these files make and that lack row-level security, switched on and forced, or a policy: each
/// of the plugin's statements sees every row of them. Names as PostgreSQL folds them; temporary tables are
/// left out.
std::vector<std::string> tables_without_row_security(const std::vector<std::string_view>& files);

/// BEGIN, COMMIT, ROLLBACK, SAVEPOINT, … at the top level.
std::optional<SqlFinding> find_transaction_control(std::string_view sql);

}  // namespace kernel::database
