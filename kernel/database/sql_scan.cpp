// Cuts a migration into statements.
#include "kernel/database/sql_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>

namespace kernel::database {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80);
}

class Scanner {
 public:
  explicit Scanner(std::string_view sql) : sql_(sql) {}

  std::vector<ScannedStatement> statements() {
    while (at_ < sql_.size()) step();
    finish();
    return std::move(out_);
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0'; }

  void advance(std::size_t count = 1) {
    for (; count > 0 && at_ < sql_.size(); --count) line_ += sql_[at_++] == '\n';
  }
  void advance_past(std::string_view mark) {
    const auto found = sql_.find(mark, at_);
    advance(found == std::string_view::npos ? sql_.size() - at_ : found + mark.size() - at_);
  }

  void word(std::string text) {
    if (current_.words.empty()) current_.line = line_;
    current_.words.push_back(std::move(text));
  }

  void finish() {
    if (!current_.words.empty()) out_.push_back(std::move(current_));
    current_ = {};
  }

  void step() {
    const char c = peek();
    if (std::isspace(static_cast<unsigned char>(c))) return advance();
    if (c == '-' && peek(1) == '-') return advance_past("\n");
    if (c == '/' && peek(1) == '*') return block_comment();
    if (c == '\'') return literal(false);
    if ((c == 'E' || c == 'e') && peek(1) == '\'') return advance(), literal(true);
    if (c == '"') return quoted_name();
    if (c == '$' && dollar()) return;
    if (c == ';') return finish(), advance();
    if (!is_word(c)) return word(std::string(1, c)), advance();
    std::string text;
    for (; is_word(peek()) || peek() == '$'; advance())
      text += static_cast<char>(std::toupper(static_cast<unsigned char>(peek())));
    // The word's line is that of its end, which is the same: a word holds no line break.
    word(std::move(text));
  }

  void block_comment() {
    int depth = 0;
    do {
      if (peek() == '/' && peek(1) == '*') {
        ++depth;
        advance(2);
      } else if (peek() == '*' && peek(1) == '/') {
        --depth;
        advance(2);
      } else {
        advance();
      }
    } while (depth > 0 && at_ < sql_.size());
  }

  void literal(bool backslashes) {
    word("''");
    advance();
    while (at_ < sql_.size()) {
      if (backslashes && peek() == '\\') {
        advance(2);
      } else if (peek() == '\'' && peek(1) == '\'') {
        advance(2);
      } else if (peek() == '\'') {
        return advance();
      } else {
        advance();
      }
    }
  }

  void quoted_name() {
    std::string text;
    advance();
    while (at_ < sql_.size() && !(peek() == '"' && peek(1) != '"')) {
      if (peek() == '"') advance();
      text += peek();
      advance();
    }
    advance();
    word('"' + text + '"');
  }

  bool dollar() {
    std::size_t end = at_ + 1;
    while (end < sql_.size() && is_word(sql_[end])) ++end;
    if (end >= sql_.size() || sql_[end] != '$' || std::isdigit(static_cast<unsigned char>(peek(1))))
      return false;
    const std::string tag(sql_.substr(at_, end + 1 - at_));
    word("$$");
    advance(tag.size());
    const std::size_t from = at_;
    advance_past(tag);
    const std::size_t length = at_ - from;
    current_.dollar_quoted += sql_.substr(from, length - std::min(length, tag.size()));
    return true;
  }

  std::string_view sql_;
  std::size_t at_ = 0;
  int line_ = 1;
  ScannedStatement current_;
  std::vector<ScannedStatement> out_;
};

bool is_one_of(const std::string& word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// What a DROP inside ALTER TABLE may take away without hurting: a rule, never a column.
bool drops_a_column(const std::vector<std::string>& words, std::size_t drop) {
  const std::string next = drop + 1 < words.size() ? words[drop + 1] : "";
  return !is_one_of(next, {"CONSTRAINT", "NOT", "DEFAULT", "IDENTITY", "EXPRESSION"});
}

std::string destructive_part(const std::vector<std::string>& words) {
  const auto has = [&](std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  const std::string& verb = words[0];
  const std::string object = words.size() > 1 ? words[1] : "";
  if (verb == "TRUNCATE") return "TRUNCATE";
  if (verb == "DELETE" && !has("WHERE")) return "DELETE without WHERE";
  if (verb == "DROP" && !is_one_of(object, {"INDEX", "POLICY", "TRIGGER", "RULE"})) return "DROP " + object;
  if (verb != "ALTER") return {};
  if (has("RENAME")) return "RENAME";
  if (object == "TYPE") return has("DROP") ? "ALTER TYPE … DROP" : "";
  if (object != "TABLE") return {};
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (words[i] == "DROP" && drops_a_column(words, i)) return "ALTER TABLE … DROP COLUMN";
    if (words[i] == "TYPE") return "ALTER TABLE … TYPE";
    if (words[i] == "SECURITY" && (has("DISABLE") || (i >= 4 && words[i - 4] == "NO")))
      return "switching row-level security off";
  }
  return {};
}

/// The table's name behind these words, without its schema; empty where it does not begin so.
std::string table_behind(const std::vector<std::string>& words, std::size_t at) {
  while (at < words.size() && is_one_of(words[at], {"IF", "NOT", "EXISTS", "ONLY"})) ++at;
  if (at + 2 < words.size() && words[at + 1] == ".") at += 2;
  if (at >= words.size()) return {};
  if (words[at].starts_with('"')) return words[at].substr(1, words[at].size() - 2);
  std::string folded = words[at];
  for (char& c : folded) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return folded;
}

struct Guarded {
  bool enabled = false, forced = false, policy = false;
};

void look_at(const std::vector<std::string>& words, std::map<std::string, Guarded>& tables) {
  const auto word = [&](std::size_t at) { return at < words.size() ? std::string_view(words[at]) : ""; };
  const auto guard = [&](const std::string& name) -> Guarded& {
    static Guarded elsewhere;  // of another version of the plugin
    const auto found = tables.find(name);
    return found == tables.end() ? elsewhere : found->second;
  };
  if (word(0) == "CREATE" && word(1) == "TABLE") tables[table_behind(words, 2)];
  if (word(0) == "CREATE" && word(1) == "UNLOGGED" && word(2) == "TABLE") tables[table_behind(words, 3)];
  if (word(0) == "DROP" && word(1) == "TABLE") tables.erase(table_behind(words, 2));
  if (word(0) == "CREATE" && word(1) == "POLICY" && word(3) == "ON")
    guard(table_behind(words, 4)).policy = true;
  if (word(0) != "ALTER" || word(1) != "TABLE") return;
  for (std::size_t i = 2; i + 3 < words.size(); ++i) {
    if (words[i + 1] != "ROW" || words[i + 2] != "LEVEL" || words[i + 3] != "SECURITY") continue;
    if (words[i] == "ENABLE") guard(table_behind(words, 2)).enabled = true;
    if (words[i] == "FORCE") guard(table_behind(words, 2)).forced = words[i - 1] != "NO";
  }
}

}  // namespace

std::vector<std::string> tables_without_row_security(const std::vector<std::string_view>& files) {
  std::map<std::string, Guarded> tables;
  for (const auto file : files)
    for (const auto& statement : scan_sql(file)) look_at(statement.words, tables);
  std::vector<std::string> out;
  for (const auto& [name, guarded] : tables)
    if (!guarded.enabled || !guarded.forced || !guarded.policy) out.push_back(name);
  return out;
}

std::vector<ScannedStatement> scan_sql(std::string_view sql) {
  return Scanner(sql).statements();
}

std::optional<SqlFinding> find_destructive(std::string_view sql) {
  for (const ScannedStatement& statement : scan_sql(sql)) {
    if (auto part = destructive_part(statement.words); !part.empty()) return SqlFinding{statement.line, part};
    if (statement.words[0] != "DO") continue;
    for (ScannedStatement& inner : scan_sql(statement.dollar_quoted)) {
      // In a block the verb may follow BEGIN, THEN, LOOP or EXECUTE: look at every place a statement could
      // begin.
      for (auto& words = inner.words; !words.empty(); words.erase(words.begin()))
        if (auto part = destructive_part(words); !part.empty())
          return SqlFinding{statement.line + inner.line - 1, part + " in a DO block"};
    }
  }
  return {};
}

std::optional<SqlFinding> find_transaction_control(std::string_view sql) {
  for (const ScannedStatement& statement : scan_sql(sql))
    if (is_one_of(statement.words[0], {"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT",
                                       "RELEASE", "PREPARE", "COPY"}))
      return SqlFinding{statement.line, statement.words[0]};
  return {};
}

}  // namespace kernel::database
