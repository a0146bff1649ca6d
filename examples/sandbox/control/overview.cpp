// The page at "/": what the sandbox holds and how to move it, for people.
#include <fmt/format.h>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/control/control.hpp"
#include "examples/sandbox/mail/mime.hpp"
#include "examples/sandbox/sandbox.hpp"
#include "examples/sandbox/whmcs/seed.hpp"

namespace sandbox {

namespace {

std::string clients_table(Sandbox& box) {
  return box.whmcs().with_books([](whmcs::Books& books) {
    std::string rows;
    for (const auto& [id, client] : books.clients) {
      std::size_t invoices = 0, open = 0;
      for (const auto& [number, invoice] : books.invoices) {
        if (invoice.client != id) continue;
        ++invoices;
        if (invoice.status == "Unpaid") ++open;
      }
      rows += fmt::format(
          "<tr><td>{}</td><td>{}</td><td>{} "
          "{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}{}</td></tr>",
          id, client.owner_user_id, client.first_name, client.last_name, client.company, client.email,
          books.currency_of(client).code, fmt::format("{} ({} open)", invoices, open), client.status,
          client.allow_single_sign_on ? "" : ", no sign-on");
    }
    return fmt::format(
        "<table><tr><th>Client</th><th>User</th><th>Name</th><th>Company</th><th>Mail</th><th>Currency</th>"
        "<th>Invoices</th><th>State</th></tr>{}</table>",
        rows);
  });
}

std::string json_block(const boost::json::value& value) {
  std::string text;
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object)
      text +=
          fmt::format("{:<26} {}\n", std::string_view(member.key()), boost::json::serialize(member.value()));
  } else {
    for (const auto& element : value.as_array()) text += boost::json::serialize(element) + "\n";
  }
  return fmt::format("<pre>{}</pre>", html_escape(text.empty() ? "none" : text));
}

std::string mail_table(Sandbox& box) {
  std::string rows;
  std::size_t shown = 0;
  constexpr std::size_t kShown = 20;
  for (const auto& message : box.mailbox().list("")) {
    if (++shown > kShown) break;
    const auto parts = mail::read_message(message.raw);
    rows += fmt::format("<tr><td><a href=\"/mail/{}\">{}</a></td><td>{}</td><td>{}</td></tr>", message.id,
                        parts.subject.empty() ? "(no subject)" : html_escape(parts.subject),
                        html_escape(fmt::format("{}", fmt::join(message.to, ", "))), message.received_at);
  }
  return rows.empty() ? "<p>None yet.</p>"
                      : "<table><tr><th>Subject</th><th>To</th><th>Received</th></tr>" + rows + "</table>";
}

}  // namespace

std::string overview_page(Sandbox& box) {
  auto switches = box.whmcs().switches().to_json();
  return fmt::format(
      "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><title>Sandbox</title><style>"
      "body{{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}}"
      "table{{border-collapse:collapse;width:100%}}td,th{{text-align:left;padding:.25rem "
      ".5rem;border-bottom:1px solid "
      "#ccc}}pre{{background:#8881;padding:.75rem;white-space:pre-wrap;overflow-wrap:anywhere}}</style></"
      "head><body>"
      "<h1>Sandbox</h1><p>Plays the systems of record. WHMCS answers at <code>{}/includes/api.php</code>, "
      "mail for "
      "port {} is caught. It is {}. Sample users sign in with <code>{}</code>.</p>"
      "<p><a href=\"/mail\">Mail</a> · <a href=\"/control\">State</a> · <a "
      "href=\"/control/faults\">Faults</a> · "
      "<a href=\"/control/whmcs/switches\">Switches</a> · <a href=\"/control/whmcs/calls\">Calls</a></p>"
      "<h2>Clients</h2>{}<h2>Mail</h2>{}<h2>Faults</h2>{}<h2>WHMCS switches</h2>{}<h2>WHMCS "
      "calls</h2>{}</body></html>",
      html_escape(box.whmcs().system_url()), box.smtp_port(), utc_text(box.clock().now()),
      whmcs::kSamplePassword, clients_table(box), mail_table(box), json_block(box.faults().list()),
      json_block(switches), json_block(box.whmcs().calls().counters()));
}

}  // namespace sandbox
