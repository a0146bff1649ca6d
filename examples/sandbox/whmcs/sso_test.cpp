// Single sign-on: tokens, where they lead, and paying in the browser.
#include <catch2/catch.hpp>

#include "examples/sandbox/testing/running.hpp"

namespace sandbox::testing {

namespace json = boost::json;

namespace {

std::string redirect_of(const Running& running, Fields fields) {
  const auto answer = running.ask("CreateSsoToken", fields);
  REQUIRE(answer.at("result") == "success");
  CHECK(answer.at("access_token").as_string().size() == 40);
  return std::string(answer.at("redirect_url").as_string());
}

/// The newest unpaid invoice of client 101 that is not yet due.
std::string open_invoice(const Running& running) {
  const auto answer = running.ask(
      "GetInvoices", {{"userid", "101"}, {"status", "Unpaid"}, {"orderby", "id"}, {"order", "desc"}});
  return std::to_string(answer.at("invoices").at("invoice").as_array()[0].at("id").as_int64());
}

}  // namespace

TEST_CASE("a token leads to the invoice, where it can be paid") {
  const Running running;
  const std::string id = open_invoice(running);
  const std::string page = "/whmcs/viewinvoice.php?id=" + id;
  const Reply redeemed =
      send("GET", redirect_of(running, {{"client_id", "101"},
                                        {"destination", "sso:custom_redirect"},
                                        {"sso_redirect_path", "viewinvoice.php?id=" + id}}));
  CHECK(redeemed.status == 302);
  CHECK(redeemed.location == page);
  CHECK(running.get(page).status == 403);  // without the cookie
  const Reply shown = send("GET", running.url(page), {}, redeemed.cookie);
  CHECK(shown.status == 200);
  CHECK(shown.body.find("Pay now (sandbox)") != std::string::npos);
  const Reply paid = send("POST", running.url(page), "", redeemed.cookie);
  CHECK(paid.status == 302);
  const auto invoice = running.ask("GetInvoice", {{"invoiceid", id}});
  CHECK(invoice.at("status") == "Paid");
  CHECK(invoice.at("balance") == "0.00");
  CHECK(send("POST", running.url(page), "", redeemed.cookie).status == 409);
  CHECK(send("GET", running.url("/whmcs/viewinvoice.php?id=9020"), {}, redeemed.cookie).status == 404);
}

TEST_CASE("a token works once") {
  const Running running;
  const std::string url = redirect_of(running, {{"client_id", "101"}});
  CHECK(send("GET", url).location == "/whmcs/clientarea.php");
  const Reply again = send("GET", url);
  CHECK(again.status == 403);
  CHECK(again.body.find("used already") != std::string::npos);
  CHECK(send("GET", running.url("/whmcs/oauth/singlesignon.php?access_token=0")).status == 403);
}

TEST_CASE("a token works for sixty seconds") {
  Running running;
  const std::string early = redirect_of(running, {{"client_id", "101"}});
  const std::string late = redirect_of(running, {{"client_id", "101"}});
  running.control("PUT", "/control/clock", {{"advance_ms", 55'000}});
  CHECK(send("GET", early).status == 302);
  running.control("PUT", "/control/clock", {{"advance_ms", 5'000}});
  const Reply expired = send("GET", late);
  CHECK(expired.status == 403);
  CHECK(expired.body.find("expired") != std::string::npos);
}

TEST_CASE("destinations are fixed words") {
  const Running running;
  struct Row {
    const char* destination;
    const char* extra;
    const char* location;
  };
  const Row row = GENERATE(
      values<Row>({{"clientarea:invoices", "", "/whmcs/clientarea.php?action=invoices"},
                   {"clientarea:profile", "", "/whmcs/clientarea.php?action=details"},
                   {"clientarea:tickets", "", "/whmcs/supporttickets.php"},
                   {"clientarea:product_details", "5", "/whmcs/clientarea.php?action=productdetails&id=5"}}));
  CHECK(send("GET",
             redirect_of(running,
                         {{"client_id", "101"}, {"destination", row.destination}, {"service_id", row.extra}}))
            .location == row.location);
}

TEST_CASE("CreateSsoToken refuses with the documented texts") {
  Running running;
  struct Row {
    const char* message;
    const char* client;
    const char* user;
    const char* destination;
    const char* path;
  };
  const std::vector<Row> rows{
      {"A valid client_id or user_id is required", "", "", "", ""},
      {"Invalid client_id", "1", "", "", ""},
      {"Invalid user_id", "", "1", "", ""},
      {"Invalid user_id for client", "101", "502", "", ""},
      {"Invalid destination", "101", "", "clientarea:product_details:id=5", ""},
      {"Invalid destination", "101", "", "elsewhere", ""},
      {"Invalid destination", "101", "", "sso:custom_redirect", "https://evil.example/"},
      {"Invalid destination", "101", "", "sso:custom_redirect", "//evil.example/"},
      {"SSO authentication blocked for client 108", "108", "", "", ""},
      {"SSO authentication blocked for client 109", "109", "", "", ""},
  };
  for (const auto& row : rows) {
    INFO(row.message << " " << row.path);
    CHECK(running.refusal("CreateSsoToken", {{"client_id", row.client},
                                             {"user_id", row.user},
                                             {"destination", row.destination},
                                             {"sso_redirect_path", row.path}}) == row.message);
  }
  running.control("PUT", "/control/whmcs/clients/101", {{"allow_single_sign_on", false}});
  CHECK(running.refusal("CreateSsoToken", {{"client_id", "101"}}) ==
        "SSO authentication blocked for client 101");
  CHECK(running.ask("GetClientsDetails", {{"clientid", "101"}}).at("allowSingleSignOn") == 0);
}

TEST_CASE("a client closed between making and using a token is denied") {
  Running running;
  const std::string url = redirect_of(running, {{"client_id", "101"}});
  running.control("PUT", "/control/whmcs/clients/101", {{"status", "Closed"}});
  const Reply reply = send("GET", url);
  CHECK(reply.status == 403);
  CHECK(reply.body.find("Single Sign-On authentication denied for &quot;Closed&quot; User ID: 101") !=
        std::string::npos);
}

}  // namespace sandbox::testing
