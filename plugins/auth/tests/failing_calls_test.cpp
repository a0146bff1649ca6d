// Every host call of auth made to fail, one at a time: each is a problem, nothing is left open.
#include <catch2/catch.hpp>

#include "tests/support/scene.hpp"

using namespace auth::testing;
using portico::testkit::FailedCall;

namespace {

/// A host as Scene's, for hosts that others make.
void set_up(TestHost& host, FakeBilling& billing) {
  Operations operations;
  billing.attach(operations);
  for (auto& [name, fn] : operations) host.provide(name, fn);
  host.portal({{"name", "Sample Net"}}).with_database(database());
  host.config({{"jwt_secret", std::string(32, 's')},
               {"password_pepper", std::string(32, 'p')},
               {"bcrypt_rounds", 4}});
  host.follow_system_clock();
}

/// A commit that failed must never be told as a success.
void check(const std::vector<FailedCall>& outcomes) {
  CHECK_FALSE(outcomes.empty());
  for (const auto& outcome : outcomes) {
    INFO("call " << outcome.n << " " << outcome.function << " → " << outcome.status << " " << outcome.code);
    if (outcome.function == "database.commit" || outcome.function == "database.begin")
      CHECK(outcome.status >= 400);
    CHECK((outcome.status < 400 || !outcome.code.empty()));
  }
}

}  // namespace

TEST_CASE("a start in which any host call fails ends with its problem, or does without what may be absent") {
  FakeBilling billing;
  const auto outcomes = portico::testkit::for_each_failing_call([&](TestHost& host) {
    set_up(host, billing);
    host.load(PORTICO_PLUGIN_FILE);
  });
  check(outcomes);
  for (const auto& outcome : outcomes) {
    INFO("call " << outcome.n << " " << outcome.function);
    CHECK(outcome.status == (outcome.function == "config.snapshot" || outcome.function == "config.portal" ||
                                     outcome.function.starts_with("crypto.")
                                 ? 500
                                 : 503));
  }
}

TEST_CASE("signing in with any host call failing: a problem or a session, and nothing left open") {
  Scene made;
  auto browser = fresh_browser();
  const auto email = fresh_email();
  made.add_account(browser, email);
  check(portico::testkit::for_each_failing_call([&](TestHost& host) {
    set_up(host, made.billing);
    host.load(PORTICO_PLUGIN_FILE);
    auto own = fresh_browser();
    host.send(own, "POST", "/api/auth/login", {{"email", email}, {"password", kPassword}});
    host.send(own, "GET", "/api/me");
    host.send(own, "POST", "/api/auth/refresh");
    host.send(own, "POST", "/api/auth/logout");
  }));
}

TEST_CASE("signing up with any host call failing: nobody is promised a mail that was not stored") {
  FakeBilling billing;
  const auto outcomes = portico::testkit::for_each_failing_call([&](TestHost& host) {
    set_up(host, billing);
    host.load(PORTICO_PLUGIN_FILE);
    auto own = fresh_browser();
    const auto reply = host.send(own, "POST", "/api/auth/signup",
                                 {{"email", fresh_email()},
                                  {"password", kPassword},
                                  {"first_name", "Aya"},
                                  {"last_name", "Sample"},
                                  {"phone", "+81 3-1234-5678"},
                                  {"language", "en"},
                                  {"accept_terms", true},
                                  {"address",
                                   {{"line1", "1-2-3"},
                                    {"city", "Minato"},
                                    {"state", "Tokyo"},
                                    {"postcode", "105-0001"},
                                    {"country", "JP"}}}});
    if (reply.status != 202)
      return;  // the mail may have left nevertheless: what comes after the commit can fail
    REQUIRE(host.mails().size() == 1);
    const Mail mail{host.mails().back()};
    host.send(own, "POST", "/api/auth/signup/confirm", {{"token", mail.token()}});
  });
  check(outcomes);
}

TEST_CASE("the tasks with any host call failing") {
  FakeBilling billing;
  for (const char* task : {"auth.clean", "auth.finish_sign_ups"}) {
    INFO(task);
    check(portico::testkit::for_each_failing_call([&](TestHost& host) {
      set_up(host, billing);
      host.load(PORTICO_PLUGIN_FILE);
      host.run_task(task);
    }));
  }
}
