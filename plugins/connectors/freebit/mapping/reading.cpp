// Members in all the spellings that were met. source: the interface reference, its replies of PA03-02,
// PA05-01 and PA05-02
#include "mapping/reading.hpp"

#include <algorithm>

namespace freebit {

namespace contract = portico::mobile;

namespace {

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

/// Only the words that mean one thing; every other is shown as "checking".
contract::LineState state_from(const Fields& row) {
  auto word = row.text_if("state");
  if (!word) word = row.text_if("status");
  if (!word) return contract::LineState::waiting;
  const auto known = lower(*word);
  if (known == "active") return contract::LineState::active;
  if (known == "waiting" || known == "pending") return contract::LineState::waiting;
  if (known == "suspended") return contract::LineState::suspended;
  if (known == "cancelled" || known == "canceled") return contract::LineState::cancelled;
  return contract::LineState::unknown;
}

std::optional<contract::NetworkType> network_from(const Fields& row) {
  auto word = row.text_if("networkType");
  if (!word) word = row.text_if("contractLine");
  if (!word || *word == "4G") return contract::NetworkType::four_g;
  if (*word == "5G") return contract::NetworkType::five_g;
  return std::nullopt;
}

std::optional<contract::VoiceOptions> voice_from(const Fields& row) {
  const auto voicemail = row.flag_if("voiceMail"), waiting = row.flag_if("callWaiting"),
             forwarding = row.flag_if("callTransfer"), roaming = row.flag_if("worldWing");
  const auto talk = row.flag_if("talk");
  if (talk == false) return std::nullopt;
  if (!talk && !voicemail && !waiting && !forwarding && !roaming) return std::nullopt;
  return contract::VoiceOptions{voicemail.value_or(false), waiting.value_or(false),
                                forwarding.value_or(false), roaming.value_or(false)};
}

}  // namespace

std::optional<contract::Line> line_from(const Fields& reply, std::string_view account, Seconds now) {
  for (const auto& row : reply.list("responseDatas")) {
    if (row.text("account") != account) continue;  // its master stands beside it
    contract::Line line;
    line.number.digits = account;
    line.state = state_from(row);
    if (auto plan = row.text_if("planCode"); plan && plan->size() <= 64)
      line.plan = contract::PlanCode{*plan};
    line.network = network_from(row);
    line.voice = voice_from(row);
    const auto size = lower(row.text("size"));
    if (!size.empty()) line.sim = size == "esim" ? contract::SimKind::esim : contract::SimKind::card;
    if (const auto iccid = row.text("iccid"); !contract::check_iccid(iccid))
      line.iccid = contract::Iccid{iccid};
    if (const auto eid = row.text("eid"); !contract::check_eid(eid)) line.eid = contract::Eid{eid};
    if (const auto left = row.count_if("quota")) line.remaining = contract::Kilobytes{*left};
    line.started_on = row.date_if("startDate");
    line.change_running = row.has_something("async");
    line.as_of = rfc3339(now);
    return line;
  }
  return std::nullopt;
}

contract::Usage usage_from(const Fields& reply, Seconds now) {
  const auto traffic = reply.object("traffic");
  const Fields& from = traffic ? *traffic : reply;
  contract::Usage usage;
  usage.today.kb = from.count_if("today").value_or(0);
  auto day = japan_day(now);
  for (const auto kb : from.counts("inRecentDays")) {
    day -= std::chrono::days(1);
    usage.days.push_back({iso_date(day), {kb}});
  }
  usage.throttled = from.flag_if("blackList");
  usage.as_of = rfc3339(now);
  return usage;
}

contract::TopUpList history_from(const Fields& reply, Seconds now) {
  contract::TopUpList list;
  list.as_of = rfc3339(now);
  for (const auto& row : reply.list("quotaHistory")) {
    const auto date = row.date_if("date");
    if (!date) continue;
    contract::TopUpEntry entry;
    entry.amount.kb = row.count("quota");
    entry.added_on = *date;
    entry.expires_on = row.date_if("expire");
    entry.operation_id = row.text_if("quotaCode");
    list.total.kb += entry.amount.kb;
    list.items.push_back(std::move(entry));
  }
  if (const auto total = reply.count_if("total")) list.total.kb = *total;
  return list;
}

}  // namespace freebit
