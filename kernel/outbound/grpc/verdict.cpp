// The tables of the room.
#include "kernel/outbound/grpc/verdict.hpp"

#include <algorithm>

#include "kernel/outbound/target.hpp"

namespace kernel::outbound::rpc {

namespace {

// Of grpc/status.h, which this library must not include.
constexpr int kOk = 0, kCancelled = 1, kUnknown = 2, kDeadline = 4, kExhausted = 8, kInternal = 13,
              kUnavailable = 14, kDataLoss = 15;

bool says(const WireStatus& status, std::string_view part) {
  return status.text.find(part) != std::string::npos;
}

/// The handshake failed, or the certificate is for somebody else.
bool is_distrust(const WireStatus& status) {
  return says(status, "andshake") || says(status, "not in peer certificate");
}

[[noreturn]] void refuse(std::string why) {
  throw problem_for(Outcome::bad_request, std::move(why), false);
}

bool is_method(std::string_view method) {
  if (method.size() < 4 || method.size() > 512 || method[0] != '/') return false;
  const auto second = method.find('/', 1);
  return second != method.npos && second > 1 && second + 1 < method.size() &&
         std::all_of(method.begin() + 1, method.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                  c == '.' || c == '/';
         });
}

void check_field(const std::string& name, const std::string& value) {
  const bool word = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
  if (!word || name.starts_with("grpc-") || name.ends_with("-bin"))
    refuse("metadata with a name that is not the caller's to set");
  if (!std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c <= 0x7e; }))
    refuse("metadata with a value that is not printable: " + name);
}

}  // namespace

std::string_view to_string(Cause cause) noexcept {
  switch (cause) {
    case Cause::answered:
      return "answered";
    case Cause::lost:
      return "lost";
    case Cause::cancelled:
      return "cancelled";
    case Cause::stopping:
      return "stopping";
    case Cause::isolated:
      return "isolated";
    case Cause::too_large:
      return "too_large";
  }
  return "lost";
}

Outcome outcome_of(const WireStatus& status) noexcept {
  const bool said = !status.trailers.empty();
  switch (status.code) {
    case kOk:
      return Outcome::ok;
    case kUnavailable:
      if (said) return Outcome::server_error;
      return is_distrust(status) ? Outcome::tls : Outcome::unavailable;
    case kCancelled:
      return said ? Outcome::server_error : Outcome::unavailable;
    case kDeadline:
      return said ? Outcome::server_error : Outcome::timeout;
    case kExhausted:
      return says(status, "larger than max") ? Outcome::too_large : Outcome::throttled;
    case kUnknown:
    case kInternal:
    case kDataLoss:
      return Outcome::server_error;
    default:
      return Outcome::client_error;
  }
}

bool is_answer(Outcome outcome) noexcept {
  return outcome == Outcome::ok || outcome == Outcome::client_error || outcome == Outcome::throttled ||
         outcome == Outcome::server_error;
}

int http_status_of(const WireStatus& status) noexcept {
  return status.code == kUnavailable ? 503 : status.code == kExhausted ? 429 : 500;
}

bool may_have_been_sent(const WireStatus& status) noexcept {
  if (status.code != kUnavailable || !status.trailers.empty()) return true;
  return !says(status, "failed to connect") && !says(status, "resolution failed") && !is_distrust(status);
}

Cause cause_of(const WireStatus& status) noexcept {
  const auto outcome = outcome_of(status);
  if (outcome == Outcome::too_large) return Cause::too_large;
  return is_answer(outcome) ? Cause::answered : Cause::lost;
}

void check_call(const Call& call, std::size_t message_limit) {
  if (!is_method(call.method)) refuse("method that is not /package.Service/Method");
  if (call.metadata.size() > 64) refuse("more than 64 members of metadata");
  for (const auto& [name, value] : call.metadata) check_field(name, value);
  if (call.message.size() > message_limit) refuse("message above body_limit");
}

std::string address_of(const std::string& base_url) {
  const auto target = parse_base_url(base_url);
  const auto authority = target.base.substr(target.base.find("://") + 3);
  const auto wrong = [](const char* why) {
    return portico::Problem(500, "upstream.settings", std::string("base_url of a channel: ") + why);
  };
  if (authority.find('/') != authority.npos) throw wrong("no path");
  if (!target.tls && target.host != "localhost" && target.host != "127.0.0.1" && target.host != "[::1]")
    throw wrong("without TLS only to this machine");
  return authority.size() == target.host.size() ? authority + (target.tls ? ":443" : ":80") : authority;
}

}  // namespace kernel::outbound::rpc
