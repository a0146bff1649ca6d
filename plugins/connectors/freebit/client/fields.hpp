// One object of a reply: forgiving about spelling and shape, strict about meaning.
//
// Members are found in any letter case; a number may come as number or text, a list as array or joined by
// commas.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace freebit {

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

  /// Trimmed; a number as it is written; "" when absent or null. Control bytes become spaces.
  std::string text(std::string_view name) const;
  /// Nothing when absent, null or "".
  std::optional<std::string> text_if(std::string_view name) const;
  /// A whole number, 0 or more.
  std::optional<std::int64_t> count_if(std::string_view name) const;
  std::int64_t count(std::string_view name) const;
  /// "10" is yes, "20" no, as are true and false; nothing when absent or anything else.
  std::optional<bool> flag_if(std::string_view name) const;
  /// YYYY-MM-DD of YYYYMMDD, YYYY/MM/DD or YYYY-MM-DD; nothing when absent or no date.
  std::optional<std::string> date_if(std::string_view name) const;
  /// Counts of an array or of a text joined by commas; empty when absent.
  std::vector<std::int64_t> counts(std::string_view name) const;
  /// Objects of an array; one object counts as a list of one; empty when absent.
  std::vector<Fields> list(std::string_view name) const;
  std::optional<Fields> object(std::string_view name) const;
  /// Present and neither null nor empty.
  bool has_something(std::string_view name) const;

 private:
  const boost::json::value* find(std::string_view name) const;
  const boost::json::object* object_;
};

/// YYYY-MM-DD, or nothing where the text is none of the three spellings of a real date.
std::optional<std::string> read_date(std::string_view text);

}  // namespace freebit
