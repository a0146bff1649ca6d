// The played enabler over HTTP: envelope, strictness, keys, readings, changes with their jobs and locks,
// quirks.
#include "examples/sandbox/freebit/own_server.hpp"

using namespace sandbox;
using namespace sandbox::freebit;
namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

constexpr auto kForm = "application/x-www-form-urlencoded";
const json::object kVoiceLine{{"account", "09000000001"}};

json::object voice(const json::object& options) {
  return {{"account", "09000000001"}, {"userConfirmed", "10"}, {"talkOption", options}};
}
json::object network(const std::string& account, const char* to) {
  return {{"account", account}, {"contractLine", to}};
}
json::object detail_of(const std::string& account) {
  return {{"version", "2"},
          {"requestDatas", json::array{json::object{{"kind", "MVNO"}, {"account", account}}}}};
}

}  // namespace

TEST_CASE("a key is given for oemId and oemKey, and ends with its life") {
  OwnServer box;
  CHECK(box.form("authOem/", {{"oemId", "sandboxOem"}, {"oemKey", "wrong"}}).code() == "401-1");
  const auto key = box.key();
  const json::object request{{"authKey", key}, {"account", "09000000001"}};
  CHECK(box.form("mvno/getTrafficInfo/", request).code() == "100");
  box.pass(59min);
  CHECK(box.form("mvno/getTrafficInfo/", request).code() == "100");
  box.pass(2min);
  CHECK(box.form("mvno/getTrafficInfo/", request).code() == "401-1");
}

TEST_CASE("with one key at a time a new one ends the old one") {
  OwnServer box;
  const auto first = box.key();
  box.switches({{"one_key", true}});
  const auto second = box.key();
  CHECK(box.form("mvno/getTrafficInfo/", {{"authKey", first}, {"account", "09000000001"}}).code() == "401-1");
  CHECK(box.form("mvno/getTrafficInfo/", {{"authKey", second}, {"account", "09000000001"}}).code() == "100");
}

TEST_CASE("strict mode shows what a wrong client does") {
  OwnServer box;
  const auto key = box.key();
  struct Row {
    const char* rule;
    const char* path;
    json::object members;
    const char* code;
  };
  const Row rows[] = {
      {"a boolean",
       "mvno/talkoption/changeOrder/",
       {{"account", "09000000001"},
        {"userConfirmed", "10"},
        {"talkOption", json::object{{"voiceMail", true}}}},
       "400-1"},
      {"a number",
       "master/addSpec/",
       {{"kind", "MVNO"}, {"account", "09000000001"}, {"quota", 100}},
       "400-1"},
      {"hyphens", "mvno/getTrafficInfo/", {{"account", "090-0000-0001"}}, "400-1"},
      {"full-width digits",
       "master/addSpec/",
       {{"kind", "MVNO"}, {"account", "09000000001"}, {"quota", "１００"}},
       "400-1"},
      {"another flag", "mvno/talkoption/changeOrder/", voice({{"voiceMail", "1"}}), "400-1"},
      {"not confirmed",
       "mvno/talkoption/changeOrder/",
       {{"account", "09000000001"},
        {"userConfirmed", "20"},
        {"talkOption", json::object{{"voiceMail", "10"}}}},
       "400-1"},
      {"no options", "mvno/talkoption/changeOrder/", voice({}), "400-1"},
      {"an unknown member",
       "mvno/changePlan/",
       {{"account", "09000000001"}, {"planCode", "LTE3G_P02"}, {"assignGlobalIp", "20"}},
       "400-1"},
      {"a missing member", "mvno/changePlan/", {{"account", "09000000001"}}, "400-1"},
      {"a date that is none",
       "mvno/changePlan/",
       {{"account", "09000000001"}, {"planCode", "LTE3G_P02"}, {"runTime", "20260231"}},
       "400-1"},
      {"six generations", "mvno/contractline/change/", network("09000000001", "6G"), "400-1"},
      {"nobody", "mvno/getTrafficInfo/", {{"account", "09000009999"}}, "404-1"},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    json::object request{{"authKey", key}};
    for (const auto& member : row.members) request[member.key()] = member.value();
    CHECK(box.form(row.path, request).code() == row.code);
  }
  const auto body =
      "json=" + url_encode(json::serialize(json::object{{"authKey", key}, {"account", "09000000001"}}));
  const std::string raw = json::serialize(json::object{{"authKey", key}, {"account", "09000000001"}});
  const std::string path = "/freebit/emptool/api/mvno/getTrafficInfo";
  CHECK(box.send("POST", path + "/", body, kForm).code() == "100");
  CHECK(box.send("POST", path, body, kForm).status == 404);
  CHECK(box.send("GET", path + "/", "", kForm).status == 405);
  CHECK(box.send("POST", path + "/", raw, "application/json").code() == "400-1");
  box.switches({{"raw_json", true}});
  CHECK(box.send("POST", path + "/", raw, "application/json").code() == "100");
}

TEST_CASE("lenient mode takes multipart bodies, numbers and unknown members") {
  OwnServer box;
  const auto key = box.key();
  const std::string raw =
      json::serialize(json::object{{"authKey", key}, {"account", "09000000001"}, {"more", 1}});
  const std::string multipart =
      "--b\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n" + raw + "\r\n--b--\r\n";
  const std::string path = "/freebit/emptool/api/mvno/getTrafficInfo/";
  CHECK(box.send("POST", path, multipart, "multipart/form-data; boundary=b").code() == "400-1");
  box.switches({{"strict", false}});
  CHECK(box.send("POST", path, multipart, "multipart/form-data; boundary=b").code() == "100");
}

TEST_CASE("usage and top-ups are refused where the sheets refuse them") {
  OwnServer box;
  struct Row {
    const char* account;
    const char* traffic;
    const char* quota;
  };
  const Row rows[] = {{"09000000001", "100", "100"},     {"QUMB_00000000001", "100", "100"},
                      {"09000000004", "403-1", "403-1"}, {"09000000006", "403-1", "100"},
                      {"09000000007", "404-1", "403-1"}, {"09000009999", "404-1", "404-1"}};
  for (const auto& row : rows) {
    INFO(row.account);
    CHECK(box.code("mvno/getTrafficInfo/", {{"account", row.account}}) == row.traffic);
    CHECK(box.code("master/addSpec/", {{"kind", "MVNO"}, {"account", row.account}, {"quota", "100"}}) ==
          row.quota);
  }
  CHECK(box.code("master/addSpec/", {{"kind", "MVNO"}, {"account", "09000000001"}, {"quota", "0"}}) ==
        "400-1");
  CHECK(box.code("master/addSpec/", {{"kind", "MVNO"}, {"account", "09000000001"}, {"quota", "512001"}}) ==
        "400-1");
}

TEST_CASE("a top-up comes back in the history under its code") {
  OwnServer box;
  box.call("master/addSpec/",
           {{"kind", "MVNO"}, {"account", "09000000001"}, {"quota", "1000"}, {"quotaCode", "op-1"}});
  const auto today = eight_digits(box.clock.today());
  const auto history =
      box.call("mvno/getQuotaHistory/", {{"account", "09000000001"}, {"fromDate", today}, {"toDate", today}})
          .json();
  CHECK(history.at("count") == "1");
  CHECK(history.at("quotaHistory").as_array().at(0).at("quotaCode") == "op-1");
  CHECK(history.at("quotaHistory").as_array().at(0).at("quota") == "1024000");
}

TEST_CASE("a change of network locks the line for 30 minutes, and is done then") {
  OwnServer box;
  CHECK(box.code("mvno/contractline/change/", network("09000000001", "5G")) == "100");
  CHECK(box.line("09000000001").at("contract_line") == "4G");
  CHECK(box.code("mvno/talkoption/changeOrder/", voice({{"voiceMail", "20"}})) == "409-1");
  CHECK(box.code("master/addSpec/", {{"kind", "MVNO"}, {"account", "09000000001"}, {"quota", "100"}}) ==
        "409-1");
  CHECK(box.code("mvno/contractline/change/", network("07000000003", "4G")) == "100");  // another line
  box.pass(30min);
  CHECK(box.line("09000000001").at("contract_line") == "5G");
  CHECK(box.code("mvno/talkoption/changeOrder/", voice({{"voiceMail", "20"}})) == "100");
}

TEST_CASE("a change of network that takes longer keeps its line locked until it is done") {
  OwnServer box;
  box.switches({{"network_minutes", 60}});
  CHECK(box.code("mvno/contractline/change/", network("09000000001", "5G")) == "100");
  box.pass(45min);
  CHECK(box.code("mvno/talkoption/changeOrder/", voice({{"voiceMail", "20"}})) == "409-1");
  box.pass(16min);
  CHECK(box.code("mvno/talkoption/changeOrder/", voice({{"voiceMail", "20"}})) == "100");
}

TEST_CASE("voice options change some minutes later, one flag and not the others") {
  OwnServer box;
  CHECK(box.code("mvno/talkoption/changeOrder/", voice({{"callWaiting", "10"}})) == "100");
  CHECK(box.line("09000000001").at("call_waiting") == "20");
  box.pass(11min);
  CHECK(box.line("09000000001").at("call_waiting") == "10");
  CHECK(box.line("09000000001").at("voice_mail") == "10");
  // Not running any more, and still too soon after it for the next.
  CHECK(box.code("mvno/changePlan/", {{"account", "09000000001"}, {"planCode", "LTE3G_P02"}}) == "409-1");
  box.pass(20min);
  CHECK(box.code("mvno/changePlan/", {{"account", "09000000001"}, {"planCode", "LTE3G_P02"}}) == "100");
  CHECK(box.line("09000000001").at("plan") == "LTE3G_P02");
  CHECK(box.code("mvno/talkoption/changeOrder/", {{"account", "08000000002"},
                                                  {"userConfirmed", "10"},
                                                  {"talkOption", json::object{{"voiceMail", "10"}}}}) ==
        "403-1");
}

TEST_CASE("a scheduled plan waits for its day, and keeps another one away") {
  OwnServer box;
  const int first = month_start(box.clock.today(), 1);
  CHECK(box.code("mvno/changePlan/",
                 {{"account", "09000000001"}, {"planCode", "LTE3G_P05"}, {"runTime", eight_digits(first)}}) ==
        "100");
  CHECK(box.line("09000000001").at("plan") == "LTE3G_P01");
  CHECK(box.code("mvno/changePlan/", {{"account", "09000000001"}, {"planCode", "LTE3G_P02"}}) == "409-1");
  box.pass(24h * (first - box.clock.today()) + 1min);
  CHECK(box.line("09000000001").at("plan") == "LTE3G_P05");
  CHECK(box.code("mvno/changePlan/",
                 {{"account", "09000000001"}, {"planCode", "LTE3G_P05"}, {"runTime", "20200101"}}) ==
        "400-1");
}

TEST_CASE("an account ends ten minutes after its day begins") {
  OwnServer box;
  CHECK(box.code("master/cnclAcnt/", {{"kind", "MVNO"},
                                      {"account", "09000000001"},
                                      {"runDate", date_text(box.clock.today() + 1, '/')}}) == "100");
  CHECK(box.code("mvno/changePlan/", {{"account", "09000000001"}, {"planCode", "LTE3G_P02"}}) == "409-1");
  box.pass(48h);
  CHECK(box.line("09000000001").at("state") == "cancelled");
}

TEST_CASE("releasing a plan ends the plan and not the account") {
  OwnServer box;
  CHECK(box.code("mvno/releasePlan/", {{"account", "09000000001"}}) == "100");
  CHECK(box.line("09000000001").at("plan") == "");
  CHECK(box.line("09000000001").at("state") == "active");
}

TEST_CASE("details come in the spellings that were met") {
  OwnServer box;
  const auto row = [&](const char* account) {
    return box.call("mvno/getDetail/", detail_of(account))
        .json()
        .at("responseDatas")
        .as_array()
        .at(0)
        .as_object();
  };
  CHECK(row("09000000001").at("voiceMail") == "10");
  CHECK_FALSE(row("08000000002").contains("voiceMail"));
  box.switches({{"spelling", "lower"},
                {"network_member", "contractLine"},
                {"state_member", "status"},
                {"numbers", "numbers"},
                {"status_member", "missing"}});
  CHECK(row("09000000001").at("voicemail") == 10);
  CHECK(row("09000000001").at("contractLine") == "4G");
  CHECK(row("09000000001").at("status") == "active");
  const auto whole = box.call("mvno/getDetail/", detail_of("09000000001")).json();
  CHECK(whole.at("resultCode") == 100);
  CHECK_FALSE(whole.contains("status"));
}

TEST_CASE("faults: codes by name, pages, and a lost key") {
  OwnServer box;
  const auto order = [&](const char* kind, const char* code) {
    json::object fault{{"vendor", "freebit"}, {"action", "PA05-01"}, {"kind", kind}, {"next", 1}};
    if (*code) fault["code"] = code;
    box.faults.replace({FaultBook::read(fault)});
  };
  order("error", "400-356");
  CHECK(box.code("mvno/getTrafficInfo/", kVoiceLine) == "400-356");
  order("error", "409-1");
  CHECK(box.code("mvno/getTrafficInfo/", kVoiceLine) == "409-1");
  order("error", "html");
  CHECK(box.call("mvno/getTrafficInfo/", kVoiceLine).type.starts_with("text/html"));
  order("http_500_html", "");
  CHECK(box.call("mvno/getTrafficInfo/", kVoiceLine).status == 500);
  const json::object request{{"authKey", box.key()}, {"account", "09000000001"}};
  order("error", "expired_key");
  CHECK(box.form("mvno/getTrafficInfo/", request).code() == "401-1");
  CHECK(box.form("mvno/getTrafficInfo/", request).code() == "401-1");  // really gone
}

TEST_CASE("what the room holds survives a restart, and no secret is in its log") {
  OwnServer box;
  box.call("mvno/contractline/change/", network("09000000001", "5G"));
  const auto kept = box.room.to_json();
  OwnServer other;
  other.room.restore(kept);
  other.pass(31min);
  CHECK(other.line("09000000001").at("contract_line") == "5G");
  const auto log = json::serialize(box.control("calls"));
  CHECK(log.find("PA05-38") != std::string::npos);
  CHECK(log.find("sandboxOemKey") == std::string::npos);
  CHECK(log.find(std::string(kept.at("book").at("keys").as_array().at(0).at("key").as_string())) ==
        std::string::npos);
}

TEST_CASE("a misspelt switch is refused") {
  OwnServer box;
  const auto put = [&](const char* body) {
    return box.send("PUT", "/control/freebit/switches", body, "application/json").status;
  };
  CHECK(put(R"({"spelling":"upper"})") == 400);
  CHECK(put(R"({"stricht":true})") == 400);
  CHECK(put(R"({"codes":{"locked":"423-7"}})") == 200);
  CHECK(box.code("mvno/contractline/change/", network("09000000001", "5G")) == "100");
  CHECK(box.code("mvno/contractline/change/", network("09000000001", "4G")) == "423-7");
}
