// Words of a SOQL statement.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "examples/sandbox/salesforce/errors.hpp"

namespace sandbox::salesforce::soql {

enum class TokenKind { kWord, kText, kNumber, kSymbol, kEnd };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;     // as written; kText: unescaped
  std::string pattern;  // kText: \% and \_ kept, everything else unescaped and a backslash doubled
  std::size_t at = 0;
};

/// All tokens with one kEnd last. errors: ApiError MALFORMED_QUERY.
std::vector<Token> tokens_of(std::string_view statement);

/// The located form: the surroundings, a caret, row and column, and the text.
ApiError located(Err kind, std::string_view statement, std::size_t at, const std::string& text);

}  // namespace sandbox::salesforce::soql
