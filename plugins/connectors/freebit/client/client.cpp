// Sending a request and turning the verdict on its answer into a reply or a failure.
#include "client/client.hpp"

#include <fmt/format.h>

#include "client/form.hpp"
#include "client/outgoing.hpp"

namespace freebit {

namespace json = boost::json;
using portico::Problem;

Client::Client(Transport& transport, Watcher& watcher, Wire wire, Credentials credentials, Setting setting)
    : transport_(transport),
      watcher_(watcher),
      wire_(std::move(wire)),
      credentials_(std::move(credentials)),
      setting_(std::move(setting)),
      keys_([this] { return authenticate(); }, setting_.now, setting_.key_life) {}

void Client::fail(const CallSpec& call, Problem problem, bool may_have_happened) {
  if (call.kind == portico::OutboundKind::write && may_have_happened) throw Uncertain(std::move(problem));
  throw problem;
}

Verdict Client::exchange(const CallSpec& call, const json::object& request) {
  const auto version = call.id == CallId::register_account ? std::string_view(setting_.registration_version)
                                                           : std::string_view();
  try {
    const auto answer = transport_.post(call, encode_form(request, version));
    return read_reply(answer.status, answer.body, wire_);
  } catch (const portico::OutboundProblem& problem) {
    watcher_.unreachable(call.name, problem.code);
    fail(call, problem, problem.may_have_been_sent);
  }
}

std::string Client::authenticate() {
  const auto& call = wire_.call(CallId::authenticate);
  const auto verdict = exchange(call, {{"oemId", credentials_.oem_id}, {"oemKey", credentials_.oem_key}});
  if (const auto* declined = std::get_if<Declined>(&verdict)) {
    if (declined->meaning == Meaning::server)
      throw Problem(503, "upstream.unavailable", fmt::format("{}: {}", call.name, declined->code), 5);
    watcher_.barred(call.name, declined->code, declined->message);
    throw Problem(503, "upstream.misconfigured", fmt::format("{}: {}", call.name, declined->code), 60);
  }
  if (const auto* nonsense = std::get_if<Nonsense>(&verdict)) throw bad_reply(call.id, nonsense->what);
  try {
    auto key = Fields(std::get<Done>(verdict).reply).text("authKey");
    if (key.empty()) throw bad_reply(call.id, "no authKey");
    return key;
  } catch (const BadReply& bad) {
    throw bad_reply(call.id, bad.what());
  }
}

json::object Client::send(CallId id, json::object members) {
  const auto& call = wire_.call(id);
  check_outgoing(call, members);
  auto key = keys_.get();
  for (bool renewed = false;; renewed = true) {
    json::object request{{"authKey", key.text}};
    for (const auto& member : members) request[member.key()] = member.value();
    auto verdict = exchange(call, request);
    if (auto* done = std::get_if<Done>(&verdict)) {
      watcher_.answered(call.name, "ok", {});
      return std::move(done->reply);
    }
    if (const auto* nonsense = std::get_if<Nonsense>(&verdict)) {
      if (nonsense->status >= 500) {
        // Outbound saw the status and counted the failure.
        watcher_.unreachable(call.name, nonsense->what);
        fail(call, Problem(503, "upstream.unavailable", fmt::format("{}: {}", call.name, nonsense->what), 5),
             true);
      }
      fail(call, bad_reply(id, nonsense->what), true);
    }
    const auto& declined = std::get<Declined>(verdict);
    if (declined.meaning == Meaning::key && !renewed) {
      // A refused key stopped the call at the door: the same call with another key is no repeat.
      key = keys_.renew(key.generation);
      continue;
    }
    if (declined.meaning == Meaning::key) {
      watcher_.barred(call.name, declined.code, declined.message);
      throw Problem(503, "upstream.misconfigured", fmt::format("{}: {}", call.name, declined.code), 60);
    }
    watcher_.answered(call.name, declined.code, declined.message);
    if (declined.meaning == Meaning::server)
      fail(call, Problem(503, "upstream.unavailable", fmt::format("{}: {}", call.name, declined.code), 5),
           true);
    throw Refusal(declined.meaning, declined.code, call.name);
  }
}

Problem Client::bad_reply(CallId id, std::string_view what) {
  const auto& call = wire_.call(id);
  watcher_.nonsense(call.name, what);
  return Problem(502, "upstream.bad_reply", fmt::format("{}: {}", call.name, what));
}

}  // namespace freebit
