// Groups are kept in the order of their keys.
#include "examples/sandbox/salesforce/soql/aggregate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/salesforce/soql/lexer.hpp"

namespace sandbox::salesforce::soql {

namespace json = boost::json;

namespace {

json::value over(const std::string& function, const std::vector<json::value>& values) {
  if (function == "COUNT") return static_cast<std::int64_t>(values.size());
  if (function == "COUNT_DISTINCT") {
    std::set<std::string> distinct;
    for (const auto& value : values) distinct.insert(lower(json::serialize(value)));
    return static_cast<std::int64_t>(distinct.size());
  }
  if (values.empty()) return nullptr;
  const auto less = [](const json::value& a, const json::value& b) { return compare(a, b) < 0; };
  if (function == "MIN") return *std::min_element(values.begin(), values.end(), less);
  if (function == "MAX") return *std::max_element(values.begin(), values.end(), less);
  double sum = 0;
  for (const auto& value : values) sum += value.to_number<double>();
  return function == "SUM" ? sum : sum / static_cast<double>(values.size());
}

struct Printed {
  std::string name;
  Column column;
  std::string function;  // "" for a grouped column
};

}  // namespace

json::array aggregate(const Scope& scope, const Query& query, const Object& object,
                      const std::vector<Row>& rows) {
  std::vector<Column> keys;
  for (const auto& path : query.group_by) keys.push_back(resolve(scope, object, path, query.alias));
  std::vector<Printed> printed;
  int unnamed = 0;
  for (const auto& select : query.selects) {
    if (select.kind != SelectKind::kAggregate && select.kind != SelectKind::kField)
      throw located(Err::kMalformedQuery, scope.statement, select.path.at,
                    "subqueries and FIELDS() do not go with aggregate functions");
    Printed one{select.alias, resolve(scope, object, select.path, query.alias), select.function};
    const bool grouped = std::any_of(keys.begin(), keys.end(), [&](const Column& key) {
      return key.canonical() == one.column.canonical();
    });
    if (one.function.empty() && !grouped)
      throw located(Err::kMalformedQuery, scope.statement, select.path.at,
                    fmt::format("Field must be grouped or aggregated: {}", one.column.canonical()));
    const bool sums = one.function == "SUM" || one.function == "AVG";
    if ((sums && !is_number(one.column.field->type)) || !one.column.field->filterable)
      throw located(Err::kMalformedQuery, scope.statement, select.path.at,
                    fmt::format("field {} does not support aggregate operator {}", one.column.field->name,
                                one.function));
    if (one.name.empty())
      one.name = one.function.empty() ? one.column.field->name : fmt::format("expr{}", unnamed++);
    printed.push_back(std::move(one));
  }
  std::map<std::string, std::vector<Row>> groups;  // by the keys' text, so that equal ones meet
  for (const auto& row : rows) {
    json::array key;
    for (const auto& column : keys) key.push_back(value_at(scope, row, column));
    groups[lower(json::serialize(key))].push_back(row);
  }
  if (keys.empty() && groups.empty()) groups[""];
  json::array out;
  for (const auto& [key, members] : groups) {
    json::object record{{"attributes", json::object{{"type", "AggregateResult"}}}};
    for (const auto& one : printed) {
      std::vector<json::value> values;
      for (const auto& row : members) {
        auto value = value_at(scope, row, one.column);
        if (!value.is_null()) values.push_back(std::move(value));
      }
      if (one.function.empty()) {
        record[one.name] = values.empty() ? json::value() : values.front();
      } else {
        record[one.name] = over(one.function, values);
      }
    }
    out.push_back(std::move(record));
  }
  for (auto order = query.order_by.rbegin(); order != query.order_by.rend(); ++order) {
    const Column column = resolve(scope, object, order->path, query.alias);
    const auto shown = std::find_if(printed.begin(), printed.end(), [&](const Printed& one) {
      return one.function.empty() && one.column.canonical() == column.canonical();
    });
    if (shown == printed.end())
      throw located(Err::kMalformedQuery, scope.statement, order->path.at,
                    fmt::format("Ordered field must be grouped or aggregated: {}", column.canonical()));
    std::stable_sort(out.begin(), out.end(), [&](const json::value& a, const json::value& b) {
      const int compared = compare(a.at(shown->name), b.at(shown->name));
      return order->descending ? compared > 0 : compared < 0;
    });
  }
  if (query.limit && static_cast<std::size_t>(*query.limit) < out.size())
    out.erase(out.begin() + *query.limit, out.end());
  return out;
}

}  // namespace sandbox::salesforce::soql
