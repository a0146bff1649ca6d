// Caught mail over HTTP: a page for people, JSON for tests.
#include <fmt/format.h>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/mail/mailbox.hpp"
#include "examples/sandbox/mail/mime.hpp"

namespace sandbox::mail {

namespace json = boost::json;

namespace {

HttpAnswer page(std::string_view title, std::string_view body) {
  return {
      200,
      "text/html; charset=utf-8",
      fmt::format(
          "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{0}</title><style>"
          "body{{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem}}"
          "table{{border-collapse:collapse;width:100%}}td,th{{text-align:left;padding:.3rem .6rem;"
          "border-bottom:1px solid #ccc}}pre{{white-space:pre-wrap;overflow-wrap:anywhere;"
          "border:1px solid #ccc;padding:1rem}}iframe{{width:100%;height:30rem;border:1px solid #ccc}}"
          "</style></head><body><p><a href=\"/\">Sandbox</a> · <a href=\"/mail\">Mail</a></p>"
          "<h1>{0}</h1>{1}</body></html>",
          title, body),
      {{"Cache-Control", "no-store"}, {"Referrer-Policy", "no-referrer"}}};
}

/// Escaped text with every http(s) address as a link.
std::string with_links(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto at = std::min(text.find("http://"), text.find("https://"));
    out += html_escape(text.substr(0, at));
    if (at == std::string_view::npos) break;
    text.remove_prefix(at);
    const auto end = std::min(text.find_first_of(" \t\r\n<>\""), text.size());
    const std::string url = html_escape(text.substr(0, end));
    out += fmt::format("<a href=\"{0}\">{0}</a>", url);
    text.remove_prefix(end);
  }
  return out;
}

HttpAnswer list_page(const Mailbox& mailbox) {
  std::string rows;
  for (const auto& message : mailbox.list("")) {
    const Parts parts = read_message(message.raw);
    rows += fmt::format("<tr><td><a href=\"/mail/{}\">{}</a></td><td>{}</td><td>{}</td></tr>", message.id,
                        parts.subject.empty() ? "(no subject)" : html_escape(parts.subject),
                        html_escape(fmt::format("{}", fmt::join(message.to, ", "))), message.received_at);
  }
  if (rows.empty()) return page("Caught mail", "<p>No mail yet.</p>");
  return page("Caught mail",
              "<table><tr><th>Subject</th><th>To</th><th>Received</th></tr>" + rows + "</table>");
}

HttpAnswer message_page(const Message& message) {
  const Parts parts = read_message(message.raw);
  std::string body = fmt::format("<p>From {}<br>To {}<br>{}</p><pre>{}</pre>", html_escape(parts.from),
                                 html_escape(fmt::format("{}", fmt::join(message.to, ", "))),
                                 html_escape(parts.date), with_links(parts.text));
  if (!parts.html.empty())
    body += fmt::format("<h2>HTML part</h2><iframe sandbox=\"allow-popups\" srcdoc=\"{}\"></iframe>",
                        html_escape(parts.html));
  body += fmt::format("<details><summary>Source</summary><pre>{}</pre></details>",
                      html_escape(well_formed(message.raw)));
  return page(parts.subject.empty() ? "(no subject)" : html_escape(parts.subject), body);
}

}  // namespace

void Mailbox::mount(Router& router) {
  router.add("GET", "/mail", [this](const HttpRequest&) { return list_page(*this); });
  router.add("GET", "/mail/messages", [this](const HttpRequest& request) {
    json::array out;
    for (const auto& message : list(request.query_value("to"))) out.push_back(shown(message));
    return json_answer(out);
  });
  router.add("DELETE", "/mail/messages", [this](const HttpRequest&) {
    clear();
    return json_answer(counters());
  });
  router.add("GET", "/mail/messages/{id}", [this](const HttpRequest& request) {
    const auto message = find(php_int(request.path_values.at("id")));
    return message ? json_answer(shown(*message)) : error_answer(404, "no such message");
  });
  router.add("GET", "/mail/{id}", [this](const HttpRequest& request) {
    const auto message = find(php_int(request.path_values.at("id")));
    return message ? message_page(*message) : error_answer(404, "no such message");
  });
}

}  // namespace sandbox::mail
