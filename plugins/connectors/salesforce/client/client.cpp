// Calls from request to verdict.
#include "client/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "client/base64.hpp"
#include "client/multipart.hpp"
#include "client/text.hpp"

namespace salesforce {

namespace json = boost::json;
using portico::OutboundKind;
using portico::Problem;

namespace {

constexpr int kLockTries = 4;  // of a locked row, which the org has surely not written
constexpr std::chrono::milliseconds kLockPause{200};
constexpr std::size_t kMostParts = 25, kMostRecords = 200;
constexpr char kDuplicates[] = "Sforce-Duplicate-Rule-Header", kAllowSave[] = "allowSave=true";
constexpr std::size_t kLargestInline = 512 * 1024;  // bytes sent inside JSON, a third larger there

bool is(const Declined& declined, std::string_view code) {
  return declined.reasons.front().code == code;
}

bool says(const Declined& declined, std::string_view part) {
  return lower(declined.reasons.front().message).find(part) != std::string::npos;
}

/// Keeps the reasons of the part that was at fault, not of those that went back with it. errors: BadReply for
/// none
void note_fault(std::optional<Declined>& fault, int status, std::vector<Reason> reasons) {
  if (reasons.empty()) throw BadReply("a failure without reasons");
  const auto dragged = [](const std::vector<Reason>& why) {
    return why.front().code == "PROCESSING_HALTED" || why.front().code == "ALL_OR_NONE_OPERATION_ROLLED_BACK";
  };
  if (!fault || (dragged(fault->reasons) && !dragged(reasons))) fault = Declined{status, std::move(reasons)};
}

/// A token that ended. The other texts of the same code are about rights.
bool is_ended_session(const Verdict& verdict) {
  const auto* declined = std::get_if<Declined>(&verdict);
  return declined && declined->status == 401 && is(*declined, "INVALID_SESSION_ID") &&
         !says(*declined, "not valid for use with");
}

/// Codes that an administrator of the org has to mend.
bool is_bar(const Declined& declined) {
  constexpr std::string_view kCodes[] = {"INVALID_SESSION_ID",
                                         "INVALID_AUTH_HEADER",
                                         "API_DISABLED_FOR_ORG",
                                         "API_CURRENTLY_DISABLED",
                                         "INVALID_FIELD",
                                         "INVALID_TYPE",
                                         "STORAGE_LIMIT_EXCEEDED",
                                         "INSUFFICIENT_ACCESS_OR_READONLY",
                                         "FUNCTIONALITY_NOT_ENABLED"};
  const auto& code = declined.reasons.front().code;
  if (code == "INVALID_FIELD" && says(declined, "foreign key external id")) return false;
  return declined.status == 401 || says(declined, "provided external id field") ||
         std::find(std::begin(kCodes), std::end(kCodes), code) != std::end(kCodes);
}

/// Whatever became of the sign-on, the call that wanted it has not been sent.
template <class Get>
Access access_by(Get get) {
  try {
    return get();
  } catch (const Problem& problem) {
    throw portico::OutboundProblem(problem, false);
  }
}

}  // namespace

bool Refusal::has(std::string_view code) const {
  return std::any_of(reasons.begin(), reasons.end(),
                     [&](const Reason& reason) { return reason.code == code; });
}

Client::Client(Transport& transport, Watcher& watcher, Session& session, Quota& quota, Setting setting)
    : transport_(transport),
      watcher_(watcher),
      session_(session),
      quota_(quota),
      setting_(std::move(setting)) {}

void Client::pause_for_lock(int tries) {
  // Half of the pause by chance: those who collided shall not meet again.
  const auto half = kLockPause.count() * (1 << tries) / 2;
  setting_.pause(std::chrono::milliseconds(
      half + static_cast<std::int64_t>(static_cast<double>(half) * setting_.chance())));
}

bool Client::may_insist(const Declined& declined) const {
  const auto& reason = declined.reasons.front();
  return setting_.save_duplicates && reason.code == "DUPLICATES_DETECTED" && reason.may_save;
}

Problem Client::bad_reply(std::string_view operation, std::string_view what) {
  watcher_.nonsense(operation, what);
  return Problem(502, "upstream.bad_reply", fmt::format("Salesforce {}: {}", operation, what));
}

Request Client::request(std::string_view operation, std::string_view method, std::string_view path,
                        const json::value& body, OutboundKind kind) const {
  Request out{std::string(operation), std::string(method),
              fmt::format("/services/data/v{}/{}", setting_.version, path)};
  out.headers = {{"Accept", "application/json"}, {"Sforce-Call-Options", "client=portal"}};
  if (!body.is_null()) {
    out.headers.emplace_back("Content-Type", "application/json; charset=UTF-8");
    out.body = json::serialize(body);
  }
  out.kind = kind;
  return out;
}

std::optional<Verdict> Client::attempt(const Request& request, const Access& access, Answer& answer) {
  auto signed_request = request;
  signed_request.headers.emplace_back("Authorization", "Bearer " + access.token);
  try {
    answer = transport_.send(signed_request);
  } catch (const Problem& problem) {
    watcher_.unreachable(request.operation, problem.code);
    throw;
  }
  if (const auto [used, most] = quota_.note(answer.limits); most > 0) watcher_.used(used, most);
  auto verdict = answer.bytes ? Verdict(Done{}) : read_reply(answer.status, answer.body);
  if (is_ended_session(verdict)) return std::nullopt;
  return verdict;
}

void Client::decline(const Request& request, Declined&& declined) {
  if (is(declined, "REQUEST_LIMIT_EXCEEDED"))
    throw quota_.refused(says(declined, "concurrent") ? Limit::concurrent : Limit::daily);
  if (is_bar(declined)) {
    const auto why = for_log(declined.reasons);
    watcher_.barred(request.operation, why);
    throw Problem(503, "upstream.misconfigured", fmt::format("Salesforce {}: {}", request.operation, why),
                  60);
  }
  quota_.passed();
  watcher_.answered();
  throw Refusal(request.operation, declined.status, std::move(declined.reasons));
}

json::value Client::call(Request request, std::unique_ptr<Bytes>* bytes) {
  quota_.check(request.priority == portico::Priority::refresh);
  auto access = access_by([&] { return session_.get(); });
  bool renewed = false, insists = false;
  for (int tries = 1;;) {
    Answer answer;
    auto verdict = attempt(request, access, answer);
    if (!verdict) {
      if (renewed) {
        watcher_.barred(request.operation, "a new access token is refused");
        throw Problem(503, "upstream.misconfigured", "Salesforce: a new access token is refused", 60);
      }
      // Stopped at the door: the same call with another token is no repeat.
      access = access_by([&] { return session_.renew(access.generation); });
      renewed = true;
      continue;
    }
    if (auto* done = std::get_if<Done>(&*verdict)) {
      quota_.passed();
      watcher_.answered();
      if (bytes) *bytes = std::move(answer.bytes);
      return std::move(done->body);
    }
    if (const auto* down = std::get_if<Down>(&*verdict)) {
      watcher_.unreachable(request.operation, fmt::format("HTTP {}", down->status));
      throw Problem(503, "upstream.unavailable",
                    fmt::format("Salesforce {}: HTTP {}", request.operation, down->status), 5);
    }
    if (const auto* nonsense = std::get_if<Nonsense>(&*verdict))
      throw bad_reply(request.operation, nonsense->what);
    auto& declined = std::get<Declined>(*verdict);
    if (is(declined, "UNABLE_TO_LOCK_ROW") && tries < kLockTries) {
      pause_for_lock(tries++);
      continue;
    }
    if (is(declined, "QUERY_TIMEOUT") && request.lane == Lane::standard) {
      request.lane = Lane::long_running;
      continue;
    }
    if (may_insist(declined) && !insists) {
      insists = true;
      request.headers.emplace_back(kDuplicates, kAllowSave);
      continue;
    }
    decline(request, std::move(declined));
  }
}

json::array Client::query(const soql::Select& select, std::size_t most, const How& how) {
  auto first =
      request("query", "GET", "query?q=" + percent_encode(select.text()), nullptr, OutboundKind::read);
  first.lane = how.lane;
  first.priority = how.priority;
  auto page = reading(*this, "query", [&] { return read_rows(call(first)); });
  json::array rows = std::move(page.records);
  std::set<std::string> seen;
  while (!page.locator.empty() && rows.size() < most) {
    // An org that sends us in circles is not followed.
    if (!seen.insert(page.locator).second) throw bad_reply("query_more", "the same page again");
    auto next = request("query_more", "GET", "query/" + page.locator, nullptr, OutboundKind::read);
    next.lane = Lane::long_running;
    next.priority = how.priority;
    page = reading(*this, "query_more", [&] { return read_rows(call(next)); });
    for (auto& row : page.records) rows.push_back(std::move(row));
  }
  if (!page.locator.empty() || rows.size() > most)
    throw Problem(502, "upstream.refused", fmt::format("{}: more than {} rows", select.from(), most));
  return rows;
}

std::int64_t Client::count(const soql::Select& select, const How& how) {
  auto counting =
      request("query", "GET", "query?q=" + percent_encode(select.count_text()), nullptr, OutboundKind::read);
  counting.lane = how.lane;
  counting.priority = how.priority;
  return reading(*this, "query", [&] { return read_rows(call(counting)).total; });
}

Written Client::create(std::string_view object, const json::object& fields) {
  const auto creating =
      request("create", "POST", fmt::format("sobjects/{}", object), fields, OutboundKind::write);
  return reading(*this, "create", [&] {
    const auto body = call(creating);
    if (body.is_null()) throw BadReply("a new record without an id");
    return read_written(body);
  });
}

Written Client::upsert(std::string_view object, std::string_view field, std::string_view value,
                       const json::object& fields) {
  const auto path = fmt::format("sobjects/{}/{}/{}", object, field, percent_encode(value));
  const auto putting = request("upsert", "PATCH", path, fields, OutboundKind::write);
  return reading(*this, "upsert", [&] { return read_written(call(putting)); });
}

void Client::update(std::string_view object, std::string_view id, const json::object& fields) {
  call(request("update", "PATCH", fmt::format("sobjects/{}/{}", object, percent_encode(id)), fields,
               OutboundKind::write));
}

void Client::update_all(std::string_view object, const json::array& records) {
  if (records.empty() || records.size() > kMostRecords)
    throw Problem(500, "internal", "1 to 200 records are updated at once");
  json::array whole;
  for (const auto& record : records) {
    json::object one{{"attributes", json::object{{"type", object}}}};
    for (const auto& member : record.as_object()) one[member.key()] = member.value();
    whole.push_back(std::move(one));
  }
  auto updating =
      request("collections", "PATCH", "composite/sobjects",
              json::object{{"allOrNone", true}, {"records", std::move(whole)}}, OutboundKind::write);
  const auto body = call(std::move(updating));
  std::optional<Declined> fault;
  reading(*this, "collections", [&] {
    const auto* results = body.if_array();
    if (!results || results->size() != records.size()) throw BadReply("another number of results");
    for (const auto& result : *results) {
      const auto* one = result.if_object();
      if (!one) throw BadReply("a result is no object");
      if (Record(*one).flag("success")) continue;
      const auto* errors = one->if_contains("errors");
      note_fault(fault, 400, errors ? reasons_of(*errors) : std::vector<Reason>());
    }
  });
  if (fault) decline({"collections"}, *std::move(fault));
}

std::map<std::string, json::value> Client::composite(const std::vector<Part>& parts) {
  if (parts.empty() || parts.size() > kMostParts)
    throw Problem(500, "internal", "1 to 25 parts are sent at once");
  json::array requests;
  for (const auto& part : parts) {
    json::object one{{"method", part.method},
                     {"url", fmt::format("/services/data/v{}/{}", setting_.version, part.path)},
                     {"referenceId", part.reference}};
    if (!part.body.empty()) one["body"] = part.body;
    requests.push_back(std::move(one));
  }
  // A lock or a duplicate shows in a part's reply, inside a success: what call() does for others is done
  // here.
  bool insists = false;
  for (int tries = 1;;) {
    if (insists)
      for (auto& one : requests) one.as_object()["httpHeaders"] = json::object{{kDuplicates, kAllowSave}};
    auto sending =
        request("composite", "POST", "composite",
                json::object{{"allOrNone", true}, {"compositeRequest", requests}}, OutboundKind::write);
    if (insists) sending.headers.emplace_back(kDuplicates, kAllowSave);
    auto body = call(std::move(sending));
    std::map<std::string, json::value> out;
    std::optional<Declined> fault;
    reading(*this, "composite", [&] {
      auto* whole = body.if_object();
      auto* list = whole ? whole->if_contains("compositeResponse") : nullptr;
      if (!list || !list->is_array() || list->get_array().size() != parts.size())
        throw BadReply("another number of parts");
      for (std::size_t i = 0; i < parts.size(); ++i) {
        auto* one = list->get_array()[i].if_object();
        if (!one || !one->contains("body")) throw BadReply("a part is no reply");
        const auto status = Record(*one).count("httpStatusCode");
        auto& content = one->at("body");
        if (status >= 200 && status < 300) {
          out.emplace(parts[i].reference, std::move(content));
          continue;
        }
        if (status == 300) {
          note_fault(fault, 300, {{"MULTIPLE_CHOICES", {}, {}}});
          continue;
        }
        note_fault(fault, static_cast<int>(status), reasons_of(content));
      }
    });
    if (!fault) return out;
    if (is(*fault, "UNABLE_TO_LOCK_ROW") && tries < kLockTries) {
      pause_for_lock(tries++);
      continue;
    }
    if (may_insist(*fault) && !insists) {
      insists = true;
      continue;
    }
    decline({"composite"}, *std::move(fault));
  }
}

Written Client::upload(std::string_view object, json::object fields, std::string_view blob,
                       std::string_view file_name, std::string_view bytes) {
  const auto path = fmt::format("sobjects/{}", object);
  Request sending;
  if (bytes.size() <= kLargestInline) {
    fields[blob] = base64_encode(bytes);
    sending = request("create", "POST", path, fields, OutboundKind::write);
  } else {
    sending = request("create", "POST", path, nullptr, OutboundKind::write);
    auto parts = multipart_of(json::serialize(fields), blob, file_name, bytes, setting_.boundary());
    sending.headers.emplace_back("Content-Type", std::move(parts.content_type));
    sending.body = std::move(parts.body);
  }
  sending.lane = Lane::long_running;
  return reading(*this, "create", [&] { return read_written(call(std::move(sending))); });
}

std::unique_ptr<Bytes> Client::download(std::string_view object, std::string_view id, std::string_view blob,
                                        std::uint64_t most) {
  auto fetching =
      request("download", "GET", fmt::format("sobjects/{}/{}/{}", object, percent_encode(id), blob), nullptr,
              OutboundKind::read);
  fetching.headers.front().second = "*/*";
  fetching.lane = Lane::files;
  fetching.bytes_limit = most;
  std::unique_ptr<Bytes> bytes;
  call(std::move(fetching), &bytes);
  if (!bytes) throw bad_reply("download", "no bytes");
  return bytes;
}

}  // namespace salesforce
