// Vendor words to ours and back.
#include <catch2/catch.hpp>
#include <portico/contract.hpp>

#include "mapping/customer_words.hpp"
#include "mapping/invoice_words.hpp"
#include "mapping/refusals.hpp"

using namespace whmcs;

namespace {

struct Json {
  explicit Json(std::string_view text) : value(portico::parse_json(text)) {}
  Fields fields() const { return Fields(value.get_object()); }
  boost::json::value value;
};

}  // namespace

TEST_CASE("phone numbers go in WHMCS's form and come back as they were meant") {
  struct Row {
    const char* ours;
    const char* theirs;
  };
  const Row rows[] = {{"+81 3-1234-5678", "+81.312345678"},   {"+41 61 234 56 78", "+41.612345678"},
                      {"+1 (555) 010-9999", "+1.5550109999"}, {"+886 2 1234 5678", "+886.212345678"},
                      {"+7 495 123 45 67", "+7.4951234567"},  {"+358 40 1234567", "+358.401234567"},
                      {"03-1234-5678", "0312345678"},         {"090 1234 5678", "09012345678"}};
  for (const auto& row : rows) {
    INFO(row.ours);
    CHECK(phone_to_whmcs(row.ours) == row.theirs);
  }
  const Row back[] = {
      {"+81312345678",
       R"({"phonenumber":"312345678","phonecc":"81","phonenumberformatted":"+81.312345678"})"},
      {"0312345678",
       R"({"phonenumber":"0312345678","phonecc":"81","phonenumberformatted":"+81.0312345678"})"},
      {"0312345678", R"({"phonenumber":"0312345678"})"},
      {"0312345678", R"({"phonenumberformatted":"+.0312345678"})"},
      {"+41612345678", R"({"telephoneNumber":"+41.61 234 56 78"})"},
      {"", R"({"phonenumberformatted":"+81."})"},
      {"", R"({})"}};
  for (const auto& row : back) {
    INFO(row.theirs);
    CHECK(phone_from_whmcs(Json(row.theirs).fields()) == row.ours);
  }
}

TEST_CASE("languages") {
  CHECK(language_to_whmcs("ja") == "japanese");
  CHECK(language_to_whmcs("en") == "english");
  CHECK(language_from_whmcs("Japanese", "en") == "ja");
  CHECK(language_from_whmcs("english", "ja") == "en");
  CHECK(language_from_whmcs("german", "ja") == "en");
  CHECK(language_from_whmcs("", "ja") == "ja");
  CHECK(language_from_whmcs("", "en") == "en");
}

TEST_CASE("a client is read from the object, or from the top of older replies") {
  CHECK(customer_from(Json(R"({"client":{"id":1,"country":"JP"},"id":2})").fields(), "en").id == "1");
  CHECK(customer_from(Json(R"({"client":{"id":1,"country":"JP"}})").fields(), "en").address.country == "JP");
  CHECK(customer_from(Json(R"({"id":2,"client":""})").fields(), "en").id == "2");
  const Json json(R"({"firstname":"x"})");
  CHECK_THROWS_AS(customer_from(json.fields(), "en"), BadReply);
}

TEST_CASE("validation texts name our fields, also several at once") {
  struct Row {
    const char* message;
    const char* errors;
  };
  const Row rows[] = {
      {"You did not enter your  address line 1", R"([{"pointer":"/address/line1","code":"required"}])"},
      {"you did not enter your CITY", R"([{"pointer":"/address/city","code":"required"}])"},
      {"The email address you entered was not valid", R"([{"pointer":"/email","code":"invalid_email"}])"},
      {"Valid country required", R"([{"pointer":"/address/country","code":"invalid_country"}])"},
      {"Invalid telephone phone number", R"([{"pointer":"/phone","code":"invalid_phone"}])"},
      {"You did not enter your first name<br />You did not enter your postcode",
       R"([{"pointer":"/first_name","code":"required"},{"pointer":"/address/postcode","code":"required"}])"},
      {"You did not provide required custom field value for Line ID",
       R"([{"pointer":"","code":"custom_field_required"}])"},
  };
  for (const auto& row : rows) {
    INFO(row.message);
    const auto problem = problem_of(Refusal("AddClient", row.message));
    CHECK(problem.status == 422);
    CHECK(problem.code == "billing.refused");
    CHECK(boost::json::serialize(problem.members.at("errors")) == row.errors);
  }
}

TEST_CASE("refusals are matched by action and prefix") {
  struct Row {
    const char* action;
    const char* message;
    int status;
    const char* code;
  };
  const Row rows[] = {
      {"GetInvoice", "Invoice ID not found", 404, "billing.invoice_not_found"},
      {"GetClientsDetails", "Client Not Found", 404, "billing.customer_not_found"},
      {"UpdateClient", "client id not found", 404, "billing.customer_not_found"},
      {"UpdateClient", "Duplicate Email Address", 409, "billing.customer_exists"},
      {"CreateSsoToken", "SSO authentication blocked for client 418", 409, "billing.payment_link_blocked"},
      {"CreateSsoToken", "Token could not be provisioned: x", 502, "upstream.refused"},
      {"CreateSsoToken", "Invoice ID Not Found", 502, "upstream.refused"},
      {"GetInvoice", "", 502, "upstream.refused"}};
  for (const auto& row : rows) {
    INFO(row.action << ": " << row.message);
    const auto problem = problem_of(Refusal(row.action, row.message));
    CHECK(problem.status == row.status);
    CHECK(problem.code == row.code);
  }
}

TEST_CASE("an unpaid invoice past its due date is overdue") {
  struct Row {
    const char* status;
    const char* due;
    const char* today;
    InvoiceStatus ours;
  };
  using enum InvoiceStatus;
  const Row rows[] = {{"Unpaid", "2025-06-25", "2025-06-24", unpaid},
                      {"Unpaid", "2025-06-25", "2025-06-25", unpaid},
                      {"Unpaid", "2025-06-25", "2025-06-26", overdue},
                      {"unpaid", "2025-06-25", "2026-01-01", overdue},
                      {"Unpaid", "0000-00-00", "2025-06-26", unpaid},
                      {"Paid", "2025-06-25", "2025-06-26", paid},
                      {"Cancelled", "2025-06-25", "2025-06-26", cancelled},
                      {"Refunded", "2025-06-25", "2025-06-26", refunded},
                      {"Collections", "2025-06-25", "2025-06-26", collections},
                      {"Payment Pending", "2025-06-25", "2025-06-26", payment_pending},
                      {"Draft", "2025-06-25", "2025-06-26", draft}};
  for (const auto& row : rows) {
    INFO(row.status << " due " << row.due << " on " << row.today);
    const Json json(std::string(R"({"status":")") + row.status + R"(","duedate":")" + row.due + "\"}");
    CHECK(status_from(json.fields(), row.today) == row.ours);
  }
  const Json unknown(R"({"status":"Sleeping"})");
  CHECK_THROWS_AS(status_from(unknown.fields(), "2025-06-26"), BadReply);
  CHECK(filter_word(payment_pending) == "Payment Pending");
  CHECK(filter_word(overdue) == "Overdue");
}

TEST_CASE("an invoice is read whole, money in minor units") {
  const Json json(
      R"({"result":"success","invoiceid":"9001","invoicenum":"2025-0417","userid":418,"date":"2025-06-11",
    "duedate":"2025-06-25","datepaid":"0000-00-00 00:00:00","subtotal":"108.00","credit":"5.00","tax":"8.75","tax2":"0.00",
    "total":"111.75","balance":"71.75","taxrate":"8.100","taxrate2":"0.000","status":"Unpaid",
    "items":{"item":[{"id":1,"description":"Fiber 1000\r\n(11\/06 - 10\/07) &amp; router","amount":"59.00","taxed":1},
                     {"id":2,"description":"Setup fee","amount":"49.00","taxed":"0"}]},
    "transactions":{"transaction":[
      {"id":"7710","gateway":"banktransfer","date":"2025-06-12 00:00:00","amountin":"50.00","amountout":"0.00","transid":"BT-88112"},
      {"id":"7711","gateway":"stripe","date":"2025-06-13 08:02:10","amountin":"0.00","amountout":"10.00","transid":""}]}})");
  const auto invoice = invoice_from(json.fields(), "2025-06-20", "CHF", "2025-06-20T00:00:00Z");
  CHECK(invoice.id == "9001");
  CHECK(invoice.number == "2025-0417");
  CHECK(invoice.status == InvoiceStatus::unpaid);
  CHECK(invoice.paid_on == std::nullopt);
  CHECK(invoice.total == portico::Money{11175, "CHF"});
  CHECK(invoice.subtotal == portico::Money{10800, "CHF"});
  CHECK(invoice.tax == portico::Money{875, "CHF"});
  CHECK(invoice.tax_rate == "8.1");
  CHECK(invoice.credit == portico::Money{500, "CHF"});
  CHECK(invoice.balance == portico::Money{7175, "CHF"});
  REQUIRE(invoice.lines.size() == 2);
  CHECK(invoice.lines[0].description == "Fiber 1000\n(11/06 - 10/07) & router");
  CHECK(invoice.lines[0].taxed);
  CHECK_FALSE(invoice.lines[1].taxed);
  REQUIRE(invoice.payments.size() == 2);
  CHECK(invoice.payments[0].amount.amount_minor == 5000);
  CHECK(invoice.payments[0].reference == "BT-88112");
  CHECK(invoice.payments[0].paid_on == "2025-06-12");
  CHECK(invoice.payments[1].amount.amount_minor == -1000);
  CHECK(invoice.payments[1].reference == std::nullopt);
}

TEST_CASE("an invoice without payments, number and balance is read too; yen are whole") {
  const auto text = [](const char* total) {
    return std::string(
               R"({"invoiceid":7,"invoicenum":"","status":"Paid","date":"2025-06-11","duedate":"2025-06-25",
      "datepaid":"2025-06-12 10:00:00","subtotal":"1800.00","credit":"0.00","tax":"180.00","total":")") +
           total + R"(","taxrate":"10.000","items":"","transactions":""})";
  };
  const Json json(text("1980.00"));
  const auto invoice = invoice_from(json.fields(), "2025-07-01", "JPY", "x");
  CHECK(invoice.number == "7");
  CHECK(invoice.paid_on == "2025-06-12");
  CHECK(invoice.total == portico::Money{1980, "JPY"});
  CHECK(invoice.balance == portico::Money{1980, "JPY"});
  CHECK(invoice.lines.empty());
  CHECK(invoice.payments.empty());
  const Json odd(text("1980.50"));
  CHECK(invoice_from(odd.fields(), "2025-07-01", "JPY", "x").total == portico::Money{1981, "JPY"});
  CHECK_THROWS_AS(invoice_from(json.fields(), "2025-07-01", "", "x"), BadReply);
}

TEST_CASE("the origin of an address is compared whole") {
  struct Row {
    const char* url;
    std::optional<std::string> origin;
  };
  const Row rows[] = {{"https://billing.example.ch/oauth?x=1", "https://billing.example.ch"},
                      {"HTTPS://Billing.Example.CH:443/a", "https://billing.example.ch"},
                      {"http://127.0.0.1:8443/whmcs/oauth", "http://127.0.0.1:8443"},
                      {"http://a.example", "http://a.example"},
                      {"https://billing.example.ch@evil.example/", {}},
                      {"https://evil.example\\@billing.example.ch/", {}},
                      {"https://a.example/\nx", {}},
                      {"https://a.example/'x", {}},
                      {"javascript:alert(1)", {}},
                      {"//a.example/", {}},
                      {"https:///x", {}},
                      {"", {}}};
  for (const auto& row : rows) {
    INFO(row.url);
    CHECK(origin_of(row.url) == row.origin);
  }
  CHECK(site_of("http://127.0.0.1:8443") == "127.0.0.1:8443");
}
