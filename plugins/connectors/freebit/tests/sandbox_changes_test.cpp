// Changes of lines over real HTTP against the played enabler, with its jobs, locks and faults.
#include "tests/running_sandbox.hpp"

using namespace freebit;
namespace contract = portico::mobile;
using namespace std::chrono_literals;

namespace {

const contract::PhoneNumber kLine{"09000000001"};
const contract::Pool kPool{kLine, {}};

contract::TopUp top_up(const char* id, std::int64_t mb = 1000) {
  return {id, kPool, {mb}, {}};
}
contract::VoiceOptionsChange voicemail(const char* id, bool on) {
  return {id, kLine, on, {}, {}, {}};
}
contract::NetworkTypeChange five_g(const char* id) {
  return {id, kLine, contract::NetworkType::five_g};
}

std::string day_ahead(const RunningSandbox& sandbox, int days) {
  return iso_date(japan_day(sandbox.now()) + std::chrono::days(days));
}
contract::PortIn porting(const RunningSandbox& sandbox, int days_left) {
  return {"11-123-45678",
          day_ahead(sandbox, days_left),
          contract::HolderKind::woman,
          "見本",
          "花子",
          "みほん",
          "はなこ",
          "1990-04-01"};
}
contract::EsimActivation esim(const char* id, std::optional<contract::PortIn> port_in = {}) {
  return {id, {"09000000101"}, {kEid}, {"LTE3G_P01"}, {}, std::move(port_in)};
}

std::int64_t quotas(const RunningSandbox& sandbox) {
  return static_cast<std::int64_t>(sandbox.line("09000000001").at("quotas").as_array().size());
}

/// Members of the last call of this name, as the sandbox got them.
boost::json::object last(const RunningSandbox& sandbox, const std::string& call) {
  const auto calls = sandbox.control("GET", "/freebit/calls?action=" + call).at("calls").as_array();
  REQUIRE_FALSE(calls.empty());
  return calls.back().at("params").as_object();
}

}  // namespace

TEST_CASE("after a network change the voice options wait, and both succeed after 30 minutes") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  const auto first = connector.changes.change_network(five_g("op-1"));
  CHECK(first.state == contract::OutcomeState::accepted);
  const auto second = connector.changes.change_voice(voicemail("op-2", false));
  CHECK(second.state == contract::OutcomeState::refused);
  CHECK(second.reason == contract::RefusalReason::busy);
  CHECK(second.busy_until == first.due_at);
  CHECK(sandbox.calls_of("PA05-06") == 0);  // it never left
  sandbox.pass(30min + 1s);
  CHECK(connector.changes.change_network(five_g("op-1")).state == contract::OutcomeState::done);
  CHECK(connector.changes.change_voice(voicemail("op-2", false)).state == contract::OutcomeState::accepted);
  sandbox.pass(10min + 1s);
  CHECK(connector.changes.change_voice(voicemail("op-2", false)).state == contract::OutcomeState::done);
  const auto line = connector.lines.get({kLine});
  CHECK(line.network == contract::NetworkType::five_g);
  CHECK_FALSE(line.voice->voicemail);
  CHECK(sandbox.calls_of("PA05-38") == 1);
  CHECK(sandbox.calls_of("PA05-06") == 1);
}

TEST_CASE("voice options without one are refused before sending, and the confirmation is always given") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  CHECK(code_of([&] {
          connector.changes.change_voice({"op-1", kLine, {}, {}, {}, {}});
        }) == "422 request.invalid /voicemail required");
  CHECK(sandbox.calls_of("PA05-06") == 0);
  connector.changes.change_voice({"op-2", kLine, {}, true, {}, true});
  const auto sent = last(sandbox, "PA05-06");
  CHECK(sent.at("userConfirmed") == "10");
  CHECK(boost::json::serialize(sent.at("talkOption")) == R"({"callWaiting":"10","worldWing":"10"})");
}

TEST_CASE("a top-up whose answer is lost after it was applied adds its volume once") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  for (const char* fault : {"applied_then_timeout", "cut_body", "truncated_json", "wrong_shape"}) {
    INFO(fault);
    const auto id = std::string("op-") + fault;
    const auto before = quotas(sandbox);
    connector.lines.get({kLine});  // the key is there: nothing but the top-up itself is slow
    sandbox.fault("PA04-04", fault);
    if (std::string(fault) == "applied_then_timeout") connector.transport.timeout = 2s;
    const auto outcome = connector.changes.top_up(top_up(id.c_str()));
    connector.transport.timeout = 60s;
    sandbox.control("DELETE", "/faults");
    CHECK(outcome.state == contract::OutcomeState::done);  // read back at once
    CHECK(connector.changes.top_up(top_up(id.c_str())).state == contract::OutcomeState::done);
    CHECK(quotas(sandbox) == before + 1);
  }
}

TEST_CASE("a top-up that was not applied and cannot be read back is unknown, then sent again once") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  sandbox.control("PUT", "/faults",
                  R"([{"vendor":"freebit","action":"PA04-04","kind":"reset","next":1},
                      {"vendor":"freebit","action":"PA05-02","kind":"down","next":1}])");
  CHECK(connector.changes.top_up(top_up("op-1")).state == contract::OutcomeState::unknown);
  CHECK(connector.changes.top_up(top_up("op-1")).state == contract::OutcomeState::unknown);
  CHECK(sandbox.calls_of("PA04-04") == 1);
  sandbox.pass(121s);
  CHECK(connector.changes.top_up(top_up("op-1")).state == contract::OutcomeState::done);
  CHECK(connector.changes.top_up(top_up("op-1")).state == contract::OutcomeState::done);
  CHECK(sandbox.calls_of("PA04-04") == 2);
  CHECK(quotas(sandbox) == 1);
}

TEST_CASE("volumes that cannot be bought are refused here") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  for (const std::int64_t mb : {0, 99})
    CHECK(code_of([&] { connector.changes.top_up(top_up("op-1", mb)); }) ==
          "422 request.invalid /amount/mb too_small");
  for (const std::int64_t mb : {51'201, 512'001})
    CHECK(code_of([&] { connector.changes.top_up(top_up("op-1", mb)); }) ==
          "422 request.invalid /amount/mb too_large");
  Changes::Setting wide;
  wide.least_mb = 1, wide.most_mb = 512'000;
  Connector all(sandbox, "sandboxOemKey000000000000000001", wide);
  for (const std::int64_t mb : {0, 512'001})
    CHECK(code_of([&] { all.changes.top_up(top_up("op-1", mb)); }).starts_with("422 request.invalid"));
  CHECK(sandbox.calls_of("PA04-04") == 0);
  CHECK(all.changes.top_up(top_up("op-2", 512'000)).state == contract::OutcomeState::done);
}

TEST_CASE("top-ups are found again in the history") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  auto wanted = top_up("op-1", 2048);
  wanted.expires_on = day_ahead(sandbox, 30);
  connector.changes.top_up(wanted);
  const auto list = connector.lines.history({kPool, day_ahead(sandbox, -1), day_ahead(sandbox, 1)});
  REQUIRE(list.items.size() == 1);
  CHECK(list.items[0].operation_id == "op-1");
  CHECK(list.items[0].amount.kb == 2048 * 1024);
  CHECK(list.items[0].expires_on == wanted.expires_on);
  CHECK(words(connector.changes.top_up({"op-2", {contract::PhoneNumber{"09000000004"}, {}}, {100}, {}})) ==
        "refused not_now 403-1");
  CHECK(words(connector.changes.top_up({"op-3", {{}, contract::GroupCode{"QUMB_00000000001"}}, {100}, {}})) ==
        "done");
}

TEST_CASE("a plan for the next month lands on its first day, also when it is ordered on the last") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  // To 23:00 in Japan on the last day of the month.
  const auto first = next_month(japan_day(sandbox.now()), 0);
  sandbox.pass(begin_of(first) - 1h - sandbox.now());
  const auto outcome =
      connector.changes.change_plan({"op-1", kLine, {"LTE3G_P05"}, contract::PlanStart::next_month});
  CHECK(words(outcome) == "accepted " + rfc3339(begin_of(first)));
  CHECK(last(sandbox, "PA05-21").at("runTime").as_string() == wire_date(first));
  CHECK(connector.lines.get({kLine}).plan->code == "LTE3G_P01");
  CHECK(words(connector.changes.change_plan({"op-2", kLine, {"LTE3G_P02"}, contract::PlanStart::at_once}))
            .starts_with("refused busy"));
  sandbox.pass(1h + 1s);
  CHECK(
      connector.changes.change_plan({"op-1", kLine, {"LTE3G_P05"}, contract::PlanStart::next_month}).state ==
      contract::OutcomeState::done);
  CHECK(connector.lines.get({kLine}).plan->code == "LTE3G_P05");
  CHECK(sandbox.calls_of("PA05-21") == 1);
}

TEST_CASE("the enabler's own refusals are told apart") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  const auto plan = [&](const char* id, const char* number) {
    return words(connector.changes.change_plan({id, {number}, {"LTE3G_P02"}, contract::PlanStart::at_once}));
  };
  CHECK(plan("op-1", "09000009999") == "refused not_found 404-1");
  CHECK(plan("op-2", "09000000007") == "refused not_now 403-1");
  sandbox.fault("PA05-21", "error", "400-356");
  CHECK(plan("op-3", "09000000001") == "refused invalid 400-356");
  sandbox.fault("PA05-21", "error", "409-1");
  CHECK(plan("op-4", "09000000001").starts_with("refused busy until "));
  CHECK(plan("op-4", "09000000001") == "done");
}

TEST_CASE("a number is brought along with its person, and ten digits of its reservation") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  const auto outcome = [&](const char* id, int days_left) {
    return code_of([&] { connector.changes.activate_esim(esim(id, porting(sandbox, days_left))); });
  };
  // Issued 16 days ago it ran out two days ago: 15 days that begin with the day of issue.
  CHECK(outcome("op-1", -2) == "422 request.invalid /port_in/expires_on expired");
  CHECK(outcome("op-2", 9) == "422 request.invalid /port_in/expires_on expires_too_soon");
  CHECK(outcome("op-3", 15) == "422 request.invalid /port_in/expires_on out_of_range");
  auto young = porting(sandbox, 12);
  young.born_on = day_ahead(sandbox, -17 * 365);
  CHECK(code_of([&] { connector.changes.activate_esim(esim("op-4", young)); }) ==
        "422 request.invalid /port_in/born_on too_young");
  auto latin = porting(sandbox, 12);
  latin.family_kana = "Mihon";
  CHECK(code_of([&] { connector.changes.activate_esim(esim("op-5", latin)); }) ==
        "422 request.invalid /port_in/family_kana invalid_characters");
  CHECK(sandbox.calls_of("PA05-41") == 0);
  const auto wanted = esim("op-6", porting(sandbox, 10));
  CHECK(connector.changes.activate_esim(wanted).state == contract::OutcomeState::accepted);
  const auto sent = last(sandbox, "PA05-41");
  CHECK(sent.at("addKind") == "M");
  CHECK(sent.at("aladinOperated") == "20");
  sandbox.pass(10min + 1s);
  CHECK(connector.changes.activate_esim(wanted).state == contract::OutcomeState::done);
}

TEST_CASE("an eSIM line comes to life, also when the answer to its order is lost") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  sandbox.fault("PA05-41", "cut_body");
  CHECK(connector.changes.activate_esim(esim("op-1")).state == contract::OutcomeState::accepted);
  sandbox.pass(10min + 1s);
  CHECK(connector.changes.activate_esim(esim("op-1")).state == contract::OutcomeState::done);
  CHECK(sandbox.calls_of("PA05-41") == 1);
  const auto line = connector.lines.get({{"09000000101"}});
  CHECK(line.sim == contract::SimKind::esim);
  CHECK(line.eid->digits == kEid);
}

TEST_CASE("a card comes to life on each of the three ways") {
  RunningSandbox sandbox;
  const std::pair<CardWay, const char*> ways[] = {{CardWay::registration, "09000000201"},
                                                  {CardWay::semi_black, "09000000202"},
                                                  {CardWay::ota, "09000000203"}};
  for (const auto& [way, number] : ways) {
    INFO(number);
    Changes::Setting setting;
    setting.card_way = way;
    Connector connector(sandbox, "sandboxOemKey000000000000000001", setting);
    const contract::CardActivation wanted{"op-1",        {number}, {"AX" + std::string(2, '0') + number},
                                          {"LTE3G_P01"}, {},       {}};
    const auto outcome = connector.changes.activate_card(wanted);
    CHECK(outcome.state ==
          (way == CardWay::semi_black ? contract::OutcomeState::done : contract::OutcomeState::accepted));
    sandbox.pass(10min + 1s);
    CHECK(connector.changes.activate_card(wanted).state == contract::OutcomeState::done);
    CHECK(connector.lines.get({{number}}).state == contract::LineState::active);
    auto ported = wanted;
    ported.operation_id = "op-2";
    ported.line.digits.back() = '9';
    ported.card.text.back() = '9';
    ported.port_in = porting(sandbox, 12);
    CHECK(code_of([&] { connector.changes.activate_card(ported); }) ==
          (way == CardWay::registration ? "422 request.invalid /port_in not_supported" : ""));
  }
}

TEST_CASE("a reissue moves the line to another chip, and is never ordered twice") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  contract::EsimReissue wanted{"op-1", kLine, {kEid}, {}, {}};
  CHECK(code_of([&] { connector.changes.reissue_esim(wanted); }) == "422 request.invalid /old_eid required");
  wanted.old_card = contract::CardSerial{"AX0009000000001"};
  sandbox.control("PUT", "/faults",
                  R"([{"vendor":"freebit","action":"PA05-41","kind":"cut_body","next":1},
                      {"vendor":"freebit","action":"PA03-02","kind":"down","next":1}])");
  CHECK(connector.changes.reissue_esim(wanted).state == contract::OutcomeState::unknown);
  sandbox.pass(10min + 1s);
  CHECK(connector.changes.reissue_esim(wanted).state == contract::OutcomeState::done);
  CHECK(sandbox.calls_of("PA05-41") == 1);
  CHECK(connector.lines.get({kLine}).eid->digits == kEid);
}

TEST_CASE("a cancellation waits for its day and keeps another plan away") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  const contract::Cancellation wanted{"op-1", kLine, day_ahead(sandbox, 2)};
  CHECK(connector.changes.cancel(wanted).state == contract::OutcomeState::accepted);
  CHECK(words(connector.changes.change_plan({"op-2", kLine, {"LTE3G_P02"}, contract::PlanStart::at_once}))
            .starts_with("refused busy"));
  CHECK(sandbox.calls_of("PA05-21") == 0);
  CHECK(code_of([&] {
          connector.changes.cancel({"op-3", kLine, day_ahead(sandbox, -1)});
        }) == "422 request.invalid /on in_the_past");
  sandbox.pass(3 * 24h);
  CHECK(connector.changes.cancel(wanted).state == contract::OutcomeState::done);
  CHECK(connector.lines.get({kLine}).state == contract::LineState::cancelled);
}

TEST_CASE("a write is refused at the door, not repeated, when its key has expired") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  connector.lines.get({kLine});
  sandbox.pass(61min);
  CHECK(connector.changes.top_up(top_up("op-1")).state == contract::OutcomeState::done);
  CHECK(quotas(sandbox) == 1);
  CHECK(sandbox.calls_of("PA04-04") == 2);
  CHECK(sandbox.calls_of("PA01-01") == 2);
}
