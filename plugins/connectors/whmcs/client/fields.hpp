// One object of a reply: forgiving about shape, strict about meaning.
//
// WHMCS writes the same value in many ways (an id as number or text, an empty list as "", [], {} or null).
// Every reader here takes all the ways the reference lists and refuses what none of them is.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace whmcs {

/// A reply that makes no sense. The text names the member, never its value.
class BadReply : public std::exception {
 public:
  explicit BadReply(std::string detail) : detail_(std::move(detail)) {}
  const char* what() const noexcept override { return detail_.c_str(); }

 private:
  std::string detail_;
};

/// A view of one object; the reply must outlive it. Every reader throws BadReply.
class Fields {
 public:
  explicit Fields(const boost::json::object& object) : object_(&object) {}

  /// Free text: entities decoded once, CRLF as LF, control bytes as spaces. "" when absent; numbers as
  /// written.
  std::string text(std::string_view name) const;
  /// Nothing when absent or empty.
  std::optional<std::string> text_if(std::string_view name) const;
  /// A whole number as number or text. errors: absent.
  std::int64_t integer(std::string_view name) const;
  /// Nothing when absent, null or "".
  std::optional<std::int64_t> integer_if(std::string_view name) const;
  /// true 1 "1" "on" "true" "yes" and their opposites; absent, null and "" are false.
  bool flag(std::string_view name) const;
  /// YYYY-MM-DD of a date or a date with time; nothing when absent, empty or a zero date.
  std::optional<std::string> date(std::string_view name) const;
  /// Minor units of the currency from a decimal text. A JSON number is taken when it is whole. errors:
  /// absent.
  std::int64_t money(std::string_view name, std::string_view currency) const;
  /// The decimal as it is written; "" when absent.
  std::string decimal(std::string_view name) const;
  /// The rows of plural.singular[], in any of their shapes.
  std::vector<Fields> list(std::string_view plural, std::string_view singular) const;
  /// The rows of a flat list.
  std::vector<Fields> list(std::string_view name) const;
  /// The object under the name; nothing when absent, null, "" or [].
  std::optional<Fields> object(std::string_view name) const;

 private:
  const boost::json::value* find(std::string_view name) const;
  const boost::json::object* object_;
};

}  // namespace whmcs
