// Resolution and comparison.
#include "examples/sandbox/salesforce/soql/conditions.hpp"

#include <algorithm>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/salesforce/ids.hpp"
#include "examples/sandbox/salesforce/soql/dates.hpp"
#include "examples/sandbox/salesforce/soql/lexer.hpp"
#include "examples/sandbox/salesforce/values.hpp"

namespace sandbox::salesforce::soql {

namespace json = boost::json;

namespace {

constexpr std::string_view kNoColumn =
    "No such column '{}' on entity '{}'. If you are attempting to use a custom field, be sure to append the '__c' "
    "after the custom field name. Please reference your WSDL or the describe call for the appropriate names.";
constexpr std::string_view kNoRelationship =
    "Didn't understand relationship '{}' in field path. If you are attempting to use a custom relationship, be sure "
    "to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the "
    "appropriate names.";

/// Midnight of a day in the user's time zone, as a datetime text.
std::string midnight(const Org& org, int day) {
  return datetime_text(TimePoint{std::chrono::days{day}} -
                       std::chrono::minutes{org.switches.utc_offset_minutes});
}

std::size_t character_length(std::string_view text, std::size_t at) {
  std::size_t length = 1;
  while (at + length < text.size() && (static_cast<unsigned char>(text[at + length]) & 0xC0U) == 0x80U)
    ++length;
  return length;
}

}  // namespace

std::string Column::canonical() const {
  std::string out;
  for (const auto* hop : hops) out += hop->relationship + ".";
  return out + field->name;
}

const Object& object_of(const Scope& scope, const Query& query) {
  const Object* object = scope.reader.org().schema.find(query.from);
  if (object == nullptr || !object->queryable)
    throw located(Err::kInvalidType, scope.statement, query.from_at,
                  refusal(Err::kInvalidType, query.from).what());
  return *object;
}

Column resolve(const Scope& scope, const Object& object, const Path& path, const std::string& alias) {
  Column out;
  const Object* here = &object;
  std::size_t i = 0;
  // The first name may be the alias or the object itself, unless it is a relationship.
  if (path.names.size() > 1 && here->find_relationship(path.names[0]) == nullptr &&
      (equal_ignoring_case(path.names[0], alias) || equal_ignoring_case(path.names[0], object.name)))
    ++i;
  for (; i + 1 < path.names.size(); ++i) {
    const Field* hop = here->find_relationship(path.names[i]);
    if (hop == nullptr)
      throw located(Err::kInvalidField, scope.statement, path.at,
                    fmt::format(fmt::runtime(kNoRelationship), path.names[i]));
    out.hops.push_back(hop);
    here = &scope.reader.org().schema.get(hop->refers.front());
  }
  out.field = here->find(path.names.back());
  if (out.field == nullptr)
    throw located(Err::kInvalidField, scope.statement, path.at,
                  fmt::format(fmt::runtime(kNoColumn), path.names.back(), here->name));
  return out;
}

Row row_at(const Scope& scope, const Row& row, const Column& column) {
  Row here = row;
  for (const auto* hop : column.hops) {
    here = scope.reader.parent(here, *hop);
    if (!here) return {};
  }
  return here;
}

json::value value_at(const Scope& scope, const Row& row, const Column& column) {
  const Row here = row_at(scope, row, column);
  if (!here) return nullptr;
  // A polymorphic parent may be of another object than the one the name was found in.
  const Field* field = here.object->find(column.field->name);
  return field == nullptr ? json::value() : scope.reader.value(here, *field);
}

int compare(const json::value& a, const json::value& b) {
  if (a.is_string() && b.is_string()) {
    const int order = lower(a.get_string()).compare(lower(b.get_string()));
    return order < 0 ? -1 : order > 0 ? 1 : 0;
  }
  if (a.is_number() && b.is_number()) {
    const auto x = a.to_number<double>(), y = b.to_number<double>();
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (a.is_bool() && b.is_bool()) return static_cast<int>(a.get_bool()) - static_cast<int>(b.get_bool());
  return static_cast<int>(a.kind()) - static_cast<int>(b.kind());
}

bool is_like(std::string_view text, std::string_view pattern) {
  const std::string subject = lower(text), wanted = lower(pattern);
  std::size_t at = 0, in = 0, star = std::string::npos, star_at = 0;
  while (at < subject.size()) {
    const bool escaped = in + 1 < wanted.size() && wanted[in] == '\\';
    const std::size_t step = character_length(subject, at);
    if (in < wanted.size() && !escaped && wanted[in] == '%') {
      star = in++;
      star_at = at;
      continue;
    }
    if (in < wanted.size() && !escaped && wanted[in] == '_') {
      ++in;
      at += step;
      continue;
    }
    const std::size_t literal = in + (escaped ? 1 : 0);
    if (literal < wanted.size() && wanted[literal] == subject[at]) {
      in = literal + 1;
      ++at;
      continue;
    }
    if (star == std::string::npos) return false;
    in = star + 1;
    star_at += character_length(subject, star_at);
    at = star_at;
  }
  while (in < wanted.size() && wanted[in] == '%') ++in;
  return in == wanted.size();
}

Filter::Filter(const Scope& scope, const Object& object, const std::string& alias, const Condition& condition)
    : scope_(scope), condition_(condition) {
  for (const auto& part : condition.parts) parts_.emplace_back(scope, object, alias, part);
  if (!condition.parts.empty()) return;
  column_ = resolve(scope, object, condition.path, alias);
  if (!column_.field->filterable)
    throw located(Err::kInvalidField, scope.statement, condition.path.at,
                  fmt::format("field '{}' can not be filtered in a query call", column_.field->name));
  const bool id = column_.field->type == Type::kId || column_.field->type == Type::kReference;
  if (condition.kind == ConditionKind::kSemiJoin) {
    prepare_semi_join(object);
    return;
  }
  if (condition.kind == ConditionKind::kIncludes && column_.field->type != Type::kMultiPicklist)
    throw located(Err::kFilterOperator, scope.statement, condition.path.at,
                  fmt::format("includes or excludes operator only valid on multipicklist field"));
  const bool orders = condition.op.find_first_of("<>") != std::string::npos;
  const bool boolean = column_.field->type == Type::kBoolean;
  if ((condition.op == "LIKE" && !is_text(column_.field->type)) || (orders && (id || boolean)))
    throw located(Err::kFilterOperator, scope.statement, condition.path.at,
                  fmt::format("invalid operator on {} field", name_of(column_.field->type)));
  for (const auto& literal : condition.values) prepare_literal(literal);
}

void Filter::wrong_literal(const Literal& literal, std::string_view needs) const {
  throw located(Err::kInvalidField, scope_.statement, literal.at,
                fmt::format("value of filter criterion for field '{}' must be of type {} and {}",
                            column_.field->name, name_of(column_.field->type), needs));
}

void Filter::prepare_literal(const Literal& literal) {
  const Type type = column_.field->type;
  const Org& org = scope_.reader.org();
  const std::string_view bare = "should not be enclosed in quotes";
  if (literal.kind == LiteralKind::kNull) {
    // A boolean is never null: null stands for false.
    ranges_.push_back({type == Type::kBoolean ? json::value(false) : json::value(), nullptr});
    return;
  }
  if (type == Type::kId || type == Type::kReference) {
    if (literal.kind != LiteralKind::kText) wrong_literal(literal, "should be enclosed in quotes");
    const auto id = normal_id(literal.text);
    if (!id && !literal.text.empty())
      throw located(Err::kFilterOperator, scope_.statement, literal.at,
                    fmt::format("invalid ID field: {}", literal.text));
    ranges_.push_back({id ? json::value(*id) : json::value(), nullptr});
  } else if (is_text(type)) {
    if (literal.kind != LiteralKind::kText) wrong_literal(literal, "should be enclosed in quotes");
    const std::string& text = condition_.op == "LIKE" ? literal.pattern : literal.text;
    ranges_.push_back({literal.text.empty() ? json::value() : json::value(text), nullptr});
  } else if (type == Type::kBoolean) {
    if (literal.kind != LiteralKind::kBoolean) wrong_literal(literal, bare);
    ranges_.push_back({literal.boolean, nullptr});
  } else if (is_number(type)) {
    if (literal.kind != LiteralKind::kNumber) wrong_literal(literal, bare);
    ranges_.push_back({literal.number, nullptr});
  } else if (literal.kind == LiteralKind::kDateWord && (type == Type::kDate || type == Type::kDateTime)) {
    const auto days = days_of(literal.text, literal.count, org.today()).value_or(Days{});
    const bool date = type == Type::kDate;
    ranges_.push_back({json::value(date ? date_text(days.from) : midnight(org, days.from)),
                       json::value(date ? date_text(days.to) : midnight(org, days.to))});
  } else if ((type == Type::kDate && literal.kind == LiteralKind::kDate) ||
             (type == Type::kDateTime && literal.kind == LiteralKind::kDateTime)) {
    ranges_.push_back({json::value(literal.text), nullptr});
  } else {
    wrong_literal(literal, bare);
  }
}

void Filter::prepare_semi_join(const Object& object) {
  const Type type = column_.field->type;
  if (!column_.hops.empty() || (type != Type::kId && type != Type::kReference))
    throw located(Err::kMalformedQuery, scope_.statement, condition_.path.at,
                  "The left operand of a semi join must be an id or reference field of the object itself");
  ids_ = selected_ids(scope_, *condition_.query, object);
}

bool Filter::accepts_value(const json::value& value, const Range& range, const std::string& op) const {
  const bool null = value.is_null() || (value.is_string() && value.get_string().empty());
  if (range.from.is_null()) {
    if (op == "!=") return !null;
    return (op == "=" || op == "LIKE") && null;
  }
  if (null) return op == "!=";
  if (op == "LIKE") return is_like(value.as_string(), range.from.as_string());
  const bool is_range = !range.to.is_null();
  const int from = compare(value, range.from);
  const int to = is_range ? compare(value, range.to) : from;
  const bool inside = is_range ? from >= 0 && to < 0 : from == 0;
  if (op == "=") return inside;
  if (op == "!=") return !inside;
  if (op == "<") return from < 0;
  if (op == "<=") return from < 0 || inside;
  if (op == ">") return is_range ? to >= 0 : from > 0;
  return from >= 0;
}

bool Filter::accepts(const Row& row) const {
  const auto holds = [&](const Filter& part) { return part.accepts(row); };
  switch (condition_.kind) {
    case ConditionKind::kAnd:
      return std::all_of(parts_.begin(), parts_.end(), holds);
    case ConditionKind::kOr:
      return std::any_of(parts_.begin(), parts_.end(), holds);
    case ConditionKind::kNot:
      return !parts_.front().accepts(row);
    case ConditionKind::kCompare:
      return accepts_value(value_at(scope_, row, column_), ranges_.front(), condition_.op);
    case ConditionKind::kIn: {
      const auto value = value_at(scope_, row, column_);
      const bool found = std::any_of(ranges_.begin(), ranges_.end(),
                                     [&](const Range& range) { return accepts_value(value, range, "="); });
      return found != condition_.negated;
    }
    case ConditionKind::kSemiJoin: {
      const auto value = value_at(scope_, row, column_);
      return (value.is_string() && ids_.contains(std::string(value.get_string()))) != condition_.negated;
    }
    case ConditionKind::kIncludes: {
      // Stored as "A;B"; a wanted 'A;B' means both.
      const auto value = value_at(scope_, row, column_);
      const std::string held = value.is_string() ? ";" + lower(value.get_string()) + ";" : std::string{};
      const auto has_all = [&](const Range& range) {
        std::string_view rest = range.from.is_string() ? std::string_view(range.from.get_string()) : "";
        bool all = !rest.empty();
        while (all && !rest.empty()) {
          const auto end = rest.find(';');
          all = held.find(";" + lower(rest.substr(0, end)) + ";") != std::string::npos;
          rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
        }
        return all;
      };
      return std::any_of(ranges_.begin(), ranges_.end(), has_all) != condition_.negated;
    }
  }
  return false;
}

}  // namespace sandbox::salesforce::soql
