// The mail queue as rules: order, retries, giving up, take-over, and what stays in the database.
#include "kernel/work/mail_queue.hpp"

#include <catch2/catch.hpp>
#include <portico/problem.hpp>
#include <set>

#include "kernel/outbound/tests/mail_server.hpp"
#include "kernel/work/tests/kernel_database.hpp"

using namespace kernel::work;
using namespace kernel::work::testing;
using kernel::outbound::test::MailServer;

namespace {

/// Good enough to see whether the queue seals at all; an empty text cannot be opened.
MailSeal mask() {
  const auto turn = [](std::string text) {
    for (char& c : text) c = static_cast<char>(c ^ 0x55);
    return text;
  };
  return {turn,
          [turn](const std::string& sealed) {
            if (sealed == "lost") throw portico::Problem(500, "crypto.cannot_open", "another key");
            return turn(sealed);
          },
          [](const std::string& text) { return fmt::format("{:016x}", std::hash<std::string>()(text)); }};
}

struct Office {
  std::unique_ptr<MailQueue> open() {
    return std::make_unique<MailQueue>(kernel.pool, kernel::outbound::SmtpSender(server.settings()),
                                       "Portico <portal@example.test>", mask());
  }
  void put(const std::string& name, const std::string& dedup_key = "") {
    auto transaction = kernel.begin();
    open()->enqueue(transaction, {name + "@example.test", "to " + name, "Hi", "", dedup_key});
    transaction.commit();
  }
  /// How many mails are in that state.
  std::int64_t count(const std::string& state) {
    return kernel.run("SELECT count(*) AS n FROM kernel.mail WHERE state = '" + state + "'")
        .get<std::int64_t>(0, "n");
  }
  /// The names in the order the server took them.
  std::vector<std::string> taken() {
    std::vector<std::string> names;
    for (const auto& message : server.messages()) names.push_back(field(message, "Subject: to "));
    return names;
  }
  static std::string field(const std::string& message, const std::string& start) {
    const auto at = message.find(start);
    if (at == std::string::npos) return "";
    return message.substr(at + start.size(), message.find('\n', at) - at - start.size());
  }

  KernelDatabase kernel;
  MailServer server;
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a mail leaves after its transaction committed, and never without") {
  Office office;
  {
    auto transaction = office.kernel.begin();
    office.open()->enqueue(transaction, {"gone@example.test", "to gone", "Hi", "", ""});
    transaction.rollback();
  }
  office.put("ada");
  const auto rows = office.kernel.run("SELECT sealed, to_hash FROM kernel.mail");
  REQUIRE(rows.rows() == 1);
  CHECK(rows.get<kernel::database::Bytes>(0, "sealed").data.find("ada") == std::string::npos);
  CHECK(rows.get<kernel::database::Bytes>(0, "to_hash").data.find("ada") == std::string::npos);
  const auto queue = office.open();
  queue->start();
  REQUIRE(becomes([&] { return office.count("sent") == 1; }));
  CHECK(office.taken() == Names{"ada"});
  const auto sent = office.kernel.run(
      "SELECT length(sealed)::bigint AS kept, finished_at IS NOT NULL AS finished, last_error FROM kernel.mail");
  CHECK(sent.get<std::int64_t>(0, "kept") == 0);  // what was sent keeps no text
  CHECK(sent.get<bool>(0, "finished"));
  CHECK(kernel::database::is_null(sent.at(0, "last_error")));
}

TEST_CASE("mails leave in the order they were put in") {
  Office office;
  Names names;
  for (int i = 0; i < 23; ++i) {
    names.push_back(fmt::format("n{}", i));
    office.put(names.back());
  }
  const auto queue = office.open();
  queue->start();
  REQUIRE(becomes([&] { return office.server.messages().size() == names.size(); }));
  CHECK(office.taken() == names);
}

TEST_CASE("a mail that is due earlier leaves earlier") {
  Office office;
  for (const char* name : {"third", "first", "second"}) office.put(name);
  office.kernel.run(
      "UPDATE kernel.mail SET run_at = now() - make_interval(mins => CASE id WHEN 1 THEN 1 WHEN 2 THEN 3 ELSE 2 END)");
  const auto queue = office.open();
  queue->start();
  REQUIRE(becomes([&] { return office.server.messages().size() == 3; }));
  CHECK(office.taken() == Names{"first", "second", "third"});
}

TEST_CASE("a mail that could not be sent waits longer each time, and leaves in the end") {
  Office office;
  office.server.answer("message", "451 later");
  office.put("ada");
  const auto queue = office.open();
  queue->start();
  const auto wait_of = [&](int attempts) {
    REQUIRE(becomes([&] {
      return office.kernel
                 .run(fmt::format("SELECT 1 FROM kernel.mail WHERE state = 'available' AND attempts = {}",
                                  attempts))
                 .rows() == 1;
    }));
    return office.kernel.run(
        "SELECT extract(epoch FROM run_at - now())::float8 AS s, last_error, length(sealed) > 0 AS kept FROM kernel.mail");
  };
  const auto first = wait_of(1);
  CHECK(first.get<double>(0, "s") <= 3);  // 2 s, give or take half
  CHECK(first.get<bool>(0, "kept"));
  CHECK_FALSE(kernel::database::is_null(first.at(0, "last_error")));
  office.kernel.run("UPDATE kernel.mail SET attempts = 8, run_at = now()");
  const auto ninth = wait_of(9);
  CHECK(ninth.get<double>(0, "s") <= 768);  // 512 s, give or take half
  CHECK(ninth.get<double>(0, "s") > 200);
  CHECK(office.taken().empty());

  office.server.answer("", "");
  office.kernel.run("UPDATE kernel.mail SET run_at = now()");
  REQUIRE(becomes([&] { return office.count("sent") == 1; }));
  CHECK(office.taken() == Names{"ada"});
}

TEST_CASE("a repeat on another replica carries the same message id, another mail another one") {
  Office office;
  office.put("ada");
  const auto sealed =
      office.kernel.run("SELECT sealed FROM kernel.mail").get<kernel::database::Bytes>(0, "sealed");
  for (int replica = 0; replica < 2; ++replica) {
    const auto queue = office.open();
    queue->start();
    REQUIRE(becomes([&] { return office.count("sent") == 1; }));
    queue->stop();
    auto again = office.kernel.begin();
    again.run("UPDATE kernel.mail SET state = 'available', sealed = $1, run_at = now()", {sealed});
    again.commit();
  }
  office.put("bob");
  const auto queue = office.open();
  queue->start();
  REQUIRE(becomes([&] { return office.count("sent") == 2; }));
  std::vector<std::string> ids;
  for (const auto& message : office.server.messages()) ids.push_back(Office::field(message, "Message-ID: "));
  REQUIRE(ids.size() >= 3);  // ada twice or more
  std::set<std::string> different(ids.begin(), ids.end());
  CHECK(different.size() == 2);
  CHECK_FALSE(ids[0].empty());
}

TEST_CASE("a mail refused for good is given up at once, and the others still leave") {
  Office office;
  office.server.answer("RCPT TO:<nobody@example.test>", "550 no such mailbox");
  for (const char* name : {"ada", "nobody", "bob"}) office.put(name);
  const auto queue = office.open();
  queue->start();
  REQUIRE(becomes([&] { return office.count("sent") == 2 && office.count("dead") == 1; }));
  CHECK(office.taken() == Names{"ada", "bob"});
  const auto dead = office.kernel.run(
      "SELECT attempts::bigint AS attempts, length(sealed)::bigint AS kept, last_error FROM kernel.mail WHERE state = 'dead'");
  CHECK(dead.get<std::int64_t>(0, "attempts") == 1);
  CHECK(dead.get<std::int64_t>(0, "kept") == 0);
  CHECK(dead.get<std::string>(0, "last_error").find("nobody") == std::string::npos);
}

TEST_CASE("a mail is given up after its last attempt") {
  Office office;
  office.server.answer("message", "451 later");
  office.put("ada");
  office.kernel.run("UPDATE kernel.mail SET attempts = max_attempts - 1");
  const auto queue = office.open();
  queue->start();
  REQUIRE(becomes([&] { return office.count("dead") == 1; }));
  CHECK(office.taken().empty());
}

TEST_CASE("a mail that cannot be opened is given up and nothing of it is sent") {
  Office office;
  office.put("ada");
  office.kernel.run("UPDATE kernel.mail SET sealed = 'lost'");
  office.put("bob");
  const auto queue = office.open();
  queue->start();
  REQUIRE(becomes([&] { return office.count("sent") == 1 && office.count("dead") == 1; }));
  CHECK(office.taken() == Names{"bob"});
}

TEST_CASE("mails of one dedup key are one mail") {
  Office office;
  office.put("ada", "welcome:1");
  office.put("ada", "welcome:1");
  office.put("ada", "welcome:2");
  CHECK(office.count("available") == 2);
}

TEST_CASE("an address that is none is refused before anything is stored") {
  Office office;
  auto transaction = office.kernel.begin();
  for (const std::string& to : {std::string(), std::string("ada"), std::string("a@b.test\r\nBcc: c@d.test"),
                                std::string("a\n@b.test"), std::string(250, 'a') + "@b.test"}) {
    INFO(to);
    try {
      office.open()->enqueue(transaction, {to, "s", "t", "", ""});
      FAIL("it was taken");
    } catch (const portico::Problem& problem) {
      CHECK(problem.status == 422);
      CHECK(problem.code == "mail.bad_address");
    }
  }
  transaction.commit();
  CHECK(office.count("available") == 0);
}

TEST_CASE("a mail whose sender died is taken over when its lease has ended, not before") {
  Office office;
  office.put("ada");
  office.kernel.run(
      "UPDATE kernel.mail SET state = 'sending', attempts = 1, lease_epoch = 1, lease_owner = 'dead', "
      "lease_until = now() + interval '1 hour'");
  office.put("bob");
  const auto queue = office.open();
  queue->start();
  REQUIRE(becomes([&] { return office.count("sent") == 1; }));
  CHECK(office.taken() == Names{"bob"});
  office.kernel.run("UPDATE kernel.mail SET lease_until = now() - interval '1 s' WHERE state = 'sending'");
  REQUIRE(becomes([&] { return office.count("sent") == 2; }));
  CHECK(office.taken() == Names{"bob", "ada"});
}

TEST_CASE("one that finishes after its mail was taken over changes nothing") {
  Office office;
  office.server.answer("message", "stall");  // until the sender's time-out
  office.put("ada");
  const auto queue = office.open();
  queue->start();
  REQUIRE(becomes([&] { return office.count("sending") == 1; }));
  office.kernel.run(
      "UPDATE kernel.mail SET lease_epoch = lease_epoch + 1, lease_owner = 'other', lease_until = now() + interval '1 hour'");
  queue->stop();  // waits for the sender to settle
  const auto row =
      office.kernel.run("SELECT state, lease_owner, length(sealed) > 0 AS kept FROM kernel.mail");
  CHECK(row.get<std::string>(0, "state") == "sending");
  CHECK(row.get<std::string>(0, "lease_owner") == "other");
  CHECK(row.get<bool>(0, "kept"));
}

TEST_CASE("stopping lets the mail under way end and puts the claimed ones back as they were") {
  Office office;
  office.server.answer("message", "stall");
  for (const char* name : {"ada", "bob", "cyd"}) office.put(name);
  const auto queue = office.open();
  queue->start();
  REQUIRE(becomes([&] { return office.count("sending") == 3; }));
  queue->stop();
  queue->stop();
  CHECK(office.server.connections() == 1);
  CHECK(office.count("available") == 3);
  CHECK(office.kernel.run("SELECT 1 FROM kernel.mail WHERE attempts = 0").rows() == 2);
  office.open()->stop();  // never started
}

TEST_CASE("two replicas send each mail once") {
  Office office;
  for (int i = 0; i < 30; ++i) office.put(fmt::format("n{}", i));
  const auto one = office.open(), two = office.open();
  one->start();
  two->start();
  REQUIRE(becomes([&] { return office.count("sent") == 30; }));
  const auto taken = office.taken();
  CHECK(taken.size() == 30);
  CHECK(std::set<std::string>(taken.begin(), taken.end()).size() == 30);
}
