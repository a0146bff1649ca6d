// Records as the org sends them: nothing of them is taken on trust.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace salesforce {

/// A value of another type than the org's own describe says, or one that is missing. what() names the field
/// alone.
class BadReply : public std::exception {
 public:
  explicit BadReply(std::string what) : what_(std::move(what)) {}
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  std::string what_;
};

/// Reads one record. Texts come out as UTF-8 without control characters but line ends and tabs; at most
/// 100,000 bytes of one. errors of all: BadReply for a value of another type
class Record {
 public:
  explicit Record(const boost::json::object& record) : record_(&record) {}

  /// "" where it is null. errors: also where the member is not there at all.
  std::string text(std::string_view name) const;
  std::optional<std::string> text_if(std::string_view name) const;
  /// 18 characters. errors: also for null and for no id
  std::string id(std::string_view name) const;
  std::optional<std::string> id_if(std::string_view name) const;
  /// null is false.
  bool flag(std::string_view name) const;
  std::optional<double> number_if(std::string_view name) const;
  /// A whole number from 0; null is 0.
  std::int64_t count(std::string_view name) const;
  /// Minor units of the currency, rounded half away from zero; null is 0.
  std::int64_t money(std::string_view name, std::string_view currency) const;
  /// YYYY-MM-DD. errors: also for null
  std::string date(std::string_view name) const;
  /// 2024-05-06T07:08:09Z of 2024-05-06T07:08:09.000+0000.
  std::string time(std::string_view name) const;
  std::optional<std::string> time_if(std::string_view name) const;
  /// The values of "A;B".
  std::vector<std::string> choices(std::string_view name) const;
  /// The record the way leads to; nothing where it leads nowhere.
  std::optional<Record> parent(std::string_view name) const;
  /// The rows of a child query.
  std::vector<Record> children(std::string_view name) const;

 private:
  const boost::json::value& at(std::string_view name) const;
  const boost::json::object* record_;
};

}  // namespace salesforce
