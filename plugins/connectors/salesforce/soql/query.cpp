// Statements as text.
#include "soql/query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <portico/problem.hpp>

#include "client/text.hpp"

namespace salesforce::soql {

namespace {

// The org takes 16,384 bytes of request line and headers; a token may have 4,096 of them.
constexpr std::size_t kLongestEncoded = 12'000;
constexpr std::int64_t kFarthest = 2000;

portico::Problem refused(std::string why) {
  return portico::Problem(422, "request.invalid", "SOQL: " + std::move(why));
}

}  // namespace

Condition Condition::term(Name name, std::string_view op, const Value& value) {
  return {Kind::term, fmt::format("{} {} {}", name.text(), op, value.text())};
}

Condition Condition::join(Kind kind, const std::vector<Condition>& parts) {
  if (parts.empty()) throw refused("a condition without parts");
  if (parts.size() == 1) return parts.front();
  std::string out;
  for (const auto& part : parts) {
    if (!out.empty()) out += kind == Kind::all ? " AND " : " OR ";
    out += part.kind_ == Kind::term ? part.text_ : fmt::format("({})", part.text_);
  }
  return {kind, std::move(out)};
}

Condition equals(Name name, const Value& value) {
  return Condition::term(name, "=", value);
}
Condition differs(Name name, const Value& value) {
  return Condition::term(name, "!=", value);
}
Condition less(Name name, const Value& value) {
  return Condition::term(name, "<", value);
}
Condition at_most(Name name, const Value& value) {
  return Condition::term(name, "<=", value);
}
Condition greater(Name name, const Value& value) {
  return Condition::term(name, ">", value);
}
Condition at_least(Name name, const Value& value) {
  return Condition::term(name, ">=", value);
}
Condition like(Name name, const Value& value) {
  return Condition::term(name, "LIKE", value);
}

Condition in(Name name, const std::vector<Value>& values) {
  if (values.empty()) throw refused("a list without values");
  std::string out;
  for (const auto& value : values) out += (out.empty() ? "" : ", ") + value.text();
  return {Condition::Kind::term, fmt::format("{} IN ({})", name.text(), out)};
}

Condition all_of(const std::vector<Condition>& parts) {
  return Condition::join(Condition::Kind::all, parts);
}
Condition any_of(const std::vector<Condition>& parts) {
  return Condition::join(Condition::Kind::any, parts);
}
Condition none_of(const Condition& part) {
  return {Condition::Kind::term, fmt::format("(NOT ({}))", part.text())};
}

Select& Select::fields(std::initializer_list<Name> names) {
  for (const auto& name : names) selected_.emplace_back(name.text());
  return *this;
}

Select& Select::children(const Select& below) {
  selected_.push_back("(" + below.statement(false) + ")");
  return *this;
}

Select& Select::where(const Condition& condition) {
  where_ = condition.text();
  return *this;
}

Select& Select::order_by(Name name, Ordering ordering) {
  order_ += order_.empty() ? "" : ", ";
  order_ += name.text();
  order_ += ordering == Ordering::ascending ? " ASC" : " DESC";
  return *this;
}

Select& Select::limit(std::int64_t rows) {
  limit_ = rows;
  return *this;
}

Select& Select::offset(std::int64_t rows) {
  offset_ = rows;
  return *this;
}

std::string Select::statement(bool counted) const {
  auto out = counted ? std::string("SELECT COUNT()")
                     : fmt::format("SELECT {}", fmt::join(selected_.begin(), selected_.end(), ", "));
  out += fmt::format(" FROM {}", from_.text());
  if (!where_.empty()) out += " WHERE " + where_;
  if (counted) return out;
  if (!order_.empty()) out += " ORDER BY " + order_;
  if (limit_) out += fmt::format(" LIMIT {}", std::max<std::int64_t>(0, *limit_));
  if (offset_ && *offset_ > 0) out += fmt::format(" OFFSET {}", *offset_);
  return out;
}

std::string Select::text() const {
  if (offset_ && *offset_ > kFarthest) throw refused("more than 2,000 rows to skip");
  auto out = statement(false);
  if (percent_encode(out).size() > kLongestEncoded) throw refused("the query is too long");
  return out;
}

std::string Select::count_text() const {
  auto out = statement(true);
  if (percent_encode(out).size() > kLongestEncoded) throw refused("the query is too long");
  return out;
}

}  // namespace salesforce::soql
