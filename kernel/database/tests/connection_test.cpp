// Transactions on a real PostgreSQL: types, errors, scopes, row-level security, healing.
#include <catch2/catch.hpp>
#include <future>
#include <limits>
#include <thread>

#include "kernel/database/tests/fault_proxy.hpp"
#include "kernel/database/tests/test_database.hpp"

using namespace kernel::database;
using namespace kernel::database::testing;
using namespace std::chrono_literals;

namespace {

const std::string kAda = "11111111-1111-4111-8111-111111111111";
const std::string kBob = "22222222-2222-4222-8222-222222222222";

/// A database with one owner "notes", whose table holds rows of users under row-level security.
struct Notes {
  Notes() {
    folder.write("kernel/0001_start.sql",
                 "CREATE TABLE kernel.mark(id int PRIMARY KEY, text text NOT NULL);");
    folder.write("notes/0001_start.sql", R"(
      CREATE TABLE notes.note(id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id uuid NOT NULL,
                              text text NOT NULL UNIQUE);
      ALTER TABLE notes.note ENABLE ROW LEVEL SECURITY;
      ALTER TABLE notes.note FORCE ROW LEVEL SECURITY;
      CREATE POLICY owner ON notes.note
        USING (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()))
        WITH CHECK (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()));
      CREATE TABLE notes.counter(id int PRIMARY KEY, n bigint NOT NULL);
      INSERT INTO notes.counter VALUES (1, 0);)");
    Migrator({database.url(), owners_in(folder.path())}).run();
  }

  PoolSettings settings(std::size_t connections = 4) const {
    PoolSettings out;
    out.url = database.url();
    out.max_connections = connections;
    // A busy machine is not what these tests are about.
    out.acquire_wait = out.connect_timeout = out.begin_timeout = out.statement_limit = 20s;
    return out;
  }
  static Scope as(const std::string& user) { return {Scope::user, user, "", "portico_notes"}; }
  static Scope system() { return {Scope::system, "", "test", "portico_notes"}; }

  TestDatabase database;
  TestFolder folder;
};

template <class Call>
std::string code_of(Call call) {
  try {
    call();
  } catch (const portico::Problem& problem) {
    return problem.code;
  }
  return "";
}

}  // namespace

TEST_CASE("every kind of value comes back as it went") {
  Notes notes;
  Pool pool(notes.settings());
  auto transaction = pool.begin(Notes::as(kAda), soon());
  const auto max = std::numeric_limits<std::int64_t>::max();
  const auto min = std::numeric_limits<std::int64_t>::min();
  struct Row {
    const char* cast;
    Value in;
    Value out;
  };
  const std::string nul_bytes("a\0b\xff", 4);
  for (const Row& row : {
           Row{"bool", true, true},
           Row{"bool", false, false},
           Row{"bigint", std::int64_t{9007199254740993}, std::int64_t{9007199254740993}},
           Row{"bigint", max, max},
           Row{"bigint", min, min},
           Row{"int", std::int64_t{-7}, std::int64_t{-7}},
           Row{"smallint", std::int64_t{-7}, std::int64_t{-7}},
           Row{"float8", 0.1, 0.1},
           Row{"float4", 0.5, 0.5},
           Row{"text", std::string("日本 ' \\ \""), std::string("日本 ' \\ \"")},
           Row{"text", std::string(), std::string()},
           Row{"varchar", std::string("x"), std::string("x")},
           Row{"uuid", std::string("ABCDEF01-2345-4789-8abc-def012345678"),
               std::string("abcdef01-2345-4789-8abc-def012345678")},
           Row{"jsonb", std::string(R"({"a":[1,2.50]})"), std::string(R"({"a": [1, 2.50]})")},
           Row{"json", std::string(R"({"a":1,"a":2})"), std::string(R"({"a":1,"a":2})")},
           Row{"numeric", std::string("12.30"), std::string("12.30")},
           Row{"numeric", std::string("-0.0001"), std::string("-0.0001")},
           Row{"numeric", std::string("100000000"), std::string("100000000")},
           Row{"numeric", std::string("10203.0405"), std::string("10203.0405")},
           Row{"numeric", std::string("0"), std::string("0")},
           Row{"numeric", std::string("0.00"), std::string("0.00")},
           Row{"numeric", std::string("NaN"), std::string("NaN")},
           Row{"numeric", std::string("123456789012345678901234567890.123456789"),
               std::string("123456789012345678901234567890.123456789")},
           Row{"bytea", Bytes{nul_bytes}, Bytes{nul_bytes}},
           Row{"bytea", Bytes{""}, Bytes{""}},
           Row{"timestamptz", Timestamp{1'700'000'000'123'456}, Timestamp{1'700'000'000'123'456}},
           Row{"timestamptz", Timestamp{-1}, Timestamp{-1}},
           Row{"timestamptz", Timestamp{max}, Timestamp{max}},
           Row{"timestamptz", std::string("2024-02-29 12:00:00.000001+09"), Timestamp{1'709'175'600'000'001}},
           Row{"date", Date{"2024-02-29"}, Date{"2024-02-29"}},
           Row{"date", Date{"1899-12-31"}, Date{"1899-12-31"}},
           Row{"text", std::monostate{}, std::monostate{}},
           Row{"bigint", std::monostate{}, std::monostate{}},
           Row{"timestamptz", std::monostate{}, std::monostate{}},
           Row{"bytea", std::monostate{}, std::monostate{}},
       }) {
    INFO(row.cast);
    const Result result = transaction.run(fmt::format("SELECT $1::{} AS v", row.cast), {row.in});
    REQUIRE(result.rows() == 1);
    CHECK(result.at(0, "v") == row.out);
  }
  transaction.commit();
}

TEST_CASE("a cell is read as its own type only, and a type without a form is named") {
  Notes notes;
  Pool pool(notes.settings());
  auto transaction = pool.begin(Notes::as(kAda), soon());
  const Result result = transaction.run("SELECT 1::bigint AS n, NULL::text AS t");
  CHECK(result.get<std::int64_t>(0, "n") == 1);
  CHECK(code_of([&] { result.get<std::string>(0, "n"); }) == "database.type");
  CHECK(code_of([&] { result.get<std::string>(0, "t"); }) == "database.type");
  CHECK(code_of([&] { result.at(0, "missing"); }) == "database.column");
  CHECK(code_of([&] { result.at(1, 0); }) == "database.column");
  CHECK(code_of([&] { transaction.run("SELECT '{1}'::int[]"); }) == "database.type");
  CHECK(code_of([&] { transaction.run("SELECT $1::text", {std::string("a\0b", 3)}); }) == "database.type");
  CHECK(transaction.run("SELECT 2::bigint AS n").get<std::int64_t>(0, "n") == 2);  // none of them hurt it
  CHECK(transaction.run("SELECT 1 WHERE false").empty());
}

TEST_CASE("a statement that failed works the next time on the same connection") {
  Notes notes;
  Pool pool(notes.settings(1));
  const char* insert = "INSERT INTO notes.note(user_id, text) VALUES ($1::uuid, $2)";
  const auto add = [&](const std::string& text) {
    auto transaction = pool.begin(Notes::as(kAda), soon());
    CHECK(transaction.run(insert, {kAda, text}).affected() == 1);
    transaction.commit();
  };
  add("one");
  for (int round = 0; round < 3; ++round) {
    auto transaction = pool.begin(Notes::as(kAda), soon());
    try {
      transaction.run(insert, {kAda, std::string("one")});
      FAIL("the duplicate was accepted");
    } catch (const SqlProblem& problem) {
      CHECK(problem.status == 409);
      CHECK(problem.code == "database.conflict");
      CHECK(problem.sqlstate == "23505");
      CHECK(problem.members.at("constraint").as_string() == "note_text_key");
    }
    CHECK(code_of([&] { transaction.run("SELECT 1"); }) == "database.aborted");
    CHECK(code_of([&] { transaction.commit(); }) == "database.aborted");
    add("two" + std::to_string(round));
  }
  CHECK(pool.stats().open == 1);
}

TEST_CASE("prepared statements give way by age and keep working") {
  Notes notes;
  PoolSettings settings = notes.settings(1);
  settings.statements_per_connection = 4;
  Pool pool(settings);
  auto transaction = pool.begin(Notes::as(kAda), soon());
  for (int round = 0; round < 3; ++round)
    for (std::int64_t i = 0; i < 10; ++i)
      CHECK(transaction.run(fmt::format("SELECT $1 + {}::bigint AS n", i), {i}).get<std::int64_t>(0, "n") ==
            2 * i);
  const Result kept = transaction.run("SELECT count(*) AS n FROM pg_prepared_statements");
  CHECK(kept.get<std::int64_t>(0, "n") <= 5);
}

TEST_CASE("another user's rows cannot be seen, changed or made") {
  Notes notes;
  Pool pool(notes.settings(1));
  {
    auto ada = pool.begin(Notes::as(kAda), soon());
    ada.run("INSERT INTO notes.note(user_id, text) VALUES ($1::uuid, 'mine')", {kAda});
    ada.commit();
  }
  auto bob = pool.begin(Notes::as(kBob), soon());
  CHECK(bob.run("SELECT * FROM notes.note").empty());
  CHECK(bob.run("UPDATE notes.note SET text = 'taken'").affected() == 0);
  CHECK(bob.run("DELETE FROM notes.note").affected() == 0);
  CHECK(code_of([&] {
          bob.run("INSERT INTO notes.note(user_id, text) VALUES ($1::uuid, 'forged')", {kAda});
        }) == "database.denied");
  bob.rollback();
  auto system = pool.begin(Notes::system(), soon());
  CHECK(system.run("SELECT * FROM notes.note").rows() == 1);
}

TEST_CASE("a look-up before sign-in sees through a function only what the function gives") {
  Notes notes;
  notes.database.script(R"(
    CREATE POLICY look_up ON notes.note FOR SELECT TO CURRENT_USER USING (true);
    CREATE FUNCTION notes.owner_of(wanted text) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER
      SET search_path = pg_catalog AS $$SELECT user_id FROM notes.note WHERE text = wanted$$;)");
  Pool pool(notes.settings(1));
  {
    auto ada = pool.begin(Notes::as(kAda), soon());
    ada.run("INSERT INTO notes.note(user_id, text) VALUES ($1::uuid, 'mine')", {kAda});
    ada.commit();
  }
  auto bob = pool.begin(Notes::as(kBob), soon());
  CHECK(bob.run("SELECT notes.owner_of('mine') AS id").get<std::string>(0, "id") == kAda);
  CHECK(bob.run("SELECT * FROM notes.note").empty());
}

TEST_CASE("who a transaction acted for is forgotten when it ends") {
  Notes notes;
  Pool pool(notes.settings(1));
  for (const bool commit : {true, false}) {
    auto transaction = pool.begin(Notes::as(kAda), soon());
    CHECK(transaction.run("SELECT kernel.current_user_id() AS id").get<std::string>(0, "id") == kAda);
    if (commit) transaction.commit();
    transaction.rollback();
    auto link = pool.begin(Notes::system(), soon());
    CHECK(is_null(link.run("SELECT kernel.current_user_id() AS id").at(0, "id")));
    CHECK(link.run("SELECT kernel.is_system() AS yes").get<bool>(0, "yes"));
  }
  // The bare connection, as the next begin() finds it.
  auto bare = Link::open(notes.database.url(), "portico test", 4, soon());
  bare->script(
      "BEGIN; SET LOCAL ROLE portico_notes; SELECT set_config('app.user_id', '" + kAda + "', true); COMMIT",
      soon());
  const Result after = bare->exchange(
      {}, "SELECT current_user::text AS role, kernel.current_user_id() AS id, coalesce(current_setting('app.scope', true), '') AS scope",
      {}, {}, soon());
  CHECK(after.get<std::string>(0, "role") == notes.database.url().user);
  CHECK(is_null(after.at(0, "id")));
  CHECK(after.get<std::string>(0, "scope").empty());
}

TEST_CASE("a name without a schema is the owner's own, also where another owner has the same") {
  Notes notes;
  notes.folder.write("other/0001_start.sql",
                     "CREATE TABLE counter(id text PRIMARY KEY); INSERT INTO counter VALUES ('x')");
  Migrator({notes.database.url(), owners_in(notes.folder.path())}).run();
  Pool pool(notes.settings(1));
  for (int round = 0; round < 2; ++round) {
    auto mine = pool.begin(Notes::system(), soon());
    CHECK(mine.run("SELECT id FROM counter").get<std::int64_t>(0, "id") == 1);
    mine.commit();
    auto theirs = pool.begin({Scope::system, "", "test", "portico_other"}, soon());
    CHECK(theirs.run("SELECT id FROM counter").get<std::string>(0, "id") == "x");
    theirs.commit();
  }
}

TEST_CASE("kernel tables are written in a plugin's transaction, and only through the kernel's role") {
  Notes notes;
  Pool pool(notes.settings(1));
  {
    auto transaction = pool.begin(Notes::as(kAda), soon());
    transaction.run("INSERT INTO notes.note(user_id, text) VALUES ($1::uuid, 'mine')", {kAda});
    transaction.run_as("portico_kernel", "INSERT INTO kernel.mark VALUES ($1::int, $2)",
                       {std::int64_t{1}, std::string("x")});
    CHECK(transaction.run("SELECT current_user::text AS role").get<std::string>(0, "role") ==
          "portico_notes");
    transaction.commit();
  }
  auto transaction = pool.begin(Notes::as(kAda), soon());
  CHECK(transaction.run_as("portico_kernel", "SELECT id FROM kernel.mark").rows() == 1);
  CHECK(code_of([&] { transaction.run("SELECT * FROM kernel.mark"); }) == "database.denied");
  transaction.rollback();
  auto other = pool.begin(Notes::as(kAda), soon());
  CHECK(code_of([&] { other.run_as("portico_kernel", "SELECT * FROM notes.note"); }) == "database.denied");
}

TEST_CASE("a transaction without a proper scope does not begin") {
  Notes notes;
  Pool pool(notes.settings(1));
  for (const Scope& scope :
       {Scope{Scope::user, "", "", "portico_notes"}, Scope{Scope::user, "me", "", "portico_notes"},
        Scope{Scope::system, "", "", "portico_notes"}, Scope{Scope::system, kAda, "why", "portico_notes"},
        Scope{Scope::user, kAda, "", ""}, Scope{Scope::user, kAda, "", "x\"; --"},
        Scope{Scope::user, kAda, "", "portico_absent"}, Scope{Scope::user, kAda, "", "pg_monitor"}})
    CHECK(code_of([&] { pool.begin(scope, soon()); }) == "database.scope");
  CHECK(code_of([&] {
          pool.begin({Scope::system, "", std::string("a\0b", 3), "portico_notes"}, soon());
        }) == "database.type");
  CHECK(code_of([&] { pool.begin(Notes::as(kAda), soon(-1ms)); }) == "database.timeout");
  CHECK(pool.stats().in_use == 0);
}

TEST_CASE("a statement cannot end the transaction or change who acts") {
  Notes notes;
  Pool pool(notes.settings(1));
  auto transaction = pool.begin(Notes::as(kAda), soon());
  for (const char* sql : {"COMMIT", "  rollback", "SET ROLE postgres", "RESET ROLE", "-- x\nCOMMIT",
                          "/* x */ COMMIT", "DO $$$$", "CREATE TABLE x()", ""})
    CHECK(code_of([&] { transaction.run(sql); }) == "database.statement");
  CHECK(code_of([&] { transaction.run("SELECT 1; COMMIT"); }) ==
        "database.error");  // one statement at a time
}

TEST_CASE("what was not committed did not happen") {
  Notes notes;
  Pool pool(notes.settings(1));
  {
    pool.begin(Notes::as(kAda), soon())
        .run("INSERT INTO notes.note(user_id, text) VALUES ($1::uuid, 'x')", {kAda});
  }
  auto moved = pool.begin(Notes::as(kAda), soon());
  CHECK(moved.run("SELECT * FROM notes.note").empty());
  moved.commit();
  CHECK_FALSE(moved.open());
  CHECK(code_of([&] { moved.run("SELECT 1"); }) == "database.ended");
}

TEST_CASE("a statement ends at the deadline and the connection lives on") {
  Notes notes;
  Pool pool(notes.settings(1));
  {
    auto transaction = pool.begin(Notes::as(kAda), soon(2s));
    CHECK(code_of([&] { transaction.run("SELECT pg_sleep(30)"); }) == "database.timeout");
  }
  auto transaction = pool.begin(Notes::as(kAda), soon());
  CHECK(transaction.run("SELECT 1").rows() == 1);
  CHECK(pool.stats().open == 1);
}

TEST_CASE("time spent earlier in the transaction is not given again") {
  Notes notes;
  Pool pool(notes.settings(1));
  auto transaction = pool.begin(Notes::as(kAda), soon(20s));
  transaction.run("SELECT pg_sleep(0.6)");
  const Result left =
      transaction.run("SELECT setting::bigint AS ms FROM pg_settings WHERE name = 'statement_timeout'");
  CHECK(left.get<std::int64_t>(0, "ms") > 0);
  CHECK(left.get<std::int64_t>(0, "ms") <= 19'400);
}

TEST_CASE("when every connection is taken the wait is short and says so") {
  Notes notes;
  PoolSettings settings = notes.settings(1);
  settings.acquire_wait = 50ms;
  Pool pool(settings);
  auto first = pool.begin(Notes::as(kAda), soon());
  try {
    pool.begin(Notes::as(kAda), soon());
    FAIL("there was only one connection");
  } catch (const portico::Problem& problem) {
    CHECK(problem.status == 503);
    CHECK(problem.code == "database.busy");
    CHECK(problem.retry_after_s > 0);
  }
  first.rollback();
  CHECK(pool.begin(Notes::as(kAda), soon()).run("SELECT 1").rows() == 1);
}

TEST_CASE("a waiting transaction gets the connection another one gives back") {
  Notes notes;
  PoolSettings settings = notes.settings(1);
  settings.acquire_wait = 20s;
  Pool pool(settings);
  auto first = pool.begin(Notes::as(kAda), soon());
  auto waiter = std::async(std::launch::async,
                           [&] { return pool.begin(Notes::as(kBob), soon()).run("SELECT 1").rows(); });
  while (pool.stats().waiting == 0) std::this_thread::yield();
  first.rollback();
  CHECK(waiter.get() == 1);
}

TEST_CASE("connections that PostgreSQL ended are replaced without anybody noticing") {
  Notes notes;
  Pool pool(notes.settings(3));
  {
    auto a = pool.begin(Notes::as(kAda), soon()), b = pool.begin(Notes::as(kAda), soon()),
         c = pool.begin(Notes::as(kAda), soon());
  }
  CHECK(pool.stats().open == 3);
  notes.database.script(
      "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity "
      "WHERE datname = current_database() AND pid <> pg_backend_pid()");
  for (int i = 0; i < 4; ++i) {
    auto transaction = pool.begin(Notes::as(kAda), soon());
    CHECK(transaction.run("SELECT 1").rows() == 1);
    transaction.commit();
  }
}

TEST_CASE(
    "a connection lost inside a transaction is a problem with a hint to try again, and leaves the pool") {
  Notes notes;
  Pool pool(notes.settings(2));
  auto transaction = pool.begin(Notes::as(kAda), soon());
  const auto pid = transaction.run("SELECT pg_backend_pid() AS pid").get<std::int64_t>(0, "pid");
  notes.database.script(fmt::format("SELECT pg_terminate_backend({}, 5000)", pid));
  try {
    transaction.run("SELECT 1");
    FAIL("the connection was gone");
  } catch (const portico::Problem& problem) {
    CHECK(problem.status == 503);
    CHECK(problem.code == "database.unavailable");
    CHECK(problem.retry_after_s > 0);
  }
  CHECK(pool.stats().open == 0);
  CHECK(pool.begin(Notes::as(kAda), soon()).run("SELECT 1").rows() == 1);
}

TEST_CASE("a COMMIT whose answer is lost has an unknown outcome") {
  Notes notes;
  notes.database.script(R"(
    CREATE FUNCTION notes.end_session() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
      $$BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END$$;
    CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON notes.counter DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION notes.end_session())");
  Pool pool(notes.settings(1));
  auto transaction = pool.begin(Notes::as(kAda), soon());
  transaction.run("UPDATE notes.counter SET n = n + 1");
  CHECK(code_of([&] { transaction.commit(); }) == "database.commit_unknown");
  CHECK(transaction.outcome_unknown());
}

TEST_CASE("no PostgreSQL is a quick 503 with a hint to try again") {
  PoolSettings settings;
  settings.url = parse_database_url("postgresql://nobody:hush@127.0.0.1:1/none");
  Pool pool(settings);
  for (int i = 0; i < 3; ++i) {
    try {
      pool.begin(Notes::as(kAda), soon());
      FAIL("nothing listens there");
    } catch (const portico::Problem& problem) {
      CHECK(problem.status == 503);
      CHECK(problem.code == "database.unavailable");
      CHECK(problem.retry_after_s > 0);
      CHECK(problem.detail.find("hush") == std::string::npos);
    }
  }
  CHECK(pool.stats().away);
  CHECK(pool.stats().open == 0);
}

namespace {

/// The pool reaches PostgreSQL through a proxy that can fail.
struct Faulty {
  explicit Faulty(std::size_t connections = 2) : proxy(notes.database.url().host, notes.database.url().port) {
    settings = notes.settings(connections);
    settings.url.host = "127.0.0.1";
    settings.url.port = proxy.port();
    settings.connect_timeout = 3s;
    settings.begin_timeout = 1s;
  }
  Notes notes;
  kernel::testing::FaultProxy proxy;
  PoolSettings settings;
};
using Mode = kernel::testing::FaultProxy::Mode;

}  // namespace

TEST_CASE("a pool heals by itself when PostgreSQL comes back") {
  Faulty faulty;
  Pool pool(faulty.settings);
  for (int round = 0; round < 3; ++round) {
    pool.begin(Notes::as(kAda), soon()).run("SELECT 1");
    faulty.proxy.set(Mode::gone);
    CHECK(code_of([&] { pool.begin(Notes::as(kAda), soon()); }) == "database.unavailable");
    CHECK(pool.stats().away);
    faulty.proxy.set(Mode::forward);
    std::string code = "?";
    for (const auto until = soon(); !code.empty() && std::chrono::steady_clock::now() < until;)
      code = code_of([&] { pool.begin(Notes::as(kAda), soon()).run("SELECT 1"); });
    CHECK(code.empty());
    CHECK_FALSE(pool.stats().away);
  }
}

TEST_CASE("a PostgreSQL that stands still costs no more than the time allowed, at every step") {
  Faulty faulty;
  Pool pool(faulty.settings);
  auto statement = pool.begin(Notes::as(kAda), soon(4s));
  auto commit = pool.begin(Notes::as(kBob), soon(4s));
  commit.run("UPDATE notes.counter SET n = n + 1");
  faulty.proxy.set(Mode::stall);
  CHECK(code_of([&] { statement.run("SELECT 1"); }) == "database.timeout");
  CHECK(code_of([&] { commit.commit(); }) == "database.commit_unknown");
  CHECK(commit.outcome_unknown());
  CHECK(code_of([&] { pool.begin(Notes::as(kAda), soon()); }) == "database.unavailable");  // cannot connect
  faulty.proxy.set(Mode::forward);
  std::string code = "?";
  for (const auto until = soon(); !code.empty() && std::chrono::steady_clock::now() < until;)
    code = code_of([&] { pool.begin(Notes::as(kAda), soon()).run("SELECT 1"); });
  CHECK(code.empty());
  faulty.proxy.set(Mode::stall);
  CHECK(code_of([&] { pool.begin(Notes::as(kAda), soon()); }) ==
        "database.unavailable");  // idle connection stands
}

TEST_CASE("transactions that PostgreSQL asks to repeat are repeated") {
  Notes notes;
  Pool pool(notes.settings(4));
  std::atomic<int> bodies{0};
  const auto add = [&] {
    for (int i = 0; i < 20; ++i)
      with_retry(
          pool, Notes::system(), soon(),
          [&](Transaction& transaction) {
            ++bodies;
            // Two rows in changing order: deadlocks happen.
            transaction.run("SELECT id FROM notes.counter WHERE id = 1 FOR UPDATE");
            transaction.run("UPDATE notes.counter SET n = n + 1 WHERE id = 1");
          },
          50);
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(add);
  threads.clear();
  auto transaction = pool.begin(Notes::system(), soon());
  CHECK(transaction.run("SELECT n FROM notes.counter").get<std::int64_t>(0, "n") == 80);
  int tries = 0;
  CHECK(code_of([&] {
          with_retry(pool, Notes::system(), soon(), [&](Transaction&) {
            ++tries;
            throw to_problem({"40001", "could not serialize", "", "", ""});
          });
        }) == "database.serialization");
  CHECK(tries == 3);
}
