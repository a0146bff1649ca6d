// The SMTP conversation, MIME decoding, and caught mail over HTTP.
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>

#include <catch2/catch.hpp>

#include "examples/sandbox/mail/headers.hpp"
#include "examples/sandbox/mail/mime.hpp"
#include "examples/sandbox/testing/running.hpp"

namespace sandbox::testing {

namespace json = boost::json;

namespace {

/// A raw SMTP caller.
class Caller {
 public:
  explicit Caller(Running& running)
      : socket_(Poco::Net::SocketAddress("127.0.0.1", running.box().smtp_port())) {
    socket_.setReceiveTimeout(Poco::Timespan(20, 0));
  }

  void send(std::string_view bytes) {
    REQUIRE(socket_.sendBytes(bytes.data(), static_cast<int>(bytes.size())) ==
            static_cast<int>(bytes.size()));
  }
  /// The next whole reply, joined lines; "" when the connection ended.
  std::string reply() {
    std::string text;
    while (true) {
      const auto end = buffer_.find("\r\n");
      if (end == std::string::npos) {
        char block[4096];
        int count = 0;
        try {
          count = socket_.receiveBytes(block, sizeof block);
        } catch (const Poco::Exception&) {
        }
        if (count <= 0) return {};
        buffer_.append(block, static_cast<std::size_t>(count));
        continue;
      }
      const std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 2);
      text += (text.empty() ? "" : "|") + line;
      if (line.size() < 4 || line[3] != '-') return text;
    }
  }
  std::string ask(const std::string& line) {
    send(line + "\r\n");
    return reply();
  }

 private:
  Poco::Net::StreamSocket socket_;
  std::string buffer_;
};

json::array messages(const Running& running, const std::string& query = {}) {
  return json::parse(running.get("/mail/messages" + query).body).as_array();
}

void say_hello(Caller& caller) {
  REQUIRE(caller.reply().starts_with("220 "));
  REQUIRE(caller.ask("EHLO tester").starts_with("250"));
}

}  // namespace

TEST_CASE("a conversation is followed step by step and dots are unstuffed") {
  Running running;
  Caller caller(running);
  CHECK(caller.reply().starts_with("220 "));
  CHECK(caller.ask("MAIL FROM:<a@b.example>").starts_with("503"));
  const std::string hello = caller.ask("EHLO tester");
  for (const auto* extension : {"SIZE 10485760", "8BITMIME", "PIPELINING"})
    CHECK(hello.find(extension) != std::string::npos);
  CHECK(caller.ask("NOOP").starts_with("250"));
  CHECK(caller.ask("RCPT TO:<c@d.example>").starts_with("503"));
  CHECK(caller.ask("DATA").starts_with("503"));
  CHECK(caller.ask("mail from:<a@b.example> SIZE=99999999").starts_with("552"));
  CHECK(caller.ask("mail from:<a@b.example> SIZE=100 BODY=8BITMIME").starts_with("250"));
  CHECK(caller.ask("MAIL FROM:<a@b.example>").starts_with("503"));
  CHECK(caller.ask("RCPT TO:nobody").starts_with("501"));
  CHECK(caller.ask("RCPT TO:<c@d.example>").starts_with("250"));
  CHECK(caller.ask("RCPT TO:<E@f.example>").starts_with("250"));
  CHECK(caller.ask("BDAT 5").starts_with("500"));
  CHECK(caller.ask("DATA").starts_with("354"));
  CHECK(caller.ask("Subject: dots\r\nFrom: Sample <a@b.example>\r\n\r\n..one\r\n...\r\nx.\r\n.")
            .starts_with("250"));
  CHECK(caller.ask("QUIT").starts_with("221"));
  CHECK(caller.reply().empty());

  const auto caught = messages(running);
  REQUIRE(caught.size() == 1);
  CHECK(caught[0].at("to").as_array() == json::array{"c@d.example", "E@f.example"});
  CHECK(caught[0].at("from") == "Sample <a@b.example>");
  CHECK(caught[0].at("sender") == "a@b.example");
  CHECK(caught[0].at("text") == ".one\n..\nx.\n");
  CHECK(caught[0].at("raw") == "Subject: dots\r\nFrom: Sample <a@b.example>\r\n\r\n.one\r\n..\r\nx.\r\n");
}

TEST_CASE("pipelined commands are answered in order, byte by byte as well") {
  Running running;
  const std::string all =
      "EHLO t\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nSubject: "
      "p\r\n\r\nhi\r\n.\r\nQUIT\r\n";
  for (const bool one_by_one : {false, true}) {
    Caller caller(running);
    if (one_by_one) {
      for (const char c : all) caller.send(std::string_view(&c, 1));
    } else {
      caller.send(all);
    }
    for (const auto* code : {"220", "250", "250", "250", "354", "250", "221"})
      CHECK(caller.reply().starts_with(code));
  }
  CHECK(messages(running).size() == 2);
}

TEST_CASE("RSET forgets the envelope, and a second message may follow the first") {
  Running running;
  Caller caller(running);
  say_hello(caller);
  caller.ask("MAIL FROM:<a@b.example>");
  caller.ask("RCPT TO:<wrong@d.example>");
  CHECK(caller.ask("RSET").starts_with("250"));
  for (const auto* subject : {"first", "second"}) {
    CHECK(caller.ask("MAIL FROM:<>").starts_with("250"));
    CHECK(caller.ask("RCPT TO:<c@d.example>").starts_with("250"));
    CHECK(caller.ask("DATA").starts_with("354"));
    CHECK(caller.ask(std::string("Subject: ") + subject + "\r\n\r\n.").starts_with("250"));
  }
  const auto caught = messages(running, "?to=C@D.example");
  REQUIRE(caught.size() == 2);
  CHECK(caught[0].at("subject") == "second");  // newest first
  CHECK(messages(running, "?to=wrong@d.example").empty());
  CHECK(send("DELETE", running.url("/mail/messages")).status == 200);
  CHECK(messages(running).empty());
}

TEST_CASE("a message above the limit is refused and not kept") {
  Clock clock;
  StateFile state{""};
  FaultBook faults(1);
  mail::Mailbox mailbox(clock, state);
  mail::SmtpLimits limits;
  limits.message_bytes = 100;
  mail::SmtpServer server("127.0.0.1", 0, mailbox, faults, limits);
  Poco::Net::StreamSocket socket(Poco::Net::SocketAddress("127.0.0.1", server.port()));
  const std::string all = "HELO t\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n" +
                          std::string(99, 'x') + "\r\n.\r\nQUIT\r\n";
  socket.sendBytes(all.data(), static_cast<int>(all.size()));
  std::string heard;
  char block[1024];
  for (int count = 1; count > 0;) {
    count = socket.receiveBytes(block, sizeof block);
    heard.append(block, static_cast<std::size_t>(std::max(count, 0)));
  }
  CHECK(heard.find("552 5.3.4") != std::string::npos);
  CHECK(mailbox.list("").empty());
}

TEST_CASE("mail faults refuse, break off or keep silently") {
  Running running;
  const auto order = [&](json::object fault) {
    fault["vendor"] = "mail";
    REQUIRE(running.control("PUT", "/control/faults", fault).status == 200);
  };
  order({{"kind", "down"}, {"action", "connect"}});
  CHECK(Caller(running).reply().starts_with("421"));
  order({{"kind", "refuse_4xx"}, {"action", "rcpt"}, {"next", 1}});
  {
    Caller caller(running);
    say_hello(caller);
    caller.ask("MAIL FROM:<a@b.example>");
    CHECK(caller.ask("RCPT TO:<c@d.example>").starts_with("451"));
    CHECK(caller.ask("RCPT TO:<c@d.example>").starts_with("250"));
  }
  const auto deliver = [&](Caller& caller) {
    say_hello(caller);
    caller.send("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n");
    for (int i = 0; i < 3; ++i) caller.reply();
    return caller.ask("Subject: x\r\n\r\n.");
  };
  order({{"kind", "refuse_5xx"}, {"action", "data"}});
  {
    Caller caller(running);
    CHECK(deliver(caller).starts_with("554"));
  }
  order({{"kind", "reset"}, {"action", "data"}});
  {
    Caller caller(running);
    CHECK(deliver(caller).empty());
  }
  CHECK(messages(running).empty());
  order({{"kind", "applied_then_timeout"}, {"action", "data"}, {"hold_ms", 1}});
  {
    Caller caller(running);
    CHECK(deliver(caller).empty());
  }
  CHECK(messages(running).size() == 1);
}

TEST_CASE("encoded words are joined and decoded") {
  struct Row {
    const char* text;
    const char* decoded;
  };
  const Row row = GENERATE(values<Row>({
      {"plain", "plain"},
      {"=?UTF-8?B?56K66KqN?=", "確認"},
      {"=?utf-8?q?Best=C3=A4tigung_100=25+?= end", "Bestätigung 100%+ end"},
      {"=?utf-8?B?56K6?= =?utf-8?B?6KqN?= x", "確認 x"},
      {"=?utf-8?B?56I=?= =?utf-8?B?uuiqjQ==?=", "確認"},  // a letter split over two words
      {"=?iso-8859-1?Q?S=F6hne?=", "Söhne"},
      {"a =?utf-8?Q?b?= c", "a b c"},
      {"=?utf-8?X?abc?=", "=?utf-8?X?abc?="},
      {"=?broken", "=?broken"},
  }));
  INFO(row.text);
  CHECK(mail::decode_words(row.text) == row.decoded);
}

TEST_CASE("text and HTML parts are found in nested multiparts, whatever their encoding") {
  const auto parts = mail::read_message(
      "From: =?utf-8?Q?Portal?= <no-reply@portal.example>\r\nSubject: folded\r\n  line\r\n"
      "Content-Type: multipart/mixed; boundary=\"outer\"\r\n\r\npreamble\r\n--outer\r\n"
      "Content-Type: multipart/alternative; boundary=inner\r\n\r\n--inner\r\n"
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
      "Gr=C3=BC=C3=9Fe =\r\nhttp://localhost/auth/verify#token=3Dabc\r\n--inner\r\n"
      "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+w7w8L2I+\r\n"
      "--inner--\r\n--outer\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nnot "
      "this\r\n"
      "--outer--\r\n");
  CHECK(parts.from == "Portal <no-reply@portal.example>");
  CHECK(parts.subject == "folded  line");
  CHECK(parts.text == "Grüße http://localhost/auth/verify#token=abc");
  CHECK(parts.html == "<b>ü</b>");
}

TEST_CASE("broken messages are shown as far as they go") {
  for (const auto* raw : {"", "\r\n", "no header at all", "Content-Type: multipart/mixed\r\n\r\nx",
                          "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nBad\r\n", ": x\r\n\r\ny",
                          "Content-Transfer-Encoding: base64\r\n\r\n***"}) {
    INFO(raw);
    CHECK_NOTHROW(mail::read_message(raw));
  }
}

TEST_CASE("the mail page escapes what it shows and makes addresses clickable") {
  Running running;
  running.box().mailbox().add(
      "a@b.example", {"c@d.example"},
      "Subject: <script>x</script>\r\n\r\nGo to http://localhost:1/auth/verify#token=a&b=1 <now>\r\n");
  const Reply list = running.get("/mail");
  CHECK(list.body.find("<script>") == std::string::npos);
  const Reply page = running.get("/mail/1");
  CHECK(page.body.find("<a href=\"http://localhost:1/auth/verify#token=a&amp;b=1\">") != std::string::npos);
  CHECK(page.body.find("&lt;now&gt;") != std::string::npos);
  CHECK(running.get("/mail/99").status == 404);
  CHECK(running.get("/mail/messages/1").json().at("id") == 1);
}

}  // namespace sandbox::testing
