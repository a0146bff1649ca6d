// Requests to use cases and back, with the policy each route stands under.
#include "http/invoice_routes.hpp"

#include "http/contracts.hpp"
#include "http/hand_off_page.hpp"
#include "http/host_world.hpp"
#include "http/negotiation.hpp"
#include "http/sso_link_request.hpp"
#include "use_cases/read_invoices.hpp"

namespace billing {

namespace {

using namespace std::chrono_literals;
using portico::Problem;
using portico::Request;
using portico::Response;
namespace json = boost::json;

// source: product bar, invoices: fresh 90 s, renewed behind the answer for 5 min more, shown with their time
// for 1 h while billing is down
const portico::RouteCache kInvoiceCache{portico::CacheScope::user, 90s, 5min, 1h, {"invoices:{user}"}};

portico::billing::InvoiceQuery query_of(const Request& request) {
  portico::billing::InvoiceQuery query;
  query.page = request.query_int("page", 1, 1, 10'000);
  query.page_size = request.query_int("page_size", 20, 1, 100);
  if (const auto status = request.query("status"); status && !status->empty())
    query.status = status_filter(*status);
  return query;
}

json::object status_schema() {
  json::array names;
  for (const auto name : portico::contract::enum_names<portico::billing::InvoiceStatus>())
    if (name != "draft") names.emplace_back(json::string_view(name.data(), name.size()));
  return {{"type", "string"}, {"enum", std::move(names)}};
}

Response html(int status, std::string body, const portico::Headers& more = {}) {
  Response response{status,
                    "text/html; charset=utf-8",
                    std::move(body),
                    {{"Cache-Control", "no-store"}, {"Referrer-Policy", "no-referrer"}, {"Vary", "Accept"}}};
  response.headers.insert(response.headers.end(), more.begin(), more.end());
  return response;
}

portico::billing::PaymentLink link_for(portico::Host& host, const Request& request) {
  const auto principal = request.principal();
  HandOff wanted;
  wanted.user_id = principal.user_id;
  wanted.invoice_id = std::string(request.path("id"));
  wanted.target = target_of(request.header("content-type").value_or(""), request.body());
  wanted.now = host.clock().now();
  wanted.proved_at = Moment(principal.proved_at);
  HostWorld world(host);
  return hand_off(world, wanted);
}

Response sso_link(portico::Host& host, const Request& request) {
  const bool as_page = prefers_html(request.header("accept").value_or(""));
  if (!as_page)
    return {200,
            "application/json",
            portico::encode_text(link_for(host, request)),
            {{"Cache-Control", "no-store"}, {"Vary", "Accept"}}};
  try {
    return html(200, hand_off_page(request.language(), link_for(host, request)));
  } catch (const Problem& problem) {
    if (problem.status >= 500)
      host.log().warning("no payment link", {{"code", problem.code}, {"detail", problem.detail}});
    portico::Headers more;
    if (problem.retry_after_s > 0) more.emplace_back("Retry-After", std::to_string(problem.retry_after_s));
    return html(problem.status,
                problem_page(request.language(), problem, request.path("id"), request.correlation_id()),
                more);
  }
}

}  // namespace

void add_invoice_routes(portico::Host& host) {
  host.routes()
      .get("/api/invoices",
           [&host](const Request& request) {
             return list_invoices(host, request.user_id(), query_of(request));
           })
      .query("page", {{"type", "integer"}, {"minimum", 1}, {"maximum", 10'000}, {"default", 1}})
      .query("page_size", {{"type", "integer"}, {"minimum", 1}, {"maximum", 100}, {"default", 20}})
      .query("status", status_schema())
      .cache(kInvoiceCache)
      .summary("The signed-in person's invoices, newest first");

  host.routes()
      .get("/api/invoices/{id}",
           [&host](const Request& request) {
             return get_invoice(host, request.user_id(), std::string(request.path("id")));
           })
      .cache(kInvoiceCache)
      .summary("One invoice with its lines and payments");

  host.routes()
      .post("/api/invoices/{id}/sso-link",
            [&host](const Request& request) { return sso_link(host, request); })
      .may_take<SsoLinkRequest>()
      .gives<portico::billing::PaymentLink>()
      .csrf(portico::Csrf::same_origin)  // a plain form in a new tab sends no header of ours
      .secret()
      .not_audited()  // the hand-off writes the row itself: it knows the invoice and why none was made
      .body_limit(1024)
      .deadline(15s)
      .summary(
          "A link, good once, that opens the invoice at the billing site; as JSON or as a page that goes "
          "there");

  host.routes()
      .get(std::string(kStylePath),
           [](const Request&) -> Response {
             return {200,
                     "text/css; charset=utf-8",
                     std::string(hand_off_style()),
                     {{"Cache-Control", "public, max-age=3600"}}};
           })
      .access(portico::Access::anyone)
      .answers(200)
      .summary("Style sheet of the pages that lead to the billing site");
}

}  // namespace billing
