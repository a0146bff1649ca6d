// includes/api.php: one call from form to answer, with the faults that were ordered for it.
#include <fmt/format.h>

#include <chrono>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/whmcs/action.hpp"
#include "examples/sandbox/whmcs/call_log.hpp"
#include "examples/sandbox/whmcs/room.hpp"

namespace sandbox::whmcs {

namespace json = boost::json;

namespace {

constexpr const char* kHtmlError =
    "<!DOCTYPE html><html><head><title>Oops!</title></head><body><h1>Oops! Something went wrong.</h1>"
    "<p>EmitterException: Output has been emitted previously; cannot emit response</p></body></html>";

json::object failure(std::string_view message) {
  return {{"result", "error"}, {"message", message}};
}

/// The XML form of an answer, for callers that forgot responsetype=json.
void write_xml(std::string& out, std::string_view name, const json::value& value) {
  if (const auto* list = value.if_array()) {
    for (const auto& element : *list) write_xml(out, name, element);
    return;
  }
  out += fmt::format("<{}>", name);
  if (const auto* object = value.if_object()) {
    out += '\n';
    for (const auto& member : *object) write_xml(out, member.key(), member.value());
  } else if (const auto* text = value.if_string()) {
    out += html_escape(html_unescape(*text));
  } else if (!value.is_null()) {
    out += json::serialize(value);
  }
  out += fmt::format("</{}>\n", name);
}

/// Whether a call with this fault still reaches the action, unless the order says otherwise.
bool reaches_action(FaultKind kind) {
  switch (kind) {
    case FaultKind::kNone:
    case FaultKind::kTruncatedJson:
    case FaultKind::kCutBody:
    case FaultKind::kWrongShape:
    case FaultKind::kStall:
    case FaultKind::kAppliedThenTimeout:
    case FaultKind::kRefuse4xx:
    case FaultKind::kRefuse5xx:
    case FaultKind::kError:
    case FaultKind::kRepeat:
    case FaultKind::kReorder:
    case FaultKind::kReuseReplayId:
      return true;
    case FaultKind::kHttp500Html:
    case FaultKind::kHttp403Empty:
    case FaultKind::kWarningOnly:
    case FaultKind::kReset:
    case FaultKind::kDown:
      return false;
  }
  return true;
}

HttpAnswer nothing() {
  return {0, "", "", {}, Delivery::kClose};
}

}  // namespace

Room::Outcome Room::run(const FormValue& form, const HttpRequest& request, const Switches& switches) {
  Outcome outcome;
  outcome.action = lower(trim(text_of(form, "action")));
  outcome.xml = text_of(form, "responsetype") != "json";
  const auto known = actions().find(outcome.action);
  if (const auto rejection =
          reject(form, request.peer_ip, outcome.action, known != actions().end(), switches)) {
    outcome.status = rejection->status;
    outcome.answer = failure(rejection->message);
    return outcome;
  }
  Shapes shapes(switches.shapes, switches.numbers, turn_.fetch_add(1));
  bool changed = false;
  HookCalls hooks;
  {
    const std::lock_guard lock(mutex_);
    Call call{books_, form, switches, clock_, shapes, request.peer_ip, system_url_};
    try {
      outcome.answer["result"] = "success";
      for (auto& member : known->second(call)) outcome.answer[member.key()] = std::move(member.value());
      outcome.applied = true;
    } catch (const ActionError& problem) {
      outcome.answer = failure(problem.what());
    }
    changed = call.changed;
    if (outcome.applied || changed) hooks = std::move(call.hooks);
  }
  if (changed) state_.commit();
  hook_file_.run(hooks, switches.hooks, clock_);
  json::value value(std::move(outcome.answer));
  shapes.numbers(value);
  outcome.answer = std::move(value.get_object());
  return outcome;
}

HttpAnswer Room::rendered(const Outcome& outcome, const Switches& switches) const {
  if (!outcome.xml)
    return {outcome.status, "application/json", php_json(outcome.answer, switches.escapes), {}};
  std::string body = fmt::format(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<whmcsapi version=\"{}\">\n<action>{}</action>\n",
      switches.version, html_escape(outcome.action));
  for (const auto& member : outcome.answer) write_xml(body, member.key(), member.value());
  return {outcome.status, "application/xml", body + "</whmcsapi>\n", {}};
}

HttpAnswer Room::answer_api(const HttpRequest& request) {
  const auto started = std::chrono::steady_clock::now();
  const FormValue form = request.method == "POST" ? parse_php_form(request.body) : parse_php_form("");
  const Switches now_switches = switches();
  const std::string action = lower(trim(text_of(form, "action")));
  const auto number = calls_.begin(utc_text(clock_.now()), action, logged_params(form));
  const Verdict verdict = faults_.decide("whmcs", action);
  faults_.delay(verdict.latency_ms, request.peer_gone);

  HoldEnd held = HoldEnd::kReleased;
  if (verdict.kind == FaultKind::kStall) held = faults_.hold(verdict.hold_ms, request.peer_gone);
  Outcome outcome;
  outcome.action = action;
  if (held == HoldEnd::kReleased && verdict.applied.value_or(reaches_action(verdict.kind)))
    outcome = run(form, request, now_switches);

  HttpAnswer answer = nothing();
  switch (verdict.kind) {
    case FaultKind::kNone:
    case FaultKind::kRefuse4xx:
    case FaultKind::kRefuse5xx:
    case FaultKind::kError:
    case FaultKind::kRepeat:
    case FaultKind::kReorder:
    case FaultKind::kReuseReplayId:
      answer = rendered(outcome, now_switches);
      break;
    case FaultKind::kStall:
      if (held == HoldEnd::kReleased) answer = rendered(outcome, now_switches);
      break;
    case FaultKind::kAppliedThenTimeout:
      faults_.hold(verdict.hold_ms, request.peer_gone);
      break;
    case FaultKind::kHttp500Html:
      answer = {500, "text/html; charset=utf-8", kHtmlError, {}};
      break;
    case FaultKind::kHttp403Empty:
      answer = {403, "text/html", "", {}};
      break;
    case FaultKind::kTruncatedJson:
      answer = rendered(outcome, now_switches);
      answer.body.resize(answer.body.size() * 2 / 3);
      break;
    case FaultKind::kCutBody:
      answer = rendered(outcome, now_switches);
      answer.delivery = Delivery::kCutBody;
      break;
    case FaultKind::kWarningOnly:
      outcome.status = 200;
      outcome.answer = {{"warning", "Invalid or Missing Payment Information - Please Reload and Try Again"}};
      answer = rendered(outcome, now_switches);
      break;
    case FaultKind::kWrongShape:
      outcome.answer = wrong_shape(outcome.answer);
      answer = rendered(outcome, now_switches);
      break;
    case FaultKind::kReset:
      answer.delivery = Delivery::kReset;
      break;
    case FaultKind::kDown:
      answer = {
          503, "text/html; charset=utf-8", "<html><body><h1>503 Service Unavailable</h1></body></html>", {}};
      break;
  }
  const auto text = [&](const char* member) {
    const auto* value = outcome.answer.if_contains(member);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
  };
  const auto took = std::chrono::steady_clock::now() - started;
  calls_.end(number, answer.status, text("result"), text("message"),
             verdict.kind == FaultKind::kNone ? "" : std::string(name_of(verdict.kind)), outcome.applied,
             std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
  return answer;
}

}  // namespace sandbox::whmcs
