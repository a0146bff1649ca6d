// What is kept of a request once its answer streams, and the format of events.
#include "kernel/policy/stream.hpp"

#include "kernel/policy/pipeline.hpp"
#include "kernel/policy/rate_subject.hpp"

namespace kernel::policy {

namespace {

bool is_one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

std::string owner_of(const Call& call) {
  return call.principal->user_id.empty() ? "address " + rate_address(call.client_address)
                                         : "user " + call.principal->user_id;
}

// Nobody's stream has nothing that could end.
std::string credential_of(Call& call) {
  const auto& identity = call.published->identity;
  if (call.principal->user_id.empty() || !identity.plugin) return {};
  return std::string(call.cookie(call.pipeline.cookie_name(identity.spec.cookie)).value_or(""));
}

}  // namespace

Stream::Stream(Call& call, Kind what)
    : kind(what),
      plugin(call.route->plugin->shared_from_this()),
      label(call.route->label),
      access(call.route->spec.access),
      correlation_id(call.correlation_id),
      owner(owner_of(call)),
      session_id(call.principal->session_id),
      credential(what == Kind::events ? credential_of(call) : std::string()),
      valid_until_us(call.principal->valid_until_us),
      deadline(call.deadline),
      line(plugin->ledger, loader::Holding::stream, label, correlation_id) {}

std::string render_event(std::string_view id, std::string_view event, std::string_view data) {
  if (!is_one_line(id) || !is_one_line(event) || data.size() > kMaxEvent) return {};
  std::string text;
  text.reserve(data.size() + id.size() + event.size() + 32);
  if (!id.empty()) text.append("id: ").append(id).append("\n");
  if (!event.empty()) text.append("event: ").append(event).append("\n");
  for (;;) {  // any of CR LF, CR and LF ends a line
    const auto end = data.find_first_of("\r\n");
    text.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) break;
    data.remove_prefix(end + (data.substr(end, 2) == "\r\n" ? 2 : 1));
  }
  text.append("\n");
  return text.size() > kMaxEvent ? std::string() : text;
}

}  // namespace kernel::policy
