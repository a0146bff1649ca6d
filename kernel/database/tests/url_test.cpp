// Database and Redis addresses: what is read and what is refused by name.
#include "kernel/database/url.hpp"

#include <catch2/catch.hpp>
#include <portico/problem.hpp>

using namespace kernel::database;

namespace {

/// The problem's detail, or "" where nothing was refused.
template <class Call>
std::string refusal(Call call, const std::string& code) {
  try {
    call();
  } catch (const portico::Problem& problem) {
    CHECK(problem.status == 500);
    CHECK(problem.code == code);
    return problem.detail;
  }
  return "";
}

}  // namespace

TEST_CASE("a database address gives up its parts") {
  const auto url = parse_database_url(
      "postgresql://app%40x:p%3Aw%20d@db.example:6000/"
      "portal?schema=public&sslmode=require&connect_timeout=3");
  CHECK(url.host == "db.example");
  CHECK(url.port == 6000);
  CHECK(url.user == "app@x");
  CHECK(url.password == "p:w d");
  CHECK(url.database == "portal");
  CHECK(url.sslmode == "require");
  CHECK(url.connect_timeout == std::chrono::seconds(3));
  CHECK(url.shown() == "db.example:6000/portal as app@x");

  CHECK(parse_database_url("postgres://u@/d?host=/run/postgresql").host == "/run/postgresql");
  CHECK(parse_database_url("postgres://u@/d?host=%2Fvar%2Frun").host == "/var/run");
  CHECK(parse_database_url("postgres://u@[::1]:5433/d").host == "::1");
  CHECK(parse_database_url("postgres://u@/d").host == "localhost");
  CHECK(parse_database_url("postgres://u:a@b@h/d").password == "a@b");
}

TEST_CASE("a database address that cannot be understood is refused by name and without its password") {
  struct Row {
    const char* url;
    const char* says;
  };
  for (const Row& row : {
           Row{"mysql://u:hush@h/d", "postgresql://"},
           Row{"", "is no address"},
           Row{"postgresql://u:hush@h:port/d", "port"},
           Row{"postgresql://u:hush@h:0/d", "from 1 to 65535"},
           Row{"postgresql://h/d", "no user"},
           Row{"postgresql://u:hush@h", "no database"},
           Row{"postgresql://u:hush@h/d?pool=5", "\"pool\" is not known"},
           Row{"postgresql://u:hush@h/d?schema=other", "schema=public"},
           Row{"postgresql://u:hush@h/d?sslmode=maybe", "sslmode is one of"},
           Row{"postgresql://u:hush@h/d?connect_timeout=0", "connect_timeout"},
           Row{"postgresql://u:hush@h/d?sslmode", "no value"},
           Row{"postgresql://u:hush%zz@h/d", "'%'"},
           Row{"postgresql://u:hush%0@h/d", "'%'"},
           Row{"postgresql://u:hush%00@h/d", "'%'"},
           Row{"postgresql://u:hu/sh@h/d", "port"},
           Row{"postgresql://u:hu#sh@h/d", "%23"},
           Row{"postgresql://u:hush@::1/d", "brackets"},
           Row{"postgresql://u:hush@[::1/d", "']'"},
       }) {
    INFO(row.url);
    const std::string detail = refusal([&] { parse_database_url(row.url); }, "config.database_url");
    CHECK(detail.find(row.says) != std::string::npos);
    CHECK(detail.find("hush") == std::string::npos);
    CHECK(detail.find("hu/sh") == std::string::npos);
  }
}

TEST_CASE("a Redis address gives up its parts") {
  const auto url = parse_redis_url("redis://:pw@cache:6380/2");
  CHECK(url.host == "cache");
  CHECK(url.port == 6380);
  CHECK(url.password == "pw");
  CHECK(url.database == 2);
  CHECK(parse_redis_url("redis://localhost").port == 6379);
  CHECK(parse_redis_url("redis://app:pw@h").user == "app");
}

TEST_CASE("a Redis address that cannot be understood is refused by name and without its password") {
  struct Row {
    const char* url;
    const char* says;
  };
  for (const Row& row : {Row{"rediss://:hush@h", "not offered yet"}, Row{"http://h", "redis://"},
                         Row{"redis://:hush@h/one", "database"}, Row{"redis://:hush@h:99999", "port"},
                         Row{"redis://", "no host"}, Row{"redis://h?x=1", "no parameters"},
                         Row{"redis://app@h", "no password"}}) {
    INFO(row.url);
    const std::string detail = refusal([&] { parse_redis_url(row.url); }, "config.redis_url");
    CHECK(detail.find(row.says) != std::string::npos);
    CHECK(detail.find("hush") == std::string::npos);
  }
}
