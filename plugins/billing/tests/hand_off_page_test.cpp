// The two pages: safe against what they show, right in both languages, fit for the content security policy.
#include "http/hand_off_page.hpp"

#include <catch2/catch.hpp>

using namespace billing;

namespace {

bool has(const std::string& page, std::string_view part) {
  return page.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the page names the site and leads there once, as a refresh and as a link") {
  const portico::billing::PaymentLink link{"https://billing.example.ch/oauth?a=1&b=2", "billing.example.ch",
                                           60};
  const auto en = hand_off_page("en", link), ja = hand_off_page("ja", link);
  for (const auto& page : {en, ja}) {
    CHECK(
        has(page,
            "<meta http-equiv=\"refresh\" content=\"0; url=https://billing.example.ch/oauth?a=1&amp;b=2\">"));
    CHECK(has(page, "href=\"https://billing.example.ch/oauth?a=1&amp;b=2\""));
    CHECK(has(page, "<meta name=\"referrer\" content=\"no-referrer\">"));
    CHECK(has(page, "<link rel=\"stylesheet\" href=\"/api/billing/hand-off.css\">"));
  }
  CHECK(has(en, "<html lang=\"en\">"));
  CHECK(has(en, "<h1>Opening billing.example.ch</h1>"));
  CHECK(has(ja, "<html lang=\"ja\">"));
  CHECK(has(ja, "<h1>billing.example.ch を開いています</h1>"));
}

TEST_CASE("nothing shown can become markup, script or another address") {
  const portico::billing::PaymentLink odd{"https://a.example/?x=;url=javascript:1",
                                          "<img src=x onerror=\"x\">'&", 60};
  const auto page = hand_off_page("en", odd);
  CHECK(has(page, "&lt;img src=x onerror=&quot;x&quot;&gt;&#39;&amp;"));
  CHECK_FALSE(has(page, "<img"));
  for (const char* url :
       {"javascript:alert(1)", "https://a.example/' onload='x", "https://a.example/\"><script>",
        "https://a.example/ x", "https://a.example/\n", "//a.example/", "data:text/html,x", ""}) {
    INFO(url);
    CHECK_THROWS_AS(hand_off_page("en", {url, "a.example", 60}), portico::Problem);
  }
  const auto problem = problem_page("en", portico::Problem(404, "billing.invoice_not_found", "<b>detail</b>"),
                                    "\"><script>x", "<i>id</i>");
  CHECK_FALSE(has(problem, "<script"));
  CHECK_FALSE(has(problem, "detail"));
  CHECK(has(problem, "&lt;i&gt;id&lt;/i&gt;"));
  CHECK(has(problem, "href=\"/billing/invoices\""));
}

TEST_CASE("a problem page says what to do and leads back to the invoice") {
  struct Row {
    const char* code;
    const char* en;
    const char* ja;
  };
  const Row rows[] = {
      {"auth.step_up_required", "confirm your password first", "先にパスワード"},
      {"billing.link_just_made", "a moment ago", "先ほど発行"},
      {"billing.payment_link_blocked", "choose the invoice by its number", "請求書番号からお選び"},
      {"billing.invoice_not_payable", "nothing to pay", "お支払いの必要はありません"},
      {"upstream.timeout", "cannot be reached right now", "接続できません"},
      {"something.new", "cannot be reached right now", "接続できません"}};
  for (const auto& row : rows) {
    INFO(row.code);
    const portico::Problem problem(503, row.code);
    const auto en = problem_page("en", problem, "9001", "c-1"),
               ja = problem_page("ja", problem, "9001", "c-1");
    CHECK(has(en, row.en));
    CHECK(has(ja, row.ja));
    CHECK(has(en, "href=\"/billing/invoices/9001\""));
    CHECK(has(en, "<code>c-1</code>"));
    CHECK(has(ja, "<html lang=\"ja\">"));
  }
}

TEST_CASE("the pages need no script and no inline style") {
  const auto page = hand_off_page("en", {"https://a.example/", "a.example", 60}) +
                    problem_page("ja", portico::Problem(503, "x"), "1", "c");
  for (const char* banned : {"<script", "style=", "<style", "onclick", "onload", "javascript:"}) {
    INFO(banned);
    CHECK_FALSE(has(page, banned));
  }
  CHECK(hand_off_style().find("url(") == std::string_view::npos);
}
