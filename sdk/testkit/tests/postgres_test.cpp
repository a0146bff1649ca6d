// The test host on a real PostgreSQL: values of every kind, scopes, conflicts, migrations.
#include <filesystem>
#include <fstream>
#include <portico/testkit/postgres.hpp>

#include "probe.hpp"

using namespace portico;
using namespace portico::testkit;

namespace {

Postgres& database() {
  static Postgres one = [] {
    const auto folder =
        std::filesystem::temp_directory_path() / ("portico-testkit-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "0001_notes.sql") << R"(
      CREATE TABLE notes(id bigint PRIMARY KEY, owner uuid NOT NULL, text text NOT NULL);
      ALTER TABLE notes ENABLE ROW LEVEL SECURITY; ALTER TABLE notes FORCE ROW LEVEL SECURITY;
      CREATE POLICY own ON notes USING (owner = kernel.current_user_id() OR kernel.is_system());)";
    std::ofstream(folder / "0002_more.sql")
        << "ALTER TABLE notes ADD COLUMN seen bool NOT NULL DEFAULT false;";
    std::ofstream(folder / "README.md") << "not a migration";
    return Postgres(Postgres::url_of_environment(), "acme-notes", folder);
  }();
  return one;
}

constexpr const char* kMe = "00000000-0000-4000-8000-000000000001";
constexpr const char* kOther = "00000000-0000-4000-8000-000000000002";

/// Runs fn in a request of a plugin on the database.
void in_plugin(const std::function<void(Host&)>& fn) {
  TestHost host;
  host.with_database(database());
  start(host, [&](Host& h) { h.routes().post("/x", [&](const Request&) { fn(h); }).access(Access::anyone); });
  const auto reply = host.post("/x");
  INFO(reply.code << " " << reply.detail);
  CHECK(reply.status == 204);
}

}  // namespace

TEST_CASE("values of every kind go in and come out") {
  in_plugin([](Host& h) {
    h.database().as_system("test", [](Transaction& tx) {
      const Time time(std::chrono::microseconds(1'900'000'000'123'456));
      const auto rows = tx.run(
          "SELECT $1::bool, $2::bigint, $3::float8::text, $4::text, $5::bytea, $6::timestamptz, $7::text, "
          "$8::uuid, '{\"a\":1}'::jsonb, 12.50::numeric, -0.001::numeric, date '2030-02-28', 5::int2, -7::int4",
          {true, std::int64_t{-5}, 1.5, "Jürg", Parameter::bytes(std::string("\0\xff", 2)), time, nullptr,
           kMe});
      CHECK(rows.boolean(0, 0));
      CHECK(rows.integer(0, 1) == -5);
      CHECK(rows.text(0, 2) == "1.5");
      CHECK(rows.text(0, 3) == "Jürg");
      CHECK(rows.bytes(0, 4) == std::string("\0\xff", 2));
      CHECK(rows.time(0, 5) == time);
      CHECK(rows.null(0, 6));
      CHECK(rows.text(0, 7) == kMe);
      CHECK(rows.text(0, 8) == "{\"a\": 1}");
      CHECK(rows.text(0, 9) == "12.50");
      CHECK(rows.text(0, 10) == "-0.001");
      CHECK(rows.text(0, 11) == "2030-02-28");
      CHECK(rows.integer(0, 12) == 5);
      CHECK(rows.integer(0, 13) == -7);
    });
  });
}

TEST_CASE("rows are their owner's, the system sees all, and a conflict names its constraint") {
  database().script("DELETE FROM notes");
  in_plugin([](Host& h) {
    for (const auto& [id, owner] : {std::pair{1, kMe}, {2, kOther}})
      h.database().as_user(owner, [&, id = id, owner = owner](Transaction& tx) {
        CHECK(
            tx.run("INSERT INTO notes(id, owner, text) VALUES ($1, $2::uuid, 'x')", {id, owner}).affected() ==
            1);
      });
    const auto count = [](Transaction& tx) { return tx.run("SELECT count(*) FROM notes").integer(0, 0); };
    CHECK(h.database().as_user(kMe, count) == 1);
    CHECK(h.database().as_system("test", count) == 2);
    try {
      h.database().as_system("test", [](Transaction& tx) {
        tx.run("INSERT INTO notes(id, owner, text) VALUES (1, $1::uuid, 'x')", {kMe});
      });
      FAIL("it was stored twice");
    } catch (const Problem& problem) {
      CHECK(problem.code == "database.conflict");
      CHECK(problem.members.at("constraint") == "notes_pkey");
    }
    CHECK(problem_of([&] {
            h.database().as_system("test", [](Transaction& tx) { tx.run("SELECT nothing"); });
          }) == "500 database.error");
  });
  CHECK(database().ask("SELECT count(*)::text FROM notes") == "2");
  CHECK(database().ask("SELECT bool_or(seen)::text FROM notes") == "false");
}

TEST_CASE("what is rolled back was never there") {
  database().script("DELETE FROM notes");
  TestHost host;
  host.with_database(database());
  start(host, [](Host& h) {
    h.routes()
        .post("/x",
              [&h](const Request&) {
                h.database().as_system("test", [](Transaction& tx) {
                  tx.run("INSERT INTO notes(id, owner, text) VALUES (1, $1::uuid, 'x')", {kMe});
                  throw Problem(409, "acme.no");
                });
              })
        .access(Access::anyone);
  });
  CHECK(host.post("/x").code == "acme.no");
  CHECK(database().ask("SELECT count(*)::text FROM notes") == "0");
}
