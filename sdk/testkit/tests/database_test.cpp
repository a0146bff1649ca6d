// Transactions: what commits with them, what is left open, and a database of the test's own.
#include "probe.hpp"

using namespace portico;
using namespace portico::testkit;

namespace {

/// Answers every statement with one row, and counts how transactions end.
class Counting final : public testkit::Database {
 public:
  int begun = 0, committed = 0, rolled_back = 0;
  std::string scopes, statements;

  std::unique_ptr<DatabaseTransaction> begin(const DatabaseScope& scope) override {
    ++begun;
    scopes += scope.user_id + "/" + scope.system_reason + " ";
    return std::make_unique<One>(*this);
  }

 private:
  struct One final : DatabaseTransaction {
    explicit One(Counting& of) : database(of) {}
    QueryResult run(std::string_view sql, const std::vector<Value>& parameters) override {
      database.statements += std::string(sql) + "(" + (parameters.empty() ? "" : parameters[0].text) + ") ";
      if (sql == "bad") throw Problem(409, "database.conflict", "", 0, {{"constraint", "one"}});
      return {{"n"}, {{PORTICO_VALUE_INT, 7, 0, ""}}, 1, 1};
    }
    void commit() override { ++database.committed; }
    void rollback() override { ++database.rolled_back; }
    Counting& database;
  };
};

TestHost& start_route(TestHost& host, std::function<Greeting(Host&)> fn) {
  return start(host, [fn = std::move(fn)](Host& h) {
    h.routes().post("/x", [&h, fn](const Request&) { return fn(h); }).access(Access::anyone);
  });
}

bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

const portico::Queue<Name> kNames{"acme.names"};
const Event<Name> kNamed{"acme.named/1"};

}  // namespace

TEST_CASE("what goes with a transaction is there when it commits, and only then") {
  for (const bool fails : {false, true}) {
    INFO(fails);
    Counting database;
    TestHost host;
    host.with_database(database);
    start_route(host, [&](Host& h) {
      return h.database().as_user("u-1", [&](Transaction& tx) {
        h.mail().send(tx, {"a@example.jp", "Hello", "text", "", ""});
        h.audit().record(tx, {"acme.did", {}, {}, "ok", {}});
        h.tasks().enqueue(tx, kNames, Name{"a"});
        h.events().publish(tx, kNamed, Name{"a"});
        CHECK(host.mails().empty());
        const auto n = tx.run("one", {"p"}).integer(0, 0);
        if (fails) tx.run("bad");
        return Greeting{std::to_string(n)};
      });
    });
    const auto reply = host.post("/x");
    CHECK(reply.status == (fails ? 409 : 200));
    const std::size_t count = fails ? 0 : 1;
    CHECK(host.mails().size() == count);
    CHECK(host.audit().size() == count);
    CHECK(host.jobs().size() == count);
    CHECK(host.published().size() == count);
    CHECK(database.committed == (fails ? 0 : 1));
    CHECK(database.rolled_back == (fails ? 1 : 0));
    CHECK(database.scopes == "u-1/ ");
    CHECK(says(database.statements, "one(p)"));
  }
}

TEST_CASE("a mail of the same key is stored once, a bad address is refused") {
  TestHost host;
  Counting database;
  host.with_database(database);
  std::string to = "a@example.jp";
  start_route(host, [&](Host& h) {
    h.database().as_system("test", [&](Transaction& tx) { h.mail().send(tx, {to, "s", "t", "", "key"}); });
    return Greeting{};
  });
  host.post("/x"), host.post("/x");
  CHECK(host.mails().size() == 1);
  to = "a@b@c";
  CHECK(host.post("/x").code == "mail.bad_address");
}

TEST_CASE("a commit that is made to fail undoes what went with it") {
  TestHost host;
  Counting database;
  host.with_database(database);
  start_route(host, [&](Host& h) {
    h.database().as_system("test", [&](Transaction& tx) { h.audit().record(tx, {"a", {}, {}, "ok", {}}); });
    return Greeting{};
  });
  host.fail_call(3, Problem(503, "database.commit_unknown"));  // begin, record, commit
  CHECK(host.post("/x").code == "database.commit_unknown");
  CHECK(host.failed_call() == "database.commit");
  CHECK(host.audit().empty());
  CHECK(database.rolled_back == 1);
}

TEST_CASE("a transaction that a call leaves open is told, and closed") {
  // The C++ layer ends its transactions: a plugin in C may forget.
  struct Forgetful {
    static portico_status create(const portico_host* host, portico_plugin** out, portico_error*) {
      static const portico_host* raw;
      raw = host;
      static portico_plugin plugin{
          sizeof plugin,
          0,
          nullptr,
          [](portico_plugin*, portico_error* error) {
            const auto* db = static_cast<const portico_database*>(raw->extension(raw, PORTICO_EXT_DATABASE));
            const portico_scope scope{sizeof scope, 0, {}, to_str("forgotten")};
            portico_handle handle = 0;
            return db->begin(raw, &scope, &handle, error);
          },
          [](portico_plugin*) {},
          [](portico_plugin*) {}};
      *out = &plugin;
      return PORTICO_OK;
    }
  };
  TestHost host;
  Counting leaking;
  host.with_database(leaking);
  CHECK(says(fault_of([&] { host.start(&Forgetful::create); }), "start left a transaction open"));
  CHECK(leaking.rolled_back == 1);
}

TEST_CASE("calls that go outside while a transaction is open are told, where the test forbids them") {
  static const Operation<Name, Greeting> theirs{"shop.greet/1"};
  for (const bool forbidden : {false, true}) {
    Counting database;
    TestHost host;
    host.with_database(database).provide(theirs, [](const Name&) { return Greeting{}; });
    if (forbidden) host.forbid_calls_in_transactions();
    start_route(host, [&](Host& h) {
      return h.database().as_system("test", [&](Transaction&) { return h.call(theirs, Name{}); });
    });
    CHECK(fault_of([&] { host.post("/x"); }).empty() == !forbidden);
  }
}

TEST_CASE("a database nobody gave is told") {
  TestHost host;
  start_route(host, [&](Host& h) {
    h.database().as_system("test", [](Transaction&) {});
    return Greeting{};
  });
  CHECK(says(fault_of([&] { host.post("/x"); }), "the test gave the host no database"));
}
