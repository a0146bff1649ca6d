// Mobile lines as plugins share them: what a line is, what it used, and what may be changed on it, whatever
// network operator or enabler keeps it.
//
// Reading is immediate. A change is a request to a network: it is done, or accepted and done later, or
// refused for a reason, or nobody knows yet (Outcome). Whoever orders a change keeps its operation_id and
// asks again with the same one until the outcome is settled: the same id never does the same thing twice.
#pragma once

#include <portico/contracts/mobile_values.hpp>
#include <portico/operations.hpp>

namespace portico::mobile {

/// unknown: the provider said something that is not understood; show "checking", refuse nothing for it.
enum class LineState { unknown, waiting, active, suspended, cancelled };
BOOST_DESCRIBE_ENUM(LineState, unknown, waiting, active, suspended, cancelled)

enum class NetworkType { four_g, five_g };
BOOST_DESCRIBE_ENUM(NetworkType, four_g, five_g)

enum class SimKind { card, esim };
BOOST_DESCRIBE_ENUM(SimKind, card, esim)

struct VoiceOptions {
  bool voicemail = false;
  bool call_waiting = false;
  bool call_forwarding = false;
  bool roaming = false;
};
BOOST_DESCRIBE_STRUCT(VoiceOptions, (), (voicemail, call_waiting, call_forwarding, roaming))

/// voice is absent on a line without telephony: such a line has no options to show. Dates are YYYY-MM-DD on
/// the provider's calendar (Japan).
struct Line {
  PhoneNumber number;
  LineState state = LineState::unknown;
  std::optional<PlanCode> plan;  // absent: no plan
  std::optional<NetworkType> network;
  std::optional<VoiceOptions> voice;
  std::optional<SimKind> sim;
  std::optional<Iccid> iccid;
  std::optional<Eid> eid;
  std::optional<Kilobytes> remaining;
  std::optional<std::string> started_on;
  bool change_running = false;  // the provider says that it works on a change
  std::string as_of;            // RFC 3339 UTC: when the provider said so
};
BOOST_DESCRIBE_STRUCT(Line, (),
                      (number, state, plan, network, voice, sim, iccid, eid, remaining, started_on,
                       change_running, as_of))
struct LineRef {
  PhoneNumber number;
};
BOOST_DESCRIBE_STRUCT(LineRef, (), (number))

/// The line as the provider has it. Ownership is the caller's to check first.
///
/// errors    404 mobile.line_not_found; upstream.*
inline constexpr Operation<LineRef, Line> get_line{"mobile.get_line/1"};

/// Whose data volume: one line's, or that of a group of lines that share it. Exactly one is given.
struct Pool {
  std::optional<PhoneNumber> line;
  std::optional<GroupCode> group;
};
BOOST_DESCRIBE_STRUCT(Pool, (), (line, group))

struct DayUsage {
  std::string date;  // YYYY-MM-DD, Japan
  Kilobytes used;
};
BOOST_DESCRIBE_STRUCT(DayUsage, (), (date, used))

/// days are full days before today, newest first. Providers keep few of them and lag behind: keep a daily
/// snapshot where a longer view is wanted. May be some minutes old: as_of says.
struct Usage {
  Kilobytes today;
  std::vector<DayUsage> days;
  std::optional<bool> throttled;  // absent: the provider did not say
  std::string as_of;
};
BOOST_DESCRIBE_STRUCT(Usage, (), (today, days, throttled, as_of))
/// errors    404 mobile.line_not_found; 409 mobile.no_usage (no plan, or the line's volume is its group's);
///           422 request.invalid; upstream.*
inline constexpr Operation<Pool, Usage> get_usage{"mobile.get_usage/1"};

/// Data volume bought, from..to both included; dates YYYY-MM-DD, at most 366 days apart.
struct TopUpQuery {
  Pool pool;
  std::string from;
  std::string to;
};
BOOST_DESCRIBE_STRUCT(TopUpQuery, (), (pool, from, to))
struct TopUpEntry {
  Kilobytes amount;
  std::string added_on;
  std::optional<std::string> expires_on;
  std::optional<std::string> operation_id;  // of the top_up that made it, where one did
};
BOOST_DESCRIBE_STRUCT(TopUpEntry, (), (amount, added_on, expires_on, operation_id))
struct TopUpList {
  std::vector<TopUpEntry> items;
  Kilobytes total;
  std::string as_of;
};
BOOST_DESCRIBE_STRUCT(TopUpList, (), (items, total, as_of))
/// errors    404 mobile.line_not_found; 422 request.invalid; upstream.*
inline constexpr Operation<TopUpQuery, TopUpList> top_up_history{"mobile.top_up_history/1"};

/// done      the network has it
/// accepted  it will be; look again at due_at
/// unknown   sent, and no answer came. Ask again with the same operation_id: that looks first, and sends anew
///           only what is known not to have happened
/// refused   nothing was changed, for the reason
enum class OutcomeState { done, accepted, unknown, refused };
BOOST_DESCRIBE_ENUM(OutcomeState, done, accepted, unknown, refused)

/// busy       another change stands in the way until busy_until; queue this one and show that time
/// invalid    the provider does not do this: repeating is useless, staff has to look
/// not_found  the provider has no such line
/// not_now    the line's state forbids it (not active yet, cancelled, no plan)
enum class RefusalReason { busy, invalid, not_found, not_now };
BOOST_DESCRIBE_ENUM(RefusalReason, busy, invalid, not_found, not_now)

/// Times are RFC 3339 UTC.
struct Outcome {
  OutcomeState state = OutcomeState::unknown;
  std::optional<std::string> due_at;         // of accepted; of unknown: when to ask again
  std::optional<RefusalReason> reason;       // of refused
  std::optional<std::string> busy_until;     // of refused for busy
  std::optional<std::string> provider_code;  // the provider's own word for it, for staff
};
BOOST_DESCRIBE_STRUCT(Outcome, (), (state, due_at, reason, busy_until, provider_code))

/// Adds data volume. amount: what the provider sells at once is its own limit, and tighter.
///
/// operation_id  1 to 64 characters of A–Z a–z 0–9 . _ -; the caller's, the same in every repeat
/// expires_on    YYYY-MM-DD; providers that cannot set it ignore it
/// errors        422 request.invalid; 409 mobile.operation_id_reused (for another wish); upstream.* (surely
///               not sent)
struct TopUp {
  std::string operation_id;
  Pool pool;
  Megabytes amount;
  std::optional<std::string> expires_on;
};
BOOST_DESCRIBE_STRUCT(TopUp, (), (operation_id, pool, amount, expires_on))
inline constexpr Operation<TopUp, Outcome> top_up{"mobile.top_up/1"};

/// at_once, or on the first day of the next month (of the one after it, when the provider's month is closed).
enum class PlanStart { at_once, next_month };
BOOST_DESCRIBE_ENUM(PlanStart, at_once, next_month)
/// errors: as top_up
struct PlanChange {
  std::string operation_id;
  PhoneNumber line;
  PlanCode plan;
  PlanStart start = PlanStart::next_month;
};
BOOST_DESCRIBE_STRUCT(PlanChange, (), (operation_id, line, plan, start))
inline constexpr Operation<PlanChange, Outcome> change_plan{"mobile.change_plan/1"};

/// Switches what is given and leaves the rest; give all that a person switched at about the same time. At
/// least one. Cannot be taken back while it runs. errors: as top_up
struct VoiceOptionsChange {
  std::string operation_id;
  PhoneNumber line;
  std::optional<bool> voicemail;
  std::optional<bool> call_waiting;
  std::optional<bool> call_forwarding;
  std::optional<bool> roaming;
};
BOOST_DESCRIBE_STRUCT(VoiceOptionsChange, (),
                      (operation_id, line, voicemail, call_waiting, call_forwarding, roaming))
inline constexpr Operation<VoiceOptionsChange, Outcome> change_voice_options{"mobile.change_voice_options/1"};

/// Takes long, blocks every other change of the line meanwhile and cannot be taken back. errors: as top_up
struct NetworkTypeChange {
  std::string operation_id;
  PhoneNumber line;
  NetworkType network = NetworkType::four_g;
};
BOOST_DESCRIBE_STRUCT(NetworkTypeChange, (), (operation_id, line, network))
inline constexpr Operation<NetworkTypeChange, Outcome> change_network_type{"mobile.change_network_type/1"};

enum class HolderKind { man, woman, company };
BOOST_DESCRIBE_ENUM(HolderKind, man, woman, company)

/// A number brought along from another provider. The holder is the contract's, as the old provider has it; a
/// company has no given name. reservation_number: 10 digits, hyphens are taken out. born_on and expires_on
/// are YYYY-MM-DD.
struct PortIn {
  std::string reservation_number;
  std::string expires_on;
  HolderKind holder = HolderKind::man;
  std::string family_name;
  std::optional<std::string> given_name;
  std::string family_kana;
  std::optional<std::string> given_kana;
  std::optional<std::string> born_on;
};
BOOST_DESCRIBE_STRUCT(PortIn, (),
                      (reservation_number, expires_on, holder, family_name, given_name, family_kana,
                       given_kana, born_on))

/// Makes a line on a SIM card that the customer holds. errors: as top_up
struct CardActivation {
  std::string operation_id;
  PhoneNumber line;
  CardSerial card;
  PlanCode plan;
  std::optional<NetworkType> network;
  std::optional<PortIn> port_in;
};
BOOST_DESCRIBE_STRUCT(CardActivation, (), (operation_id, line, card, plan, network, port_in))
inline constexpr Operation<CardActivation, Outcome> activate_card{"mobile.activate_card/1"};

/// Makes a line on the eSIM of a device. errors: as top_up
struct EsimActivation {
  std::string operation_id;
  PhoneNumber line;
  Eid eid;
  PlanCode plan;
  std::optional<NetworkType> network;
  std::optional<PortIn> port_in;
};
BOOST_DESCRIBE_STRUCT(EsimActivation, (), (operation_id, line, eid, plan, network, port_in))
inline constexpr Operation<EsimActivation, Outcome> activate_esim{"mobile.activate_esim/1"};

/// A new profile for a line, on eid; the old profile or card dies. Say which it was. errors: as top_up
struct EsimReissue {
  std::string operation_id;
  PhoneNumber line;
  Eid eid;
  std::optional<Eid> old_eid;
  std::optional<CardSerial> old_card;
};
BOOST_DESCRIBE_STRUCT(EsimReissue, (), (operation_id, line, eid, old_eid, old_card))
inline constexpr Operation<EsimReissue, Outcome> reissue_esim{"mobile.reissue_esim/1"};

/// Ends a line, now or on a day from today on (YYYY-MM-DD). errors: as top_up
struct Cancellation {
  std::string operation_id;
  PhoneNumber line;
  std::optional<std::string> on;
};
BOOST_DESCRIBE_STRUCT(Cancellation, (), (operation_id, line, on))
inline constexpr Operation<Cancellation, Outcome> cancel_line{"mobile.cancel_line/1"};

}  // namespace portico::mobile

namespace portico {

template <>
struct Rules<mobile::TopUpQuery> {
  static void apply(RuleSet<mobile::TopUpQuery>& rule) {
    rule(&mobile::TopUpQuery::from).format(Format::date);
    rule(&mobile::TopUpQuery::to).format(Format::date);
  }
};
template <>
struct Rules<mobile::TopUp> {
  static void apply(RuleSet<mobile::TopUp>& rule) {
    rule(&mobile::TopUp::operation_id).check(mobile::check_operation_id);
    rule(&mobile::TopUp::expires_on).format(Format::date);
  }
};
template <>
struct Rules<mobile::PlanChange> {
  static void apply(RuleSet<mobile::PlanChange>& rule) {
    rule(&mobile::PlanChange::operation_id).check(mobile::check_operation_id);
  }
};
template <>
struct Rules<mobile::VoiceOptionsChange> {
  static void apply(RuleSet<mobile::VoiceOptionsChange>& rule) {
    rule(&mobile::VoiceOptionsChange::operation_id).check(mobile::check_operation_id);
  }
};
template <>
struct Rules<mobile::NetworkTypeChange> {
  static void apply(RuleSet<mobile::NetworkTypeChange>& rule) {
    rule(&mobile::NetworkTypeChange::operation_id).check(mobile::check_operation_id);
  }
};
template <>
struct Rules<mobile::PortIn> {
  static void apply(RuleSet<mobile::PortIn>& rule) {
    rule(&mobile::PortIn::reservation_number).check(mobile::check_reservation_number);
    rule(&mobile::PortIn::expires_on).format(Format::date);
    rule(&mobile::PortIn::family_name).length(1, 50);
    rule(&mobile::PortIn::given_name).length(1, 50);
    rule(&mobile::PortIn::family_kana).length(1, 50);
    rule(&mobile::PortIn::given_kana).length(1, 50);
    rule(&mobile::PortIn::born_on).format(Format::date);
  }
};
template <>
struct Rules<mobile::CardActivation> {
  static void apply(RuleSet<mobile::CardActivation>& rule) {
    rule(&mobile::CardActivation::operation_id).check(mobile::check_operation_id);
  }
};
template <>
struct Rules<mobile::EsimActivation> {
  static void apply(RuleSet<mobile::EsimActivation>& rule) {
    rule(&mobile::EsimActivation::operation_id).check(mobile::check_operation_id);
  }
};
template <>
struct Rules<mobile::EsimReissue> {
  static void apply(RuleSet<mobile::EsimReissue>& rule) {
    rule(&mobile::EsimReissue::operation_id).check(mobile::check_operation_id);
  }
};
template <>
struct Rules<mobile::Cancellation> {
  static void apply(RuleSet<mobile::Cancellation>& rule) {
    rule(&mobile::Cancellation::operation_id).check(mobile::check_operation_id);
    rule(&mobile::Cancellation::on).format(Format::date);
  }
};

}  // namespace portico
