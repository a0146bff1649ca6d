// The connector through its C ABI: settings, what it says at its start, what it sends, what it tells of
// health.
#include <catch2/catch.hpp>
#include <portico/contracts/mobile.hpp>
#include <portico/testkit.hpp>

using portico::Problem;
using portico::testkit::TestHost;
namespace contract = portico::mobile;

namespace {

const boost::json::object kSettings{{"base_url", "https://mvno.example.com/emptool/api"},
                                    {"oem_id", "operator-1"},
                                    {"oem_key", "se&cret-key"}};
constexpr auto kKey =
    R"({"resultCode":"100","status":{"message":"OK","statusCode":"100"},"authKey":"key-4711"})";
constexpr auto kDetail =
    R"({"resultCode":"100","status":{"message":"OK"},"responseDatas":[{"kind":"MVNO","account":"09000000001","state":"active","talk":"10","voicemail":"10"}]})";
const contract::LineRef kLine{{"09000000001"}};

TestHost& open(TestHost& host, boost::json::object more = {}) {
  auto settings = kSettings;
  for (const auto& member : more) settings[member.key()] = member.value();
  host.config(std::move(settings)).load(PORTICO_PLUGIN_FILE);
  return host;
}

portico::testkit::Expectation& expect(TestHost& host, const std::string& path, const std::string& call) {
  return host.upstream("freebit").expect("POST", path).operation(call);
}

template <class F>
std::string outcome_of(F&& fn) {
  try {
    fn();
  } catch (const Problem& problem) {
    return std::to_string(problem.status) + " " + problem.code;
  }
  return "ok";
}

std::string start_line(const TestHost& host) {
  for (const auto& line : host.log())
    if (line.message.find("nobody has confirmed") != std::string::npos) return line.text();
  return {};
}

}  // namespace

TEST_CASE("what the connector offers, and that its settings are checked") {
  TestHost host;
  open(host);
  CHECK(host.registered().operations ==
        std::vector<std::string>{"mobile.activate_card/1", "mobile.activate_esim/1", "mobile.cancel_line/1",
                                 "mobile.change_network_type/1", "mobile.change_plan/1",
                                 "mobile.change_voice_options/1", "mobile.get_line/1", "mobile.get_usage/1",
                                 "mobile.reissue_esim/1", "mobile.top_up/1", "mobile.top_up_history/1"});
  CHECK(host.registered().tasks == std::vector<std::string>{"freebit.check", "freebit.tidy"});
  const boost::json::object bad[] = {{{"card_way", "by hand"}},
                                     {{"paths", boost::json::array{"PA05-21"}}},
                                     {{"codes", boost::json::array{"lock=1"}}},
                                     {{"most_mb", 512'001}}};
  for (const auto& setting : bad) {
    INFO(boost::json::serialize(setting));
    CHECK(outcome_of([&] {
            TestHost other;
            open(other, setting);
          }) == "500 config.invalid");
  }
}

TEST_CASE("the start names the paths and codes in use that nobody has confirmed, in one line") {
  TestHost host;
  open(host);
  const auto line = start_line(host);
  CHECK(line.find("PA05-21=mvno/changePlan/") != std::string::npos);
  CHECK(line.find("busy=409-1") != std::string::npos);
  CHECK(line.find("PA05-38") == std::string::npos);  // its sheet states it
  CHECK(line.find("ok=100") == std::string::npos);

  TestHost told;
  open(told, {{"paths", boost::json::array{"PA03-02=a/", "PA04-04=b/", "PA05-02=c/", "PA05-21=d/"}},
              {"codes", boost::json::array{"invalid=400", "key=401-1", "not_now=403-1", "not_found=404-1",
                                           "busy=409-1", "server=500-1"}}});
  CHECK(start_line(told).empty());
}

TEST_CASE("a line is read with one key for many calls, and nothing of either is in the log") {
  TestHost host;
  open(host);
  expect(host, "/authOem/", "PA01-01")
      .with_header("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
      .with_body_containing("json=%7B%22oemId%22%3A%22operator-1%22%2C%22oemKey%22%3A%22se%26cret-key%22%7D")
      .reply(kKey);
  for (int i = 0; i < 2; ++i)
    expect(host, "/mvno/getDetail/", "PA03-02")
        .with_body_containing("%22authKey%22%3A%22key-4711%22")
        .reply(kDetail);
  for (int i = 0; i < 2; ++i) {
    const auto line = host.call(contract::get_line, kLine);
    CHECK(line.state == contract::LineState::active);
    CHECK(line.voice->voicemail);
  }
  CHECK(host.health().at("freebit").state == PORTICO_HEALTH_OK);
  for (const auto& line : host.log())
    for (const char* secret : {"cret-key", "key-4711", "09000000001"})
      CHECK(line.text().find(secret) == std::string::npos);
}

TEST_CASE("usage is asked for once in five minutes") {
  TestHost host;
  open(host);
  const contract::Pool pool{contract::PhoneNumber{"09000000001"}, {}};
  expect(host, "/authOem/", "PA01-01").reply(kKey);
  constexpr auto kTraffic = R"({"resultCode":"100","traffic":{"today":"5","inRecentDays":"1,2"}})";
  expect(host, "/mvno/getTrafficInfo/", "PA05-01").reply(kTraffic);
  CHECK(host.call(contract::get_usage, pool).today.kb == 5);
  CHECK(host.call(contract::get_usage, pool).today.kb == 5);
  host.skip(std::chrono::minutes(6));
  expect(host, "/mvno/getTrafficInfo/", "PA05-01").reply(kTraffic);
  CHECK(host.call(contract::get_usage, pool).days.size() == 2);
}

TEST_CASE("what the answers mean for the caller, and for health") {
  struct Row {
    const char* rule;
    std::function<void(portico::testkit::Expectation&)> answer;
    const char* outcome;
    int health;
    int bad_replies;
  };
  const Row rows[] = {
      {"not there", [](auto& e) { e.reply(R"({"resultCode":"404","status":{"statusCode":"1"}})"); },
       "404 mobile.line_not_found", PORTICO_HEALTH_OK, 0},
      {"down", [](auto& e) { e.reply(503, "<html>", "text/html"); }, "503 upstream.unavailable",
       PORTICO_HEALTH_DEGRADED, 0},
      {"a page", [](auto& e) { e.reply(200, "<html>", "text/html"); }, "502 upstream.bad_reply",
       PORTICO_HEALTH_DEGRADED, 1},
      {"a list that is none", [](auto& e) { e.reply(R"({"resultCode":"100","responseDatas":7})"); },
       "502 upstream.bad_reply", PORTICO_HEALTH_DEGRADED, 1},
      {"a time-out", [](auto& e) { e.times_out(); }, "504 upstream.timeout", PORTICO_HEALTH_DEGRADED, 0},
      {"our own full queue", [](auto& e) { e.fails(Problem(503, "upstream.busy", "", 1)); },
       "503 upstream.busy", -1, 0},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    TestHost host;
    open(host);
    expect(host, "/authOem/", "PA01-01").reply(kKey);
    row.answer(expect(host, "/mvno/getDetail/", "PA03-02"));
    CHECK(outcome_of([&] { host.call(contract::get_line, kLine); }) == row.outcome);
    const auto health = host.health();
    CHECK((health.count("freebit") ? health.at("freebit").state : -1) == row.health);
    CHECK(host.upstream("freebit").bad_replies() == row.bad_replies);
  }
}

TEST_CASE("a wrong key shows before a customer meets it") {
  TestHost host;
  open(host);
  expect(host, "/authOem/", "PA01-01")
      .reply(R"({"resultCode":"401","status":{"message":"no","statusCode":"1"}})");
  host.run_task("freebit.check");
  CHECK(host.health().at("freebit").state == PORTICO_HEALTH_FAILED);
}
