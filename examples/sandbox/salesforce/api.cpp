// Targets, dispatch, and what is common to all calls.
#include "examples/sandbox/salesforce/api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/salesforce/schema/describe.hpp"
#include "examples/sandbox/salesforce/values.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

namespace {

constexpr std::string_view kRoot = "/services/data/v";

/// Percent-decoding of a path, where a plus is a plus.
std::string path_decode(std::string_view text) {
  std::string guarded;
  for (const char c : text) guarded += c == '+' ? std::string("%2B") : std::string(1, c);
  return well_formed(url_decode(guarded));
}

template <typename Each>
void each_part(std::string_view text, char at, const Each& each) {
  while (!text.empty()) {
    const auto end = text.find(at);
    if (end != 0) each(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
}

/// The value of NAME= in a header such as "batchSize=200, client=portal".
std::string option_in(std::string_view header, std::string_view name) {
  std::string out;
  each_part(header, ',', [&](std::string_view part) {
    const std::string pair = trim(part);
    if (pair.size() > name.size() && starts_ignoring_case(pair, name) && pair[name.size()] == '=')
      out = trim(pair.substr(name.size() + 1));
  });
  return out;
}

}  // namespace

std::string Call::base() const {
  return fmt::format("{}{}.0", kRoot, version);
}

std::string_view Call::parameter(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return {};
}

std::string Call::action() const {
  if (path.empty()) return "resources";
  const std::string first = lower(path[0]);
  if (first == "query" || first == "queryall") return path.size() > 1 ? "query_more" : "query";
  if (first == "composite") {
    if (path.size() == 1) return "composite";
    const std::string second = lower(path[1]);
    return second == "sobjects" ? "collections" : second;
  }
  if (first != "sobjects") return first;
  if (path.size() < 2) return "describe";
  if (path.size() == 2) return method == "POST" ? "create" : "describe";
  if (equal_ignoring_case(path[2], "describe")) return "describe";
  const Object* object = Schema::standard().find(path[1]);
  const Field* field = path.size() > 3 && object != nullptr ? object->find(path[3]) : nullptr;
  if (field != nullptr && field->type == Type::kBase64 && method == "GET") return "download";
  if (method == "DELETE") return "delete";
  if (method == "GET" || method == "HEAD") return "retrieve";
  return path.size() > 3 ? "upsert" : "update";
}

std::optional<Call> read_target(std::string_view method, std::string_view target) {
  if (!target.starts_with(kRoot)) return std::nullopt;
  target.remove_prefix(kRoot.size());
  Call call;
  const auto [end, error] = std::from_chars(target.data(), target.data() + target.size(), call.version);
  const auto rest = target.substr(static_cast<std::size_t>(end - target.data()));
  const bool ends = rest == ".0" || rest.starts_with(".0/") || rest.starts_with(".0?");
  if (error != std::errc{} || !ends || call.version < kOldestVersion || call.version > kNewestVersion)
    return std::nullopt;
  const auto question = rest.find('?');
  each_part(rest.substr(0, question).substr(2), '/',
            [&](std::string_view part) { call.path.push_back(path_decode(part)); });
  if (question != std::string_view::npos)
    each_part(rest.substr(question + 1), '&', [&](std::string_view part) {
      const auto equals = part.find('=');
      const auto value = equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1);
      call.query.emplace_back(url_decode(part.substr(0, equals)), well_formed(url_decode(value)));
    });
  call.method = method;
  const auto instead = call.parameter("_HttpMethod");
  if (method == "POST" && !instead.empty()) call.method = instead;
  return call;
}

CallOptions options_of(const HttpRequest& request) {
  CallOptions out;
  const std::string size = option_in(request.header("Sforce-Query-Options"), "batchSize");
  if (!size.empty())
    out.batch_size = static_cast<std::size_t>(std::clamp<std::int64_t>(php_int(size), 200, 2000));
  out.client = option_in(request.header("Sforce-Call-Options"), "client");
  out.allow_duplicates =
      equal_ignoring_case(option_in(request.header("Sforce-Duplicate-Rule-Header"), "allowSave"), "true");
  out.modified_since = request.header("If-Modified-Since");
  return out;
}

Reply reply_of(const ApiError& error) {
  return {error.status(), json::array{error.top_level()}, {}, {}};
}

const json::object& object_in(const json::value& body) {
  if (body.is_object()) return body.get_object();
  throw refusal(Err::kJsonParser,
                body.is_null() ? "No content to map to Object due to end of input"
                               : "The JSON of an object is expected",
                1);
}

json::object written(const std::string& id) {
  return {{"id", id}, {"success", true}, {"errors", json::array{}}};
}

Writer Api::writer(const Call& call) const {
  std::string origin = fmt::format("com/salesforce/api/rest/{}.0", call.version);
  if (!options_.client.empty()) origin += ";client=" + options_.client;
  return Writer(org_, {user_id_, std::move(origin), options_.allow_duplicates});
}

const Object& Api::object_named(const std::string& name) const {
  const Object* object = org_.schema.find(name);
  if (object == nullptr) throw refusal(Err::kNotFound);
  return *object;
}

void Api::wrong_method(const Call& call, std::string_view allowed) const {
  throw refusal(Err::kMethod, call.method, allowed);
}

Reply Api::answer(const Call& call) {
  try {
    return dispatch(call);
  } catch (const ApiError& error) {
    return reply_of(error);
  }
}

Reply Api::dispatch(const Call& call) {
  const std::string base = call.base();
  const bool reads = call.method == "GET" || call.method == "HEAD";
  if (call.path.empty()) {
    if (!reads) wrong_method(call, "HEAD,GET");
    json::object out;
    for (const char* name : {"sobjects", "query", "queryAll", "limits", "composite", "search", "recent"})
      out[name] = fmt::format("{}/{}", base, name);
    out["identity"] = fmt::format("{}/id/{}/{}", org_.base_url, org_id(), user_id_);
    return {200, std::move(out), {}, {}};
  }
  const std::string first = lower(call.path[0]);
  if (first == "sobjects") return sobjects(call);
  if (first == "query" || first == "queryall") return query(call, first == "queryall");
  if (first == "composite" && call.path.size() == 1) return composite(call);
  if (first == "composite") {
    const std::string second = lower(call.path[1]);
    if (second == "batch") return batch(call);
    if (second == "sobjects") return collections(call);
    if (second == "tree" && call.path.size() == 3) return tree(call);
    throw refusal(Err::kNotFound);
  }
  if (!reads) wrong_method(call, "HEAD,GET");
  if (first == "limits") return limits();
  if (first == "event") return event(call);
  if (first == "recent") return {200, json::array{}, {}, {}};
  throw refusal(Err::kNotFound);
}

}  // namespace sandbox::salesforce
