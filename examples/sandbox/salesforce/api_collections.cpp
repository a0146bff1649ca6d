// composite/sobjects: up to 200 records in one call.
#include <fmt/format.h>

#include <algorithm>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/salesforce/api.hpp"
#include "examples/sandbox/salesforce/ids.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

namespace {

constexpr std::size_t kMostWritten = 200, kMostRead = 2000;

json::object failed(const ApiError& error) {
  return {{"success", false}, {"errors", json::array{error.in_result()}}};
}

json::object rolled_back(const json::value& result) {
  json::object out = failed(refusal(Err::kRolledBack));
  if (const auto* id = result.as_object().if_contains("id")) out["id"] = *id;
  return out;
}

/// With allOrNone one failure takes the good ones back; they say so.
void undo_good_ones(Store& store, const Store::Mark& before, json::array& results) {
  const bool failure = std::any_of(results.begin(), results.end(), [](const json::value& one) {
    return !bool_of(one.as_object(), "success");
  });
  if (!failure) return;
  store.roll_back(before);
  for (auto& one : results)
    if (bool_of(one.as_object(), "success")) one = rolled_back(one);
}

std::string type_of(const json::object& record) {
  const auto* attributes = record.if_contains("attributes");
  return attributes != nullptr && attributes->is_object() ? text_of(attributes->get_object(), "type")
                                                          : std::string{};
}

/// The record's id in any letter case of its name.
std::string take_id(json::object& record) {
  std::string out;
  for (const char* name : {"Id", "id", "ID"}) {
    if (out.empty()) out = text_of(record, name);
    record.erase(name);
  }
  return out;
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const auto end = list.find(',');
    if (const auto one = trim(list.substr(0, end)); !one.empty()) out.push_back(one);
    list = end == std::string_view::npos ? std::string_view{} : list.substr(end + 1);
  }
  return out;
}

std::vector<std::string> texts_in(const json::object& body, std::string_view name) {
  std::vector<std::string> out;
  const auto* list = body.if_contains(name);
  if (list == nullptr || !list->is_array())
    throw refusal(Err::kJsonParser, fmt::format("{} is missing", name), 1);
  for (const auto& one : list->get_array()) {
    if (!one.is_string()) throw refusal(Err::kJsonParser, fmt::format("{} holds texts", name), 1);
    out.emplace_back(one.get_string());
  }
  return out;
}

}  // namespace

Reply Api::collections(const Call& call) {
  if (call.path.size() == 2 && call.method == "DELETE") return collection_delete(call);
  if (call.path.size() == 2 && (call.method == "POST" || call.method == "PATCH"))
    return collection_write(call, nullptr, nullptr);
  if (call.path.size() < 3) wrong_method(call, "POST,PATCH,DELETE");
  const Object& object = object_named(call.path[2]);
  if (call.path.size() == 3) return collection_read(call, object);
  if (call.method != "PATCH") wrong_method(call, "PATCH");
  const Field* external = object.find(call.path[3]);
  if (external == nullptr || !external->id_lookup) throw refusal(Err::kNoExternalIdField, call.path[3]);
  return collection_write(call, &object, external);
}

Reply Api::collection_write(const Call& call, const Object* type, const Field* external) {
  const auto& body = object_in(call.body);
  const auto* records = body.if_contains("records");
  if (records == nullptr || !records->is_array()) throw refusal(Err::kJsonParser, "records is missing", 1);
  if (records->get_array().size() > kMostWritten) throw refusal(Err::kTooMany, kMostWritten, "records");
  Writer transaction = writer(call);
  const auto before = org_.store.mark();
  json::array results;
  for (const auto& element : records->get_array()) {
    try {
      json::object record = object_in(element);
      const std::string name = type_of(record);
      const Object* object = name.empty() ? nullptr : org_.schema.find(name);
      if (object == nullptr) throw refusal(Err::kInvalidType, name.empty() ? "null" : name);
      if (type != nullptr && object != type) throw refusal(Err::kInvalidType, name);
      if (external != nullptr && external->type != Type::kId) {
        std::string value;
        for (const auto& member : record)
          if (equal_ignoring_case(member.key(), external->name))
            value = member.value().is_string() ? std::string(member.value().get_string())
                                               : json::serialize(member.value());
        if (value.empty()) throw refusal(Err::kRequired, external->name).on({external->name});
        auto done = transaction.upsert(*object, *external, value, record, false);
        if (!done.several.empty())
          throw refusal(Err::kDuplicateValue, external->name, done.several.front().substr(0, 15)).on({});
        json::object result = written(done.id);
        result["created"] = done.created;
        results.push_back(std::move(result));
        continue;
      }
      const std::string id = take_id(record);
      if (call.method == "PATCH" && !(external != nullptr && id.empty())) {
        if (id.empty()) throw refusal(Err::kRequired, "Id").on({"Id"});
        transaction.update(*object, id, record);
        json::object result = written(normal_id(id).value_or(id));
        if (external != nullptr) result["created"] = false;
        results.push_back(std::move(result));
      } else {
        json::object result = written(transaction.create(*object, record));
        if (external != nullptr) result["created"] = true;
        results.push_back(std::move(result));
      }
    } catch (const ApiError& error) {
      results.push_back(failed(error));
    }
  }
  if (bool_of(body, "allOrNone")) undo_good_ones(org_.store, before, results);
  return {200, std::move(results), {}, {}};
}

Reply Api::collection_delete(const Call& call) {
  const auto ids = split(call.parameter("ids"));
  if (ids.size() > kMostWritten) throw refusal(Err::kTooMany, kMostWritten, "ids");
  Writer transaction = writer(call);
  const auto before = org_.store.mark();
  json::array results;
  for (const auto& id : ids) {
    try {
      const auto normal = normal_id(id);
      const Object* object = normal ? org_.schema.of_id(*normal) : nullptr;
      if (object == nullptr) throw refusal(Err::kMalformedId, "bad id", id).on({"Id"});
      transaction.remove(*object, id);
      results.push_back(written(*normal));
    } catch (const ApiError& error) {
      json::object result = failed(error);
      result["id"] = id;
      results.push_back(std::move(result));
    }
  }
  if (call.parameter("allOrNone") == "true") undo_good_ones(org_.store, before, results);
  return {200, std::move(results), {}, {}};
}

Reply Api::collection_read(const Call& call, const Object& object) {
  std::vector<std::string> ids, fields;
  if (call.method == "POST") {
    const auto& body = object_in(call.body);
    ids = texts_in(body, "ids");
    fields = texts_in(body, "fields");
  } else if (call.method == "GET" || call.method == "HEAD") {
    ids = split(call.parameter("ids"));
    fields = split(call.parameter("fields"));
  } else {
    wrong_method(call, "HEAD,GET,POST");
  }
  if (ids.size() > kMostRead) throw refusal(Err::kTooMany, kMostRead, "ids");
  Call one = call;
  one.query = {{"fields", fmt::format("{}", fmt::join(fields, ","))}};
  json::array out;
  for (const auto& id : ids) {
    const auto normal = normal_id(id);
    const auto* found = normal ? org_.store.find(object, *normal) : nullptr;
    if (found == nullptr || is_deleted(*found)) {
      out.emplace_back(nullptr);
    } else {
      out.push_back(readable(one, {&object, found}));
    }
  }
  return {200, std::move(out), {}, {}};
}

}  // namespace sandbox::salesforce
