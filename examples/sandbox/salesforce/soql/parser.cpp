// Recursive descent; a level of conditions is all AND or all OR.
#include "examples/sandbox/salesforce/soql/parser.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/salesforce/soql/lexer.hpp"
#include "examples/sandbox/salesforce/values.hpp"

namespace sandbox::salesforce::soql {

namespace {

constexpr int kMaxDepth = 64;             // of parentheses and NOT
constexpr std::size_t kMaxText = 4000;    // of a literal in WHERE
constexpr std::size_t kMaxHops = 5;       // parent relationships in one path
constexpr std::size_t kMaxChildren = 20;  // subqueries
constexpr std::int64_t kMaxOffset = 2000;

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return out;
}

bool is_reserved(std::string_view word) {
  constexpr std::array<std::string_view, 24> kReserved{
      "AND", "ASC",      "DESC",   "EXCLUDES", "FIRST", "FROM",   "GROUP", "HAVING",
      "IN",  "INCLUDES", "LAST",   "LIKE",     "LIMIT", "NOT",    "NULL",  "NULLS",
      "OR",  "ORDER",    "SELECT", "WHERE",    "WITH",  "OFFSET", "FOR",   "USING"};
  return std::find(kReserved.begin(), kReserved.end(), upper(word)) != kReserved.end();
}

class Parser {
 public:
  explicit Parser(std::string_view statement) : statement_(statement), tokens_(tokens_of(statement)) {}

  Query whole() {
    Query query = read_query(false);
    if (now().kind != TokenKind::kEnd) unexpected();
    return query;
  }

 private:
  const Token& now() const { return tokens_[at_]; }
  const Token& next() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  const Token& take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }

  [[noreturn]] void unexpected() const {
    throw located(Err::kMalformedQuery, statement_, now().at,
                  fmt::format("unexpected token: '{}'", now().text));
  }
  [[noreturn]] void refuse(std::size_t at, const std::string& text) const {
    throw located(Err::kMalformedQuery, statement_, at, text);
  }

  bool is_word(std::string_view word) const {
    return now().kind == TokenKind::kWord && equal_ignoring_case(now().text, word);
  }
  bool is_symbol(std::string_view symbol) const {
    return now().kind == TokenKind::kSymbol && now().text == symbol;
  }
  bool accept_word(std::string_view word) {
    if (!is_word(word)) return false;
    take();
    return true;
  }
  bool accept_symbol(std::string_view symbol) {
    if (!is_symbol(symbol)) return false;
    take();
    return true;
  }
  void expect_word(std::string_view word) {
    if (!accept_word(word)) unexpected();
  }
  void expect_symbol(std::string_view symbol) {
    if (!accept_symbol(symbol)) unexpected();
  }

  std::string name() {
    if (now().kind != TokenKind::kWord || is_reserved(now().text)) unexpected();
    return take().text;
  }

  /// An object may be called Order or Group.
  std::string object_name() {
    if (now().kind != TokenKind::kWord) unexpected();
    return take().text;
  }

  Path path() {
    Path out;
    out.at = now().at;
    const bool leads = next().kind == TokenKind::kSymbol && next().text == ".";
    out.names.push_back(leads ? object_name() : name());
    while (accept_symbol(".")) {
      if (now().kind != TokenKind::kWord) unexpected();
      out.names.push_back(take().text);  // after a dot every word is a name
    }
    if (out.names.size() > kMaxHops + 1)
      refuse(out.at, fmt::format("only {} levels of relationships are allowed", kMaxHops));
    return out;
  }

  std::int64_t whole_number() {
    std::int64_t value = 0;
    const std::string& text = now().text;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (now().kind != TokenKind::kNumber || error != std::errc{} || end != text.data() + text.size() ||
        value < 0)
      unexpected();
    take();
    return value;
  }

  Query read_query(bool nested) {
    Query query;
    expect_word("SELECT");
    std::size_t children = 0;
    do {
      query.selects.push_back(select(nested));
      if (query.selects.back().kind == SelectKind::kChildren && ++children > kMaxChildren)
        refuse(now().at, "maximum 20 subqueries are allowed");
    } while (accept_symbol(","));
    for (const auto& one : query.selects)
      if (one.kind == SelectKind::kCount && query.selects.size() > 1)
        refuse(one.path.at, "unexpected token: 'COUNT'");
    expect_word("FROM");
    query.from_at = now().at;
    query.from = object_name();
    // The relationship of a subquery may be given by a path; only its last name counts.
    while (accept_symbol(".")) query.from = object_name();
    if (accept_word("AS")) {
      query.alias = name();
    } else if (now().kind == TokenKind::kWord && !is_reserved(now().text)) {
      query.alias = take().text;
    }
    if (accept_word("USING")) {
      expect_word("SCOPE");
      name();
    }
    if (accept_word("WHERE")) query.where = condition(0);
    if (accept_word("GROUP")) {
      expect_word("BY");
      do query.group_by.push_back(path());
      while (accept_symbol(","));
    }
    if (accept_word("ORDER")) {
      if (query.counts()) refuse(now().at, "ORDER BY is not allowed with COUNT()");
      expect_word("BY");
      do query.order_by.push_back(order());
      while (accept_symbol(","));
    }
    if (accept_word("LIMIT")) query.limit = whole_number();
    if (is_word("OFFSET")) {
      query.offset_at = now().at;
      take();
      query.offset = whole_number();
      if (*query.offset > kMaxOffset)
        throw located(Err::kOutOfRange, statement_, query.offset_at, "Maximum SOQL offset allowed is 2000");
    }
    while (accept_word("FOR")) {
      if (!accept_word("VIEW") && !accept_word("REFERENCE") && !accept_word("UPDATE")) unexpected();
    }
    return query;
  }

  Select select(bool nested) {
    Select out;
    out.path.at = now().at;
    if (accept_symbol("(")) {
      if (nested) refuse(out.path.at, "Nesting of subqueries is not supported");
      out.kind = SelectKind::kChildren;
      out.children = std::make_shared<Query>(read_query(true));
      expect_symbol(")");
      return out;
    }
    if (now().kind == TokenKind::kWord && next().kind == TokenKind::kSymbol && next().text == "(")
      return function();
    out.path = path();
    alias(out);
    return out;
  }

  void alias(Select& select) {
    if (now().kind == TokenKind::kWord && !is_reserved(now().text)) select.alias = take().text;
  }

  Select function() {
    Select out;
    out.path.at = now().at;
    out.function = upper(now().text);
    if (out.function == "FIELDS") {
      take();
      expect_symbol("(");
      out.kind = SelectKind::kFields;
      out.function = upper(now().text);
      if (out.function != "ALL" && out.function != "STANDARD" && out.function != "CUSTOM") unexpected();
      take();
      expect_symbol(")");
      return out;
    }
    constexpr std::array<std::string_view, 6> kKnown{"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"};
    if (std::find(kKnown.begin(), kKnown.end(), out.function) == kKnown.end()) unexpected();
    take();
    expect_symbol("(");
    if (out.function == "COUNT" && accept_symbol(")")) {
      out.kind = SelectKind::kCount;
      return out;
    }
    out.kind = SelectKind::kAggregate;
    out.path = path();
    expect_symbol(")");
    alias(out);
    return out;
  }

  Order order() {
    Order out;
    out.path = path();
    if (accept_word("DESC")) {
      out.descending = true;
    } else {
      accept_word("ASC");
    }
    if (accept_word("NULLS")) {
      if (accept_word("FIRST")) {
        out.nulls_first = true;
      } else {
        expect_word("LAST");
        out.nulls_first = false;
      }
    }
    return out;
  }

  Condition condition(int depth) {
    Condition first = term(depth);
    const bool all = is_word("AND");
    if (!all && !is_word("OR")) return first;
    // The other word after these is unexpected to whoever asked for the level.
    Condition out;
    out.kind = all ? ConditionKind::kAnd : ConditionKind::kOr;
    out.parts.push_back(std::move(first));
    while (accept_word(all ? "AND" : "OR")) out.parts.push_back(term(depth));
    return out;
  }

  Condition term(int depth) {
    if (depth > kMaxDepth) refuse(now().at, "the condition is nested too deeply");
    if (accept_symbol("(")) {
      Condition inner = condition(depth + 1);
      expect_symbol(")");
      return inner;
    }
    if (accept_word("NOT")) {
      Condition out;
      out.kind = ConditionKind::kNot;
      out.parts.push_back(term(depth + 1));
      return out;
    }
    Condition out;
    out.path = path();
    if (accept_word("INCLUDES") || is_word("EXCLUDES")) {
      out.kind = ConditionKind::kIncludes;
      out.negated = accept_word("EXCLUDES");
      out.values = list();
      return out;
    }
    const bool negated = accept_word("NOT");
    if (accept_word("IN")) {
      out.negated = negated;
      if (is_symbol("(") && next().kind == TokenKind::kWord && equal_ignoring_case(next().text, "SELECT")) {
        take();
        if (depth > 0 && in_semi_join_) refuse(now().at, "Nesting of semi join sub-selects is not supported");
        in_semi_join_ = true;
        out.kind = ConditionKind::kSemiJoin;
        out.query = std::make_shared<Query>(read_query(true));
        in_semi_join_ = false;
        expect_symbol(")");
        return out;
      }
      out.kind = ConditionKind::kIn;
      out.values = list();
      return out;
    }
    if (negated) unexpected();
    if (accept_word("LIKE")) {
      out.op = "LIKE";
    } else {
      if (now().kind != TokenKind::kSymbol ||
          std::string_view("= != < <= > >=").find(now().text) == std::string_view::npos)
        unexpected();
      out.op = take().text;
    }
    out.values.push_back(literal());
    return out;
  }

  std::vector<Literal> list() {
    std::vector<Literal> out;
    expect_symbol("(");
    do out.push_back(literal());
    while (accept_symbol(","));
    expect_symbol(")");
    return out;
  }

  Literal literal() {
    Literal out;
    const Token& token = now();
    out.at = token.at;
    if (token.kind == TokenKind::kText) {
      if (token.text.size() > kMaxText)
        refuse(token.at, "string literals in WHERE have at most 4000 characters");
      out.kind = LiteralKind::kText;
      out.text = token.text;
      out.pattern = token.pattern;
      take();
      return out;
    }
    if (token.kind == TokenKind::kNumber) {
      read_number(out, token);
      take();
      return out;
    }
    if (token.kind != TokenKind::kWord) unexpected();
    const std::string word = upper(token.text);
    if (word == "NULL") {
      out.kind = LiteralKind::kNull;
    } else if (word == "TRUE" || word == "FALSE") {
      out.kind = LiteralKind::kBoolean;
      out.boolean = word == "TRUE";
    } else if (is_date_word(word)) {
      out.kind = LiteralKind::kDateWord;
      out.text = word;
      take();
      if (takes_count(word)) {
        expect_symbol(":");
        out.count = whole_number();
        constexpr std::int64_t kMost = 100'000;
        if (out.count > kMost) refuse(out.at, "the number of the date literal is too large");
      }
      return out;
    } else {
      unexpected();
    }
    take();
    return out;
  }

  void read_number(Literal& out, const Token& token) const {
    if (is_date(token.text)) {
      out.kind = LiteralKind::kDate;
      out.text = token.text;
      return;
    }
    if (const auto at = read_datetime(token.text)) {
      out.kind = LiteralKind::kDateTime;
      out.text = datetime_text(*at);
      return;
    }
    const char* from = token.text.c_str() + (token.text[0] == '+' ? 1 : 0);
    char* end = nullptr;
    out.kind = LiteralKind::kNumber;
    out.number = std::strtod(from, &end);
    const bool plain = token.text.find_first_not_of("+-.0123456789eE") == std::string::npos;
    if (!plain || *end != '\0') unexpected();
  }

  std::string_view statement_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  bool in_semi_join_ = false;
};

}  // namespace

std::string Path::text() const {
  return fmt::format("{}", fmt::join(names, "."));
}

Query parse(std::string_view statement) {
  return Parser(statement).whole();
}

}  // namespace sandbox::salesforce::soql
