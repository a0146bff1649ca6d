// SOQL over the seeded org: what a statement finds, and how it is refused.
#include <catch2/catch.hpp>

#include "examples/sandbox/salesforce/seed.hpp"
#include "examples/sandbox/salesforce/soql/conditions.hpp"
#include "examples/sandbox/salesforce/soql/dates.hpp"
#include "examples/sandbox/salesforce/soql/evaluate.hpp"
#include "examples/sandbox/salesforce/soql/parser.hpp"
#include "examples/sandbox/salesforce/values.hpp"
#include "examples/sandbox/salesforce/writer.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

namespace {

struct World {
  World() { seed(org); }

  soql::Result run(const std::string& statement, bool with_deleted = false) const {
    const Reader reader(org, "/services/data/v60.0");
    return soql::run(soql::parse(statement), statement, reader, with_deleted, [](json::array records) {
      return json::value(json::object{{"records", std::move(records)}});
    });
  }
  /// The values of one column, joined.
  std::string column(const std::string& statement, const std::string& name) const {
    std::string out;
    for (const auto& record : run(statement).records) {
      const auto& value = record.at(name);
      out += (out.empty() ? "" : "|") +
             (value.is_string() ? std::string(value.get_string()) : write_json(value));
    }
    return out;
  }
  std::string refused(const std::string& statement) const {
    try {
      (void)run(statement);
    } catch (const ApiError& error) {
      return std::string(error.code());
    }
    return "accepted";
  }

  Clock clock;
  Blobs blobs{""};
  Org org{clock, blobs, {}, {}, "http://127.0.0.1:1"};
};

}  // namespace

TEST_CASE("conditions choose the records they say") {
  const World world;
  struct Row {
    const char* where;
    std::int64_t count;
  };
  const auto row = GENERATE(values<Row>({
      {"Name = 'fiber 1 gbps (HOME)'", 1},
      {"Portal_Category__c != 'Internet'", 5},
      {"Eligibility__c = null", 6},
      {"Eligibility__c != null", 4},
      {"Eligibility__c != 'Home 1G;Home 10G'", 9},
      {"Eligibility__c INCLUDES ('Home 10G')", 2},
      {"Eligibility__c INCLUDES ('Home 1G;Home 10G', 'Apartment 1G')", 2},
      {"Eligibility__c EXCLUDES ('Home 10G')", 8},
      {"Name LIKE 'fiber%'", 4},
      {"Name LIKE '%_Gbps%'", 3},
      {"NOT Name LIKE 'fiber%'", 6},
      {"Display_Order__c > 3 AND Display_Order__c <= 5.0", 2},
      {"Display_Order__c IN (1, 2, 99)", 2},
      {"Display_Order__c NOT IN (1, 2)", 8},
      {"IsActive = TRUE AND (Name LIKE 'VPN%' OR Name LIKE 'SIM%')", 3},
      {"IsActive = null", 0},
      {"CreatedDate = TODAY", 10},
      {"CreatedDate < TODAY", 0},
      {"CreatedDate >= LAST_N_DAYS:1", 10},
      {"CreatedDate > 2020-01-01T00:00:00+09:00", 10},
      {"CreatedBy.Name = 'Portal Integration'", 10},
      {"Id IN (SELECT Product2Id FROM PricebookEntry WHERE UnitPrice < 1000)", 1},
      {"Id NOT IN (SELECT Product2Id FROM OrderItem)", 7},
      {"Name = 'x\\\\\\' OR Name != \\''", 0},
  }));
  INFO(row.where);
  CHECK(world.run("SELECT COUNT() FROM Product2 WHERE " + std::string(row.where)).total == row.count);
}

TEST_CASE("a text is what its escapes mean") {
  World world;
  Writer writer(world.org, {integration_user_id(), "", true});
  for (const char* name : {"50%_off", "50 cents off", "O'Brien", "a\\", "two\nlines"})
    writer.create(world.org.schema.get("Product2"), {{"Name", name}});
  struct Row {
    const char *where, *found;
  };
  const auto row = GENERATE(values<Row>({{"Name LIKE '%50\\%\\_off%'", "50%_off"},
                                         {"Name LIKE '50%off'", "50%_off|50 cents off"},
                                         {"Name = 'O\\'Brien'", "O'Brien"},
                                         {"Name = 'a\\\\'", "a\\"},
                                         {"Name LIKE '%\\\\'", "a\\"},
                                         {"Name = 'two\\nlines'", "two\nlines"},
                                         {"Name = '\\u004F\\'brien'", "O'Brien"}}));
  INFO(row.where);
  CHECK(world.column("SELECT Name FROM Product2 WHERE " + std::string(row.where), "Name") == row.found);
}

TEST_CASE("order, limit and offset cut as they say") {
  const World world;
  const std::string from = "SELECT ProductCode FROM Product2 WHERE Portal_Category__c = 'SIM' ORDER BY ";
  CHECK(world.column(from + "Name", "ProductCode") == "SIM-10GB|SIM-3GB|SIM-ACTIVATE");
  CHECK(world.column(from + "Name DESC LIMIT 1", "ProductCode") == "SIM-ACTIVATE");
  CHECK(world.column(from + "MVNE_Plan_Code__c", "ProductCode") == "SIM-ACTIVATE|SIM-10GB|SIM-3GB");
  CHECK(world.column(from + "MVNE_Plan_Code__c DESC", "ProductCode") == "SIM-3GB|SIM-10GB|SIM-ACTIVATE");
  CHECK(world.column(from + "MVNE_Plan_Code__c ASC NULLS LAST OFFSET 1", "ProductCode") ==
        "SIM-3GB|SIM-ACTIVATE");
  CHECK(world.run("SELECT Id FROM Product2 LIMIT 0").records.empty());
}

TEST_CASE("parents and children are nested") {
  const World world;
  const auto result = world.run(
      "select id, account.name, contact.account.owner.name, (select id from casecomments order by id) from case "
      "where contact.email = 'hanako@mihon.example' and isclosed = false");
  REQUIRE(result.records.size() == 1);
  const auto& record = result.records[0].as_object();
  CHECK(record.at("Account").at("Name") == "花子 見本");
  CHECK(record.at("Contact").at("Account").at("Owner").at("Name") == "Portal Integration");
  CHECK(record.at("CaseComments").at("records").as_array().size() == 2);
  CHECK(world.run("SELECT Account.Name FROM Case WHERE Account.Name = null").records.empty());
  CHECK(world.run("SELECT Parent.CaseNumber FROM Case LIMIT 1").records[0].at("Parent").is_null());
  CHECK(world.run("SELECT c.Subject FROM Case c WHERE c.Subject LIKE 'Sample%'").total == 25);
  CHECK(world.column("SELECT Order.Status FROM OrderItem LIMIT 1", "Order").find("Activated") !=
        std::string::npos);
}

TEST_CASE("aggregates count, sum and group") {
  const World world;
  CHECK(write_json(
            world
                .run("SELECT COUNT(Id), SUM(UnitPrice) s, MIN(UnitPrice), AVG(UnitPrice) FROM PricebookEntry "
                     "WHERE Pricebook2.Name = 'Portal' AND Product2.Family = 'VPN'")
                .records[0]) ==
        R"({"attributes":{"type":"AggregateResult"},"expr0":2,"s":5000.0,"expr1":2500.0,"expr2":2500.0})");
  CHECK(world.column("SELECT Origin, COUNT(Id) n FROM Case GROUP BY Origin ORDER BY Origin DESC", "n") ==
        "15|1|12");
  CHECK(world.column("SELECT COUNT_DISTINCT(AccountId) n FROM Case", "n") == "3");
  CHECK(world.column("SELECT SUM(UnitPrice) s FROM PricebookEntry WHERE UnitPrice < 0", "s") == "null");
}

TEST_CASE("a wrong statement is refused with the right code") {
  const World world;
  struct Row {
    const char *statement, *code;
  };
  const auto row = GENERATE(values<Row>({
      {"", "MALFORMED_QUERY"},
      {"SELECT", "MALFORMED_QUERY"},
      {"SELECT Id FROM Account WHERE", "MALFORMED_QUERY"},
      {"SELECT Id FROM Account extra words", "MALFORMED_QUERY"},
      {"SELECT Id FROM Account WHERE Name = 'a' OR Name = 'b' AND Name = 'c'", "MALFORMED_QUERY"},
      {"SELECT Id FROM Account WHERE Name = 'a", "MALFORMED_QUERY"},
      {"SELECT Id FROM Account WHERE Name = 'a\\q'", "MALFORMED_QUERY"},
      {"SELECT Id FROM Account WHERE Name = 'a\\'", "MALFORMED_QUERY"},
      {"SELECT Id FROM Account WHERE Name = 'a'; DELETE", "MALFORMED_QUERY"},
      {"SELECT COUNT(), Id FROM Account", "MALFORMED_QUERY"},
      {"SELECT COUNT() FROM Account ORDER BY Name", "MALFORMED_QUERY"},
      {"SELECT Id, (SELECT Id, (SELECT Id FROM Cases) FROM Contacts) FROM Account", "MALFORMED_QUERY"},
      {"SELECT FIELDS(ALL) FROM Account", "MALFORMED_QUERY"},
      {"SELECT FIELDS(CUSTOM) FROM Account LIMIT 201", "MALFORMED_QUERY"},
      {"SELECT Id, (SELECT Id FROM Contacts OFFSET 1) FROM Account", "MALFORMED_QUERY"},
      {"SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY"},
      {"SELECT Id FROM ContentDocumentLink WHERE ShareType = 'V'", "MALFORMED_QUERY"},
      {"SELECT Id FROM ContentDocumentLink WHERE Id = '069000000000000' OR ShareType = 'V'",
       "MALFORMED_QUERY"},
      {"SELECT Id FROM Account WHERE Id IN (SELECT Id FROM Account)", "MALFORMED_QUERY"},
      {"SELECT a.b.c.d.e.f.g FROM Account", "MALFORMED_QUERY"},
      {"SELECT Nope FROM Account", "INVALID_FIELD"},
      {"SELECT Nope.Name FROM Account", "INVALID_FIELD"},
      {"SELECT Id FROM Account WHERE Nope = 1", "INVALID_FIELD"},
      {"SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD"},
      {"SELECT Id FROM Account ORDER BY Description", "INVALID_FIELD"},
      {"SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD"},
      {"SELECT Id FROM Account WHERE AnnualRevenue = '5'", "INVALID_FIELD"},
      {"SELECT Id FROM Account WHERE CreatedDate > '2024-01-01T00:00:00Z'", "INVALID_FIELD"},
      {"SELECT Id FROM Account WHERE CreatedDate > 2024-01-01", "INVALID_FIELD"},
      {"SELECT Id FROM Account WHERE Id = '001'", "INVALID_QUERY_FILTER_OPERATOR"},
      {"SELECT Id FROM Account WHERE AnnualRevenue LIKE '5'", "INVALID_QUERY_FILTER_OPERATOR"},
      {"SELECT Id FROM Account WHERE Name INCLUDES ('x')", "INVALID_QUERY_FILTER_OPERATOR"},
      {"SELECT Id FROM Nope", "INVALID_TYPE"},
      {"SELECT Id, (SELECT Id FROM Nopes) FROM Account", "INVALID_TYPE"},
      {"SELECT Id FROM Order_Fulfilment_Requested__e", "INVALID_TYPE"},
      {"SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"},
      {"SELECT FIELDS(STANDARD) FROM Account FOR VIEW", "accepted"},
      {"SELECT FIELDS(ALL) FROM Account LIMIT 200", "accepted"},
      {"SELECT Id FROM ContentDocumentLink WHERE LinkedEntityId IN ('500000000000001') AND ShareType = 'V'",
       "accepted"},
  }));
  INFO(row.statement);
  CHECK(world.refused(row.statement) == row.code);
}

TEST_CASE("a located error shows the place with a caret") {
  const World world;
  try {
    (void)world.run("SELECT Id,\n Foo FROM Account");
    FAIL("accepted");
  } catch (const ApiError& error) {
    const std::string text = error.what();
    CHECK(text.starts_with(
        "\n Foo FROM Account\n ^\nERROR at Row:2:Column:2\nNo such column 'Foo' on entity 'Account'."));
  }
}

TEST_CASE("conditions nest only so deep") {
  const World world;
  const std::string open(60, '('), close(60, ')');
  CHECK(world.refused("SELECT Id FROM Account WHERE " + open + "Name = 'a'" + close) == "accepted");
  CHECK(world.refused("SELECT Id FROM Account WHERE " + open + "((((((Name = 'a'))))))" + close) ==
        "MALFORMED_QUERY");
  CHECK(world.refused("SELECT Id FROM Account WHERE Name = '" + std::string(4001, 'x') + "'") ==
        "MALFORMED_QUERY");
  CHECK(world.refused("SELECT Id FROM Account" + std::string(100'000, ' ')) == "MALFORMED_QUERY");
}

TEST_CASE("date literals are ranges of the calendar") {
  const int thursday = day_of("2026-05-14", 0);
  struct Row {
    const char* word;
    int count;
    const char *from, *to;
  };
  const auto row = GENERATE(values<Row>({{"TODAY", 0, "2026-05-14", "2026-05-15"},
                                         {"YESTERDAY", 0, "2026-05-13", "2026-05-14"},
                                         {"THIS_WEEK", 0, "2026-05-10", "2026-05-17"},
                                         {"LAST_WEEK", 0, "2026-05-03", "2026-05-10"},
                                         {"NEXT_MONTH", 0, "2026-06-01", "2026-07-01"},
                                         {"THIS_QUARTER", 0, "2026-04-01", "2026-07-01"},
                                         {"LAST_QUARTER", 0, "2026-01-01", "2026-04-01"},
                                         {"THIS_FISCAL_YEAR", 0, "2026-01-01", "2027-01-01"},
                                         {"LAST_N_DAYS", 3, "2026-05-11", "2026-05-15"},
                                         {"NEXT_N_DAYS", 3, "2026-05-15", "2026-05-18"},
                                         {"N_DAYS_AGO", 3, "2026-05-11", "2026-05-12"},
                                         {"LAST_N_MONTHS", 2, "2026-03-01", "2026-05-01"},
                                         {"N_YEARS_AGO", 1, "2025-01-01", "2026-01-01"}}));
  INFO(row.word);
  REQUIRE(soql::is_date_word(row.word));
  CHECK(soql::takes_count(row.word) == (row.count > 0));
  const auto days = soql::days_of(row.word, row.count, thursday).value();
  CHECK(date_text(days.from) == row.from);
  CHECK(date_text(days.to) == row.to);
  for (const char* word : {"SOMEDAY", "LAST_DAY", "LAST_N_", "N_AGO", "LAST_N_DAYS_AGO"})
    CHECK_FALSE(soql::is_date_word(word));
}

}  // namespace sandbox::salesforce
