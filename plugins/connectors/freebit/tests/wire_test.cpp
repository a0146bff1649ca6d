// What leaves and what is made of the answer: form, table of names and codes, the last look, the key.
#include <atomic>
#include <boost/json.hpp>
#include <latch>
#include <thread>

#include "client/client.hpp"
#include "client/form.hpp"
#include "client/outgoing.hpp"
#include "tests/support.hpp"

using namespace freebit;
namespace json = boost::json;
using namespace std::chrono_literals;

TEST_CASE("the body of the reference's example is made byte for byte") {
  const json::object request{
      {"authKey", "AK"}, {"kind", "MVNO"}, {"account", "09012345678"}, {"quota", "100"}};
  const std::string body =
      "json=%7B%22authKey%22%3A%22AK%22%2C%22kind%22%3A%22MVNO%22%2C%22account%22%3A%2209012345678%22%2C%22"
      "quota%22%3A%22100%22%7D";
  CHECK(encode_form(request) == body);
  CHECK(body.size() == 123);
  CHECK(form_escape("山田 太郎") == "%E5%B1%B1%E7%94%B0+%E5%A4%AA%E9%83%8E");
  CHECK(form_escape("aZ09-._~/+%&=") == "aZ09-._~%2F%2B%25%26%3D");
  CHECK(encode_form({}, "1.0") == "json=%7B%7D&version=1.0");
}

TEST_CASE("codes mean what the table says, as far as it goes") {
  const Wire wire({}, {});
  struct Row {
    const char *result, *detail, *message;
    Meaning meaning;
  };
  const Row rows[] = {
      {"100", "100", "OK", Meaning::ok},
      {"100", "", "", Meaning::ok},
      {"400", "356", "unsupported pattern", Meaning::invalid},
      {"400", "77", "what nobody knows", Meaning::invalid},
      {"401", "1", "", Meaning::key},
      {"400", "9", "authKey is not valid", Meaning::key},
      {"777", "1", "認証エラー", Meaning::key},
      {"403", "1", "", Meaning::not_now},
      {"404", "1", "", Meaning::not_found},
      {"409", "1", "", Meaning::busy},
      {"500", "1", "", Meaning::server},
      {"503", "9", "", Meaning::server},
      {"777", "1", "", Meaning::invalid},
  };
  for (const auto& row : rows) {
    INFO(row.result << "-" << row.detail << " " << row.message);
    CHECK(wire.meaning(row.result, row.detail, row.message) == row.meaning);
  }
}

TEST_CASE("settings replace the codes of a meaning and the path of a call, and then nobody doubts them") {
  const Wire plain({}, {});
  CHECK(plain.unverified_paths() ==
        std::vector<std::string>{"PA03-02=mvno/getDetail/", "PA04-04=master/addSpec/",
                                 "PA05-02=mvno/getQuotaHistory/", "PA05-21=mvno/changePlan/"});
  CHECK(plain.unverified_codes() == std::vector<std::string>{"invalid=400", "key=401-1", "not_now=403-1",
                                                             "not_found=404-1", "busy=409-1",
                                                             "server=500-1"});
  const Wire wire({"PA05-21=mvno/plan/change/"}, {"busy=423-7", "busy=423-8"});
  CHECK(wire.call(CallId::change_plan).path == "mvno/plan/change/");
  CHECK(wire.meaning("423", "8", "") == Meaning::busy);
  CHECK(wire.meaning("409", "1", "") == Meaning::invalid);
  CHECK(wire.unverified_paths().size() == 3);
  CHECK(wire.unverified_codes().size() == 5);
  for (const char* bad : {"PA05-21", "PA09-99=x/", "PA05-21=/x/", "PA05-21=x", "PA05-21=../x/", "=x/"})
    CHECK(code_of([&] { Wire({bad}, {}); }) == "500 config.invalid");
  for (const char* bad : {"locked=1", "busy", "busy="})
    CHECK(code_of([&] { Wire({}, {bad}); }) == "500 config.invalid");
}

TEST_CASE("an answer is a success only when its code says so") {
  const Wire wire({}, {});
  const auto kind = [&](int status, const char* body) -> std::string {
    const auto verdict = read_reply(status, body, wire);
    if (std::holds_alternative<Done>(verdict)) return "done";
    if (const auto* declined = std::get_if<Declined>(&verdict)) return declined->code;
    return "nonsense";
  };
  const std::tuple<int, const char*, const char*> rows[] = {
      {200, R"({"resultCode":"100","status":{"message":"OK","statusCode":"100"}})", "done"},
      {200, R"({"resultCode":100})", "done"},
      {200, R"({"RESULTCODE":" 100 "})", "done"},
      {200, R"({"resultCode":"409","status":{"message":"x","statusCode":1}})", "409-1"},
      {200, R"({"resultCode":"409"})", "409"},
      {201, R"({"resultCode":"100"})", "nonsense"},
      {500, R"({"resultCode":"100"})", "nonsense"},
      {200, R"({"resultCode":["100"]})", "nonsense"},
      {200, R"({"resultCode":null})", "nonsense"},
      {200, R"({"status":{"statusCode":"100"}})", "nonsense"},
      {200, R"({"resultCode":"100","status":"?"})", "nonsense"},
      {200, R"({"resultCode":"100")", "nonsense"},
      {200, R"({"resultCode":"404","resultCode":"100"})", "nonsense"},
      {200, "<html>Sorry</html>", "nonsense"},
      {200, "[]", "nonsense"},
      {200, "", "nonsense"},
  };
  for (const auto& [status, body, expected] : rows) {
    INFO(status << " " << body);
    CHECK(kind(status, body) == expected);
  }
}

TEST_CASE("a message for the log has no numbers of lines or persons") {
  CHECK(for_log("account 09012345678 is busy (409-1)") == "account # is busy (409-1)");
  CHECK(for_log(std::string(300, 'x')).size() == 200);
  CHECK(for_log(std::string(199, 'x') + "認証") == std::string(199, 'x'));
}

TEST_CASE("what the sheets forbid does not leave") {
  const Wire wire({}, {});
  const auto sent = [&](CallId id, const json::object& request) {
    return code_of([&] { check_outgoing(wire.call(id), request); });
  };
  struct Row {
    const char* rule;
    CallId call;
    json::object request;
    bool leaves;
  };
  const json::object options{{"voiceMail", "10"}};
  const Row rows[] = {
      {"options, confirmed",
       CallId::change_voice,
       {{"account", "09000000001"}, {"userConfirmed", "10"}, {"talkOption", options}},
       true},
      {"no option",
       CallId::change_voice,
       {{"account", "09000000001"}, {"userConfirmed", "10"}, {"talkOption", json::object()}},
       false},
      {"options left out",
       CallId::change_voice,
       {{"account", "09000000001"}, {"userConfirmed", "10"}},
       false},
      {"not confirmed",
       CallId::change_voice,
       {{"account", "09000000001"}, {"userConfirmed", "20"}, {"talkOption", options}},
       false},
      {"confirmation left out",
       CallId::change_voice,
       {{"account", "09000000001"}, {"talkOption", options}},
       false},
      {"a boolean",
       CallId::change_voice,
       {{"account", "09000000001"},
        {"userConfirmed", "10"},
        {"talkOption", json::object{{"voiceMail", true}}}},
       false},
      {"quota", CallId::add_quota, {{"quota", "100"}}, true},
      {"quota 0", CallId::add_quota, {{"quota", "0"}}, false},
      {"quota 512000", CallId::add_quota, {{"quota", "512000"}}, true},
      {"quota 512001", CallId::add_quota, {{"quota", "512001"}}, false},
      {"a full-width quota", CallId::add_quota, {{"quota", "１００"}}, false},
      {"a quota as number", CallId::add_quota, {{"quota", 100}}, false},
      {"hyphens in a number", CallId::traffic, {{"account", "090-0000-0001"}}, false},
      {"a share group", CallId::traffic, {{"account", "QUMB_00000000001"}}, true},
      {"4G", CallId::change_network, {{"contractLine", "4G"}}, true},
      {"LTE", CallId::change_network, {{"contractLine", "LTE"}}, false},
      {"a date", CallId::change_plan, {{"runTime", "20261201"}}, true},
      {"a date that is none", CallId::change_plan, {{"runTime", "20260231"}}, false},
      {"a long plan code", CallId::change_plan, {{"planCode", std::string(33, 'P')}}, false},
      {"an EID", CallId::activate_esim, {{"eid", kEid}}, true},
      {"one digit of it changed",
       CallId::activate_esim,
       {{"eid", "89049032000000000000000000000067"}},
       false},
      {"a woman", CallId::activate_esim, {{"mnp", json::object{{"gender", "W"}}}}, true},
      {"F", CallId::activate_esim, {{"mnp", json::object{{"gender", "F"}}}}, false},
      {"a new line that staff keyed",
       CallId::activate_esim,
       {{"addKind", "N"}, {"aladinOperated", "10"}},
       true},
      {"a reissue that staff keyed",
       CallId::activate_esim,
       {{"addKind", "R"}, {"aladinOperated", "10"}},
       false},
      {"a ported line that staff keyed",
       CallId::activate_esim,
       {{"addKind", "M"}, {"aladinOperated", "10"}},
       false},
      {"a ported OTA line that staff keyed",
       CallId::activate_ota,
       {{"addKind", "M"}, {"aladinOperated", "10"}},
       true},
      {"a reissued OTA line that staff keyed",
       CallId::activate_ota,
       {{"addKind", "R"}, {"aladinOperated", "10"}},
       false},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    CHECK(sent(row.call, row.request) == (row.leaves ? "" : "422 mobile.invalid_request"));
  }
}

TEST_CASE("a refused key is fetched once, however many calls it was refused to") {
  constexpr int kCalls = 50;
  std::atomic<int> fetched{0};
  std::latch all_came(kCalls);
  std::chrono::microseconds now{0};
  Keys keys(
      [&] {
        // The second key takes until everybody wants it.
        if (fetched > 0) all_came.wait();
        return "key-" + std::to_string(++fetched);
      },
      [&] { return now; }, 50min);
  const auto first = keys.get();
  CHECK(keys.get().text == "key-1");
  std::vector<std::string> got(kCalls);
  {
    std::vector<std::jthread> calls;
    for (int i = 0; i < kCalls; ++i)
      calls.emplace_back([&, i] {
        all_came.count_down();
        got[static_cast<std::size_t>(i)] = keys.renew(first.generation).text;
      });
  }
  CHECK(got == std::vector<std::string>(kCalls, "key-2"));
  CHECK(fetched == 2);
  now = 51min;
  CHECK(keys.get().text == "key-3");  // renewed before it is refused
}

TEST_CASE("who waits for a key shares the failure to get one, and the next one tries again") {
  bool broken = true;
  Keys keys(
      [&]() -> std::string {
        if (broken) throw portico::Problem(503, "upstream.unavailable");
        return "key";
      },
      [] { return 0us; }, 50min);
  CHECK(code_of([&] { keys.get(); }) == "503 upstream.unavailable");
  broken = false;
  CHECK(keys.get().text == "key");
}
