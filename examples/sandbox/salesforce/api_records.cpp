// Describes, single records, external ids, files.
#include <fmt/format.h>

#include <algorithm>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/salesforce/api.hpp"
#include "examples/sandbox/salesforce/ids.hpp"
#include "examples/sandbox/salesforce/multipart.hpp"
#include "examples/sandbox/salesforce/schema/describe.hpp"
#include "examples/sandbox/salesforce/schema/event_schema.hpp"
#include "examples/sandbox/salesforce/values.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

namespace {

constexpr std::string_view kSchemaDate = "Mon, 01 Jan 2024 00:00:00 GMT";
constexpr int kSchemaYear = 2024;
constexpr std::size_t kMaxInlineFile = 37'500'000;  // bytes of base64 in JSON

bool reads(const Call& call) {
  return call.method == "GET" || call.method == "HEAD";
}

/// The year of an HTTP date, 0 if it is none.
int year_of(std::string_view http_date) {
  return http_date.size() < 16 ? 0 : static_cast<int>(php_int(http_date.substr(12, 4)));
}

const Field* blob_field(const Object& object) {
  for (const auto& field : object.fields)
    if (field.type == Type::kBase64) return &field;
  return nullptr;
}

}  // namespace

Reply Api::sobjects(const Call& call) {
  const std::string base = call.base();
  if (call.path.size() == 1) {
    if (!reads(call)) wrong_method(call, "HEAD,GET");
    json::array all;
    for (const auto& object : org_.schema.objects()) all.push_back(describe_short(object, base));
    return {200,
            json::object{{"encoding", "UTF-8"}, {"maxBatchSize", 200}, {"sobjects", std::move(all)}},
            {},
            {}};
  }
  const Object& object = object_named(call.path[1]);
  if (call.path.size() == 2) {
    if (call.method == "POST") return create(call, object);
    if (!reads(call)) wrong_method(call, "HEAD,GET,POST");
    return {200,
            json::object{{"objectDescribe", describe_short(object, base)}, {"recentItems", json::array{}}},
            {},
            {}};
  }
  const std::string third = lower(call.path[2]);
  if (call.path.size() == 3 && reads(call)) {
    if (third == "describe") {
      const std::pair<std::string, std::string> stamp{"Last-Modified", kSchemaDate};
      if (year_of(options_.modified_since) >= kSchemaYear) return {304, {}, {}, {stamp}};
      return {200, describe(org_.schema, object, base), {}, {stamp}};
    }
    if (third == "updated" || third == "deleted") return changed_ids(call, object, third == "deleted");
    if (third == "eventschema" && object.event()) return event_schema(call, platform_event_schema(object));
  }
  if (call.path.size() == 3 && call.method == "POST" && third == "id") return create(call, object);
  if (call.path.size() == 3) return record(call, object);
  const Field* blob = object.find(call.path[3]);
  if (call.path.size() == 4 && normal_id(call.path[2]) && blob != nullptr && blob->type == Type::kBase64)
    return download(call, object);
  const Field* field = object.find(call.path[2]);
  if (field == nullptr || !field->id_lookup) throw refusal(Err::kNoExternalIdField, call.path[2]);
  // A value may hold slashes: clients put it into the path as it is.
  const std::vector<std::string> rest(call.path.begin() + 3, call.path.end());
  return by_external_id(call, object, *field, fmt::format("{}", fmt::join(rest, "/")));
}

json::object Api::multipart_body(const Call& call, const Object& object) const {
  const Field* blob = blob_field(object);
  const auto parts = read_multipart(call.content_type, call.raw_body);
  if (blob == nullptr || !parts) throw refusal(Err::kMediaType, call.content_type);
  json::object out;
  for (const auto& part : *parts)
    if (starts_ignoring_case(part.content_type, "application/json")) {
      boost::system::error_code error;
      const auto value = json::parse(part.bytes, error);
      if (error) throw refusal(Err::kJsonParser, "Unexpected character in the JSON part", 1);
      out = object_in(value);
    }
  for (const auto& part : *parts)
    if (part.name == blob->name) out[blob->name] = base64(part.bytes);
  return out;
}

Reply Api::create(const Call& call, const Object& object) {
  const bool multipart = starts_ignoring_case(call.content_type, "multipart/form-data");
  const json::object body = multipart ? multipart_body(call, object) : object_in(call.body);
  const Field* blob = blob_field(object);
  if (!multipart && blob != nullptr && text_of(body, blob->name).size() > kMaxInlineFile)
    throw refusal(Err::kTooLong, blob->label, "…", kMaxInlineFile).on({blob->name});
  Writer transaction = writer(call);
  const std::string id = transaction.create(object, body);
  json::object result = written(id);
  if (object.event())
    result["errors"] = json::array{json::object{{"statusCode", "OPERATION_ENQUEUED"},
                                                {"message", transaction.event_uuid()},
                                                {"fields", json::array{}}}};
  return {201,
          std::move(result),
          {},
          {{"Location", fmt::format("{}/sobjects/{}/{}", call.base(), object.name, id)}}};
}

json::object Api::readable(const Call& call, const Row& row) const {
  const Reader reader(org_, call.base());
  std::string_view wanted = call.parameter("fields");
  if (wanted.empty()) return reader.whole(row);
  json::object out{{"attributes", reader.attributes(row)}};
  while (!wanted.empty()) {
    const auto end = wanted.find(',');
    const std::string name = trim(wanted.substr(0, end));
    const Field* field = row.object->find(name);
    if (field == nullptr)
      throw refusal(
          Err::kInvalidField,
          fmt::format("No such column '{}' on entity '{}'. If you are attempting to use a custom field, be "
                      "sure to append the '__c' after the custom field name. Please reference your WSDL or "
                      "the describe call for the appropriate names.",
                      name, row.object->name));
    out[field->name] = reader.value(row, *field);
    wanted = end == std::string_view::npos ? std::string_view{} : wanted.substr(end + 1);
  }
  return out;
}

Reply Api::record(const Call& call, const Object& object) {
  Writer transaction = writer(call);
  const std::string& id = call.path[2];
  if (reads(call)) return {200, readable(call, {&object, &transaction.get(object, id)}), {}, {}};
  if (call.method == "PATCH") {
    transaction.update(object, id, object_in(call.body));
  } else if (call.method == "DELETE") {
    transaction.remove(object, id);
  } else {
    wrong_method(call, "HEAD,GET,PATCH,DELETE");
  }
  return {204, {}, {}, {}};
}

Reply Api::by_external_id(const Call& call, const Object& object, const Field& field,
                          const std::string& value) {
  Writer transaction = writer(call);
  if (call.method == "PATCH" && field.type != Type::kId) {
    const bool update_only = call.parameter("updateOnly") == "true";
    auto done = transaction.upsert(object, field, value, object_in(call.body), update_only);
    if (!done.several.empty()) {
      json::array urls;
      for (const auto& id : done.several)
        urls.emplace_back(fmt::format("{}/sobjects/{}/{}", call.base(), object.name, id));
      return {300, std::move(urls), {}, {}};
    }
    json::object result = written(done.id);
    result["created"] = done.created;
    Reply reply{done.created ? 201 : 200, std::move(result), {}, {}};
    if (done.created)
      reply.headers.emplace_back("Location",
                                 fmt::format("{}/sobjects/{}/{}", call.base(), object.name, done.id));
    return reply;
  }
  std::vector<std::string> found;
  for (const auto& [id, one] : org_.store.table(object))
    if (!is_deleted(one) && equal_ignoring_case(text_of(one, field.name), value)) found.push_back(id);
  if (found.empty()) throw refusal(Err::kNotFound);
  if (found.size() > 1) {
    json::array urls;
    for (const auto& id : found)
      urls.emplace_back(fmt::format("{}/sobjects/{}/{}", call.base(), object.name, id));
    return {300, std::move(urls), {}, {}};
  }
  Call direct = call;
  direct.path = {call.path[0], call.path[1], found[0]};
  return record(direct, object);
}

Reply Api::download(const Call& call, const Object& object) {
  if (!reads(call)) wrong_method(call, "HEAD,GET");
  // The platform refuses files inside composite calls.
  if (call.nested) throw refusal(Err::kNotSupported, "Files cannot be read inside a composite call.");
  const auto& found = writer(call).get(object, call.path[2]);
  return {200, {}, org_.blobs.get(text_of(found, "Id")), {}};
}

Reply Api::changed_ids(const Call& call, const Object& object, bool deleted) const {
  const auto from = read_datetime(call.parameter("start")), to = read_datetime(call.parameter("end"));
  if (!from || !to || *from >= *to)
    throw refusal(Err::kOutOfRange, "start and end must be date times, and start before end");
  const std::string first = datetime_text(*from), last = datetime_text(*to);
  json::array ids, records;
  for (const auto& [id, one] : org_.store.table(object)) {
    const std::string at = text_of(one, "LastModifiedDate");
    if (at < first || at >= last || is_deleted(one) != deleted) continue;
    ids.emplace_back(id);
    records.push_back(json::object{{"id", id}, {"deletedDate", at}});
  }
  if (!deleted) return {200, json::object{{"ids", std::move(ids)}, {"latestDateCovered", last}}, {}, {}};
  return {200,
          json::object{{"deletedRecords", std::move(records)},
                       {"earliestDateAvailable", first},
                       {"latestDateCovered", last}},
          {},
          {}};
}

}  // namespace sandbox::salesforce
