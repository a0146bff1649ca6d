// Reading of requests: Accept, target, status filter.
#include <catch2/catch.hpp>

#include "http/contracts.hpp"
#include "http/negotiation.hpp"
#include "http/sso_link_request.hpp"

using namespace billing;
using portico::Problem;

namespace {

template <class F>
std::string code_of(F&& fn) {
  try {
    fn();
  } catch (const Problem& problem) {
    return std::to_string(problem.status) + " " + problem.code;
  }
  return {};
}

}  // namespace

TEST_CASE("HTML is answered only to who prefers it") {
  struct Row {
    const char* accept;
    bool html;
  };
  const Row rows[] = {
      {"", false},
      {"*/*", false},
      {"application/json", false},
      {"text/html", true},
      {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", true},
      {"application/json, text/html;q=0.5", false},
      {"text/html;q=0.5, application/json", false},
      {"text/html;q=0.5, application/json;q=0.4", true},
      {"text/html;q=0, */*", false},
      {"TEXT/HTML", true},
      {"text/*", true},
      {"application/json;q=0.1, text/*;q=0.2", true},
      {"*/*;q=0.1, text/html ; level=1 ; q=0.9", true},
      {"application/*, text/html", false},
      {"text/html;q=1.5, application/json;q=0.1", false},
      {"text/html;q=abc", false},
      {"text/html;q=0.001", true},
      {",,;;q=1,text/html", true},
      {"text/plain", false},
  };
  for (const auto& row : rows) {
    INFO(row.accept);
    CHECK(prefers_html(row.accept) == row.html);
  }
}

TEST_CASE("the target comes as JSON, as a form or not at all") {
  struct Row {
    const char* type;
    const char* body;
    Target target;
  };
  const Row rows[] = {{"", "", Target::view},
                      {"text/plain", "", Target::view},
                      {"application/json", "{}", Target::view},
                      {"application/json", R"({"target":null})", Target::view},
                      {"application/json; charset=utf-8", R"({"target":"pay"})", Target::pay},
                      {"application/json", R"({"target":"view"})", Target::view},
                      {"application/x-www-form-urlencoded", "target=pay", Target::pay},
                      {"Application/X-WWW-Form-Urlencoded ;charset=UTF-8", "target=view", Target::view}};
  for (const auto& row : rows) {
    INFO(row.type << ": " << row.body);
    CHECK(target_of(row.type, row.body) == row.target);
  }
  struct Bad {
    const char* type;
    const char* body;
    const char* code;
  };
  const Bad bad[] = {
      {"application/json", "{", "400 request.malformed_json"},
      {"application/json", R"({"target":"gift"})", "422 request.invalid"},
      {"application/json", R"({"target":"pay","url":"https://evil.example"})", "422 request.invalid"},
      {"application/x-www-form-urlencoded", "target=gift", "422 request.invalid"},
      {"application/x-www-form-urlencoded", "target=pay&target=view", "422 request.invalid"},
      {"application/x-www-form-urlencoded", "destination=x", "422 request.invalid"},
      {"text/plain", "target=pay", "415 request.unsupported_media_type"},
      {"multipart/form-data; boundary=x", "x", "415 request.unsupported_media_type"}};
  for (const auto& row : bad) {
    INFO(row.type << ": " << row.body);
    CHECK(code_of([&] { target_of(row.type, row.body); }) == row.code);
  }
}

TEST_CASE("a status filter is one of the shown states") {
  CHECK(status_filter("overdue") == portico::billing::InvoiceStatus::overdue);
  CHECK(status_filter("payment_pending") == portico::billing::InvoiceStatus::payment_pending);
  for (const char* name : {"draft", "Paid", "", "open"}) {
    INFO(name);
    CHECK(code_of([&] { status_filter(name); }) == "422 request.invalid");
  }
}

TEST_CASE("a provider's value that breaks our rules is the provider's failure") {
  portico::billing::Invoice invoice;
  invoice.id = invoice.number = "9";
  invoice.issued_on = "11/06/2025";
  const auto text = portico::encode_text(invoice);
  CHECK(code_of([&] {
          from_provider([&] {
            return portico::decode_text<portico::billing::Invoice>(text, portico::Unknown::ignore);
          });
        }) == "502 upstream.bad_reply");
  CHECK(code_of([&] { from_provider([]() -> int { throw Problem(404, "billing.invoice_not_found"); }); }) ==
        "404 billing.invoice_not_found");
}
