// The room as a client meets it: sign-on, calls, limits, faults, and what a restart keeps.
#include "examples/sandbox/salesforce/room.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <catch2/catch.hpp>

#include "examples/sandbox/common/json_fields.hpp"
#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/salesforce/values.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

namespace {

/// One key for all tests: making one takes a moment.
Keys& test_keys() {
  static Keys keys("");
  return keys;
}

struct Client {
  Client() : room(clock, faults, state, "", "") {
    room.mount(router);
    room.set_base_url("http://127.0.0.1:1");
    sign_on();
  }

  void sign_on() { bearer = std::string(room.open_session().at("access_token").as_string()); }

  HttpAnswer send(const std::string& method, const std::string& target, const std::string& body = {},
                  std::vector<std::pair<std::string, std::string>> headers = {}) {
    HttpRequest request;
    request.method = method;
    request.target = target;
    request.path = url_decode(target.substr(0, target.find('?')));
    request.body = body;
    request.headers = std::move(headers);
    if (!bearer.empty()) request.headers.emplace_back("Authorization", "Bearer " + bearer);
    if (!body.empty() && request.header("Content-Type").empty())
      request.headers.emplace_back("Content-Type", "application/json");
    return router.answer(request);
  }
  HttpAnswer rest(const std::string& method, const std::string& target, const json::value& body = nullptr) {
    return send(method, "/services/data/v60.0" + target, body.is_null() ? "" : json::serialize(body));
  }
  json::value query(const std::string& soql) {
    const auto answer = rest("GET", "/query?q=" + url_encode(soql));
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    return json::parse(answer.body);
  }
  std::string create(const std::string& object, const json::object& body) {
    const auto answer = rest("POST", "/sobjects/" + object, body);
    INFO(answer.body);
    REQUIRE(answer.status == 201);
    return std::string(json::parse(answer.body).at("id").as_string());
  }
  std::string code(const HttpAnswer& answer) {
    return std::string(json::parse(answer.body).at(0).at("errorCode").as_string());
  }
  void fault(json::object order) {
    order["vendor"] = "salesforce";
    faults.replace({FaultBook::read(order)});
  }

  Clock clock;
  FaultBook faults{1};
  StateFile state{""};
  Room room;
  Router router;
  std::string bearer;
};

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

TEST_CASE("an upsert creates, updates, finds several, and may be told not to create") {
  Client client;
  const auto path = [](const char* value) {
    return std::string("/sobjects/Order/WHMCS_Order_Id__c/") + value;
  };
  const json::object body{{"Account", json::object{{"WHMCS_Client_Id__c", "101"}}},
                          {"EffectiveDate", "2026-01-01"},
                          {"Status", "Draft"}};
  CHECK(client.rest("PATCH", path("7%2F1") + "?updateOnly=true", body).status == 404);
  const auto made = client.rest("PATCH", path("7%2F1"), body);
  CHECK(made.status == 201);
  CHECK(json::parse(made.body).at("created") == true);
  const auto again = client.rest("PATCH", path("7/1"), {{"Name", "x"}});
  CHECK(again.status == 200);
  CHECK(json::parse(again.body).at("id") == json::parse(made.body).at("id"));
  CHECK(client.rest("POST", path("7/1") + "?_HttpMethod=PATCH", {{"Name", "y"}}).status == 200);
  json::object twin = body;
  twin["WHMCS_Order_Id__c"] = "7/1";
  client.create("Order", twin);
  const auto several = client.rest("PATCH", path("7/1"), {{"Name", "x"}});
  CHECK(several.status == 300);
  CHECK(json::parse(several.body).as_array().size() == 2);
}

TEST_CASE("every write leaves a note: kind, fields, transaction, sequence, origin") {
  Client client;
  const auto since = [&](std::int64_t number) { return client.room.changes(number); };
  const auto made =
      client.send("POST", "/services/data/v60.0/sobjects/Case", R"({"Subject":"a","Comments":"b"})",
                  {{"Sforce-Call-Options", "client=portal"}});
  REQUIRE(made.status == 201);
  const std::string id(json::parse(made.body).at("id").as_string());
  auto notes = since(0);
  REQUIRE(notes.size() == 2);
  CHECK(notes[0].at("kind") == "CREATE");
  CHECK(notes[0].at("record_id") == json::value(id));
  CHECK(notes[0].at("origin") == "com/salesforce/api/rest/60.0;client=portal");
  CHECK(notes[1].at("entity") == "CaseComment");
  CHECK(notes[1].at("transaction") == notes[0].at("transaction"));
  CHECK(notes[1].at("sequence") == 2);
  const auto last = notes[1].at("number").to_number<std::int64_t>();

  CHECK(client.rest("PATCH", "/sobjects/Case/" + id, {{"Subject", nullptr}, {"Priority", "Medium"}}).status ==
        204);
  notes = since(last);
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].at("changed") == json::value{"Subject", "LastModifiedDate"});
  CHECK(notes[0].at("nulled") == json::array{"Subject"});
  CHECK(client.rest("PATCH", "/sobjects/Case/" + id, {{"Subject", std::string(256, 'x')}}).status == 400);
  CHECK(since(last).size() == 1);
  CHECK(client.rest("DELETE", "/sobjects/Case/" + id).status == 204);
  notes = since(last);
  REQUIRE(notes.size() == 3);
  CHECK(notes[1].at("kind") == "DELETE");
  CHECK(notes[2].at("entity") == "CaseComment");

  client.clock.set_offset_ms(std::int64_t{73} * 3'600'000);
  client.sign_on();
  client.create("Account", {{"Name", "later"}});
  CHECK(client.room.changes(0).size() == 1);
}

TEST_CASE("allOrNone takes back what was written, notes and numbers too") {
  Client client;
  const auto before = client.room.counters();
  const auto post = [&](const char* url, const char* ref, json::object body) {
    return json::object{{"method", "POST"},
                        {"url", std::string("/services/data/v60.0/sobjects/") + url},
                        {"referenceId", ref},
                        {"body", std::move(body)}};
  };
  const json::object request{
      {"allOrNone", true},
      {"compositeRequest", json::array{post("Account", "a", {{"Name", "n"}}),
                                       post("Contact", "c", {{"LastName", "l"}, {"AccountId", "@{a.id}"}}),
                                       post("Case", "k", {{"ContactId", "@{c.nope}"}})}}};
  const auto answer = client.rest("POST", "/composite", request);
  REQUIRE(answer.status == 200);
  const auto list = json::parse(answer.body).at("compositeResponse").as_array();
  for (const auto& one : list) CHECK(one.at("httpStatusCode") == 400);
  CHECK(list[0].at("body").at(0).at("errorCode") == "PROCESSING_HALTED");
  CHECK(client.room.counters() == before);
  CHECK(client.room.changes(0).empty());
  const auto records = json::object{
      {"allOrNone", true},
      {"records", json::array{json::object{{"attributes", json::object{{"type", "Account"}}}, {"Name", "n"}},
                              json::object{{"attributes", json::object{{"type", "Account"}}}}}}};
  const auto results = json::parse(client.rest("POST", "/composite/sobjects", records).body).as_array();
  CHECK(results[0].at("errors").at(0).at("statusCode") == "ALL_OR_NONE_OPERATION_ROLLED_BACK");
  CHECK(results[1].at("errors").at(0).at("statusCode") == "REQUIRED_FIELD_MISSING");
  CHECK(client.room.counters() == before);
}

TEST_CASE("a refused write leaves nothing behind, not even what its rules wrote first") {
  Client client;
  client.create("Case", {{"Portal_Case_Id__c", "once"}});
  const auto id = client.create("Case", {{"Subject", "other"}});
  const auto before = client.room.counters();
  const auto answer =
      client.rest("PATCH", "/sobjects/Case/" + id, {{"Comments", "c"}, {"Portal_Case_Id__c", "ONCE"}});
  CHECK(client.code(answer) == "DUPLICATE_VALUE");
  CHECK(client.room.counters() == before);
}

TEST_CASE("fields take only what they may hold") {
  Client client;
  struct Row {
    const char *object, *body, *code;
  };
  const auto row = GENERATE(values<Row>({
      {"Account", R"({"Name":"x","WHMCS_Client_Id__c":"101"})", "DUPLICATE_VALUE"},
      {"Account", R"({"Name":""})", "REQUIRED_FIELD_MISSING"},
      {"Account", R"({"Name":5})", "JSON_PARSER_ERROR"},
      {"Account", R"({"Name":"x","AnnualRevenue":"many"})", "JSON_PARSER_ERROR"},
      {"Account", R"({"Name":"x","AnnualRevenue":1e18})", "NUMBER_OUTSIDE_VALID_RANGE"},
      {"Account", R"({"Name":"x","Portal_Status__c":"Odd"})", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"},
      {"Account", R"({"Name":"x","ParentId":"0035g0000000001AAA"})", "MALFORMED_ID"},
      {"Account", R"({"Name":"x","ParentId":"0015g000009999A"})", "INVALID_CROSS_REFERENCE_KEY"},
      {"Account", R"({"Name":"x","CreatedDate":"2024-01-01T00:00:00Z"})", "INVALID_FIELD_FOR_INSERT_UPDATE"},
      {"Account", R"({"Name":"x","Nope":1})", "INVALID_FIELD"},
      {"Contact", R"({"LastName":"x","Email":"a@b"})", "INVALID_EMAIL_ADDRESS"},
      {"Contact", R"({"LastName":"x","Birthdate":"2024-02-30"})", "JSON_PARSER_ERROR"},
      {"Contact", R"({"LastName":"x","HasOptedOutOfEmail":"yes"})", "JSON_PARSER_ERROR"},
      {"Contact", R"({"LastName":"x","Account":{"WHMCS_Client_Id__c":"9"}})", "INVALID_FIELD"},
      {"ContentVersion", R"({"PathOnClient":"a","VersionData":"!"})", "JSON_PARSER_ERROR"},
      {"ContentVersion", R"({"PathOnClient":"a"})", "REQUIRED_FIELD_MISSING"},
  }));
  INFO(row.object << " " << row.body);
  CHECK(client.code(client.send("POST", std::string("/services/data/v60.0/sobjects/") + row.object,
                                row.body)) == row.code);
}

TEST_CASE("a comment is counted in bytes") {
  Client client;
  const auto id = client.create("Case", {{"Subject", "s"}});
  std::string text;
  for (int i = 0; i < 1334; ++i) text += "あ";
  const json::object body{{"ParentId", id}, {"CommentBody", text}};
  CHECK(client.code(client.rest("POST", "/sobjects/CaseComment", body)) == "STRING_TOO_LONG");
  client.create("CaseComment", {{"ParentId", id}, {"CommentBody", text.substr(3)}});
}

TEST_CASE("pages are read by a locator that lives two days") {
  Client client;
  json::array records;
  for (int i = 0; i < 200; ++i)
    records.push_back(json::object{{"attributes", json::object{{"type", "Account"}}},
                                   {"Name", fmt::format("page {:03}", i)}});
  for (int i = 0; i < 2; ++i)
    REQUIRE(client.rest("POST", "/composite/sobjects", {{"records", records}}).status == 200);
  records.push_back(records[0]);
  CHECK(client.code(client.rest("POST", "/composite/sobjects", {{"records", records}})) ==
        "EXCEEDED_ID_LIMIT");
  const auto first =
      json::parse(client
                      .send("GET", "/services/data/v60.0/query/?q=" + url_encode("SELECT Id FROM Account"),
                            "", {{"Sforce-Query-Options", "batchSize=1"}})
                      .body);
  CHECK(first.at("totalSize") == 411);
  CHECK(first.at("done") == false);
  CHECK(first.at("records").as_array().size() == 200);
  const std::string next(first.at("nextRecordsUrl").as_string());
  const auto second = json::parse(client.send("GET", next).body);
  CHECK(second.at("records").at(0) != first.at("records").at(0));
  client.clock.set_offset_ms(std::int64_t{49} * 3'600'000);
  client.sign_on();
  CHECK(client.code(client.send("GET", next)) == "INVALID_QUERY_LOCATOR");
}

TEST_CASE("orders live by their rules") {
  Client client;
  const auto entry =
      client.query("SELECT Id, Pricebook2Id FROM PricebookEntry WHERE ProductCode = 'SIM-3GB' ORDER BY Id")
          .at("records")
          .as_array();
  const auto account = client.query("SELECT Id FROM Account LIMIT 1").at("records").at(0).at("Id");
  json::object order{{"AccountId", account},
                     {"EffectiveDate", "2026-01-01"},
                     {"Status", "Activated"},
                     {"Pricebook2Id", entry[1].at("Pricebook2Id")}};
  CHECK(client.code(client.rest("POST", "/sobjects/Order", order)) == "FAILED_ACTIVATION");
  order["Status"] = "Ready for Review";
  const auto id = client.create("Order", order);
  CHECK(client.code(client.rest("PATCH", "/sobjects/Order/" + id, {{"Status", "Activated"}})) ==
        "FAILED_ACTIVATION");
  json::object item{
      {"OrderId", id}, {"PricebookEntryId", entry[0].at("Id")}, {"Quantity", 3}, {"UnitPrice", 990}};
  CHECK(client.code(client.rest("POST", "/sobjects/OrderItem", item)) == "FIELD_INTEGRITY_EXCEPTION");
  item["PricebookEntryId"] = entry[1].at("Id");
  const auto item_id = client.create("OrderItem", item);
  const auto patch = [&](json::object body) { return client.rest("PATCH", "/sobjects/Order/" + id, body); };
  CHECK(client.code(patch({{"Status", "Activated"}, {"Name", "x"}})) == "FAILED_ACTIVATION");
  CHECK(patch({{"Status", "Activated"}}).status == 204);
  CHECK(client.query("SELECT TotalAmount, StatusCode FROM Order WHERE Id = '" + id + "'")
            .at("records")
            .at(0)
            .at("TotalAmount") == 2970.0);
  CHECK(client.code(client.rest("PATCH", "/sobjects/OrderItem/" + item_id, {{"Quantity", 1}})) ==
        "FIELD_INTEGRITY_EXCEPTION");
  CHECK(client.code(client.rest("DELETE", "/sobjects/Order/" + id)) == "DELETE_FAILED");
  CHECK(patch({{"Status", "Draft"}}).status == 204);
  CHECK(client.rest("DELETE", "/sobjects/Order/" + id).status == 204);
  CHECK(client.code(client.rest("GET", "/sobjects/OrderItem/" + item_id)) == "ENTITY_IS_DELETED");
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
