// For whom a transaction acts: row-level security, roles, and what ends with it.
#include <catch2/catch.hpp>
#include <functional>

#include "kernel/database/tests/notes.hpp"

using namespace kernel::database;
using namespace kernel::database::testing;
using namespace std::chrono_literals;

namespace {

/// What row-level security would go by, and what names without a schema mean.
const char* const kWho =
    "SELECT concat_ws(' | ', current_user, current_setting('app.user_id', true), current_setting('app.scope', true), "
    "current_setting('app.reason', true), current_setting('search_path'), kernel.is_system()::text) AS who";

std::string who(Transaction& transaction) {
  return transaction.run(kWho).get<std::string>(0, "who");
}

/// A function of the plugin's own that leaves as much behind in the session as a function can.
const char* const kLitter = R"(
  CREATE FUNCTION notes.litter() RETURNS void LANGUAGE plpgsql AS $$BEGIN
    PERFORM set_config('app.user_id', '22222222-2222-4222-8222-222222222222', false),
            set_config('app.scope', 'system', false), set_config('app.reason', 'left behind', false),
            set_config('search_path', 'kernel', false), set_config('statement_timeout', '60000', false),
            set_config('role', 'portico_kernel', false);
  END$$;
  GRANT EXECUTE ON FUNCTION notes.litter() TO portico_notes;
  CREATE TABLE notes.strict(id int UNIQUE DEFERRABLE INITIALLY DEFERRED);
  GRANT SELECT, INSERT ON notes.strict TO portico_notes;)";

}  // namespace

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
  const Result after = bare->exchange({},
                                      "SELECT current_user::text AS role, kernel.current_user_id() AS id, "
                                      "coalesce(current_setting('app.scope', true), '') AS scope",
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

TEST_CASE(
    "every statement runs under the plugin's role and for whom its transaction began, whatever came before") {
  Notes notes;
  notes.database.script(kLitter);
  struct Before {
    const char* what;
    std::function<void(Pool&)> happens;
  };
  const auto ada = [](Pool& pool, Deadline deadline = soon()) {
    return pool.begin(Notes::as(kAda), deadline);
  };
  const Before befores[] = {
      {"nothing", [](Pool&) {}},
      {"a commit", [=](Pool& pool) { ada(pool).commit(); }},
      {"a commit of the system", [](Pool& pool) { pool.begin(Notes::system(), soon()).commit(); }},
      {"a rollback", [=](Pool& pool) { ada(pool).rollback(); }},
      {"a transaction that was let fall", [=](Pool& pool) { ada(pool).run("SELECT 1"); }},
      {"a statement that failed",
       [=](Pool& pool) {
         auto transaction = ada(pool);
         CHECK(code_of([&] { transaction.run("SELECT 1/0"); }) == "database.error");
       }},
      {"a statement that was refused",
       [=](Pool& pool) {
         auto transaction = ada(pool);
         CHECK(code_of([&] { transaction.run("RESET ROLE"); }) == "database.statement");
       }},
      {"a statement that was cancelled",
       [=](Pool& pool) {
         auto transaction = ada(pool, soon(1s));
         CHECK(code_of([&] { transaction.run("SELECT pg_sleep(30)"); }) == "database.timeout");
       }},
      {"a cell without a form",
       [=](Pool& pool) {
         auto transaction = ada(pool);
         CHECK(code_of([&] { transaction.run("SELECT '{1}'::int[]"); }) == "database.type");
         transaction.commit();
       }},
      {"a statement under another role",
       [=](Pool& pool) {
         auto transaction = ada(pool);
         transaction.run_as("portico_kernel", "SELECT 1");
         transaction.commit();
       }},
      {"a statement that failed under another role",
       [=](Pool& pool) {
         auto transaction = ada(pool);
         CHECK(code_of([&] { transaction.run_as("portico_kernel", "SELECT 1/0"); }) == "database.error");
       }},
      {"a role that is not there",
       [](Pool& pool) {
         CHECK(code_of([&] {
                 pool.begin({Scope::user, kAda, "", "portico_absent"}, soon());
               }) == "database.scope");
       }},
      {"a COMMIT that failed",
       [=](Pool& pool) {
         auto transaction = ada(pool);
         transaction.run("INSERT INTO notes.strict VALUES (1), (1)");
         CHECK(code_of([&] { transaction.commit(); }) == "database.conflict");
       }},
      {"a session that PostgreSQL ended",
       [=, &notes](Pool& pool) {
         auto transaction = ada(pool);
         const auto pid = transaction.run("SELECT pg_backend_pid() AS pid").get<std::int64_t>(0, "pid");
         notes.database.script(fmt::format("SELECT pg_terminate_backend({}, 5000)", pid));
         CHECK(code_of([&] { transaction.run("SELECT 1"); }) == "database.unavailable");
       }},
      {"a function that changed the whole session",
       [=](Pool& pool) {
         auto transaction = ada(pool);
         transaction.run("SELECT notes.litter()::text");
         transaction.commit();
       }},
  };
  const std::string rest = " | notes, pg_temp | ";
  struct Begun {
    Scope scope;
    std::string who;
  };
  const Begun begun[] = {
      {Notes::as(kAda), "portico_notes | " + kAda + " | user | " + rest + "false"},
      {Notes::as(kBob), "portico_notes | " + kBob + " | user | " + rest + "false"},
      {Notes::system(), "portico_notes |  | system | test" + rest + "true"},
  };
  for (const auto& before : befores) {
    for (const auto& expected : begun) {
      INFO("after " << before.what << ": " << expected.who);
      Pool pool(notes.settings(1));
      before.happens(pool);
      auto transaction = pool.begin(expected.scope, soon());
      CHECK(who(transaction) == expected.who);
      // Beside the plugin's own tables, in the same name.
      std::string kernel = expected.who;
      kernel.replace(0, std::string("portico_notes").size(), "portico_kernel");
      CHECK(transaction.run_as("portico_kernel", kWho).get<std::string>(0, "who") == kernel);
      CHECK(who(transaction) == expected.who);
      CHECK_FALSE(code_of([&] { transaction.run("SELECT 'x'::int"); }).empty());
      CHECK(code_of([&] { who(transaction); }) == "database.aborted");  // and not without a role
      transaction.rollback();
      CHECK(code_of([&] { who(transaction); }) == "database.ended");
    }
  }
}

TEST_CASE("a statement cannot take off its role or put on another name by a function either") {
  Notes notes;
  Pool pool(notes.settings(1));
  for (const char* sql :
       {"SELECT set_config('role', 'none', true)",
        "SELECT pg_catalog.Set_Config('role', 'portico_kernel', true)",
        "SELECT \"set_config\"('app.scope', 'system', true)",
        "WITH x AS (SELECT set_config('app.user_id', 'y', true)) SELECT * FROM x",
        "SELECT U&\"set\\005fconfig\"('role', 'none', true)",
        "UPDATE pg_settings SET setting = 'none' WHERE name = 'role'",
        "EXPLAIN ANALYZE SELECT set_config('role', 'none', true)",
        "SELECT query_to_xml('SELECT set_con' || 'fig(''role'', ''none'', true)', true, true, '')",
        "SELECT * FROM ts_stat('SELECT ...')"}) {
    INFO(sql);
    auto transaction = pool.begin(Notes::as(kAda), soon());
    CHECK(code_of([&] { transaction.run(sql); }) == "database.statement");
    CHECK(who(transaction) == "portico_notes | " + kAda + " | user |  | notes, pg_temp | false");
  }
}
