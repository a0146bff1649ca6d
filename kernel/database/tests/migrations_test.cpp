// Migrations on a real PostgreSQL: order, checksums, rights, two runners.
#include <catch2/catch.hpp>
#include <future>

#include "kernel/database/tests/test_database.hpp"

using namespace kernel::database;
using namespace kernel::database::testing;

namespace {

/// "code: detail" of the problem, or "".
template <class Call>
std::string problem_of(Call call) {
  try {
    call();
  } catch (const portico::Problem& problem) {
    return problem.code + ": " + problem.detail;
  }
  return "";
}

bool says(const std::string& text, const std::string& part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
  return text.find(part) != std::string::npos;
}

Migrator migrator(const TestDatabase& database, const TestFolder& folder) {
  return Migrator({database.url(), owners_in(folder.path())});
}

const char* kKernel = "kernel/0001_start.sql";

}  // namespace

TEST_CASE("folders whose files cannot be trusted in order are refused before anything runs") {
  struct Row {
    const char* file;
    const char* sql;
    const char* says;
  };
  for (const Row& row : {
           Row{"a/1_short.sql", "SELECT 1", "0001_what_it_does.sql"},
           Row{"a/0002_gap.sql", "SELECT 1", "0001 is missing"},
           Row{"a/0001_b.sql", "SELECT 1; COMMIT;", "line 1: COMMIT"},
           Row{"a/0001_b.sql", "\nDROP TABLE x;", "line 2: DROP TABLE"},
           Row{"a/0001_b.sql", "-- portico: allow destructive:\nDROP TABLE x;", "DROP TABLE"},
           Row{"a/0001_b.sql", "-- nothing\n", "no statement"},
           Row{"a/notes.txt", "x", "0001_what_it_does.sql"},
           Row{"a/README.md", "x", "holds no migration"},
       }) {
    TestFolder folder;
    folder.write(row.file, row.sql);
    const std::string text = problem_of([&] { read_migrations({"a", folder.path() / "a"}); });
    CHECK(says(text, "migrations.file"));
    CHECK(says(text, row.says));
  }
  TestFolder twice;
  twice.write("a/0001_x.sql", "SELECT 1");
  twice.write("a/0001_y.sql", "SELECT 1");
  CHECK(says(problem_of([&] { read_migrations({"a", twice.path() / "a"}); }), "twice"));
  CHECK(says(problem_of([&] { owners_in(twice.path()); }), "kernel"));
}

TEST_CASE("destructive SQL runs where the file says why") {
  TestFolder folder;
  folder.write("a/0001_x.sql",
               "-- portico: allow destructive: nobody reads it any more\nDROP TABLE IF EXISTS x;");
  CHECK(read_migrations({"a", folder.path() / "a"}).at(0).destructive_reason == "nobody reads it any more");
}

TEST_CASE("an owner's id becomes its schema and role, or is refused") {
  CHECK(schema_of("acme-loyalty") == "acme_loyalty");
  CHECK(role_of("auth") == "portico_auth");
  for (const char* id : {"", "Auth", "1a", "pg-x", "public", "a--b", "a;b", "information-schema"})
    CHECK(says(problem_of([&] { schema_of(id); }), "migrations.owner"));
  TestFolder folder;
  folder.write(kKernel, "SELECT 1");
  folder.write("a-b/0001_x.sql", "SELECT 1");
  folder.write("a_b/0001_x.sql", "SELECT 1");
  CHECK(says(problem_of([&] { Migrator({{}, owners_in(folder.path())}); }), "share one schema"));
}

TEST_CASE("migrations run once, in order, and a plan says which would") {
  TestDatabase database;
  TestFolder folder;
  folder.write(kKernel, "CREATE TABLE kernel.a(id int)");
  folder.write("acme-loyalty/0001_points.sql", "CREATE TABLE points(id int); INSERT INTO points VALUES (1);");
  auto plan = migrator(database, folder).plan();
  REQUIRE(plan.size() == 2);
  CHECK(plan[0].owner == "kernel");
  CHECK(plan[1].name == "points");
  CHECK(migrator(database, folder).run().size() == 2);
  CHECK(migrator(database, folder).run().empty());
  folder.write("acme-loyalty/0002_more.sql", "ALTER TABLE acme_loyalty.points ADD COLUMN n int");
  plan = migrator(database, folder).plan();
  REQUIRE(plan.size() == 1);
  CHECK(plan[0].number == 2);
  CHECK(migrator(database, folder).run().size() == 1);

  PoolSettings settings;
  settings.url = database.url();
  Pool pool(settings);
  auto transaction = pool.begin({Scope::system, "", "test", "portico_acme_loyalty"}, soon());
  CHECK(transaction.run("INSERT INTO acme_loyalty.points VALUES (2, 3)").affected() == 1);
  CHECK(transaction.run("SELECT * FROM acme_loyalty.points").rows() == 2);
  CHECK(says(problem_of([&] { transaction.run("SELECT * FROM kernel.migrations"); }), "database.denied"));
}

TEST_CASE("an applied file that was edited, renamed or removed is refused") {
  TestDatabase database;
  TestFolder folder;
  folder.write(kKernel, "CREATE TABLE kernel.a(id int)");
  folder.write("b/0001_x.sql", "CREATE TABLE b.x(id int)");
  folder.write("b/0002_y.sql", "CREATE TABLE b.y(id int)");
  migrator(database, folder).run();

  folder.write("b/0001_x.sql", "CREATE TABLE b.x(id bigint)");
  for (const bool run : {true, false})
    CHECK(
        says(problem_of([&] { run ? migrator(database, folder).run() : migrator(database, folder).plan(); }),
             "b/0001_x.sql was edited"));
  folder.write("b/0001_x.sql", "CREATE TABLE b.x(id int)");
  CHECK(migrator(database, folder).plan().empty());

  std::filesystem::rename(folder.path() / "b/0002_y.sql", folder.path() / "b/0002_z.sql");
  CHECK(says(problem_of([&] { migrator(database, folder).plan(); }), "is now called z"));
  std::filesystem::remove(folder.path() / "b/0002_z.sql");
  CHECK(says(problem_of([&] { migrator(database, folder).plan(); }), "is gone"));
  std::filesystem::remove_all(folder.path() / "b");
  CHECK(says(problem_of([&] { migrator(database, folder).plan(); }), "migrations.unknown_owner"));
}

TEST_CASE("a migration that fails leaves nothing behind and says where") {
  TestDatabase database;
  TestFolder folder;
  folder.write(kKernel, "CREATE TABLE kernel.a(id int);\nCREATE TABLE kernel.b(id nonsense);\n");
  const std::string text = problem_of([&] { migrator(database, folder).run(); });
  CHECK(says(text, "migrations.failed: kernel/0001_start.sql"));
  CHECK(says(text, "line 2"));
  folder.write(kKernel, "CREATE TABLE kernel.a(id int);");
  CHECK(migrator(database, folder).run().size() == 1);
}

TEST_CASE("two runners at once apply every file once") {
  TestDatabase database;
  TestFolder folder;
  folder.write(kKernel, "CREATE TABLE kernel.a(id int)");
  for (int i = 1; i <= 5; ++i)
    folder.write(fmt::format("c/000{}_t.sql", i),
                 fmt::format("CREATE TABLE c.t{}(id int); SELECT pg_sleep(0.02);", i));
  std::vector<std::future<std::size_t>> runners;
  for (int i = 0; i < 4; ++i)
    runners.push_back(
        std::async(std::launch::async, [&] { return migrator(database, folder).run().size(); }));
  std::size_t applied = 0;
  for (auto& runner : runners) applied += runner.get();
  CHECK(applied == 6);
}

TEST_CASE("a runner that cannot get its turn says so") {
  TestDatabase database;
  TestFolder folder;
  folder.write(kKernel, "CREATE TABLE kernel.a(id int)");
  auto holder = Link::open(database.url(), "portico test", 4, soon());
  holder->script(fmt::format("SELECT pg_advisory_lock({})", 0x706f727469636f), soon());
  MigrationSettings settings{database.url(), owners_in(folder.path())};
  settings.lock_wait = std::chrono::milliseconds(50);
  CHECK(says(problem_of([&] { Migrator(settings).run(); }), "migrations.locked"));
}

TEST_CASE("a login without the needed right is told which one") {
  TestDatabase database;
  TestFolder folder;
  folder.write(kKernel, "CREATE TABLE kernel.a(id int)");
  const std::string login = "portico_test_login_" + random_word();
  database.script(fmt::format("CREATE ROLE {} LOGIN PASSWORD 'weak'", login));
  MigrationSettings settings{database.url(), owners_in(folder.path())};
  settings.url.user = login;
  settings.url.password = "weak";
  const std::string no_create = problem_of([&] { Migrator(settings).run(); });
  database.script(fmt::format("GRANT CREATE ON DATABASE {} TO {}", database.url().database, login));
  const std::string no_role = problem_of([&] { Migrator(settings).run(); });
  database.script(fmt::format("GRANT {0} TO CURRENT_USER; DROP OWNED BY {0}", login));
  database.script(fmt::format("DROP ROLE {0}", login));
  CHECK(says(no_create, "migrations.right"));
  CHECK(says(no_create, "GRANT CREATE ON DATABASE"));
  CHECK(says(no_role, "migrations.right"));
  CHECK(says(no_role, "portico_kernel"));  // to make it, or to act as it where another database has made it
}

TEST_CASE("the repository's own kernel migrations run, and the audit trail cannot be changed") {
  TestDatabase database;
  Migrator({database.url(), {{"kernel", PORTICO_MIGRATIONS "/kernel"}}}).run();
  PoolSettings settings;
  settings.url = database.url();
  Pool pool(settings);
  const Scope kernel{Scope::system, "", "test", "portico_kernel"};
  {
    auto transaction = pool.begin(kernel, soon());
    transaction.run("INSERT INTO kernel.audit(actor_kind, action) VALUES ('system', 'test.happened')");
    transaction.run("INSERT INTO kernel.mail(sealed, to_hash, template) VALUES ($1, $1, 'test')",
                    {Bytes{"x"}});
    transaction.run("INSERT INTO kernel.outbox(publisher, topic, payload) VALUES ('p', 't', '{}')");
    transaction.commit();
  }
  for (const char* sql : {"UPDATE kernel.audit SET action = 'x'", "DELETE FROM kernel.audit",
                          "INSERT INTO kernel.migrations VALUES ('a', 1, 'b', 'c')"}) {
    auto transaction = pool.begin(kernel, soon());
    CHECK(says(problem_of([&] { transaction.run(sql); }), "database.denied"));
  }
  CHECK_THROWS(database.script("DELETE FROM kernel.audit"));  // not even the owner
}

TEST_CASE("of many claims of one idempotency key exactly one wins") {
  TestDatabase database;
  Migrator({database.url(), {{"kernel", PORTICO_MIGRATIONS "/kernel"}}}).run();
  PoolSettings settings;
  settings.url = database.url();
  settings.max_connections = 8;
  settings.acquire_wait = std::chrono::seconds(20);
  Pool pool(settings);
  const auto claim = [&](const std::string& until) {
    auto transaction = pool.begin({Scope::system, "", "test", "portico_kernel"}, soon());
    const Result won = transaction.run(
        "INSERT INTO kernel.idempotency_keys AS k(principal, route, key, body_sha256, locked_until) "
        "VALUES ('p', 'r', '0123456789-0123456789', $1, now() + $2::interval) "
        "ON CONFLICT (principal, route, key) DO UPDATE SET epoch = k.epoch + 1, locked_until = "
        "EXCLUDED.locked_until "
        "WHERE k.state = 'started' AND k.locked_until < now() AND k.body_sha256 = EXCLUDED.body_sha256 "
        "RETURNING epoch",
        {Bytes{"hash"}, until});
    transaction.commit();
    return won.rows();
  };
  const auto race = [&](const std::string& until) {
    std::vector<std::future<std::size_t>> claims;
    for (int i = 0; i < 16; ++i) claims.push_back(std::async(std::launch::async, claim, until));
    std::size_t winners = 0;
    for (auto& one : claims) winners += one.get();
    return winners;
  };
  CHECK(race("60 s") == 1);
  auto transaction = pool.begin({Scope::system, "", "test", "portico_kernel"}, soon());
  transaction.run("UPDATE kernel.idempotency_keys SET locked_until = now() - interval '1 s'");
  transaction.commit();
  CHECK(race("60 s") == 1);
}
