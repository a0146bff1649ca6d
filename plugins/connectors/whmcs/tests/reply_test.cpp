// Classification of answers, and the client around it.
#include <catch2/catch.hpp>

#include "client/client.hpp"
#include "tests/fake_api.hpp"

using namespace whmcs;

namespace {

std::string word(const Verdict& verdict) {
  if (std::holds_alternative<Done>(verdict)) return "done";
  if (const auto* d = std::get_if<Declined>(&verdict)) return "declined: " + d->message;
  if (const auto* b = std::get_if<Barred>(&verdict)) return "barred: " + b->message;
  if (std::holds_alternative<Down>(verdict)) return "down";
  return "nonsense";
}

class FakeTransport final : public Transport {
 public:
  std::function<Answer(std::string_view action, const std::string& body, Kind kind)> answer;
  Answer post(std::string_view action, std::string body, Kind kind) override {
    return answer(action, body, kind);
  }
};

class FakeWatcher final : public Watcher {
 public:
  std::string heard;
  void answered() override { heard += "answered "; }
  void barred(std::string_view, std::string_view) override { heard += "barred "; }
  void nonsense(std::string_view, std::string_view) override { heard += "nonsense "; }
  void unreachable(std::string_view, std::string_view code) override {
    heard += "unreachable:" + std::string(code) + " ";
  }
};

}  // namespace

TEST_CASE("an answer is done, declined, barred, down or nonsense") {
  struct Row {
    const char* rule;
    int status;
    const char* body;
    const char* verdict;
  };
  const Row rows[] = {
      {"success", 200, R"({"result":"success","clientid":"418"})", "done"},
      {"success in other letters", 200, R"({"result":"Success"})", "done"},
      {"success with a message", 200, R"({"result":"success","message":"ok"})", "done"},
      {"success with a warning", 200, R"({"result":"success","warning":"deprecated"})", "done"},
      {"a refusal", 200, R"({"result":"error","message":"Client ID Not Found"})",
       "declined: Client ID Not Found"},
      {"a refusal without text", 200, R"({"result":"error"})", "declined: "},
      {"a refusal under status", 200, R"({"status":"error","message":"Client ID Not Found"})",
       "declined: Client ID Not Found"},
      {"entities in the text", 200, R"({"result":"error","message":"a &quot;b&quot;"})", "declined: a \"b\""},
      {"a warning alone", 200, R"({"warning":"Invalid or Missing Payment Information"})",
       "declined: Invalid or Missing Payment Information"},
      {"no result", 200, R"({"clientid":418})", "nonsense"},
      {"an empty object", 200, R"({})", "nonsense"},
      {"success under status only", 200, R"({"status":"success"})", "nonsense"},
      {"address", 403, R"({"result":"error","message":"Invalid IP 203.0.113.9"})",
       "barred: Invalid IP 203.0.113.9"},
      {"identifier", 403, R"({"result":"error","message":"Invalid or missing credentials"})",
       "barred: Invalid or missing credentials"},
      {"secret", 403, R"({"result":"error","message":"Authentication Failed"})",
       "barred: Authentication Failed"},
      {"role", 403,
       R"({"result":"error","message":"Invalid Permissions: API action \u0022getstats\u0022 is not allowed"})",
       "barred: Invalid Permissions: API action \"getstats\" is not allowed"},
      {"an unknown action as 200", 200, R"({"result":"error","message":"Invalid API Action: x"})",
       "barred: Invalid API Action: x"},
      {"no action", 400, R"({"result":"error","message":"Empty action request"})",
       "barred: Empty action request"},
      {"403 with an unknown text", 403, R"({"result":"error","message":"You are banned"})",
       "barred: You are banned"},
      {"403 of a firewall", 403, "<html>blocked</html>", "nonsense"},
      {"403 empty", 403, "", "nonsense"},
      {"HTML 500", 500, "<html>EmitterException</html>", "down"},
      {"500 with JSON", 500, R"({"result":"success"})", "down"},
      {"503 with JSON", 503, R"({"result":"error","message":"down"})", "down"},
      {"HTML 200", 200, "<html></html>", "nonsense"},
      {"cut JSON", 200, R"({"result":"success","clients":{"client":[{"id":4)", "nonsense"},
      {"output before JSON", 200, "Notice: x {\"result\":\"success\"}", "nonsense"},
      {"output after JSON", 200, "{\"result\":\"success\"}<!-- x -->", "nonsense"},
      {"a key twice", 200, R"({"result":"success","a":1,"a":2})", "nonsense"},
      {"a key twice deep down", 200, R"({"result":"success","a":[{"b":1,"b":2}]})", "nonsense"},
      {"an array", 200, "[]", "nonsense"},
      {"empty", 200, "", "nonsense"},
      {"XML", 200, "<?xml version=\"1.0\"?><whmcsapi/>", "nonsense"},
      {"404", 404, R"({"result":"error","message":"no"})", "nonsense"},
      {"invalid UTF-8", 200, "{\"result\":\"success\",\"a\":\"\xFF\"}", "nonsense"},
      {"success as 403", 403, R"({"result":"success"})", "barred: HTTP 403"},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    CHECK(word(read_reply(row.status, row.body)) == row.verdict);
  }
}

TEST_CASE("a long message is cut between characters") {
  std::string body = R"({"result":"error","message":")";
  for (int i = 0; i < 200; ++i) body += "花";
  const auto verdict = read_reply(200, body + "\"}");
  const auto& message = std::get<Declined>(verdict).message;
  CHECK(message.size() == 300);
  CHECK(message.substr(297) == "花");
}

TEST_CASE("the client sends credentials in the body and tells its watcher how it went") {
  FakeTransport transport;
  FakeWatcher watcher;
  Client client(transport, watcher, {"the id", "the&secret", "k!"});
  std::string sent;
  const auto ask = [&](int status, std::string reply) {
    transport.answer = [&, status, reply](std::string_view, const std::string& body, Kind) {
      sent = body;
      return Transport::Answer{status, reply};
    };
    return code_of([&] {
      try {
        client.ask("GetClients", Form().set("search", "a@b.c"), Kind::read,
                   [](const Fields& fields) { return fields.integer("totalresults"); });
      } catch (const Refusal& refusal) {
        throw portico::Problem(1, refusal.action + "/" + refusal.message);
      }
    });
  };
  CHECK(ask(200, R"({"result":"success","totalresults":"3"})").empty());
  CHECK(sent ==
        "action=GetClients&responsetype=json&identifier=the+id&secret=the%26secret&accesskey=k%21&search=a%"
        "40b.c");
  CHECK(ask(200, R"({"result":"success","totalresults":[]})") == "502 upstream.bad_reply");
  CHECK(ask(403, R"({"result":"error","message":"Authentication Failed"})") == "503 upstream.misconfigured");
  CHECK(ask(200, R"({"result":"error","message":"No"})") == "1 GetClients/No");
  CHECK(ask(500, "<html>") == "503 upstream.unavailable");
  CHECK(watcher.heard == "answered answered nonsense barred answered unreachable:HTTP 500 ");
  transport.answer = [](auto, const auto&, auto) -> Transport::Answer {
    throw portico::Problem(504, "upstream.timeout");
  };
  CHECK(code_of([&] { client.ask("GetClients", Form(), Kind::read, [](const Fields&) { return 1; }); }) ==
        "504 upstream.timeout");
  CHECK(watcher.heard.ends_with("unreachable:upstream.timeout "));
}

TEST_CASE("no failure of the client names a secret") {
  FakeTransport transport;
  FakeWatcher watcher;
  Client client(transport, watcher, {"ident-1", "secret-1", {}});
  for (const char* reply : {"identifier=ident-1&secret=secret-1", R"({"a":1,"a":"secret-1"})",
                            R"({"result":"success","n":"secret-1"})"}) {
    transport.answer = [&](auto, const auto&, auto) { return Transport::Answer{200, reply}; };
    try {
      client.ask("AddClient", Form(), Kind::write, [](const Fields& fields) { return fields.integer("n"); });
      FAIL("no failure");
    } catch (const portico::Problem& problem) {
      CHECK(problem.detail.find("secret-1") == std::string::npos);
    }
  }
}
