// The browser side of the played WHMCS: token redemption, invoice list, one invoice with its payment button.
#include <fmt/format.h>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/whmcs/php_form.hpp"
#include "examples/sandbox/whmcs/pipeline.hpp"
#include "examples/sandbox/whmcs/room.hpp"

namespace sandbox::whmcs {

namespace {

constexpr const char* kCookie = "whmcs_sandbox";
constexpr std::int64_t kSessionMs = 2 * 3600 * 1000;

HttpAnswer page(int status, std::string_view title, std::string_view body) {
  return {
      status,
      "text/html; charset=utf-8",
      fmt::format(
          "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{0}</title><style>"
          "body{{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}}"
          "table{{border-collapse:collapse;width:100%}}td,th{{text-align:left;padding:.3rem .6rem;"
          "border-bottom:1px solid #ccc}}td.n{{text-align:right}}.note{{color:#666}}"
          "button{{font:inherit;padding:.6rem 1.2rem}}</style></head><body>"
          "<p class=\"note\">Billing sandbox: nothing here is real.</p><h1>{0}</h1>{1}</body></html>",
          title, body),
      {{"Cache-Control", "no-store"}, {"Referrer-Policy", "no-referrer"}}};
}

HttpAnswer sign_on_failed(std::string_view why) {
  return page(
      403, "Single Sign-On failed",
      fmt::format("<p id=\"failure\">{}</p><p>A sign-on link works once and for a minute only. Go back to "
                  "the page that gave it and ask for a new one.</p>",
                  why));
}

HttpAnswer sign_in_needed() {
  return page(403, "Please sign in",
              "<p>This page is restricted. Come through a sign-on link of the portal.</p>");
}

}  // namespace

std::optional<HttpAnswer> Room::page_fault(const HttpRequest& request) {
  const Verdict verdict = faults_.decide("whmcs", "page");
  faults_.delay(verdict.latency_ms, request.peer_gone);
  if (verdict.kind == FaultKind::kNone) return std::nullopt;
  if (verdict.kind == FaultKind::kDown)
    return HttpAnswer{
        503, "text/html; charset=utf-8", "<html><body><h1>503 Service Unavailable</h1></body></html>", {}};
  if (verdict.kind == FaultKind::kReset) return HttpAnswer{0, "", "", {}, Delivery::kReset};
  if (verdict.kind == FaultKind::kStall || verdict.kind == FaultKind::kAppliedThenTimeout) {
    if (faults_.hold(verdict.hold_ms, request.peer_gone) == HoldEnd::kReleased) return std::nullopt;
    return HttpAnswer{0, "", "", {}, Delivery::kClose};
  }
  return page(500, "Oops!", "<p>Something went wrong.</p>");
}

HttpAnswer Room::sign_on(const HttpRequest& request) {
  if (auto fault = page_fault(request)) return *fault;
  const std::string key(request.query_value("access_token"));
  const std::int64_t now_ms = clock_.now().time_since_epoch().count();
  std::string session, target;
  std::string why = change_books([&](Books& books) -> std::string {
    const auto found = books.tokens.find(key);
    if (found == books.tokens.end()) return "The access token is not known.";
    SsoToken& token = found->second;
    if (token.used) return "The access token has been used already.";
    token.used = true;
    if (now_ms >= token.expires_at_ms) return "The access token has expired.";
    Id client_id = token.client;
    for (const auto& membership : books.memberships)
      if (client_id == 0 && membership.user == token.user) client_id = membership.client;
    const Client* client = books.find_client(client_id);
    if (client == nullptr || client->status == "Closed")
      return fmt::format("Single Sign-On authentication denied for &quot;Closed&quot; User ID: {}",
                         client_id);
    session = random_hex(16);
    books.sessions[session] = {session, client_id, now_ms + kSessionMs};
    target = token.destination;
    return {};
  });
  if (!why.empty()) return sign_on_failed(why);
  HttpAnswer answer = redirect_to(fmt::format("/whmcs/{}", target));
  answer.headers.emplace_back("Set-Cookie",
                              fmt::format("{}={}; Path=/whmcs; HttpOnly; SameSite=Lax", kCookie, session));
  answer.headers.emplace_back("Referrer-Policy", "no-referrer");
  return answer;
}

Id Room::signed_in_client(const HttpRequest& request) {
  const std::string key = request.cookie(kCookie);
  const std::int64_t now_ms = clock_.now().time_since_epoch().count();
  return with_books([&](Books& books) -> Id {
    const auto found = books.sessions.find(key);
    return found == books.sessions.end() || found->second.expires_at_ms <= now_ms ? 0 : found->second.client;
  });
}

HttpAnswer Room::client_area(const HttpRequest& request) {
  if (auto fault = page_fault(request)) return *fault;
  const Id id = signed_in_client(request);
  if (id == 0) return sign_in_needed();
  return with_books([&](Books& books) {
    std::string rows;
    for (auto entry = books.invoices.rbegin(); entry != books.invoices.rend(); ++entry) {
      const Invoice& invoice = entry->second;
      if (invoice.client != id || invoice.status == "Draft") continue;
      rows += fmt::format(
          "<tr><td><a href=\"/whmcs/viewinvoice.php?id={0}\">{0}</a></td><td>{1}</td><td>{2}</td>"
          "<td class=\"n\">{3}</td><td>{4}</td></tr>",
          invoice.id, invoice.date, invoice.due_date, cents_text(invoice.total()), invoice.status);
    }
    const Client* client = books.find_client(id);
    return page(200, "Client area",
                fmt::format("<p>Signed in for {} {}.</p><table><tr><th>Invoice</th><th>Date</th><th>Due</th>"
                            "<th>Total</th><th>Status</th></tr>{}</table>",
                            client->first_name, client->last_name, rows));
  });
}

HttpAnswer Room::view_invoice(const HttpRequest& request) {
  if (auto fault = page_fault(request)) return *fault;
  const Id client_id = signed_in_client(request);
  if (client_id == 0) return sign_in_needed();
  return with_books([&](Books& books) {
    const Invoice* invoice = books.find_invoice(php_int(request.query_value("id")));
    if (invoice == nullptr || invoice->client != client_id || invoice->status == "Draft")
      return page(404, "Invoice not found", "<p>There is no such invoice for this account.</p>");
    const Currency& currency = books.currency_of(books.clients.at(client_id));
    const auto money = [&](Cents cents) {
      return formatted(cents, currency.prefix, currency.suffix, currency.format);
    };
    std::string body = fmt::format("<p id=\"status\"><strong>{}</strong>, issued {}, due {}</p><table>",
                                   invoice->status, invoice->date, invoice->due_date);
    const auto row = [&](std::string_view label, Cents cents) {
      body += fmt::format("<tr><td>{}</td><td class=\"n\">{}</td></tr>", label, money(cents));
    };
    for (const auto& item : invoice->items) row(item.description, item.amount);
    row(fmt::format("Tax {} %", rate_text(invoice->tax_rate)), invoice->tax());
    if (invoice->credit != 0) row("Credit", -invoice->credit);
    row("<strong>Total</strong>", invoice->total());
    for (const auto* payment : books.transactions_of(invoice->id))
      row(fmt::format("{} {} ({})", payment->date.substr(0, 10), payment->description, payment->reference),
          payment->amount_out - payment->amount_in);
    const Cents balance = books.balance(*invoice);
    row("<strong>Balance</strong>", balance);
    body += "</table>";
    if (invoice->status == "Unpaid" && balance > 0)
      body += fmt::format(
          "<form method=\"post\" action=\"/whmcs/viewinvoice.php?id={}\"><p><button type=\"submit\" "
          "id=\"pay\">"
          "Pay now (sandbox)</button></p></form>",
          invoice->id);
    body += "<p><a href=\"/whmcs/clientarea.php?action=invoices\">All invoices</a></p>";
    return page(200, fmt::format("Invoice #{}", invoice->id), body);
  });
}

HttpAnswer Room::pay_invoice(const HttpRequest& request) {
  if (auto fault = page_fault(request)) return *fault;
  const Id client_id = signed_in_client(request);
  if (client_id == 0) return sign_in_needed();
  const Id id = php_int(request.query_value("id"));
  HookCalls hooks;
  const Switches now_switches = switches();
  const bool paid = change_books([&](Books& books) {
    Invoice* invoice = books.find_invoice(id);
    if (invoice == nullptr || invoice->client != client_id || invoice->status != "Unpaid") return false;
    Transaction payment;
    payment.client = client_id;
    payment.gateway = "stripe";
    payment.date = clock_.local_now();
    payment.description = "Invoice Payment";
    payment.amount_in = books.balance(*invoice);
    payment.reference = "sandbox_" + random_hex(6);
    payment.invoice = id;
    hooks.push_back(hook_of(books.add_transaction(std::move(payment), clock_.local_now())));
    hooks.push_back({"AddInvoicePayment", {{"invoiceid", id}}});
    if (invoice->status == "Paid") after_paid({books, clock_, now_switches, hooks}, *invoice);
    return true;
  });
  hook_file_.run(hooks, now_switches.hooks, clock_);
  if (!paid) return page(409, "Nothing to pay", "<p>This invoice is not open for payment.</p>");
  return redirect_to(fmt::format("/whmcs/viewinvoice.php?id={}", id));
}

}  // namespace sandbox::whmcs
