// The tables of the room: outcome to word, to problem, to verdict. Switches without default, so that a new
// outcome does not compile until each of them knows it.
#include "kernel/outbound/outcome.hpp"

namespace kernel::outbound {
namespace {

struct Answer {
  int status;
  const char* code;
  int retry_after_s;
};

Answer answer_for(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::unavailable:
      return {503, "upstream.unavailable", 5};
    case Outcome::timeout:
      return {504, "upstream.timeout", 5};
    case Outcome::tls:
      return {502, "upstream.tls", 0};
    case Outcome::bad_reply:
      return {502, "upstream.bad_reply", 0};
    case Outcome::too_large:
      return {502, "upstream.too_large", 0};
    case Outcome::busy:
      return {503, "upstream.busy", 1};
    case Outcome::circuit_open:
      return {503, "upstream.circuit_open", 1};
    case Outcome::isolated:
      return {503, "upstream.isolated", 60};
    case Outcome::deadline:
      return {504, "upstream.deadline", 1};
    case Outcome::cancelled:
      return {503, "upstream.cancelled", 0};
    case Outcome::not_configured:
      return {503, "upstream.not_configured", 0};
    case Outcome::stopping:
      return {503, "upstream.stopping", 1};
    case Outcome::bad_request:
      return {500, "upstream.bad_request", 0};
    case Outcome::ok:
    case Outcome::client_error:
    case Outcome::throttled:
    case Outcome::server_error:
      break;  // these are replies, not problems
  }
  return {502, "upstream.bad_reply", 0};
}

}  // namespace

std::string_view to_string(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::ok:
      return "ok";
    case Outcome::client_error:
      return "client_error";
    case Outcome::throttled:
      return "throttled";
    case Outcome::server_error:
      return "server_error";
    case Outcome::unavailable:
      return "unavailable";
    case Outcome::timeout:
      return "timeout";
    case Outcome::tls:
      return "tls";
    case Outcome::bad_reply:
      return "bad_reply";
    case Outcome::too_large:
      return "too_large";
    case Outcome::busy:
      return "busy";
    case Outcome::circuit_open:
      return "circuit_open";
    case Outcome::isolated:
      return "isolated";
    case Outcome::deadline:
      return "deadline";
    case Outcome::cancelled:
      return "cancelled";
    case Outcome::not_configured:
      return "not_configured";
    case Outcome::stopping:
      return "stopping";
    case Outcome::bad_request:
      return "bad_request";
  }
  return "unknown";
}

Outcome outcome_of_status(int status) noexcept {
  if (status == 429) return Outcome::throttled;
  if (status >= 500) return Outcome::server_error;
  return status >= 400 ? Outcome::client_error : Outcome::ok;
}

CallProblem problem_for(Outcome outcome, std::string detail, bool may_have_been_sent, int retry_after_s) {
  const Answer answer = answer_for(outcome);
  return CallProblem(answer.status, answer.code, std::move(detail),
                     retry_after_s > 0 ? retry_after_s : answer.retry_after_s, may_have_been_sent);
}

bool worth_retrying(Outcome outcome, int status) noexcept {
  switch (outcome) {
    case Outcome::unavailable:
    case Outcome::timeout:
    case Outcome::bad_reply:
    case Outcome::throttled:
      return true;
    case Outcome::server_error:
      return status >= 502 && status <= 504;
    case Outcome::ok:
    case Outcome::client_error:
    case Outcome::tls:
    case Outcome::too_large:
    case Outcome::busy:
    case Outcome::circuit_open:
    case Outcome::isolated:
    case Outcome::deadline:
    case Outcome::cancelled:
    case Outcome::not_configured:
    case Outcome::stopping:
    case Outcome::bad_request:
      return false;
  }
  return false;
}

Verdict verdict_of(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::ok:
    case Outcome::client_error:
      return Verdict::success;
    case Outcome::server_error:
    case Outcome::unavailable:
    case Outcome::timeout:
    case Outcome::tls:
    case Outcome::bad_reply:
    case Outcome::too_large:
      return Verdict::failure;
    case Outcome::throttled:
    case Outcome::busy:
    case Outcome::circuit_open:
    case Outcome::isolated:
    case Outcome::deadline:
    case Outcome::cancelled:
    case Outcome::not_configured:
    case Outcome::stopping:
    case Outcome::bad_request:
      return Verdict::none;
  }
  return Verdict::none;
}

}  // namespace kernel::outbound
