// The connector but the host, over real HTTP against the played enabler: keys, readings, quirks, faults.
#include <barrier>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/running_sandbox.hpp"

using namespace freebit;
namespace contract = portico::mobile;
using namespace std::chrono_literals;

namespace {

const contract::PhoneNumber kLine{"09000000001"};
const contract::Pool kPool{kLine, {}};

}  // namespace

TEST_CASE("an expired key costs exactly one authentication and one retry, also under 50 parallel calls") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  connector.lines.get({kLine});
  CHECK(sandbox.calls_of("PA01-01") == 1);
  sandbox.pass(61min);  // the sandbox's keys live for an hour
  constexpr int kCalls = 50;
  std::barrier together(kCalls);
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> calls;
    for (int i = 0; i < kCalls; ++i)
      calls.emplace_back([&] {
        together.arrive_and_wait();
        if (connector.lines.find(kLine.digits)) ++good;
      });
  }
  CHECK(good == kCalls);
  CHECK(sandbox.calls_of("PA01-01") == 2);
  // Each call once, and once more those whose key was refused.
  const auto calls = sandbox.calls_of("PA03-02");
  CHECK(calls > 1 + kCalls);
  CHECK(calls <= 1 + 2 * kCalls);
}

TEST_CASE("a key that is refused twice is a matter for the administrator") {
  RunningSandbox sandbox;
  Connector wrong(sandbox, "wrong");
  CHECK(code_of([&] { wrong.lines.get({kLine}); }) == "503 upstream.misconfigured");
  Connector connector(sandbox);
  connector.lines.get({kLine});
  sandbox.control("PUT", "/faults",
                  R"({"vendor":"freebit","action":"PA03-02","kind":"error","code":"401-1","next":2})");
  CHECK(code_of([&] { connector.lines.get({kLine}); }) == "503 upstream.misconfigured");
  connector.lines.get({kLine});
}

TEST_CASE("a line is the same in every spelling and shape") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  const auto all = [&] {
    std::string out;
    for (const char* number : {"09000000001", "08000000002", "07000000003", "09000000006", "09000000007",
                               "09000000008", "09000000009", "02000000000010"}) {
      auto line = connector.lines.get({{number}});
      line.as_of.clear();
      out += portico::encode_text(line) + "\n";
    }
    auto usage = connector.lines.usage(kPool);
    usage.as_of.clear();
    return out + portico::encode_text(usage);
  };
  const auto first = all();
  CHECK(first.find(R"("voicemail":true)") != std::string::npos);
  CHECK(first.find(R"("network":"five_g")") != std::string::npos);
  CHECK(first.find(R"("state":"suspended")") != std::string::npos);
  for (const char* changes :
       {R"({"spelling":"lower"})", R"({"numbers":"numbers"})", R"({"status_member":"missing"})",
        R"({"network_member":"contractLine"})", R"({"state_member":"status"})", R"({"lists":"array"})",
        R"({"language":"ja"})"}) {
    INFO(changes);
    sandbox.switches(changes);  // each on top of the ones before
    CHECK(all() == first);
  }
  sandbox.switches(R"({"state_words":"unheard_of"})");
  CHECK(connector.lines.get({kLine}).state == contract::LineState::unknown);
}

TEST_CASE("a line without telephony has no voice options to show") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  CHECK(connector.lines.get({kLine}).voice);
  CHECK_FALSE(connector.lines.get({{"08000000002"}}).voice);
}

TEST_CASE("what cannot be told is told apart") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  const auto usage = [&](const contract::Pool& pool) {
    return code_of([&] { connector.lines.usage(pool); });
  };
  CHECK(usage({contract::PhoneNumber{"09000009999"}, {}}) == "404 mobile.line_not_found");
  CHECK(usage({contract::PhoneNumber{"09000000004"}, {}}) == "409 mobile.no_usage");  // in a group
  CHECK(usage({contract::PhoneNumber{"09000000006"}, {}}) == "409 mobile.no_usage");  // no plan
  CHECK(usage({{}, contract::GroupCode{"QUMB_00000000001"}}) == "");
  CHECK(usage({}) == "422 request.invalid /line required");
  CHECK(code_of([&] { connector.lines.get({{"09000009999"}}); }) == "404 mobile.line_not_found");
  const auto calls = sandbox.calls_of("PA05-01");
  CHECK(usage({{}, contract::GroupCode{"no group"}}) == "422 request.invalid /group/code invalid_group_code");
  CHECK(usage({contract::PhoneNumber{"090000000001234"}, {}}) ==
        "422 request.invalid /line/digits invalid_phone_number");
  CHECK(sandbox.calls_of("PA05-01") == calls);
}

TEST_CASE("faults of a read are told apart") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  const std::tuple<const char*, const char*, const char*> rows[] = {
      {"http_500_html", "", "503 upstream.unavailable"},
      {"http_403_empty", "", "502 upstream.bad_reply"},
      {"truncated_json", "", "502 upstream.bad_reply"},
      {"cut_body", "", "503 upstream.unavailable"},
      {"wrong_shape", "", "502 upstream.bad_reply"},
      {"reset", "", "503 upstream.unavailable"},
      {"down", "", "503 upstream.unavailable"},
      {"error", "html", "502 upstream.bad_reply"},
      {"error", "500-1", "503 upstream.unavailable"},
      {"error", "400-356", "502 upstream.refused"},
      {"error", "409-1", "503 upstream.busy"},
      {"error", "expired_key", ""},
      {"none", "", ""}};
  for (const auto& [kind, code, expected] : rows) {
    INFO(kind << " " << code);
    sandbox.fault("PA03-02", kind, code);
    CHECK(code_of([&] { connector.lines.get({kLine}); }) == expected);
  }
}

TEST_CASE("nothing the log gets has a secret or a person in it, whatever happens") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  std::vector<std::string> secrets{"sandboxOemKey", kEid, "09000000101", "09000000001"};
  for (const char* code : {"400-356", "401-1", "409-1", "500-1", "expired_key", "html"}) {
    sandbox.control("PUT", "/faults",
                    fmt::format(R"({{"vendor":"freebit","kind":"error","code":"{}","next":2}})", code));
    code_of([&] { connector.lines.get({kLine}); });
    code_of([&] {
      connector.changes.activate_esim(
          {"op-" + std::string(code), {"09000000101"}, {kEid}, {"LTE3G_P01"}, {}, {}});
    });
    sandbox.control("DELETE", "/faults");
    connector.lines.get({kLine});
    // The keys that were given out stand in the sandbox's own file.
    std::ifstream file(sandbox.state_file());
    std::stringstream text;
    text << file.rdbuf();
    const auto state = boost::json::parse(text.str());
    for (const auto& key : state.at("freebit").at("book").at("keys").as_array())
      secrets.push_back(std::string(key.at("key").as_string()));
  }
  CHECK(secrets.size() > 6);
  CHECK(connector.watcher.lines.size() > 6);
  for (const auto& line : connector.watcher.lines)
    for (const auto& secret : secrets) {
      INFO(line);
      CHECK(line.find(secret) == std::string::npos);
    }
}

TEST_CASE("other codes are learnt from the settings") {
  RunningSandbox sandbox;
  sandbox.switches(R"({"codes":{"not_found":"204-9","key":"910-2","ok":"0"}})");
  Connector connector(sandbox, "sandboxOemKey000000000000000001", {},
                      Wire({}, {"not_found=204-9", "key=910-2", "ok=0"}));
  CHECK(code_of([&] { connector.lines.get({{"09000009999"}}); }) == "404 mobile.line_not_found");
  sandbox.pass(61min);
  CHECK(connector.lines.get({kLine}).state == contract::LineState::active);
}
