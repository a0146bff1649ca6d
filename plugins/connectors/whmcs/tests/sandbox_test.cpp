// The whole connector but the host, over real HTTP against the played WHMCS with its quirks.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "tests/connector.hpp"

using namespace whmcs;
using namespace std::chrono_literals;
namespace contract = portico::billing;

namespace {

contract::NewCustomer person(const std::string& marker, const std::string& email) {
  return {marker,
          email,
          "花子",
          "O'Neill <山田> & Co",
          "株式会社 \"見本\"",
          "+81 3-1234-5678",
          "ja",
          {"千代田1-1", "101号室", "千代田区", "東京都", "100-0001", "JP"}};
}

/// Everything client 101 and its neighbours may see, as one text; without the time it was read.
std::string everything(Connector& connector) {
  std::string out;
  for (const char* id : {"101", "102", "104", "105"}) {
    out += portico::encode_text(connector.customers.get({id})) + "\n";
    auto list = connector.invoices.list({id, 1, 100, {}});
    list.as_of.clear();
    out += portico::encode_text(list) + "\n";
    for (const auto& item : list.items) {
      auto invoice = connector.invoices.get({id, item.id});
      invoice.as_of.clear();
      out += portico::encode_text(invoice) + "\n";
    }
  }
  return out;
}

}  // namespace

TEST_CASE("the same is read from replies of every shape") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  const auto documented = everything(connector);
  CHECK(documented.find("\"currency\":\"JPY\"") != std::string::npos);
  CHECK(documented.find("\"status\":\"overdue\"") != std::string::npos);
  CHECK(documented.find("&amp;") == std::string::npos);
  CHECK(documented.find("&#0") == std::string::npos);
  for (const char* shapes : {"empty_string", "empty_array", "empty_object", "null", "missing",
                             "single_object", "numeric_keys", "chaos"})
    for (const char* numbers : {"strings", "numbers", "mixed"}) {
      INFO(shapes << " " << numbers);
      sandbox.control("PUT", "/whmcs/switches",
                      fmt::format(R"({{"shapes":"{}","numbers":"{}"}})", shapes, numbers));
      CHECK(everything(connector) == documented);
    }
}

TEST_CASE("pages of a list join to the whole list, and no draft is among them") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  for (const char* id : {"101", "103"}) {
    for (const auto& status :
         std::vector<std::optional<contract::InvoiceStatus>>{{},
                                                             contract::InvoiceStatus::unpaid,
                                                             contract::InvoiceStatus::overdue,
                                                             contract::InvoiceStatus::paid}) {
      const auto whole = connector.invoices.list({id, 1, 100, status});
      INFO(id << " " << whole.total);
      CHECK(whole.total == static_cast<std::int64_t>(whole.items.size()));
      std::vector<std::string> joined, all;
      for (const auto& item : whole.items) {
        all.push_back(item.id);
        CHECK(item.status != contract::InvoiceStatus::draft);
        if (status) CHECK(item.status == *status);
      }
      for (int page = 1; page <= 40; ++page) {
        const auto list = connector.invoices.list({id, page, 3, status});
        CHECK(list.total == whole.total);
        for (const auto& item : list.items) joined.push_back(item.id);
        if (list.items.empty()) break;
      }
      CHECK(joined == all);
    }
  }
}

TEST_CASE("a customer is written and read back with the same words") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  const auto made = connector.customers.create(person("m-1", "hanako.new@mihon.example"));
  const auto customer = connector.customers.get(made);
  CHECK(customer.first_name == "花子");
  CHECK(customer.last_name == "O'Neill <山田> & Co");
  CHECK(customer.company == "株式会社 \"見本\"");
  CHECK(customer.phone == "+81312345678");
  CHECK(customer.language == "ja");
  CHECK(customer.currency == "JPY");
  CHECK(customer.address.line2 == "101号室");
  CHECK(customer.address.country == "JP");

  contract::CustomerChange change;
  change.customer_id = made.customer_id;
  change.company = "";
  change.phone = "090-1234-5678";
  change.language = "en";
  change.address = contract::Address{"Hafenweg 4", std::nullopt, "Basel", "Basel-Stadt", "4057", "CH"};
  const auto changed = connector.customers.update(change);
  CHECK(changed.first_name == "花子");
  CHECK(changed.company == std::nullopt);
  CHECK(changed.phone == "09012345678");
  CHECK(changed.language == "en");
  CHECK(changed.address.line2 == std::nullopt);
  CHECK(changed.address.country == "CH");
}

TEST_CASE("whatever happens to AddClient, repeating it makes one client") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  for (const char* kind : {"http_500_html", "http_403_empty", "truncated_json", "cut_body", "wrong_shape",
                           "warning_only", "reset", "applied_then_timeout", "down", "none"}) {
    INFO(kind);
    const auto email = fmt::format("{}@mihon.example", kind);
    order_fault(sandbox, "AddClient", kind);
    if (std::string(kind) == "applied_then_timeout") connector.transport.timeout = 2s;
    std::string id;
    const auto first = code_of([&] { id = connector.customers.create(person(kind, email)).customer_id; });
    connector.transport.timeout = 20s;
    sandbox.control("DELETE", "/faults");
    const auto second = connector.customers.create(person(kind, email)).customer_id;
    if (first.empty())
      CHECK(id == second);
    else
      CHECK((first == "503 upstream.unavailable" || first == "502 upstream.refused"));
    CHECK(connector.customers.create(person(kind, email)).customer_id == second);
    CHECK(code_of([&] { connector.customers.create(person("another", email)); }) ==
          "409 billing.customer_exists");
  }
}

TEST_CASE("faults of a read are told apart") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  const std::pair<const char*, const char*> rows[] = {{"http_500_html", "503 upstream.unavailable"},
                                                      {"http_403_empty", "502 upstream.bad_reply"},
                                                      {"truncated_json", "502 upstream.bad_reply"},
                                                      {"cut_body", "503 upstream.unavailable"},
                                                      {"warning_only", "502 upstream.refused"},
                                                      {"wrong_shape", "502 upstream.bad_reply"},
                                                      {"reset", "503 upstream.unavailable"},
                                                      {"down", "503 upstream.unavailable"},
                                                      {"none", ""}};
  for (const auto& [kind, code] : rows) {
    INFO(kind);
    order_fault(sandbox, "GetInvoices", kind);
    CHECK(code_of([&] { connector.invoices.list({"101", 1, 20, {}}); }) == code);
  }
}

TEST_CASE("being turned away is a matter for the admin") {
  RunningSandbox sandbox;
  Connector wrong(sandbox, "wrong");
  CHECK(code_of([&] { wrong.customers.get({"101"}); }) == "503 upstream.misconfigured");
  Connector connector(sandbox);
  sandbox.control(
      "PUT", "/whmcs/switches",
      R"({"credentials":{"sandboxIdentifier000000000000001":{"secret":"sandboxSecret0000000000000000001","actions":["getclients"]}}})");
  CHECK(code_of([&] { connector.customers.get({"101"}); }) == "503 upstream.misconfigured");
  sandbox.control("PUT", "/whmcs/switches", R"({"allowed_ips":["203.0.113.9"]})");
  CHECK(code_of([&] { connector.customers.get({"101"}); }) == "503 upstream.misconfigured");
}

TEST_CASE("validation of WHMCS names our fields") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  sandbox.control("PUT", "/whmcs/switches", R"({"validation_errors":"all"})");
  auto incomplete = person("m-2", "incomplete@mihon.example");
  incomplete.address.state = incomplete.address.city = incomplete.first_name = "";
  try {
    connector.customers.create(incomplete);
    FAIL("no failure");
  } catch (const portico::Problem& problem) {
    CHECK(problem.code == "billing.refused");
    CHECK(
        boost::json::serialize(problem.members.at("errors")) ==
        R"([{"pointer":"/first_name","code":"required"},{"pointer":"/address/city","code":"required"},{"pointer":"/address/state","code":"required"}])");
  }
}

TEST_CASE("invoices are their owner's; links lead to the site; sign-ins answer with their clients") {
  RunningSandbox sandbox;
  Connector connector(sandbox);
  const auto list = connector.invoices.list({"101", 1, 100, {}});
  REQUIRE_FALSE(list.items.empty());
  const auto id = list.items[0].id;
  CHECK(code_of([&] { connector.invoices.get({"103", id}); }) == "404 billing.invoice_not_found");
  CHECK(code_of([&] { connector.invoices.get({"101", "999999999"}); }) == "404 billing.invoice_not_found");
  const auto link = connector.invoices.link({"101", id});
  CHECK(link.url.starts_with(sandbox.url("/whmcs/oauth/singlesignon.php?access_token=")));
  CHECK(code_of([&] { connector.invoices.link({"108", "1"}); }) == "409 billing.payment_link_blocked");
  CHECK(code_of([&] { connector.invoices.link({"999999", "1"}); }) == "404 billing.customer_not_found");
  CHECK(connector.customers.verify_login({"hanako@mihon.example", "sample-Pass-2468"}).customer_ids ==
        std::vector<std::string>{"101", "104"});
  CHECK(code_of([&] {
          connector.customers.verify_login({"hanako@mihon.example", "no"});
        }) == "401 billing.login_refused");
}
