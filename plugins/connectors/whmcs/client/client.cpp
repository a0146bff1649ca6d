// Sending a form and turning the verdict on its answer into a reply or a failure.
#include "client/client.hpp"

#include <fmt/format.h>

namespace whmcs {

boost::json::object Client::send(std::string_view action, const Form& form, Kind kind) {
  Form whole;
  whole.set("action", action).set("responsetype", "json");
  whole.set("identifier", credentials_.identifier).set("secret", credentials_.secret);
  whole.set_if("accesskey", credentials_.access_key);
  auto body = whole.encode();
  if (const auto own = form.encode(); !own.empty()) body += '&' + own;

  Transport::Answer answer;
  try {
    answer = transport_.post(action, std::move(body), kind);
  } catch (const portico::Problem& problem) {
    watcher_.unreachable(action, problem.code);
    throw;
  }
  auto verdict = read_reply(answer.status, answer.body);
  if (auto* done = std::get_if<Done>(&verdict)) {
    watcher_.answered();
    return std::move(done->reply);
  }
  if (auto* declined = std::get_if<Declined>(&verdict)) {
    watcher_.answered();
    throw Refusal(std::string(action), std::move(declined->message));
  }
  if (const auto* barred = std::get_if<Barred>(&verdict)) {
    watcher_.barred(action, barred->message);
    throw portico::Problem(503, "upstream.misconfigured",
                           fmt::format("WHMCS {}: {}", action, barred->message), 60);
  }
  if (const auto* down = std::get_if<Down>(&verdict)) {
    // Outbound saw the status and counted the failure; waiting helps.
    watcher_.unreachable(action, fmt::format("HTTP {}", down->status));
    throw portico::Problem(503, "upstream.unavailable",
                           fmt::format("WHMCS {}: HTTP {}", action, down->status), 5);
  }
  throw bad_reply(action, std::get<Nonsense>(verdict).what);
}

portico::Problem Client::bad_reply(std::string_view action, std::string_view what) {
  watcher_.nonsense(action, what);
  return portico::Problem(502, "upstream.bad_reply", fmt::format("WHMCS {}: {}", action, what));
}

}  // namespace whmcs
