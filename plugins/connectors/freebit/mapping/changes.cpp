// Checks before, one call, and what to look for after.
#include "mapping/changes.hpp"

#include <algorithm>

#include "client/outgoing.hpp"
#include "mapping/names.hpp"

namespace freebit {

namespace json = boost::json;
namespace contract = portico::mobile;
using contract::Outcome;
using portico::invalid_field;

namespace {

void check_plan(const contract::PlanCode& plan) {
  if (plan.code.empty() || plan.code.size() > 32) throw invalid_field("/plan/code", "invalid_plan_code");
}

std::string_view wire_network(contract::NetworkType type) {
  return type == contract::NetworkType::five_g ? "5G" : "4G";
}

std::string_view wire_flag(bool on) {
  return on ? "10" : "20";
}

/// A number is good for 15 days that begin with the day of issue. source: the interface reference, section 8
constexpr int kReservationDays = 15;
constexpr int kAdult = 18;

}  // namespace

std::string_view wire_holder(contract::HolderKind kind) {
  switch (kind) {
    case contract::HolderKind::man:
      return "M";
    case contract::HolderKind::woman:
      return "W";
    case contract::HolderKind::company:
      return "C";
  }
  return "";
}

template <class In>
Order Changes::order(const In& in, std::string account, Change change) const {
  Order out;
  out.operation_id = in.operation_id;
  out.account = std::move(account);
  out.change = change;
  out.wish = portico::encode(in);
  out.effective_at = setting_.now();
  return out;
}

Outcome Changes::top_up(const contract::TopUp& in) {
  auto wanted = order(in, account_of(in.pool), Change::top_up);
  if (in.amount.mb < setting_.least_mb) throw invalid_field("/amount/mb", "too_small");
  if (in.amount.mb > setting_.most_mb) throw invalid_field("/amount/mb", "too_large");
  const auto today = japan_day(wanted.effective_at);
  json::object members{{"kind", "MVNO"},
                       {"account", wanted.account},
                       {"quota", std::to_string(in.amount.mb)},
                       {"quotaCode", in.operation_id}};
  if (in.expires_on) {
    const auto day = to_day(*in.expires_on, "/expires_on");
    wanted.check = [day, today] {
      if (day < today) throw invalid_field("/expires_on", "in_the_past");
    };
    members["expire"] = wire_date(day);
  }
  wanted.send = [&](bool) { api_.order(CallId::add_quota, members); };
  // It may have been sent days ago, and midnight may lie between the two clocks.
  wanted.look = [&]() -> std::optional<EntryState> {
    const auto list = lines_.history(
        {in.pool, iso_date(today - std::chrono::days(60)), iso_date(today + std::chrono::days(1))});
    const bool there = std::any_of(list.items.begin(), list.items.end(),
                                   [&](const auto& item) { return item.operation_id == in.operation_id; });
    return there ? std::optional(EntryState::done) : std::nullopt;
  };
  return orders_.run(wanted);
}

Outcome Changes::change_plan(const contract::PlanChange& in) {
  auto wanted = order(in, account_of(in.line), Change::plan);
  check_plan(in.plan);
  json::object members{{"account", wanted.account}, {"planCode", in.plan.code}};
  if (in.start == contract::PlanStart::next_month) {
    const auto first = next_month(japan_day(wanted.effective_at), setting_.closed_days);
    wanted.effective_at = begin_of(first);
    members["runTime"] = wire_date(first);
  }
  wanted.send = [&](bool) { api_.order(CallId::change_plan, members); };
  wanted.look = [&]() -> std::optional<EntryState> {
    const auto line = lines_.find(wanted.account);
    return line && line->plan == in.plan ? std::optional(EntryState::done) : std::nullopt;
  };
  return orders_.run(wanted);
}

Outcome Changes::change_voice(const contract::VoiceOptionsChange& in) {
  auto wanted = order(in, account_of(in.line), Change::voice);
  json::object options;
  if (in.voicemail) options["voiceMail"] = wire_flag(*in.voicemail);
  if (in.call_waiting) options["callWaiting"] = wire_flag(*in.call_waiting);
  if (in.call_forwarding) options["callTransfer"] = wire_flag(*in.call_forwarding);
  if (in.roaming) options["worldWing"] = wire_flag(*in.roaming);
  if (options.empty()) throw invalid_field("/voicemail", "required");
  wanted.send = [&](bool) {
    api_.order(CallId::change_voice, {{"account", wanted.account},
                                      {"userConfirmed", "10"},
                                      {"aladinOperated", "20"},
                                      {"talkOption", options}});
  };
  wanted.look = [&]() -> std::optional<EntryState> {
    const auto line = lines_.find(wanted.account);
    if (!line || !line->voice) return std::nullopt;
    const auto& now = *line->voice;
    const bool all = now.voicemail == in.voicemail.value_or(now.voicemail) &&
                     now.call_waiting == in.call_waiting.value_or(now.call_waiting) &&
                     now.call_forwarding == in.call_forwarding.value_or(now.call_forwarding) &&
                     now.roaming == in.roaming.value_or(now.roaming);
    if (all) return EntryState::done;
    return line->change_running ? std::optional(EntryState::accepted) : std::nullopt;
  };
  return orders_.run(wanted);
}

Outcome Changes::change_network(const contract::NetworkTypeChange& in) {
  auto wanted = order(in, account_of(in.line), Change::network);
  wanted.send = [&](bool) {
    api_.order(CallId::change_network,
               {{"account", wanted.account}, {"contractLine", wire_network(in.network)}});
  };
  wanted.look = [&]() -> std::optional<EntryState> {
    const auto line = lines_.find(wanted.account);
    if (!line) return std::nullopt;
    if (line->network == in.network) return EntryState::done;
    return line->change_running ? std::optional(EntryState::accepted) : std::nullopt;
  };
  return orders_.run(wanted);
}

std::optional<EntryState> Changes::activated(const std::string& account) {
  const auto line = lines_.find(account);
  if (!line) return std::nullopt;
  if (line->state == contract::LineState::active) return EntryState::done;
  return line->state == contract::LineState::waiting ? std::optional(EntryState::accepted) : std::nullopt;
}

void Changes::check_porting(const contract::PortIn& in) const {
  const auto today = japan_day(setting_.now());
  const auto expires = to_day(in.expires_on, "/port_in/expires_on");
  if (expires < today) throw invalid_field("/port_in/expires_on", "expired");
  if (expires - today < std::chrono::days(setting_.days_left))
    throw invalid_field("/port_in/expires_on", "expires_too_soon");
  if (expires - today > std::chrono::days(kReservationDays - 1))
    throw invalid_field("/port_in/expires_on", "out_of_range");
  if (in.holder == contract::HolderKind::company || !in.born_on) return;
  const auto born = to_day(*in.born_on, "/port_in/born_on");
  if (born > today || years_between(born, today) < kAdult)
    throw invalid_field("/port_in/born_on", "too_young");
}

json::object Changes::porting(const contract::PortIn& in) const {
  const auto expires = to_day(in.expires_on, "/port_in/expires_on");
  const auto number = contract::reservation_digits(in.reservation_number);
  if (contract::check_reservation_number(number))
    throw invalid_field("/port_in/reservation_number", "invalid_reservation_number");
  json::object mnp{{"reserveNumber", number}, {"reserveExpireDate", wire_date(expires)}};
  const auto put = [&](const char* member, const char* pointer, const std::optional<std::string>& text,
                       std::optional<std::string> (*convert)(std::string_view)) {
    if (!text) return;
    const auto name = convert(*text);
    if (!name) throw invalid_field(std::string("/port_in/") + pointer, "invalid_characters");
    mnp[member] = *name;
  };
  put("lastnameKanji", "family_name", in.family_name, wide_name);
  put("firstnameKanji", "given_name", in.given_name, wide_name);
  put("lastnameZenKana", "family_kana", in.family_kana, kana_name);
  put("firstnameZenKana", "given_kana", in.given_kana, kana_name);
  mnp["gender"] = wire_holder(in.holder);
  if (in.holder == contract::HolderKind::company) {
    if (in.given_name) throw invalid_field("/port_in/given_name", "not_for_a_company");
  } else if (in.born_on) {
    mnp["birthday"] = wire_date(to_day(*in.born_on, "/port_in/born_on"));
  }
  return mnp;
}

Outcome Changes::activate_card(const contract::CardActivation& in) {
  auto wanted = order(in, account_of(in.line), Change::activation);
  check_plan(in.plan);
  if (!is_card_serial(in.card.text)) throw invalid_field("/card/text", "invalid_card_serial");
  json::object line{{"account", wanted.account}, {"planCode", in.plan.code}, {"productNumber", in.card.text}};
  if (in.network) line["contractLine"] = wire_network(*in.network);
  std::optional<json::object> mnp;
  if (in.port_in) {
    mnp = porting(*in.port_in);
    wanted.check = [&] { check_porting(*in.port_in); };
  }
  switch (setting_.card_way) {
    case CardWay::registration:
      // The list of this call is not known to carry a number brought along.
      if (mnp) throw invalid_field("/port_in", "not_supported");
      wanted.send = [&](bool) {
        json::object account{{"kind", "MVNO"}};
        for (const auto& member : line) account[member.key()] = member.value();
        api_.order(CallId::register_account,
                   {{"createType", "new"}, {"serviceAccounts", json::array{account}}});
      };
      break;
    case CardWay::semi_black:
      wanted.immediate = true;
      wanted.send = [&](bool repeated) {
        json::object first{{"account", wanted.account}, {"productNumber", in.card.text}};
        auto& own = first["mnp"].emplace_object();
        own["method"] = "10";
        if (mnp)
          for (const auto& member : *mnp) own[member.key()] = member.value();
        try {
          api_.order(CallId::register_card, first);
        } catch (const Refusal& refusal) {
          // The first try got so far.
          if (!repeated || refusal.meaning != Meaning::not_now) throw;
        }
        auto second = line;
        second["aladinOperated"] = keyed();
        api_.order(CallId::activate_card, second);
      };
      break;
    case CardWay::ota:
      wanted.send = [&](bool) {
        auto members = line;
        members["aladinOperated"] = keyed();
        members["addKind"] = mnp ? "M" : "N";
        if (mnp) members["mnp"] = *mnp;
        api_.order(CallId::activate_ota, members);
      };
      break;
  }
  wanted.look = [&] { return activated(wanted.account); };
  return orders_.run(wanted);
}

Outcome Changes::activate_esim(const contract::EsimActivation& in) {
  auto wanted = order(in, account_of(in.line), Change::activation);
  check_plan(in.plan);
  json::object members{{"aladinOperated", in.port_in ? "20" : keyed()},
                       {"addKind", in.port_in ? "M" : "N"},
                       {"eid", in.eid.digits},
                       {"simKind", setting_.esim_kind},
                       {"account", wanted.account},
                       {"planCode", in.plan.code}};
  if (in.network) members["contractLine"] = wire_network(*in.network);
  if (in.port_in) {
    members["mnp"] = porting(*in.port_in);
    wanted.check = [&] { check_porting(*in.port_in); };
  }
  wanted.send = [&](bool) { api_.order(CallId::activate_esim, members); };
  wanted.look = [&] { return activated(wanted.account); };
  return orders_.run(wanted);
}

Outcome Changes::reissue_esim(const contract::EsimReissue& in) {
  auto wanted = order(in, account_of(in.line), Change::reissue);
  if (in.old_eid.has_value() == in.old_card.has_value()) throw invalid_field("/old_eid", "required");
  if (in.old_card && !is_card_serial(in.old_card->text))
    throw invalid_field("/old_card/text", "invalid_card_serial");
  json::object members{{"aladinOperated", "20"},
                       {"addKind", "R"},
                       {"eid", in.eid.digits},
                       {"simKind", setting_.esim_kind},
                       {"account", wanted.account}};
  members["reissue"] = in.old_eid ? json::object{{"oldEid", in.old_eid->digits}}
                                  : json::object{{"oldProductNumber", in.old_card->text}};
  wanted.send = [&](bool) { api_.order(CallId::activate_esim, members); };
  // A new profile on the same chip cannot be told from the old one by its EID.
  wanted.look = [&]() -> std::optional<EntryState> {
    const auto line = lines_.find(wanted.account);
    if (!line) return std::nullopt;
    if (line->eid == in.eid && in.old_eid != in.eid) return EntryState::done;
    return line->change_running ? std::optional(EntryState::accepted) : std::nullopt;
  };
  return orders_.run(wanted);
}

Outcome Changes::cancel(const contract::Cancellation& in) {
  auto wanted = order(in, account_of(in.line), Change::cancel);
  json::object members{{"kind", "MVNO"}, {"account", wanted.account}};
  if (in.on) {
    const auto day = to_day(*in.on, "/on"), today = japan_day(wanted.effective_at);
    wanted.check = [day, today] {
      if (day < today) throw invalid_field("/on", "in_the_past");
    };
    if (day > today) wanted.effective_at = begin_of(day);
    members["runDate"] = wire_date(day);
  }
  wanted.send = [&](bool) { api_.order(CallId::cancel_account, members); };
  wanted.look = [&]() -> std::optional<EntryState> {
    const auto line = lines_.find(wanted.account);
    return line && line->state == contract::LineState::cancelled ? std::optional(EntryState::done)
                                                                 : std::nullopt;
  };
  return orders_.run(wanted);
}

}  // namespace freebit
