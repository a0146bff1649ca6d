// Writes over REST: what they check, what they leave behind, and what is taken back.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "examples/sandbox/salesforce/tests/client.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

using testing::Client;

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

}  // namespace sandbox::salesforce
