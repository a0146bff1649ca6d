// Signing in, guessing, proving again, imported hashes, changed peppers.
#include <catch2/catch.hpp>

#include "domain/digest.hpp"
#include "domain/guessing.hpp"
#include "tests/support/scene.hpp"

using namespace auth::testing;
using portico::Problem;

TEST_CASE("known and unknown addresses get the same answer to a wrong password") {
  Scene scene;
  auto browser = fresh_browser();
  const auto email = fresh_email();
  scene.add_account(browser, email);
  auto stranger = fresh_browser();
  const auto known = scene.sign_in(stranger, email, "not the password at all");
  const auto unknown = scene.sign_in(stranger, fresh_email(), "not the password at all");
  CHECK(known.status == 401);
  CHECK(known.code == "auth.invalid_credentials");
  CHECK(unknown.status == known.status);
  CHECK(unknown.code == known.code);
  CHECK(unknown.body == known.body);
  CHECK(stranger.cookies.empty());
  CHECK(scene.audited("auth.sign_in", "refused"));
  CHECK(scene.sign_in(stranger, email).status == 200);
}

TEST_CASE(
    "after ten wrong passwords the password is disabled for strangers, not for a browser that signed in "
    "before") {
  Scene scene;
  auto owner = fresh_browser();
  const auto email = fresh_email();
  scene.add_account(owner, email);
  for (int i = 0; i < auth::kTriesPerAccount; ++i) {
    auto stranger = fresh_browser();  // each from a network of its own
    REQUIRE(scene.sign_in(stranger, email, "guess number " + std::to_string(i) + " of ten").status == 401);
  }
  auto stranger = fresh_browser();
  const auto locked = scene.sign_in(stranger, email);  // even the right one
  CHECK(locked.status == 429);
  CHECK(locked.code == "auth.too_many_attempts");
  CHECK(locked.retry_after_s > 890);
  CHECK(locked.retry_after_s <= 900);
  CHECK(scene.sign_in(owner, email).status == 200);
  CHECK(scene.sign_in(stranger, email).status ==
        429);  // the owner's success does not open the door for guessers

  auto nobody = fresh_browser();
  const auto unknown = fresh_email();
  for (int i = 0; i < auth::kTriesPerAccount; ++i)
    REQUIRE(scene.sign_in(nobody, unknown, "guess the nobody here").status == 401);
  CHECK(scene.sign_in(nobody, unknown).status == 429);  // an address without account is locked just so
}

TEST_CASE("locks double while guessing goes on, and start anew after a success") {
  const auto key = auth::hex(auth::sha256(fresh_email()));
  const auto count = [&] {
    return std::stoi(database().ask("SELECT count_try('\\x" + key + "', 3, 900, '" +
                                    auth::lock_schedule_literal() + "', 100)"));
  };
  const auto end_lock = [&] {
    database().script("UPDATE tries SET locked_until = now() - interval '1 second' WHERE key = '\\x" + key +
                      "'");
  };
  for (const int lock : {900, 1800, 3600, 7200, 14400, 28800, 57600, 86400, 86400}) {
    for (int i = 0; i < 3; ++i) REQUIRE(count() == 0);
    const int wait = count();
    CHECK(wait > lock - 5);
    CHECK(wait <= lock);
    end_lock();
  }
  database().script("SELECT forgive_tries('\\x" + key + "', NULL)");
  for (int i = 0; i < 3; ++i) REQUIRE(count() == 0);
  CHECK(count() <= 900);
}

TEST_CASE("tries spread thinly add up: after a hundred without success the longest lock comes") {
  const auto key = auth::hex(auth::sha256(fresh_email()));
  const auto count = [&] {
    return std::stoi(database().ask("SELECT count_try('\\x" + key + "', 10, 900, '" +
                                    auth::lock_schedule_literal() + "', 100)"));
  };
  const auto later = [&] {
    database().script(
        "UPDATE tries SET window_started_at = window_started_at - interval '16 minutes' WHERE key = '\\x" +
        key + "'");
  };
  for (int i = 0; i < 99; ++i) {
    REQUIRE(count() == 0);
    if (i % 9 == 8) later();
  }
  database().script("UPDATE tries SET count = 9, window_started_at = now() WHERE key = '\\x" + key + "'");
  REQUIRE(count() == 0);
  CHECK(count() > 86000);
}

TEST_CASE("many accounts from one network are limited, and a success gives its try back") {
  Scene scene;
  auto browser = fresh_browser();
  const auto email = fresh_email();
  scene.add_account(browser, email);
  Browser network = fresh_browser();
  for (int i = 0; i < 5; ++i) REQUIRE(scene.sign_in(network, email).status == 200);
  for (int i = 0; i < auth::kTriesPerAddress; ++i)
    REQUIRE(scene.sign_in(network, fresh_email(), "wrong wrong wrong").status == 401);
  CHECK(scene.sign_in(network, fresh_email(), "wrong wrong wrong").status == 429);
  auto neighbour = network;
  neighbour.cookies.clear();
  neighbour.address.back() = '9';
  CHECK(scene.sign_in(neighbour, email).status == 429);
}

TEST_CASE("proving the password again: right, wrong, too often") {
  Scene scene;
  auto browser = fresh_browser();
  scene.add_account(browser, fresh_email());
  const auto session = "(SELECT session_id FROM refresh_tokens WHERE sha256 = '\\x" +
                       auth::hex(auth::sha256(browser.cookies.at("refresh"))) + "')";
  database().script("UPDATE sessions SET proved_at = now() - interval '1 hour' WHERE id = " + session);
  const auto prove = [&](const std::string& password) {
    return scene.host.send(browser, "POST", "/api/auth/reauthenticate", {{"password", password}});
  };
  CHECK(prove("not the password at all").code == "auth.invalid_credentials");
  CHECK(database().ask("SELECT (proved_at < now() - interval '30 minutes')::text FROM sessions WHERE id = " +
                       session) == "true");
  CHECK(prove(kPassword).status == 204);
  CHECK(database().ask("SELECT (proved_at > now() - interval '1 minute')::text FROM sessions WHERE id = " +
                       session) == "true");
  for (int i = 0; i < auth::kTriesPerAccount; ++i) REQUIRE(prove("wrong wrong wrong").status == 401);
  CHECK(prove(kPassword).status == 429);
  auto nobody = fresh_browser();
  CHECK(scene.host.send(nobody, "POST", "/api/auth/reauthenticate", {{"password", kPassword}}).code ==
        "auth.required");
}

TEST_CASE("an imported hash is taken once and rewritten") {
  Scene scene;
  auto browser = fresh_browser();
  const auto email = fresh_email();
  scene.add_account(browser, email);
  // "old-secret" as PHP stores it, cost 4.
  database().script(
      "UPDATE users SET password_hash = '$2y$04$KBCwKxOzLha2MUkgHPaZD.3OjAjycb6N9UDlOPHAxXm.BsnZ1HTmm' "
      "WHERE email = lower('" +
      email + "')");
  const auto hash = [&] {
    return database().ask("SELECT password_hash FROM users WHERE email = lower('" + email + "')");
  };
  REQUIRE(hash().rfind("$2y$", 0) == 0);
  CHECK(scene.sign_in(browser, email, "wrong-secret").status == 401);
  CHECK(hash().rfind("$2y$", 0) == 0);
  CHECK(scene.sign_in(browser, email, "old-secret").status == 200);
  CHECK(hash().rfind("p1:", 0) == 0);
  CHECK(scene.sign_in(browser, email, "old-secret").status == 200);
}

TEST_CASE("a change of pepper: hashes move at sign-in") {
  auto browser = fresh_browser();
  const auto email = fresh_email();
  {
    Scene before;
    before.add_account(browser, email);
  }
  const auto hash = [&] {
    return database().ask("SELECT password_hash FROM users WHERE email = lower('" + email + "')");
  };
  const auto old_hash = hash();
  {
    Scene during(
        {{"password_pepper", std::string(32, 'q')}, {"password_pepper_previous", std::string(32, 'p')}});
    CHECK(during.sign_in(browser, email).status == 200);
  }
  CHECK(hash().substr(0, 11) != old_hash.substr(0, 11));
  Scene after({{"password_pepper", std::string(32, 'q')}});
  CHECK(after.sign_in(browser, email).status == 200);
}

TEST_CASE("a disabled account cannot sign in, and its sessions do not count") {
  Scene scene;
  auto browser = fresh_browser();
  const auto email = fresh_email();
  scene.add_account(browser, email);
  database().script("UPDATE users SET state = 'disabled' WHERE email = lower('" + email + "')");
  CHECK(scene.user_of(browser).empty());
  CHECK(scene.host.send(browser, "POST", "/api/auth/refresh").status == 401);
  const auto refused = scene.sign_in(browser, email);
  CHECK(refused.status == 401);
  CHECK(refused.code == "auth.invalid_credentials");
}

TEST_CASE("weak secrets keep the plugin from starting") {
  CHECK_THROWS_AS(Scene({{"jwt_secret", "short"}}), Problem);
  CHECK_THROWS_AS(Scene({{"password_pepper", "short"}}), Problem);
}

TEST_CASE("every page of auth is registered") {
  Scene scene;
  CHECK(scene.pages() == std::vector<std::string>{"/auth/login", "/auth/signup", "/auth/verify",
                                                  "/auth/forgot", "/auth/set-password", "/account"});
}
