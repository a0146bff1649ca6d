// SOQL statements: refused as a client sees it, or read into a tree within its limits, the same way a second
// time.
#include <string>

#include "examples/sandbox/salesforce/errors.hpp"
#include "examples/sandbox/salesforce/soql/dates.hpp"
#include "examples/sandbox/salesforce/soql/lexer.hpp"
#include "examples/sandbox/salesforce/soql/parser.hpp"
#include "tests/fuzz/lib/target.hpp"

using namespace sandbox::salesforce;
using fuzz::promise;

namespace {

constexpr int kMostDepth = 130;  // parentheses and NOT of the parser, twice

void check_path(const soql::Path& path) {
  promise(!path.names.empty() && path.names.size() <= 6, "a path has five steps up at most");
  for (const auto& name : path.names)
    promise(!name.empty() && name.find_first_of(" '\\\"()") == std::string::npos, "a name is a word");
}

void check_query(const soql::Query& query, bool nested, std::string_view statement);

void check_condition(const soql::Condition& condition, int depth, std::string_view statement) {
  promise(depth <= kMostDepth, "conditions nest only so deep");
  const bool group =
      condition.kind == soql::ConditionKind::kAnd || condition.kind == soql::ConditionKind::kOr;
  promise(!group || condition.parts.size() > 1, "AND and OR join at least two");
  for (const auto& part : condition.parts) check_condition(part, depth + 1, statement);
  if (!condition.parts.empty()) return;
  check_path(condition.path);
  for (const auto& value : condition.values) {
    promise(value.at < statement.size(), "a value stands in the statement");
    promise(value.text.size() <= 4000, "literals have a limit");
    if (value.kind == soql::LiteralKind::kDateWord) {
      const auto days = soql::days_of(value.text, value.count, 20'000);
      promise(days && days->from <= days->to, "a date word is a range");
    }
  }
  if (condition.query) check_query(*condition.query, true, statement);
}

void check_query(const soql::Query& query, bool nested, std::string_view statement) {
  promise(!query.selects.empty() && !query.from.empty(), "something is selected from somewhere");
  promise(!query.limit || *query.limit >= 0, "limits are not negative");
  promise(!query.offset || *query.offset <= 2000, "offsets have a limit");
  for (const auto& select : query.selects) {
    if (select.kind == soql::SelectKind::kField || select.kind == soql::SelectKind::kAggregate)
      check_path(select.path);
    if (select.kind != soql::SelectKind::kChildren) continue;
    promise(!nested, "subqueries do not nest");
    check_query(*select.children, true, statement);
  }
  if (query.where) check_condition(*query.where, 0, statement);
  for (const auto& order : query.order_by) check_path(order.path);
}

/// A literal that holds any bytes, escaped as a careful client does, is those bytes again and nothing else.
void check_literal(std::string_view bytes) {
  std::string literal = "'";
  for (const char c : bytes) {
    if (c == '\\' || c == '\'') literal += '\\';
    literal += c;
  }
  literal += "'";
  const auto tokens = soql::tokens_of(literal);
  promise(tokens.size() == 2 && tokens[0].kind == soql::TokenKind::kText && tokens[0].text == bytes,
          "an escaped text is one literal with the same bytes");
}

}  // namespace

void fuzz::check(std::string_view input) {
  check_literal(input);
  try {
    const auto query = soql::parse(input);
    check_query(query, false, input);
    promise(soql::parse(std::string(input) + " ").selects.size() == query.selects.size(),
            "a blank at the end changes nothing");
  } catch (const ApiError& error) {
    promise(error.status() == 400, "a refusal is a 400");
    promise(error.code() == "MALFORMED_QUERY" || error.code() == "NUMBER_OUTSIDE_VALID_RANGE",
            "with a code of the parser");
  }
}
