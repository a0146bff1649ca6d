// Detail, traffic and quota history: what is told about a line.
#include <fmt/format.h>

#include "examples/sandbox/freebit/call.hpp"

namespace sandbox::freebit {

namespace json = boost::json;

namespace {

json::object detail_of(const Call& call, const Line& line) {
  const auto& switches = call.switches;
  json::object out{{"kind", line.kind == "MASTER" ? "MASTER" : "MVNO"}, {"account", line.account}};
  out[switches.state_member] = switches.state_words == "words" ? line.state : "hanging";
  out["planCode"] = line.plan;
  out["iccid"] = line.iccid;
  out["imsi"] = line.imsi;
  out["eid"] = line.eid;
  out["startDate"] = line.start_date;
  out["quota"] = std::to_string(line.remaining_kb);
  out["sms"] = "10";
  out["talk"] = line.telephony ? "10" : "20";
  out["ipv4"] = "20";
  out["ipv6"] = "20";
  out["size"] = line.size;
  if (switches.network_member != "none") out[switches.network_member] = line.contract_line;
  if (line.telephony) {
    const bool lower = switches.spelling == "lower";
    out[lower ? "voicemail" : "voiceMail"] = line.voice_mail;
    out[lower ? "callwaiting" : "callWaiting"] = line.call_waiting;
    out[lower ? "calltransfer" : "callTransfer"] = line.call_transfer;
    out[lower ? "worldwing" : "worldWing"] = line.world_wing;
  }
  json::array running;
  for (const auto& job : call.book.jobs)
    if (job.account == line.account && !job.done && job.start <= call.now)
      running.push_back(json::object{{"kind", job.kind}, {"call", job.call}});
  if (!running.empty()) out["async"] = std::move(running);
  return out;
}

}  // namespace

json::object get_detail(Call& call) {
  const auto& account = call.text("requestDatas[].account");
  const auto* line = call.book.find(account);
  const bool master = call.text("requestDatas[].kind") == "MASTER";
  if (line == nullptr || (line->kind == "MASTER") != master)
    throw Refused(&Codes::not_found, "no such account");
  json::array out;
  if (master) {
    for (const auto& one : call.book.lines)
      if (one.kind != "MASTER") out.push_back(json::object{{"kind", "MVNO"}, {"account", one.account}});
  } else {
    out.push_back(detail_of(call, *line));
    out.push_back(json::object{{"kind", "MASTER"}, {"account", "master@sample.example"}});
  }
  return {{"responseDatas", std::move(out)}};
}

json::object get_traffic(Call& call) {
  const auto& line = call.line();
  if (line.state == "cancelled") throw Refused(&Codes::not_found, "no such account");
  if (!line.group.empty()) throw Refused(&Codes::state, "the account is in a share group");
  if (line.plan.empty()) throw Refused(&Codes::state, "the account has no plan");
  json::object traffic{{"today", std::to_string(line.today_kb)}, {"blackList", line.throttled ? "10" : "20"}};
  json::array days;
  std::string joined;
  for (const auto kb : line.recent_kb) {
    days.push_back(json::value(std::to_string(kb)));
    joined += (joined.empty() ? "" : ",") + std::to_string(kb);
  }
  if (call.switches.lists == "array")
    traffic["inRecentDays"] = std::move(days);
  else
    traffic["inRecentDays"] = joined;
  return {{"account", line.account}, {"traffic", std::move(traffic)}};
}

json::object get_quota_history(Call& call) {
  const auto& line = call.line();
  json::array rows;
  std::int64_t total = 0;
  for (const auto& quota : line.quotas) {
    if (quota.date < call.text("fromDate") || quota.date > call.text("toDate")) continue;
    total += quota.kb;
    rows.push_back(json::object{{"quota", std::to_string(quota.kb)},
                                {"date", quota.date},
                                {"expire", quota.expire},
                                {"quotaCode", quota.code}});
  }
  const auto count = rows.size();
  return {
      {"total", std::to_string(total)}, {"count", std::to_string(count)}, {"quotaHistory", std::move(rows)}};
}

}  // namespace sandbox::freebit
