// Sign-on, renewal, limits, locked rows and everything else that happens between a request and its answer.
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <atomic>
#include <barrier>
#include <portico/contract.hpp>
#include <thread>

#include "client/assertion.hpp"
#include "client/base64.hpp"
#include "tests/scripted.hpp"

using namespace salesforce;
namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

const std::string kNoRows = R"({"totalSize":0,"done":true,"records":[]})";
const std::string kWritten = R"({"id":"500000000000001AAA","success":true,"errors":[]})";

soql::Select cases() {
  return soql::Select("Case").fields({"Id"});
}

std::string decoded(std::string_view part) {
  std::string text(part);
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (text.size() % 4 != 0) text += '=';
  return base64_decode(text).value_or("?");
}

}  // namespace

TEST_CASE("an assertion is signed by the key and says who, to whom and until when") {
  const auto text = assertion_of(
      {"client-1", "portal@example.com", "https://login.example", std::chrono::sys_seconds(1234567890s)},
      SigningKey(test_key()));
  const auto first = text.find('.'), second = text.rfind('.');
  REQUIRE(second > first);
  CHECK(decoded(std::string_view(text).substr(0, first)) == R"({"alg":"RS256"})");
  CHECK(decoded(std::string_view(text).substr(first + 1, second - first - 1)) ==
        R"({"iss":"client-1","sub":"portal@example.com","aud":"https://login.example","exp":1234567890})");
  const auto signature = decoded(std::string_view(text).substr(second + 1));
  const std::unique_ptr<BIO, int (*)(BIO*)> pem(
      BIO_new_mem_buf(test_key().data(), static_cast<int>(test_key().size())), BIO_free);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      PEM_read_bio_PrivateKey(pem.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  REQUIRE(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1);
  CHECK(EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                         signature.size(), reinterpret_cast<const unsigned char*>(text.data()), second) == 1);
}

TEST_CASE("a key that cannot sign is refused without a word of it") {
  for (const char* pem : {"", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"})
    CHECK(code_of([&] { SigningKey{std::string(pem)}; }) == "500 config.invalid");
}

TEST_CASE("one sign-on serves many calls") {
  Scripted org;
  for (int i = 0; i < 3; ++i) {
    org.transport.then(200, kNoRows);
    org.client.query(cases(), 10);
  }
  CHECK(org.transport.paths() == "token query query query");
  const auto& token = org.transport.asked.front();
  CHECK(token.path == "/services/oauth2/token");
  CHECK(token.body.starts_with(
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=ey"));
  const auto& query = org.transport.asked.back();
  CHECK(query.path == "/services/data/v60.0/query?q=SELECT%20Id%20FROM%20Case");
  CHECK(query.headers.back() ==
        std::pair<std::string, std::string>("Authorization", "Bearer 00D000000000001!token1"));
  const auto access = org.session.get();
  CHECK(access.tenant_id == "00D000000000001EAA");
  CHECK(access.user_id == "005000000000001AAA");
  CHECK(access.instance_url == "https://org.example");
}

TEST_CASE("an ended session is renewed once, for reads and for writes") {
  Scripted org;
  org.transport.error(401, "INVALID_SESSION_ID", "Session expired or invalid").then(200, kNoRows);
  org.client.query(cases(), 10);
  org.transport.error(401, "INVALID_SESSION_ID", "Session expired or invalid").then(201, kWritten);
  CHECK(org.client.create("Case", {{"Subject", "x"}}).id == "500000000000001AAA");
  CHECK(org.transport.paths() == "token query token query create token create");
  org.transport.error(401, "INVALID_SESSION_ID", "Session expired or invalid")
      .error(401, "INVALID_SESSION_ID", "Session expired or invalid");
  CHECK(code_of([&] { org.client.query(cases(), 10); }) == "503 upstream.misconfigured");
}

TEST_CASE("a session that is not meant for the API is no matter of renewing") {
  Scripted org;
  org.transport.error(401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API");
  CHECK(code_of([&] { org.client.query(cases(), 10); }) == "503 upstream.misconfigured");
  CHECK(org.transport.tokens == 1);
  CHECK(org.watcher.last().starts_with("barred query"));
}

TEST_CASE("fifty who need a token ask for one") {
  Scripted org;
  constexpr int kThreads = 50;
  std::barrier together(kThreads);
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i)
      threads.emplace_back([&] {
        together.arrive_and_wait();
        if (org.session.get().generation == 1) ++good;
      });
  }
  CHECK(good == kThreads);
  CHECK(org.transport.tokens == 1);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i)
      threads.emplace_back([&] {
        together.arrive_and_wait();
        if (org.session.renew(1).generation == 2) ++good;
      });
  }
  CHECK(good == 2 * kThreads);
  CHECK(org.transport.tokens == 2);
}

TEST_CASE("what a token reply may not be") {
  const auto sign_on = [](int status, const std::string& body) {
    Scripted org;
    org.transport.tokens_by_itself = false;
    org.transport.then(status, body);
    return code_of([&] { org.session.get(); });
  };
  const auto reply = [](const std::string& token, const std::string& instance) {
    return ScriptedTransport::token_reply(token, instance);
  };
  CHECK(sign_on(200, reply("t", "https://org.example")) == "");
  CHECK(sign_on(200, reply("t", "https://ORG.example")) == "");
  CHECK(sign_on(200, reply("t", "https://elsewhere.example")) == "503 upstream.misconfigured");
  CHECK(sign_on(200, reply("t", "http://org.example")) == "503 upstream.misconfigured");
  CHECK(sign_on(200, reply("t", "https://org.example@elsewhere.example")) == "502 upstream.bad_reply");
  CHECK(sign_on(200, reply("a b", "https://org.example")) == "502 upstream.bad_reply");
  CHECK(sign_on(200, reply("", "https://org.example")) == "502 upstream.bad_reply");
  CHECK(sign_on(200, R"({"access_token":"t","instance_url":"https://org.example","id":"nothing"})") ==
        "502 upstream.bad_reply");
  CHECK(sign_on(200, "<html>") == "502 upstream.bad_reply");
  CHECK(sign_on(400, R"({"error":"invalid_grant","error_description":"user is locked"})") ==
        "503 upstream.misconfigured");
  CHECK(sign_on(401, R"({"error":"invalid_client_id","error_description":"x"})") ==
        "503 upstream.misconfigured");
  CHECK(sign_on(404, "not here") == "502 upstream.bad_reply");
  CHECK(sign_on(503, "<html>") == "503 upstream.unavailable");
}

TEST_CASE("an org that bars us is not asked again for half a minute") {
  Scripted org;
  org.transport.tokens_by_itself = false;
  org.transport.then(400, R"({"error":"invalid_grant","error_description":"user is locked"})");
  for (int i = 0; i < 3; ++i) CHECK(code_of([&] { org.session.get(); }) == "503 upstream.misconfigured");
  CHECK(org.transport.asked.size() == 1);
  CHECK(org.watcher.last() == "barred token: invalid_grant: user is locked");
  org.now += 31s;
  org.transport.tokens_by_itself = true;
  CHECK(code_of([&] { org.session.get(); }) == "");
  // What may pass by itself is asked at once.
  Scripted other;
  other.transport.tokens_by_itself = false;
  other.transport.then(503, "").then(200, ScriptedTransport::token_reply("t"));
  CHECK(code_of([&] { other.session.get(); }) == "503 upstream.unavailable");
  CHECK(code_of([&] { other.session.get(); }) == "");
}

TEST_CASE("a write that never got its token was surely not sent") {
  for (const bool renewing : {false, true}) {
    Scripted org;
    if (renewing) {
      org.client.user_id();
      org.transport.error(401, "INVALID_SESSION_ID", "Session expired or invalid");
    }
    org.transport.tokens_by_itself = false;
    org.transport.script.emplace_back(
        portico::OutboundProblem(portico::Problem(504, "upstream.timeout"), true));
    try {
      org.client.create("Case", {});
      FAIL("it was sent");
    } catch (const portico::OutboundProblem& problem) {
      CHECK(problem.code == "upstream.timeout");
      CHECK_FALSE(problem.may_have_been_sent);
    }
  }
}

TEST_CASE("a locked row is tried four times, with growing pauses") {
  Scripted org;
  for (int i = 0; i < 3; ++i) org.transport.error(400, "UNABLE_TO_LOCK_ROW");
  org.transport.then(204, "");
  org.client.update("Case", "500000000000001AAA", {{"Status", "Closed"}});
  CHECK(org.pauses == std::vector<std::int64_t>{400, 800, 1600});
  for (int i = 0; i < 4; ++i) org.transport.error(400, "UNABLE_TO_LOCK_ROW");
  CHECK(code_of([&] { org.client.update("Case", "500000000000001AAA", {}); }) ==
        "REFUSED UNABLE_TO_LOCK_ROW");
}

TEST_CASE("limits keep every call away for a while") {
  Scripted org;
  org.transport.error(403, "REQUEST_LIMIT_EXCEEDED",
                      "ConcurrentRequests (Concurrent API Requests) Limit exceeded.");
  CHECK(code_of([&] { org.client.query(cases(), 1); }) == "503 upstream.busy");
  CHECK(code_of([&] { org.client.create("Case", {}); }) == "503 upstream.busy");
  CHECK(org.transport.paths() == "token query");
  org.now += 1'100ms;
  org.transport.error(403, "REQUEST_LIMIT_EXCEEDED", "Concurrent");
  CHECK(code_of([&] { org.client.query(cases(), 1); }) == "503 upstream.busy");
  org.now += 1'100ms;  // the second pause is twice as long
  CHECK(code_of([&] { org.client.query(cases(), 1); }) == "503 upstream.busy");
  CHECK(org.transport.paths() == "token query query");
  org.now += 1'100ms;
  org.transport.then(200, kNoRows);
  CHECK(code_of([&] { org.client.query(cases(), 1); }) == "");
  org.transport.error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
  CHECK(code_of([&] { org.client.query(cases(), 1); }) == "503 upstream.quota_used");
  org.now += 299s;
  CHECK(code_of([&] { org.client.query(cases(), 1); }) == "503 upstream.quota_used");
  org.now += 2s;
  org.transport.then(200, kNoRows);
  CHECK(code_of([&] { org.client.query(cases(), 1); }) == "");
}

TEST_CASE("what nobody waits for stops where few requests are left") {
  Scripted org;
  const How refresh{Lane::standard, portico::Priority::refresh};
  org.transport.then(200, kNoRows, "api-usage=849/1000");
  org.client.query(cases(), 1, refresh);
  CHECK(org.watcher.lines().at(0) == "used 849 of 1000");
  org.transport.then(200, kNoRows, "api-usage=850/1000; per-app-api-usage=1/2(appName=x)");
  org.client.query(cases(), 1, refresh);
  CHECK(code_of([&] { org.client.query(cases(), 1, refresh); }) == "503 upstream.quota_low");
  org.transport.then(200, kNoRows, "per-app-api-usage=1/1000000(appName=x)");
  org.client.query(cases(), 1);
  CHECK(code_of([&] { org.client.query(cases(), 1, refresh); }) == "503 upstream.quota_low");
  for (const char* odd :
       {"", "api-usage=", "api-usage=x/y", "api-usage=1/0", "api-usage=99999999999999999999/1"})
    CHECK(org.quota.note(odd).second == 0);
}

TEST_CASE("pages are followed by locator on the long lane, not in circles and not without end") {
  Scripted org;
  const auto page = [](const char* id, const char* next) {
    return fmt::format(R"({{"totalSize":3,"done":false,"records":[{{"Id":"{}"}}],"nextRecordsUrl":"{}"}})",
                       id, next);
  };
  org.transport.then(200, page("a", "https://evil.example/x/01gA-2000"))
      .then(200, page("b", "/services/data/v60.0/query/01gA-4000"))
      .then(200, R"({"totalSize":3,"done":true,"records":[{"Id":"c"}]})");
  CHECK(org.client.query(cases(), 10).size() == 3);
  CHECK(org.transport.asked.at(2).path == "/services/data/v60.0/query/01gA-2000");
  CHECK(org.transport.asked.at(2).lane == Lane::long_running);
  org.transport.then(200, page("a", "/x/01gA-1")).then(200, page("b", "/x/01gA-1"));
  CHECK(code_of([&] { org.client.query(cases(), 10); }) == "502 upstream.bad_reply");
  org.transport.then(200, page("a", "/x/01gA-1")).then(200, page("b", "/x/01gA-2"));
  CHECK(code_of([&] { org.client.query(cases(), 2); }) == "502 upstream.refused");
}

TEST_CASE("a query that takes too long is asked once more, on the long lane") {
  Scripted org;
  org.transport.error(400, "QUERY_TIMEOUT").then(200, kNoRows);
  org.client.query(cases(), 1);
  CHECK(org.transport.asked.at(1).lane == Lane::standard);
  CHECK(org.transport.asked.at(2).lane == Lane::long_running);
  org.transport.error(400, "QUERY_TIMEOUT").error(400, "QUERY_TIMEOUT");
  CHECK(code_of([&] { org.client.query(cases(), 1); }) == "REFUSED QUERY_TIMEOUT");
}

TEST_CASE("a duplicate that a rule would let pass is saved when the caller insists, once") {
  const char* duplicate =
      R"([{"message":"Use one?","errorCode":"DUPLICATES_DETECTED","fields":[],"duplicateResult":{"allowSave":true}}])";
  Scripted org;
  org.transport.then(400, duplicate).then(201, kWritten);
  org.client.create("Contact", {{"LastName", "x"}});
  CHECK(org.transport.asked.back().headers.at(3) ==
        std::pair<std::string, std::string>("Sforce-Duplicate-Rule-Header", "allowSave=true"));
  org.transport.then(400, duplicate).then(400, duplicate);
  CHECK(code_of([&] { org.client.create("Contact", {}); }) == "REFUSED DUPLICATES_DETECTED");
  org.transport.error(400, "DUPLICATES_DETECTED");
  CHECK(code_of([&] { org.client.create("Contact", {}); }) == "REFUSED DUPLICATES_DETECTED");
}

TEST_CASE("of a composite call the part at fault is told, not those that went back with it") {
  Scripted org;
  const auto part = [](int status, const std::string& body) {
    return fmt::format(R"({{"httpStatusCode":{},"referenceId":"x","httpHeaders":{{}},"body":{}}})", status,
                       body);
  };
  const auto both = [&](const std::string& a, const std::string& b) {
    return fmt::format(R"({{"compositeResponse":[{},{}]}})", a, b);
  };
  const auto halted = part(400, R"([{"errorCode":"PROCESSING_HALTED","message":"m"}])");
  const auto fault = part(400, R"([{"errorCode":"REQUIRED_FIELD_MISSING","message":"m","fields":["Name"]}])");
  const auto locked = part(400, R"([{"errorCode":"UNABLE_TO_LOCK_ROW","message":"m"}])");
  const std::vector<Part> parts{{"POST", "sobjects/Account", "a", {{"Name", "x"}}},
                                {"POST", "sobjects/Contact", "b", {{"LastName", "x"}}}};
  org.transport.then(200, both(part(201, kWritten), part(200, kWritten)));
  CHECK(org.client.composite(parts).size() == 2);
  for (const auto& body : {both(halted, fault), both(fault, halted)}) {
    org.transport.then(200, body);
    CHECK(code_of([&] { org.client.composite(parts); }) == "REFUSED REQUIRED_FIELD_MISSING");
  }
  org.transport.then(200, both(halted, locked)).then(200, both(part(201, kWritten), part(201, kWritten)));
  CHECK(org.client.composite(parts).size() == 2);
  CHECK(org.pauses.size() == 1);
  org.transport.then(200, R"({"compositeResponse":[]})");
  CHECK(code_of([&] { org.client.composite(parts); }) == "502 upstream.bad_reply");
  org.transport.then(200, both(part(400, "{}"), halted));
  CHECK(code_of([&] { org.client.composite(parts); }) == "502 upstream.bad_reply");
}

TEST_CASE("of collections every result has to be a success") {
  Scripted org;
  const json::array records{json::object{{"id", "802000000000001AAA"}},
                            json::object{{"id", "802000000000002AAA"}}};
  const std::string good = R"({"id":"802000000000001AAA","success":true,"errors":[]})";
  const std::string rolled =
      R"({"success":false,"errors":[{"statusCode":"ALL_OR_NONE_OPERATION_ROLLED_BACK","message":"","fields":[]}]})";
  const std::string fault =
      R"({"success":false,"errors":[{"statusCode":"STRING_TOO_LONG","message":"","fields":["Description"]}]})";
  org.transport.then(200, "[" + good + "," + good + "]");
  CHECK(code_of([&] { org.client.update_all("OrderItem", records); }) == "");
  org.transport.then(200, "[" + rolled + "," + fault + "]");
  CHECK(code_of([&] { org.client.update_all("OrderItem", records); }) == "REFUSED STRING_TOO_LONG");
  org.transport.then(200, "[" + good + "]");
  CHECK(code_of([&] { org.client.update_all("OrderItem", records); }) == "502 upstream.bad_reply");
}

TEST_CASE("what an administrator has to mend says so") {
  const std::tuple<int, const char*, const char*> rows[] = {
      {401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE"},
      {403, "API_DISABLED_FOR_ORG", ""},
      {403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id"},
      {400, "INVALID_FIELD", "No such column 'Foo' on entity 'Account'."},
      {400, "INVALID_TYPE", "sObject type 'X' is not supported."},
      {404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: Foo__c"}};
  for (const auto& [status, code, message] : rows) {
    INFO(code);
    Scripted org;
    org.transport.error(status, code, message);
    CHECK(code_of([&] { org.client.query(cases(), 1); }) == "503 upstream.misconfigured");
    CHECK(org.watcher.last().starts_with("barred query: " + std::string(code)));
  }
}

TEST_CASE("small files go up inside JSON, large ones in parts; they come down whole") {
  Scripted org;
  org.transport.then(201, kWritten).then(201, kWritten).then(200, std::string("\0\xff", 2));
  org.client.upload("ContentVersion", {{"Title", "a"}}, "VersionData", "a.txt", "bytes");
  CHECK(org.transport.asked.back().body == R"({"Title":"a","VersionData":"Ynl0ZXM="})");
  CHECK(org.transport.asked.back().lane == Lane::long_running);
  org.client.upload("ContentVersion", {{"Title", "a"}}, "VersionData", "a.txt", std::string(600'000, 'x'));
  CHECK(org.transport.asked.back().body.starts_with("--abcdefghijklmnopqrstuvwxyz\r\n"));
  const auto bytes = org.client.download("ContentVersion", "068000000000001AAA", "VersionData", 2);
  CHECK(org.transport.asked.back().lane == Lane::files);
  CHECK(org.transport.asked.back().bytes_limit == 2);
  char read[10];
  REQUIRE(bytes->read(read, sizeof read) == 2);
  CHECK(std::string(read, 2) == std::string("\0\xff", 2));
  CHECK(bytes->read(read, sizeof read) == 0);
}
