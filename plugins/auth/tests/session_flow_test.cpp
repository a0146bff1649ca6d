// Sessions: renewed, repeated, stolen, ended.
#include <catch2/catch.hpp>
#include <set>

#include "domain/digest.hpp"
#include "tests/support/scene.hpp"

using namespace auth::testing;
using namespace std::chrono_literals;

TEST_CASE("signing in again ends the session before; signing out ends this one") {
  Scene scene;
  auto browser = fresh_browser();
  const auto email = fresh_email();
  scene.add_account(browser, email);
  auto before = browser;
  REQUIRE(scene.sign_in(browser, email).status == 200);
  CHECK(scene.user_of(before).empty());
  CHECK_FALSE(scene.user_of(browser).empty());
  auto copy = browser;
  const auto out = scene.host.send(browser, "POST", "/api/auth/logout");
  CHECK(out.status == 204);
  CHECK(out.set_cookies.at("access").empty());
  CHECK(out.set_cookies.at("refresh").empty());
  CHECK(scene.user_of(copy).empty());
  CHECK(scene.host.send(copy, "POST", "/api/auth/refresh").code == "auth.session_expired");
  CHECK(scene.host.send(browser, "POST", "/api/auth/logout").status == 204);  // nothing to end is fine
}

TEST_CASE("signing out works when the access token has long run out") {
  Scene scene;
  auto browser = fresh_browser();
  scene.add_account(browser, fresh_email());
  auto copy = browser;
  browser.cookies.erase("access");
  CHECK(scene.host.send(browser, "POST", "/api/auth/logout").status == 204);
  CHECK(scene.host.send(copy, "POST", "/api/auth/refresh").status == 401);
  CHECK(scene.user_of(copy).empty());
}

TEST_CASE("an access token runs out; the refresh token brings the next one") {
  Scene scene;
  auto browser = fresh_browser();
  scene.add_account(browser, fresh_email());
  scene.host.skip(12min);
  CHECK(scene.user_of(browser).empty());
  const auto old_refresh = browser.cookies.at("refresh");
  const auto renewed = scene.host.send(browser, "POST", "/api/auth/refresh");
  CHECK(renewed.status == 204);
  CHECK(renewed.body.empty());
  CHECK(browser.cookies.at("refresh") != old_refresh);
  CHECK_FALSE(scene.user_of(browser).empty());
}

TEST_CASE("eight tabs that renew at once all stay in, with one successor") {
  Scene scene;
  auto browser = fresh_browser();
  scene.add_account(browser, fresh_email());
  std::set<std::string> successors;
  for (int tab = 0; tab < 8; ++tab) {
    auto copy = browser;
    REQUIRE(scene.host.send(copy, "POST", "/api/auth/refresh").status == 204);
    successors.insert(copy.cookies.at("refresh"));
  }
  CHECK(successors.size() == 1);
}

TEST_CASE("a refresh token that comes back after the grace ends the whole family") {
  Scene scene;
  auto thief = fresh_browser();
  scene.add_account(thief, fresh_email());
  auto owner = thief;
  REQUIRE(scene.host.send(owner, "POST", "/api/auth/refresh").status == 204);
  database().script(
      "UPDATE refresh_tokens SET used_at = used_at - interval '31 seconds' WHERE used_at IS NOT NULL");
  CHECK(scene.host.send(thief, "POST", "/api/auth/refresh").code == "auth.session_expired");
  CHECK(scene.audited("auth.refresh.reuse_detected", "refused"));
  CHECK(scene.user_of(owner).empty());
  CHECK(scene.host.send(owner, "POST", "/api/auth/refresh").status == 401);
  CHECK_FALSE(scene.host.revoked_sessions().empty());
}

TEST_CASE("sessions end after 14 idle days and after 30 days in any case") {
  Scene scene;
  auto browser = fresh_browser();
  scene.add_account(browser, fresh_email());
  const auto sha = auth::hex(auth::sha256(browser.cookies.at("refresh")));
  SECTION("idle") {
    database().script(
        "UPDATE refresh_tokens SET expires_at = now() - interval '1 second' WHERE sha256 = '\\x" + sha + "'");
  }
  SECTION("absolute") {
    database().script(
        "UPDATE sessions SET expires_at = now() - interval '1 second' WHERE id = (SELECT session_id FROM "
        "refresh_tokens WHERE sha256 = '\\x" +
        sha + "')");
  }
  CHECK(scene.host.send(browser, "POST", "/api/auth/refresh").code == "auth.session_expired");
}

TEST_CASE("a successor never outlives its session, and idle time is 14 days") {
  Scene scene;
  auto browser = fresh_browser();
  scene.add_account(browser, fresh_email());
  const auto session_of = [&] {
    return "(SELECT session_id FROM refresh_tokens WHERE sha256 = '\\x" +
           auth::hex(auth::sha256(browser.cookies.at("refresh"))) + "')";
  };
  CHECK(database().ask("SELECT round(extract(epoch FROM expires_at - created_at) / 86400)::text FROM "
                       "sessions WHERE id = " +
                       session_of()) == "30");
  CHECK(database().ask("SELECT round(extract(epoch FROM max(expires_at - issued_at)) / 86400)::text FROM "
                       "refresh_tokens WHERE session_id = " +
                       session_of()) == "14");
  database().script("UPDATE sessions SET expires_at = now() + interval '1 hour' WHERE id = " + session_of());
  REQUIRE(scene.host.send(browser, "POST", "/api/auth/refresh").status == 204);
  CHECK(database().ask("SELECT (max(t.expires_at) FILTER (WHERE used_at IS NULL) = max(s.expires_at))::text "
                       "FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE s.id = " +
                       session_of()) == "true");
}

TEST_CASE("during a change of secrets a repeat still gets the successor it got before") {
  Browser browser = fresh_browser(), copy;
  std::string successor;
  {
    Scene before;
    before.add_account(browser, fresh_email());
    copy = browser;
    REQUIRE(before.host.send(browser, "POST", "/api/auth/refresh").status == 204);
    successor = browser.cookies.at("refresh");
  }
  Scene after({{"jwt_secret", std::string(32, 'n')}, {"jwt_secret_previous", std::string(32, 's')}});
  REQUIRE(after.host.send(copy, "POST", "/api/auth/refresh").status == 204);
  CHECK(copy.cookies.at("refresh") == successor);
  CHECK_FALSE(after.user_of(browser).empty());
}
