// Values of a query, each written by the rules of its type.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace salesforce::soql {

/// One literal. Made by the functions below alone, so that what a condition holds is always written by them.
///
/// errors    of all: Problem 422 request.invalid for what no literal can hold
class Value {
 public:
  const std::string& text() const { return text_; }

 private:
  explicit Value(std::string text) : text_(std::move(text)) {}
  std::string text_;

  friend Value text(std::string_view);
  friend Value id(std::string_view);
  friend Value date(std::string_view);
  friend Value date_time(std::chrono::sys_seconds);
  friend Value number(std::int64_t);
  friend Value number(double);
  friend Value boolean(bool);
  friend Value null();
  friend Value like_containing(std::string_view);
  friend Value like_beginning(std::string_view);
};

/// At most 4,000 characters as written; UTF-8 without control characters but line ends and tabs.
Value text(std::string_view text);
/// 15 or 18 letters and digits.
Value id(std::string_view id);
/// YYYY-MM-DD, a day that exists.
Value date(std::string_view day);
Value date_time(std::chrono::sys_seconds at);
Value number(std::int64_t number);
Value number(double number);  // finite
Value boolean(bool on);
Value null();
/// '%…%' with the text's own wildcards escaped.
Value like_containing(std::string_view text);
Value like_beginning(std::string_view text);

}  // namespace salesforce::soql
