// composite, composite/batch, composite/tree.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/salesforce/api.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

namespace {

constexpr std::size_t kMostCalls = 25, kMostHeavy = 5, kMostTree = 200;
constexpr int kTreeDepth = 5;

const json::array& list_in(const json::object& body, std::string_view name) {
  const auto* list = body.if_contains(name);
  if (list == nullptr || !list->is_array() || list->get_array().empty())
    throw refusal(Err::kJsonParser, fmt::format("{} is missing", name), 1);
  if (list->get_array().size() > kMostCalls) throw refusal(Err::kTooMany, kMostCalls, "subrequests");
  return list->get_array();
}

bool is_reference(std::string_view id) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !id.empty() && letter(id[0]) && std::all_of(id.begin(), id.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '_';
  });
}

/// What @{ref.records[0].Id} stands for in the earlier answers.
class References {
 public:
  void keep(const std::string& id, json::value body) { bodies_[id] = std::move(body); }

  std::string filled(std::string_view text) const {
    std::string out;
    for (;;) {
      const auto from = text.find("@{");
      const auto end = from == std::string_view::npos ? from : text.find('}', from);
      if (end == std::string_view::npos) return out + std::string(text);
      out += text.substr(0, from);
      out += lookup(text.substr(from + 2, end - from - 2));
      text.remove_prefix(end + 1);
    }
  }

  void fill(json::value& value) const {
    if (auto* text = value.if_string()) {
      if (text->find("@{") != json::string::npos) *text = filled(*text);
    } else if (auto* object = value.if_object()) {
      for (auto& member : *object) fill(member.value());
    } else if (auto* list = value.if_array()) {
      for (auto& element : *list) fill(element);
    }
  }

 private:
  std::string lookup(std::string_view path) const {
    const auto fail = [&]() -> ApiError {
      return ApiError(Err::kHalted, fmt::format("Invalid reference specified. No value for {} found in {}",
                                                path, path.substr(0, path.find('.'))));
    };
    const auto first = path.find_first_of(".[");
    const auto found = bodies_.find(std::string(path.substr(0, first)));
    if (found == bodies_.end()) throw fail();
    const json::value* here = &found->second;
    std::string_view rest = first == std::string_view::npos ? std::string_view{} : path.substr(first);
    while (!rest.empty()) {
      if (rest[0] == '[') {
        const auto close = rest.find(']');
        const auto index =
            static_cast<std::size_t>(std::max<std::int64_t>(0, php_int(rest.substr(1, close - 1))));
        if (close == std::string_view::npos || !here->is_array() || index >= here->get_array().size())
          throw fail();
        here = &here->get_array()[index];
        rest = rest.substr(close + 1);
      } else {
        const auto end = rest.find_first_of(".[", 1);
        const auto name = rest.substr(1, end == std::string_view::npos ? end : end - 1);
        const json::value* next = nullptr;
        if (here->is_object())
          for (const auto& member : here->get_object())
            if (equal_ignoring_case(member.key(), name)) next = &member.value();
        if (next == nullptr) throw fail();
        here = next;
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end);
      }
    }
    if (here->is_string()) return std::string(here->get_string());
    if (here->is_structured() || here->is_null()) throw fail();
    return json::serialize(*here);
  }

  std::map<std::string, json::value> bodies_;
};

Call subcall(std::string_view method, std::string_view target) {
  auto call = read_target(method, target);
  if (!call) throw refusal(Err::kNotFound);
  const std::string first = call->path.empty() ? "" : lower(call->path[0]);
  const bool collections = call->path.size() > 1 && equal_ignoring_case(call->path[1], "sobjects");
  if (first == "composite" && !collections)
    throw refusal(Err::kNotSupported, "Composite calls cannot hold composite calls.");
  call->nested = true;
  return *std::move(call);
}

bool is_heavy(const Call& call) {
  const auto action = call.action();
  return action == "query" || action == "query_more" || action == "collections";
}

json::object shown(const Reply& reply, const std::string& reference) {
  json::object headers;
  for (const auto& [name, value] : reply.headers) headers[name] = value;
  return {{"body", reply.body.value_or(nullptr)},
          {"httpHeaders", std::move(headers)},
          {"httpStatusCode", reply.status},
          {"referenceId", reference}};
}

}  // namespace

Reply Api::composite(const Call& call) {
  if (call.method != "POST") wrong_method(call, "POST");
  const auto& body = object_in(call.body);
  const auto& requests = list_in(body, "compositeRequest");
  std::set<std::string> seen;
  std::size_t heavy = 0;
  for (const auto& one : requests) {
    const auto& request = object_in(one);
    const std::string id = text_of(request, "referenceId");
    if (!is_reference(id) || !seen.insert(lower(id)).second)
      throw refusal(Err::kJsonParser, fmt::format("referenceId is missing, malformed or used twice: {}", id),
                    1);
    if (!text_of(request, "url").starts_with("/services/data/v") || text_of(request, "method").empty())
      throw refusal(Err::kJsonParser, fmt::format("method or url is missing or malformed: {}", id), 1);
    if (const auto probe = read_target(text_of(request, "method"), text_of(request, "url"));
        probe && is_heavy(*probe))
      ++heavy;
  }
  if (heavy > kMostHeavy) throw refusal(Err::kTooMany, kMostHeavy, "query and collection subrequests");

  const bool all_or_none = bool_of(body, "allOrNone");
  const auto before = org_.store.mark();
  References references;
  json::array responses;
  std::optional<std::size_t> culprit;
  for (const auto& one : requests) {
    const auto& request = one.get_object();
    const std::string id = text_of(request, "referenceId");
    Reply reply;
    try {
      Call inner = subcall(text_of(request, "method"), references.filled(text_of(request, "url")));
      if (const auto* given = request.if_contains("body")) inner.body = *given;
      references.fill(inner.body);
      reply = answer(inner);
    } catch (const ApiError& error) {
      reply = reply_of(error);
    }
    references.keep(id, reply.body.value_or(nullptr));
    responses.push_back(shown(reply, id));
    if (reply.status >= 400 && all_or_none) {
      culprit = responses.size() - 1;
      break;
    }
  }
  if (culprit) {
    org_.store.roll_back(before);
    const Reply halted = reply_of(refusal(Err::kHalted));
    json::array told;
    for (std::size_t i = 0; i < requests.size(); ++i)
      told.push_back(i == *culprit ? responses[i].get_object()
                                   : shown(halted, text_of(requests[i].get_object(), "referenceId")));
    responses = std::move(told);
  }
  return {200, json::object{{"compositeResponse", std::move(responses)}}, {}, {}};
}

Reply Api::batch(const Call& call) {
  if (call.method != "POST") wrong_method(call, "POST");
  const auto& body = object_in(call.body);
  const bool halts = bool_of(body, "haltOnError");
  bool failed = false;
  json::array results;
  for (const auto& one : list_in(body, "batchRequests")) {
    const auto& request = object_in(one);
    Reply reply;
    try {
      if (failed && halts) throw refusal(Err::kBatchHalted);
      std::string url = text_of(request, "url");
      if (url.starts_with("v")) url = "/services/data/" + url;
      Call inner = subcall(text_of(request, "method"), url);
      if (const auto* given = request.if_contains("richInput")) inner.body = *given;
      ++org_.store.day_calls;  // each counts
      reply = answer(inner);
    } catch (const ApiError& error) {
      reply = reply_of(error);
    }
    failed = failed || reply.status >= 400;
    results.push_back(json::object{{"statusCode", reply.status}, {"result", reply.body.value_or(nullptr)}});
  }
  return {200, json::object{{"hasErrors", failed}, {"results", std::move(results)}}, {}, {}};
}

Reply Api::tree(const Call& call) {
  if (call.method != "POST") wrong_method(call, "POST");
  const Object& top = object_named(call.path[2]);
  const auto& body = object_in(call.body);
  const auto* records = body.if_contains("records");
  if (records == nullptr || !records->is_array()) throw refusal(Err::kJsonParser, "records is missing", 1);
  Writer transaction = writer(call);
  const auto before = org_.store.mark();
  json::array results, errors;
  std::size_t count = 0;
  // Parents first, so that children can name them.
  const auto grow = [&](const auto& self, const Object& object, const json::array& list, const Field* up,
                        const std::string& parent, int depth) -> void {
    if (depth > kTreeDepth) throw refusal(Err::kTooMany, kTreeDepth, "levels");
    for (const auto& element : list) {
      json::object record = object_in(element);
      if (++count > kMostTree) throw refusal(Err::kTooMany, kMostTree, "records");
      std::string reference;
      if (const auto* attributes = record.if_contains("attributes");
          attributes != nullptr && attributes->is_object())
        reference = text_of(attributes->get_object(), "referenceId");
      std::vector<std::pair<const ChildRelationship*, json::array>> branches;
      for (const auto& member : json::object(record)) {
        const auto* child = org_.schema.find_child(object, member.key());
        if (child == nullptr || !member.value().is_object()) continue;
        const auto* inner = member.value().get_object().if_contains("records");
        if (inner == nullptr || !inner->is_array()) continue;
        branches.emplace_back(child, inner->get_array());
        record.erase(member.key());
      }
      if (up != nullptr) record[up->name] = parent;
      try {
        if (reference.empty()) throw refusal(Err::kJsonParser, "referenceId is missing", 1);
        const std::string id = transaction.create(object, record);
        results.push_back(json::object{{"referenceId", reference}, {"id", id}});
        for (const auto& [child, inner] : branches)
          self(self, *child->child, inner, child->field, id, depth + 1);
      } catch (const ApiError& error) {
        errors.push_back(
            json::object{{"referenceId", reference}, {"errors", json::array{error.in_result()}}});
      }
    }
  };
  grow(grow, top, records->get_array(), nullptr, "", 1);
  if (errors.empty())
    return {201, json::object{{"hasErrors", false}, {"results", std::move(results)}}, {}, {}};
  org_.store.roll_back(before);
  return {400, json::object{{"hasErrors", true}, {"results", std::move(errors)}}, {}, {}};
}

}  // namespace sandbox::salesforce
