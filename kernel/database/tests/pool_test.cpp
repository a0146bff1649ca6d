// The pool as rules: waiting, lost connections, a PostgreSQL that is away or stands still.
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "kernel/database/tests/fault_proxy.hpp"
#include "kernel/database/tests/notes.hpp"

using namespace kernel::database;
using namespace kernel::database::testing;
using namespace std::chrono_literals;

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
