// The room as a client meets it: sign-on, calls, limits, faults, and what a restart keeps.
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <catch2/catch.hpp>

#include "examples/sandbox/common/json_fields.hpp"
#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/salesforce/tests/client.hpp"
#include "examples/sandbox/salesforce/values.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

using testing::Client;

namespace {

/// One key for all tests: making one takes a moment.
Keys& test_keys() {
  static Keys keys("");
  return keys;
}

std::string signed_assertion(Keys& keys, const json::object& claims, std::string_view alg = "RS256") {
  const std::string pem = keys.private_pem();
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  const std::string text =
      base64url(json::serialize(json::object{{"alg", alg}})) + "." + base64url(json::serialize(claims));
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::string signature(512, '\0');
  std::size_t size = signature.size();
  EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get());
  EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                 reinterpret_cast<const unsigned char*>(text.data()), text.size());
  return text + "." + base64url(signature.substr(0, size));
}

json::object claims_at(Client& client, std::int64_t ahead_s) {
  return {{"iss", kClientId},
          {"sub", kIntegrationUsername},
          {"aud", "http://127.0.0.1:1"},
          {"exp", client.clock.now().time_since_epoch().count() / 1000 + ahead_s}};
}

}  // namespace

TEST_CASE("an assertion opens a session, and every flaw is refused by its own text") {
  Client client;
  client.bearer.clear();
  Keys& own = client.room.keys();
  const auto ask = [&](const std::string& assertion) {
    return client.send(
        "POST", "/services/oauth2/token",
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + assertion,
        {{"Content-Type", "application/x-www-form-urlencoded"}});
  };
  const auto good = ask(signed_assertion(own, claims_at(client, 300)));
  INFO(good.body);
  REQUIRE(good.status == 200);
  CHECK(good.content_type == "application/json;charset=UTF-8");
  const auto token = json::parse(good.body).as_object();
  CHECK(token.at("instance_url") == "http://127.0.0.1:1");
  CHECK(token.at("id") == json::value("http://127.0.0.1:1/id/" + org_id() + "/" + integration_user_id()));
  client.bearer = token.at("access_token").as_string().c_str();
  CHECK(client.rest("GET", "/limits").status == 200);
  const auto info = json::parse(client.send("GET", "/services/oauth2/userinfo").body);
  CHECK(info.at("organization_id") == json::value(org_id()));
  CHECK(info.at("preferred_username") == json::value(kIntegrationUsername));
  client.bearer.clear();

  const auto refused = [&](json::object changes, std::string_view alg = "RS256", Keys* keys = nullptr) {
    auto claims = claims_at(client, 300);
    for (const auto& change : changes) claims[change.key()] = change.value();
    const auto answer = ask(signed_assertion(keys == nullptr ? own : *keys, claims, alg));
    CHECK(answer.status == 400);
    const auto body = json::parse(answer.body);
    return fmt::format("{}: {}", body.at("error").as_string().c_str(),
                       body.at("error_description").as_string().c_str());
  };
  const std::int64_t now = client.clock.now().time_since_epoch().count() / 1000;
  CHECK(refused({{"iss", "other"}}) == "invalid_client_id: client identifier invalid");
  CHECK(refused({{"sub", "other@portal.example"}}) == "invalid_grant: user hasn't approved this consumer");
  CHECK(refused({{"aud", "https://other.example"}}) == "invalid_grant: Audience validation failed");
  CHECK(refused({{"exp", now}}) == "invalid_grant: expired authorization code");
  CHECK(refused({{"exp", now * 1000}}) == "invalid_grant: expired authorization code");
  CHECK(refused({}, "none") == "invalid_grant: invalid assertion");
  CHECK(refused({}, "RS256", &test_keys()) == "invalid_grant: invalid assertion");
  CHECK(ask("a.b").status == 400);
  client.room.change_switches({{"user_state", "locked"}});
  CHECK(refused({}) == "invalid_grant: user is locked");
}

TEST_CASE("a session ends when it is not used, by the clock, and when it is revoked") {
  Client client;
  CHECK(client.rest("GET", "/limits").status == 200);
  client.clock.set_offset_ms(7'100'000);
  CHECK(client.rest("GET", "/limits").status == 200);
  client.clock.set_offset_ms(14'200'000);
  CHECK(client.rest("GET", "/limits").status == 200);
  client.clock.set_offset_ms(21'500'000);
  CHECK(client.code(client.rest("GET", "/limits")) == "INVALID_SESSION_ID");
  client.sign_on();
  CHECK(client.send("POST", "/services/oauth2/revoke", "token=" + url_encode(client.bearer)).status == 200);
  CHECK(client.rest("GET", "/limits").status == 401);
}

TEST_CASE("a path, a method or a body that is wrong is refused") {
  Client client;
  struct Row {
    const char *method, *target, *body, *type;
    int status;
    const char* code;
  };
  const auto row = GENERATE(values<Row>({
      {"GET", "/services/data/v49.0/limits", "", "", 404, "NOT_FOUND"},
      {"GET", "/services/data/v60.1/limits", "", "", 404, "NOT_FOUND"},
      {"GET", "/services/data/v60.0/nothing", "", "", 404, "NOT_FOUND"},
      {"GET", "/services/data/v60.0/sobjects/Nothing", "", "", 404, "NOT_FOUND"},
      {"GET", "/services/data/v60.0/sobjects/Account/abc", "", "", 404, "NOT_FOUND"},
      {"GET", "/services/data/v60.0/sobjects/Account/0015g000009999AAAA", "", "", 404, "NOT_FOUND"},
      {"GET", "/services/data/v60.0/sobjects/Account/0035g0000000001AAA", "", "", 400, "MALFORMED_ID"},
      {"GET", "/services/data/v60.0/sobjects/Account/Nope__c/1", "", "", 404, "NOT_FOUND"},
      {"PUT", "/services/data/v60.0/sobjects/Account", "{}", "application/json", 405, "METHOD_NOT_ALLOWED"},
      {"POST", "/services/data/v60.0/limits", "{}", "application/json", 405, "METHOD_NOT_ALLOWED"},
      {"POST", "/services/data/v60.0/sobjects/Account", "", "", 400, "JSON_PARSER_ERROR"},
      {"POST", "/services/data/v60.0/sobjects/Account", "{\"Name\":}", "application/json", 400,
       "JSON_PARSER_ERROR"},
      {"POST", "/services/data/v60.0/sobjects/Account", "{} x", "application/json", 400, "JSON_PARSER_ERROR"},
      {"POST", "/services/data/v60.0/sobjects/Account", "a=b", "text/plain", 415, "UNSUPPORTED_MEDIA_TYPE"},
      {"POST", "/services/data/v60.0/sobjects/Account", "{\"Id\":\"1\",\"Name\":\"x\"}", "application/json",
       400, "INVALID_FIELD"},
      {"POST", "/services/data/v60.0/sobjects/User", "{\"LastName\":\"x\"}", "application/json", 400,
       "INVALID_TYPE_FOR_OPERATION"},
  }));
  INFO(row.method << " " << row.target << " " << row.body);
  const auto answer = client.send(row.method, row.target, row.body, {{"Content-Type", row.type}});
  INFO(answer.body);
  CHECK(answer.status == row.status);
  CHECK(client.code(answer) == row.code);
  CHECK(answer.content_type == "application/json;charset=UTF-8");
}

TEST_CASE("414 and 431 answer when URI and headers are too long together") {
  Client client;
  CHECK(client.rest("GET", "/query?q=" + std::string(16'300, 'x')).status == 414);
  CHECK(
      client.send("GET", "/services/data/v60.0/limits", "", {{"X-Long", std::string(16'300, 'x')}}).status ==
      431);
}

TEST_CASE("limits are told, and refuse") {
  Client client;
  client.room.change_switches({{"daily_api_requests", 2}});
  const auto first = client.rest("GET", "/limits");
  CHECK(std::find(first.headers.begin(), first.headers.end(),
                  std::pair<std::string, std::string>{"Sforce-Limit-Info", "api-usage=1/2"}) !=
        first.headers.end());
  client.rest("GET", "/limits");
  const auto third = client.rest("GET", "/limits");
  CHECK(third.status == 403);
  CHECK(third.body.find("TotalRequests") != std::string::npos);
  client.clock.set_offset_ms(std::int64_t{25} * 3'600'000);
  client.sign_on();
  CHECK(client.rest("GET", "/limits").status == 200);
  // With every running call counted as long, the call itself is one too many.
  client.room.change_switches({{"concurrent_requests", 0}, {"long_request_ms", 0}});
  CHECK(client.rest("GET", "/limits").body.find("ConcurrentRequests") != std::string::npos);
}

TEST_CASE("each fault looks as named and writes or does not write") {
  Client client;
  struct Row {
    const char *kind, *code;
    int status;
    Delivery delivery;
    bool writes;
  };
  const auto row = GENERATE(values<Row>({
      {"error", "session_expired", 401, Delivery::kWhole, false},
      {"error", "UNABLE_TO_LOCK_ROW", 400, Delivery::kWhole, false},
      {"error", "no_access", 403, Delivery::kWhole, false},
      {"http_500_html", "", 500, Delivery::kWhole, false},
      {"warning_only", "", 200, Delivery::kWhole, false},
      {"down", "", 503, Delivery::kWhole, false},
      {"cut_body", "", 201, Delivery::kCutBody, true},
      {"truncated_json", "", 201, Delivery::kWhole, true},
      {"reset", "", 0, Delivery::kReset, false},
      {"applied_then_timeout", "", 0, Delivery::kClose, true},
  }));
  INFO(row.kind << " " << row.code);
  json::object order{{"action", "create"}, {"kind", row.kind}, {"next", 1}, {"hold_ms", 0}};
  if (*row.code != '\0') order["code"] = row.code;
  client.fault(order);
  const auto answer = client.rest("POST", "/sobjects/Account", {{"Name", "faulty"}});
  CHECK(answer.status == row.status);
  CHECK(answer.delivery == row.delivery);
  CHECK(client.query("SELECT COUNT() FROM Account WHERE Name = 'faulty'").at("totalSize") ==
        (row.writes ? 1 : 0));
  CHECK(client.rest("POST", "/sobjects/Account", {{"Name", "fine"}}).status == 201);
}

TEST_CASE("an error of a fault must name a code, and only a vendor with errors of its own has them") {
  CHECK_THROWS_AS(FaultBook::read({{"vendor", "salesforce"}, {"kind", "error"}}), BadRequest);
  CHECK_THROWS_AS(FaultBook::read({{"vendor", "salesforce"}, {"kind", "down"}, {"code", "x"}}), BadRequest);
  CHECK_THROWS_AS(FaultBook::read({{"vendor", "whmcs"}, {"kind", "error"}, {"code", "x"}}), BadRequest);
}

TEST_CASE("a restart keeps records, sessions, numbers, notes and switches") {
  Client client;
  const auto id = client.create("Case", {{"Subject", "kept"}});
  client.room.change_switches({{"owner_type", "name"}});
  // Through text, as the state file does it.
  const auto kept = json::parse(json::serialize(client.room.to_json()));
  Client other;
  other.room.restore(kept.as_object());
  other.bearer = client.bearer;
  CHECK(other.query("SELECT Subject FROM Case WHERE Id = '" + id + "'").at("records").at(0).at("Subject") ==
        "kept");
  CHECK(other.query("SELECT Owner.Name FROM Case LIMIT 1")
            .at("records")
            .at(0)
            .at("Owner")
            .at("attributes")
            .at("type") == "Name");
  CHECK(other.room.changes(0) == client.room.changes(0));
  CHECK(other.create("Case", {}) > id);
  other.room.reset();
  CHECK(other.rest("GET", "/sobjects/Case/" + id).status == 404);
}

TEST_CASE("the seed is the same every time") {
  Client one, other;
  CHECK(one.room.counters() == other.room.counters());
  const auto ids = [](Client& client) { return client.query("SELECT Id, Subject FROM Case").at("records"); };
  CHECK(ids(one) == ids(other));
}

}  // namespace sandbox::salesforce
