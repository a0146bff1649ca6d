// Filter, sort, cut, and print the rows of a statement.
#include "examples/sandbox/salesforce/soql/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/salesforce/soql/aggregate.hpp"
#include "examples/sandbox/salesforce/soql/conditions.hpp"
#include "examples/sandbox/salesforce/soql/lexer.hpp"

namespace sandbox::salesforce::soql {

namespace json = boost::json;

namespace {

constexpr std::int64_t kFieldsLimit = 200;
constexpr std::string_view kLinkRule =
    "Implementation restriction: ContentDocumentLink requires a filter by a single Id on ContentDocumentId or "
    "LinkedEntityId using the equals operator or multiple Id's using the IN operator.";

/// Whether a condition narrows links down to named ids on every way.
bool names_ids(const Condition& condition) {
  if (condition.kind == ConditionKind::kAnd)
    return std::any_of(condition.parts.begin(), condition.parts.end(), names_ids);
  const bool equals = condition.kind == ConditionKind::kCompare && condition.op == "=";
  const bool in = condition.kind == ConditionKind::kIn && !condition.negated;
  const auto& name = condition.path.names.empty() ? std::string{} : condition.path.names.back();
  return (equals || in) && condition.path.names.size() == 1 &&
         (equal_ignoring_case(name, "Id") || equal_ignoring_case(name, "ContentDocumentId") ||
          equal_ignoring_case(name, "LinkedEntityId"));
}

/// One thing a row prints: a column, or the children of a subquery.
struct Output {
  Column column;
  const Query* children = nullptr;
  const ChildRelationship* relationship = nullptr;
  std::map<std::string, std::vector<Row>> by_parent;
};

class Statement {
 public:
  Statement(const Scope& scope, const Paging& paging) : scope_(scope), paging_(paging) {}

  Result run(const Query& query, const Object& object) {
    check(query, object);
    if (query.counts()) {
      auto count = static_cast<std::int64_t>(chosen(query, object, all_rows(object)).size());
      if (query.limit) count = std::min(count, *query.limit);
      return {count, {}, false};
    }
    const bool aggregates = !query.group_by.empty() ||
                            std::any_of(query.selects.begin(), query.selects.end(), [](const Select& select) {
                              return select.kind == SelectKind::kAggregate;
                            });
    Result result;
    if (aggregates) {
      result.records = aggregate(scope_, query, object, chosen(query, object, all_rows(object)));
    } else {
      result.records = print(query, object, all_rows(object));
    }
    result.total = static_cast<std::int64_t>(result.records.size());
    result.has_offset = query.offset.has_value();
    return result;
  }

 private:
  std::vector<Row> all_rows(const Object& object) const {
    std::vector<Row> out;
    for (const auto& [id, record] : scope_.reader.org().store.table(object))
      if (scope_.with_deleted || !is_deleted(record)) out.push_back({&object, &record});
    return out;
  }

  void check(const Query& query, const Object& object) const {
    if (object.name == "ContentDocumentLink" && (!query.where || !names_ids(*query.where)))
      throw refusal(Err::kMalformedQuery, kLinkRule);
    for (const auto& select : query.selects) {
      const bool all = select.kind == SelectKind::kFields && select.function != "STANDARD";
      if (all && (!query.limit || *query.limit > kFieldsLimit))
        throw located(Err::kMalformedQuery, scope_.statement, select.path.at,
                      "The SOQL FIELDS function must have a LIMIT of at most 200");
      const bool cuts = select.kind == SelectKind::kChildren && select.children->offset;
      if (cuts && query.limit != std::int64_t{1})
        throw located(Err::kMalformedQuery, scope_.statement, select.children->offset_at,
                      "OFFSET clause in a subquery is only allowed when the parent query has LIMIT 1");
    }
  }

  /// The rows that WHERE accepts.
  std::vector<Row> chosen(const Query& query, const Object& object, std::vector<Row> rows) const {
    if (!query.where) return rows;
    const Filter filter(scope_, object, query.alias, *query.where);
    std::erase_if(rows, [&](const Row& row) { return !filter.accepts(row); });
    return rows;
  }

  void sort(const Query& query, const Object& object, std::vector<Row>& rows) const {
    std::vector<Column> columns;
    for (const auto& order : query.order_by) {
      columns.push_back(resolve(scope_, object, order.path, query.alias));
      if (!columns.back().field->filterable)
        throw located(
            Err::kInvalidField, scope_.statement, order.path.at,
            fmt::format("field '{}' can not be sorted in a query call", columns.back().field->name));
    }
    if (columns.empty()) return;
    struct Keyed {
      Row row;
      std::vector<json::value> keys;
    };
    std::vector<Keyed> keyed;
    for (const auto& row : rows) {
      Keyed one{row, {}};
      for (const auto& column : columns) one.keys.push_back(value_at(scope_, row, column));
      keyed.push_back(std::move(one));
    }
    const bool last = scope_.reader.org().switches.descending_nulls == "last";
    std::stable_sort(keyed.begin(), keyed.end(), [&](const Keyed& a, const Keyed& b) {
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const auto& order = query.order_by[i];
        const bool no_a = a.keys[i].is_null(), no_b = b.keys[i].is_null();
        if (no_a != no_b) return order.nulls_first.value_or(!order.descending || !last) ? no_a : no_b;
        const int compared = no_a ? 0 : compare(a.keys[i], b.keys[i]);
        if (compared != 0) return order.descending ? compared > 0 : compared < 0;
      }
      return false;
    });
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = keyed[i].row;
  }

  std::vector<Output> outputs(const Query& query, const Object& object) const {
    std::vector<Output> out;
    for (const auto& select : query.selects) {
      if (select.kind == SelectKind::kField) {
        Column column = resolve(scope_, object, select.path, query.alias);
        out.push_back({std::move(column), nullptr, nullptr, {}});
      } else if (select.kind == SelectKind::kFields) {
        for (const auto& field : object.fields) {
          const bool wanted = select.function == "ALL" || field.custom() == (select.function == "CUSTOM");
          if (wanted) out.push_back({{{}, &field}, nullptr, nullptr, {}});
        }
      } else {
        out.push_back(children_output(*select.children, object));
      }
    }
    return out;
  }

  Output children_output(const Query& children, const Object& object) const {
    const auto* relationship = scope_.reader.org().schema.find_child(object, children.from);
    if (relationship == nullptr)
      throw located(
          Err::kInvalidType, scope_.statement, children.from_at,
          fmt::format("Didn't understand relationship '{}' in FROM part of query call. If you are attempting "
                      "to use a custom relationship, be sure to append the '__r' after the custom "
                      "relationship name. Please reference your WSDL or the describe call for the "
                      "appropriate names.",
                      children.from));
    Output out{{}, &children, relationship, {}};
    for (const auto& row : all_rows(*relationship->child))
      out.by_parent[text_of(*row.record, relationship->field->name)].push_back(row);
    // Wrong names in the subquery are refused even where no parent has children.
    print(children, *relationship->child, {});
    return out;
  }

  json::array print(const Query& query, const Object& object, std::vector<Row> rows) const {
    const auto columns = outputs(query, object);
    rows = chosen(query, object, std::move(rows));
    sort(query, object, rows);
    const auto from = std::min<std::size_t>(rows.size(), static_cast<std::size_t>(query.offset.value_or(0)));
    const auto most = query.limit ? static_cast<std::size_t>(*query.limit) : rows.size();
    const auto end = from + std::min(rows.size() - from, most);
    json::array out;
    for (std::size_t i = from; i < end; ++i) {
      json::object record{{"attributes", scope_.reader.attributes(rows[i])}};
      for (const auto& output : columns) {
        if (output.children == nullptr) {
          place(record, rows[i], output.column);
        } else {
          place_children(record, rows[i], output);
        }
      }
      out.push_back(std::move(record));
    }
    return out;
  }

  void place(json::object& record, const Row& row, const Column& column) const {
    json::object* into = &record;
    Row here = row;
    for (const auto* hop : column.hops) {
      here = scope_.reader.parent(here, *hop);
      auto& nested = (*into)[hop->relationship];
      if (!here) {
        nested = nullptr;
        return;
      }
      if (!nested.is_object()) {
        auto attributes = scope_.reader.attributes(here);
        if (hop->refers.size() > 1 && scope_.reader.org().switches.owner_type == "name")
          attributes["type"] = "Name";
        nested = json::object{{"attributes", std::move(attributes)}};
      }
      into = &nested.get_object();
    }
    const Field* field = here.object->find(column.field->name);
    (*into)[column.field->name] = field == nullptr ? json::value() : scope_.reader.value(here, *field);
  }

  void place_children(json::object& record, const Row& row, const Output& output) const {
    const auto found = output.by_parent.find(text_of(*row.record, "Id"));
    json::array children;
    if (found != output.by_parent.end())
      children = print(*output.children, *output.relationship->child, found->second);
    record[output.relationship->field->child_name] =
        children.empty() ? json::value() : paging_(std::move(children));
  }

  const Scope& scope_;
  const Paging& paging_;
};

}  // namespace

std::set<std::string> selected_ids(const Scope& scope, const Query& query, const Object& outer) {
  const Object& object = object_of(scope, query);
  if (&object == &outer)
    throw located(Err::kMalformedQuery, scope.statement, query.from_at,
                  "The inner and outer selects should not be on the same object type");
  if (query.selects.size() != 1 || query.selects[0].kind != SelectKind::kField)
    throw located(Err::kMalformedQuery, scope.statement, query.from_at,
                  "A semi join selects exactly one id field");
  const Column column = resolve(scope, object, query.selects[0].path, query.alias);
  if (column.field->type != Type::kId && column.field->type != Type::kReference)
    throw located(Err::kMalformedQuery, scope.statement, query.selects[0].path.at,
                  "The selected field of a semi join must be an id or reference field");
  std::optional<Filter> filter;
  if (query.where) filter.emplace(scope, object, query.alias, *query.where);
  std::set<std::string> out;
  for (const auto& [id, record] : scope.reader.org().store.table(object)) {
    const Row row{&object, &record};
    if (is_deleted(record) || (filter && !filter->accepts(row))) continue;
    const auto value = value_at(scope, row, column);
    if (value.is_string()) out.emplace(value.get_string());
  }
  return out;
}

Result run(const Query& query, std::string_view statement, const Reader& reader, bool with_deleted,
           const Paging& paging) {
  const Scope scope{reader, statement, with_deleted};
  return Statement(scope, paging).run(query, object_of(scope, query));
}

}  // namespace sandbox::salesforce::soql
