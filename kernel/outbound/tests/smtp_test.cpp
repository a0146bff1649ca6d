// What goes to the mail server, what must never go, and what its answers mean.
#include "kernel/outbound/smtp.hpp"

#include <catch2/catch.hpp>
#include <portico/problem.hpp>
#include <string>
#include <vector>

#include "kernel/outbound/mail_message.hpp"
#include "kernel/outbound/tests/mail_server.hpp"

using namespace kernel::outbound;
using namespace kernel::outbound::test;

namespace {

Mail sample() {
  Mail mail;
  mail.from = "Portico <portal@example.test>";
  mail.to = "reader@example.test";
  mail.subject = "Hello";
  mail.text = "Hi\n.\nthere\n";
  mail.html = "<p>Hi</p>";
  mail.message_id = "job-1@example.test";
  return mail;
}

MailResult send_to(MailServer& server, const Mail& mail) {
  return SmtpSender(server.settings()).send(mail);
}

std::string refusal_of(const std::string& url) {
  try {
    SmtpSettings::from_url(url);
    return "";
  } catch (const portico::Problem& p) {
    CHECK(p.code == "smtp.settings");
    CHECK(p.detail.find("s3cret") == std::string::npos);
    return p.detail;
  }
}

}  // namespace

TEST_CASE("a mail is delivered with its envelope, headers and both parts") {
  MailServer server;
  const MailResult result = send_to(server, sample());
  INFO(result.detail);
  CHECK(result.outcome == MailOutcome::sent);
  CHECK(server.commands() == std::vector<std::string>{"EHLO localhost", "MAIL FROM:<portal@example.test>",
                                                      "RCPT TO:<reader@example.test>", "DATA", "QUIT"});
  const std::string message = server.message();
  CHECK(message.find("From: Portico <portal@example.test>\n") != std::string::npos);
  CHECK(message.find("To: reader@example.test\n") != std::string::npos);
  CHECK(message.find("Subject: Hello\n") != std::string::npos);
  CHECK(message.find("Message-ID: <job-1@example.test>\n") != std::string::npos);
  CHECK(message.find("MIME-Version: 1.0\n") != std::string::npos);
  CHECK(message.find("Content-Type: multipart/alternative; boundary=\"portico_") != std::string::npos);
  CHECK(message.find("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: "
                     "base64\n\nSGkNCi4NCnRoZXJlDQo=\n") != std::string::npos);
  CHECK(message.find(
            "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\nPHA+SGk8L3A+\n") !=
        std::string::npos);
}

TEST_CASE("credentials are used only where there are some") {
  MailServer server;
  SmtpSettings settings = server.settings();
  settings.user = "portal";
  settings.password = "s3cret";
  CHECK(SmtpSender(settings).send(sample()).outcome == MailOutcome::sent);
  const auto commands = server.commands();
  REQUIRE(commands.size() > 1);
  CHECK(commands[1].starts_with("AUTH PLAIN"));
}

TEST_CASE("the server's answer decides whether another try makes sense") {
  struct Row {
    const char* rule;
    const char* step;
    const char* answer;
    MailOutcome outcome;
  };
  std::string many_lines = "250 ok";
  for (int line = 0; line < 200; ++line) many_lines = "250-more\r\n" + many_lines;
  const std::string long_line = "550 " + std::string(5000, 'x');
  for (const Row& row : std::vector<Row>{
           {"greeting refused", "greeting", "554 no", MailOutcome::temporary},
           {"greeting busy", "greeting", "421 busy", MailOutcome::temporary},
           {"greeting is no SMTP", "greeting", "HTTP/1.1 400 Bad", MailOutcome::temporary},
           {"hangs up within a reply", "EHLO", "hang up within", MailOutcome::temporary},
           {"a reply without a number", "EHLO", "welcome", MailOutcome::temporary},
           {"a reply cut after its number", "MAIL", "250", MailOutcome::sent},
           {"a reply of too many lines", "EHLO", many_lines.c_str(), MailOutcome::temporary},
           {"a line too long", "MAIL", long_line.c_str(), MailOutcome::temporary},
           {"hangs up at once", "greeting", "hang up", MailOutcome::temporary},
           {"sender refused", "MAIL", "550 not you", MailOutcome::permanent},
           {"sender later", "MAIL", "451 later", MailOutcome::temporary},
           {"no such reader", "RCPT", "550 5.1.1 <reader@example.test> unknown", MailOutcome::permanent},
           {"grey-listed", "RCPT", "450 4.2.0 come back", MailOutcome::temporary},
           {"data refused", "DATA", "554 no", MailOutcome::permanent},
           {"content refused", "message", "554 spam", MailOutcome::permanent},
           {"disk full", "message", "452 full", MailOutcome::temporary},
           {"answer lost", "message", "hang up", MailOutcome::temporary},
           {"odd good-bye changes nothing", "QUIT", "500 what", MailOutcome::sent},
           {"no good-bye changes nothing", "QUIT", "hang up", MailOutcome::sent},
       }) {
    INFO(row.rule);
    MailServer server(row.step, row.answer);
    const MailResult result = send_to(server, sample());
    INFO(result.detail);
    CHECK(result.outcome == row.outcome);
    CHECK(result.detail.empty() == (row.outcome == MailOutcome::sent));
    CHECK(result.detail.find("reader@") == std::string::npos);
  }
}

TEST_CASE("a server that refuses the sign-in is no fault of the message") {
  MailServer server("AUTH", "535 no");
  SmtpSettings settings = server.settings();
  settings.user = "portal";
  settings.password = "s3cret";
  const MailResult result = SmtpSender(settings).send(sample());
  CHECK(result.outcome == MailOutcome::temporary);
  CHECK(result.detail.find("s3cret") == std::string::npos);
}

TEST_CASE("a server that is silent, drips or is not there is temporary") {
  for (const char* answer : {"stall", "drip"}) {
    INFO(answer);
    MailServer server("EHLO", answer);
    SmtpSettings settings = server.settings();
    settings.timeout = std::chrono::milliseconds(100);
    CHECK(SmtpSender(settings).send(sample()).outcome == MailOutcome::temporary);
  }
  SmtpSettings gone;
  {
    MailServer server;
    gone = server.settings();
  }
  CHECK(SmtpSender(gone).send(sample()).outcome == MailOutcome::temporary);
}

TEST_CASE("what could smuggle in a header or a command is refused before anything is said") {
  const std::vector<std::pair<const char*, std::function<void(Mail&)>>> rows{
      {"line break in the reader", [](Mail& m) { m.to = "a@b.test\r\nRCPT TO:<c@d.test>"; }},
      {"line break in a name", [](Mail& m) { m.from = "Portico\r\nBcc: x <a@b.test>"; }},
      {"line break in the subject", [](Mail& m) { m.subject = "Hello\r\nBcc: c@d.test"; }},
      {"bare line feed in the subject", [](Mail& m) { m.subject = "Hello\nBcc: c@d.test"; }},
      {"malformed UTF-8 in the subject", [](Mail& m) { m.subject = "Hello \xff"; }},
      {"two readers", [](Mail& m) { m.to = "a@b.test, c@d.test"; }},
      {"second bracket", [](Mail& m) { m.to = "<a@b.test><c@d.test>"; }},
      {"space in the address", [](Mail& m) { m.to = "a b@c.test"; }},
      {"no address", [](Mail& m) { m.to = ""; }},
      {"no domain", [](Mail& m) { m.to = "reader@"; }},
      {"parameters behind the address", [](Mail& m) { m.to = "a@b.test> NOTIFY=SUCCESS"; }},
      {"line break in the id", [](Mail& m) { m.message_id = "a@b\r\nX: y"; }},
      {"no id", [](Mail& m) { m.message_id = ""; }},
  };
  for (const auto& [rule, spoil] : rows) {
    INFO(rule);
    MailServer server;
    Mail mail = sample();
    spoil(mail);
    CHECK(send_to(server, mail).outcome == MailOutcome::permanent);
    CHECK(server.connections() == 0);
  }
}

TEST_CASE("a subject outside ASCII becomes encoded words of whole characters") {
  CHECK(encoded_header("plain text") == "plain text");
  CHECK(encoded_header("請求書") == "=?UTF-8?B?6KuL5rGC5pu4?=");
  CHECK(encoded_header("=?UTF-8?B?x?=") == "=?UTF-8?B?PT9VVEYtOD9CP3g/PQ==?=");
  const std::string word = "=?UTF-8?B?44GC44GC44GC44GC44GC44GC44GC44GC44GC44GC44GC44GC44GC44GC?=";
  std::string subject;
  for (int i = 0; i < 28; ++i) subject += "あ";
  CHECK(encoded_header(subject) == word + "\r\n " + word);
  CHECK(encoded_header(std::string(201, 'x')).starts_with("=?UTF-8?B?"));
}

TEST_CASE("the message of one part, its date and its names") {
  Mail mail = sample();
  mail.html.clear();
  mail.from = "\"Portico, Inc.\" <portal@example.test>";
  const std::string message = compose_message(mail, 1'700'000'000, "b");
  CHECK(message.starts_with(
      "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\nFrom: \"Portico, Inc.\" <portal@example.test>\r\n"));
  CHECK(message.find("multipart") == std::string::npos);
  mail.from = "ポルチコ <portal@example.test>";
  CHECK(compose_message(mail, 0, "b").find("From: =?UTF-8?B?44Od44Or44OB44Kz?= <portal@example.test>\r\n") !=
        std::string::npos);
  mail.text = std::string(100'000, 'x');
  const std::string big = compose_message(mail, 0, "b");
  for (std::size_t at = 0, end; at < big.size(); at = end + 2) {
    end = big.find("\r\n", at);
    REQUIRE(end - at <= 78);
  }
}

TEST_CASE("an address for the mail server is read strictly") {
  const SmtpSettings plain = SmtpSettings::from_url("smtp://localhost:2525");
  CHECK(plain.host == "localhost");
  CHECK(plain.port == 2525);
  CHECK(plain.security == SmtpSettings::Security::none);
  CHECK(SmtpSettings::from_url("smtp://mail.example.test").port == 25);
  CHECK(SmtpSettings::from_url("smtps://mail.example.test").port == 465);

  const SmtpSettings full =
      SmtpSettings::from_url("smtp://us%40er:s3%3Acret%2F@mail.example.test/?starttls=require");
  CHECK(full.user == "us@er");
  CHECK(full.password == "s3:cret/");
  CHECK(full.port == 587);
  CHECK(full.security == SmtpSettings::Security::starttls);

  for (const char* url : {"", "mail.example.test", "http://mail.example.test", "smtp://",
                          "smtp://user:s3cret@mail.example.test", "smtps://user:s3cret@mail.example.test?x=1",
                          "smtps://user:s3cret@mail.example.test/path", "smtp://user:s3cret@localhost:99999",
                          "smtps://user:s3cret%0d%0a@mail.example.test"}) {
    INFO(url);
    CHECK(!refusal_of(url).empty());
  }
}
