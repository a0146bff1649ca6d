// Transactions on a real PostgreSQL: types, errors, deadlines, commits.
#include <atomic>
#include <catch2/catch.hpp>
#include <limits>
#include <thread>
#include <vector>

#include "kernel/database/tests/notes.hpp"

using namespace kernel::database;
using namespace kernel::database::testing;
using namespace std::chrono_literals;

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
