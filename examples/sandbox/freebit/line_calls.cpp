// Changes of a line that exists: quota, plan, voice options, network, end.
#include <fmt/format.h>

#include <algorithm>

#include "examples/sandbox/freebit/call.hpp"

namespace sandbox::freebit {

namespace json = boost::json;

json::object add_quota(Call& call) {
  auto& line = call.line();
  std::int64_t mb = 0;
  for (const char c : call.text("quota").substr(0, 9)) mb = mb * 10 + (c - '0');
  if (mb < 1 || mb > call.switches.most_mb) throw Refused(&Codes::malformed, "quota is out of range");
  if (!line.group.empty()) throw Refused(&Codes::state, "the account is in a share group");
  if (line.state != "active") throw Refused(&Codes::state, "the account is not in service");
  const auto locked = std::any_of(call.book.jobs.begin(), call.book.jobs.end(), [&](const Job& job) {
    return job.account == line.account && job.locks && !job.done;
  });
  if (locked) throw Refused(&Codes::locked, "the account is being changed");
  const auto kb = mb * call.switches.kb_per_mb;
  line.remaining_kb += kb;
  line.quotas.push_back({kb, eight_digits(call.today()), call.text("expire"), call.text("quotaCode")});
  return {};
}

json::object change_plan(Call& call) {
  call.free_line("plan");
  call.start("plan", call.moment("runTime"), 0, {{"plan", call.text("planCode")}});
  return {{"ipv4", ""}};
}

json::object release_plan(Call& call) {
  call.free_line("plan");
  call.start("release", call.moment("runTime"), 0, {{"plan", ""}});
  return {};
}

namespace {

json::object voice_effect(const Call& call) {
  json::object effect;
  const std::pair<const char*, const char*> members[] = {{"talkOption.voiceMail", "voice_mail"},
                                                         {"talkOption.callWaiting", "call_waiting"},
                                                         {"talkOption.callTransfer", "call_transfer"},
                                                         {"talkOption.worldWing", "world_wing"}};
  for (const auto& [path, member] : members)
    if (call.has(path)) effect[member] = call.text(path);
  return effect;
}

json::object order_voice(Call& call, json::object effect) {
  if (!call.free_line("voice").telephony) throw Refused(&Codes::state, "the account has no telephony");
  call.start("voice", call.now, call.switches.voice_minutes, std::move(effect), true);
  return {};
}

}  // namespace

json::object register_voice(Call& call) {
  json::object effect{
      {"voice_mail", "20"}, {"call_waiting", "20"}, {"call_transfer", "20"}, {"world_wing", "20"}};
  for (const auto& member : voice_effect(call)) effect[member.key()] = member.value();
  return order_voice(call, std::move(effect));
}

json::object change_voice(Call& call) {
  auto effect = voice_effect(call);
  if (effect.empty()) throw Refused(&Codes::malformed, "talkOption is empty");
  return order_voice(call, std::move(effect));
}

json::object change_network(Call& call) {
  call.free_line("network");
  call.start("network", call.now, call.switches.network_minutes,
             {{"contract_line", call.text("contractLine")}}, true);
  return {};
}

json::object cancel_account(Call& call) {
  auto& line = call.line();
  if (line.state == "cancelled") throw Refused(&Codes::state, "the account is cancelled already");
  for (const auto& job : call.book.jobs)
    if (job.account == line.account && job.locks && !job.done)
      throw Refused(&Codes::locked, "the account is being changed");
  call.start("cancel", call.moment("runDate"), call.switches.cancellation_minutes, {{"state", "cancelled"}});
  return {};
}

}  // namespace sandbox::freebit
