// Characters to tokens; strict about backslashes, for a lenient reader would hide injections.
#include "examples/sandbox/salesforce/soql/lexer.hpp"

#include <algorithm>

namespace sandbox::salesforce::soql {

namespace {

constexpr std::size_t kMaxStatement = 100'000;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void append_utf8(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0U | code >> 6U);
    out += static_cast<char>(0x80U | (code & 0x3FU));
  } else {
    out += static_cast<char>(0xE0U | code >> 12U);
    out += static_cast<char>(0x80U | (code >> 6U & 0x3FU));
    out += static_cast<char>(0x80U | (code & 0x3FU));
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view statement) : text_(statement) {}

  std::vector<Token> run() {
    std::vector<Token> out;
    for (;;) {
      while (at_ < text_.size() && (text_[at_] == ' ' || (text_[at_] >= '\t' && text_[at_] <= '\r'))) ++at_;
      Token token;
      token.at = at_;
      if (at_ == text_.size()) {
        token.text = "<EOF>";
        out.push_back(std::move(token));
        return out;
      }
      const char c = text_[at_];
      if (is_letter(c)) {
        token.kind = TokenKind::kWord;
        token.text = run_of([](char d) { return is_letter(d) || is_digit(d); });
      } else if (is_digit(c) ||
                 ((c == '-' || c == '+') && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) {
        token.kind = TokenKind::kNumber;
        token.text = c;
        ++at_;
        token.text += run_of([](char d) {
          return is_digit(d) || is_letter(d) || d == '.' || d == ':' || d == '-' || d == '+';
        });
      } else if (c == '\'') {
        token.kind = TokenKind::kText;
        read_text(token);
      } else {
        token.kind = TokenKind::kSymbol;
        token.text = symbol();
      }
      out.push_back(std::move(token));
    }
  }

 private:
  template <typename Fits>
  std::string run_of(Fits fits) {
    const auto from = at_;
    while (at_ < text_.size() && fits(text_[at_])) ++at_;
    return std::string(text_.substr(from, at_ - from));
  }

  std::string symbol() {
    const std::string_view rest = text_.substr(at_);
    for (const std::string_view two : {"!=", "<>", "<=", ">="})
      if (rest.starts_with(two)) {
        at_ += 2;
        return two == "<>" ? "!=" : std::string(two);
      }
    if (std::string_view("(),.=<>:").find(rest[0]) == std::string_view::npos)
      throw located(Err::kMalformedQuery, text_, at_,
                    fmt::format("line 1:{} no viable alternative at character '{}'", at_, rest[0]));
    ++at_;
    return std::string(1, rest[0]);
  }

  void add(Token& token, const std::string& character) {
    token.text += character;
    token.pattern += character == "\\" ? "\\\\" : character;
  }

  void read_text(Token& token) {
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\'') {
        ++at_;
        return;
      }
      if (c == '\\') {
        read_escape(token);
      } else {
        add(token, std::string(1, c));
      }
    }
    throw located(Err::kMalformedQuery, text_, token.at,
                  fmt::format("line 1:{} mismatched character '<EOF>' expecting '''", text_.size()));
  }

  void read_escape(Token& token) {
    ++at_;
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    switch (c) {
      case 'n':
      case 'N':
        return add(token, "\n");
      case 'r':
      case 'R':
        return add(token, "\r");
      case 't':
      case 'T':
        return add(token, "\t");
      case 'b':
      case 'B':
        return add(token, "\b");
      case 'f':
      case 'F':
        return add(token, "\f");
      case '"':
      case '\'':
      case '\\':
        return add(token, std::string(1, c));
      case '%':
      case '_':
        token.text += c;
        token.pattern += std::string("\\") + c;
        return;
      case 'u':
        return read_code(token);
      default:
        throw located(
            Err::kMalformedQuery, text_, token.at,
            fmt::format("Invalid string literal. Illegal character sequence '\\{}' in string literal.",
                        c == '\0' ? std::string{} : std::string(1, c)));
    }
  }

  void read_code(Token& token) {
    unsigned code = 0;
    for (int i = 0; i < 4; ++i) {
      ++at_;
      const char c = at_ < text_.size() ? text_[at_] : '\0';
      const unsigned digit = is_digit(c)              ? static_cast<unsigned>(c - '0')
                             : (c >= 'a' && c <= 'f') ? static_cast<unsigned>(c - 'a' + 10)
                             : (c >= 'A' && c <= 'F') ? static_cast<unsigned>(c - 'A' + 10)
                                                      : 16U;
      if (digit > 15)
        throw located(Err::kMalformedQuery, text_, token.at,
                      "Invalid string literal. Illegal character sequence '\\u' in string literal.");
      code = code * 16 + digit;
    }
    // A lone half of a pair is no character.
    std::string character;
    append_utf8(character, code >= 0xD800 && code <= 0xDFFF ? 0xFFFDU : code);
    add(token, character);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view statement) {
  if (statement.size() > kMaxStatement)
    throw refusal(Err::kMalformedQuery,
                  fmt::format("SOQL statements cannot be longer than {} characters.", kMaxStatement));
  return Lexer(statement).run();
}

ApiError located(Err kind, std::string_view statement, std::size_t at, const std::string& text) {
  constexpr std::size_t kBefore = 40, kAfter = 40;
  at = std::min(at, statement.size());
  const auto line_start = statement.substr(0, at).rfind('\n');
  const std::size_t line = line_start == std::string_view::npos ? 0 : line_start + 1;
  const auto row =
      1 + std::count(statement.begin(), statement.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  std::size_t from = std::max(line, at > kBefore ? at - kBefore : 0);
  // Never from the middle of a character.
  while (from < at && (static_cast<unsigned char>(statement[from]) & 0xC0U) == 0x80U) ++from;
  std::size_t end = std::min(statement.find('\n', at), std::min(statement.size(), at + kAfter));
  while (end > at && end < statement.size() && (static_cast<unsigned char>(statement[end]) & 0xC0U) == 0x80U)
    --end;
  return ApiError(kind,
                  fmt::format("\n{}\n{}^\nERROR at Row:{}:Column:{}\n{}", statement.substr(from, end - from),
                              std::string(at - from, ' '), row, at - line + 1, text));
}

}  // namespace sandbox::salesforce::soql
