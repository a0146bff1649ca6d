// Forgotten passwords, the profile, what is kept, and who may read it.
#include <libpq-fe.h>

#include <catch2/catch.hpp>

#include "domain/guessing.hpp"
#include "tests/support/scene.hpp"

using namespace auth::testing;
using namespace std::chrono_literals;

TEST_CASE("a forgotten password: one mail, one use, and every other browser is signed out") {
  Scene scene;
  auto owner = fresh_browser(), other = fresh_browser();
  const auto email = fresh_email();
  scene.add_account(owner, email);
  REQUIRE(scene.sign_in(other, email).status == 200);
  auto asker = fresh_browser();
  const auto ask = [&](const std::string& address) {
    return scene.host.send(asker, "POST", "/api/auth/forgot-password", {{"email", address}});
  };
  const auto mails = scene.mails().size();
  const auto unknown = ask(fresh_email());
  CHECK(scene.mails().size() == mails);
  const auto known = ask(email);
  CHECK(known.status == 202);
  CHECK(unknown.status == known.status);
  CHECK(unknown.body == known.body);
  CHECK(plain_headers(unknown) == plain_headers(known));
  CHECK(unknown.set_cookies == known.set_cookies);
  REQUIRE(scene.mails().size() == mails + 1);
  const auto older = scene.mails().back().token();
  ask(email);
  const auto token = scene.mails().back().token();

  const auto choose = [&](const std::string& with, const std::string& password) {
    return scene.host.send(asker, "POST", "/api/auth/set-password",
                           {{"token", with}, {"password", password}});
  };
  CHECK(choose(older, "nine quiet lamps burn").code == "auth.link_expired");
  CHECK(choose(token, "short").error() == "/password too_short");
  CHECK(choose(token, email).error() == "/password password_common");
  const auto done = choose(token, "nine quiet lamps burn");
  INFO(done.code << done.body);
  REQUIRE(done.status == 200);
  CHECK_FALSE(scene.user_of(asker).empty());
  CHECK(scene.user_of(owner).empty());
  CHECK(scene.user_of(other).empty());
  CHECK(scene.host.send(other, "POST", "/api/auth/refresh").status == 401);
  CHECK(scene.mails().back().subject == "Sample Netのパスワードが変更されました");
  CHECK(choose(token, "ten loud drums beat on").code == "auth.link_used");
  CHECK(scene.sign_in(other, email).status == 401);
  CHECK(scene.sign_in(other, email, "nine quiet lamps burn").status == 200);
  CHECK(scene.audited("auth.password.changed", "ok"));
}

TEST_CASE("a reset link runs out after 30 minutes, and clears the locks when it is used") {
  Scene scene;
  auto browser = fresh_browser(), stranger = fresh_browser();
  const auto email = fresh_email();
  scene.add_account(browser, email);
  scene.host.send(browser, "POST", "/api/auth/forgot-password", {{"email", email}});
  const auto token = scene.mails().back().token();
  const auto choose = [&] {
    return scene.host.send(browser, "POST", "/api/auth/set-password",
                           {{"token", token}, {"password", "nine quiet lamps burn"}});
  };
  SECTION("late") {
    database().script("UPDATE resets SET expires_at = now() - interval '1 second' WHERE used_at IS NULL");
    CHECK(choose().code == "auth.link_expired");
  }
  SECTION("locked") {
    for (int i = 0; i < auth::kTriesPerAccount; ++i) scene.sign_in(stranger, email, "wrong wrong wrong");
    REQUIRE(scene.sign_in(stranger, email).status == 429);
    CHECK(choose().status == 200);
    CHECK(scene.sign_in(stranger, email, "nine quiet lamps burn").status == 200);
  }
}

TEST_CASE("one address gets ten sign-up and reset mails an hour, and the answer stays the same") {
  Scene scene;
  auto browser = fresh_browser();
  const auto email = fresh_email();
  for (int i = 0; i < 12; ++i) REQUIRE(scene.sign_up(browser, email).status == 202);
  CHECK(scene.mails().size() == 10);
}

TEST_CASE("the profile is billing's; changes go there first") {
  Scene scene;
  auto browser = fresh_browser();
  const auto id = scene.add_account(browser, fresh_email());
  auto& customer = scene.billing.customers.begin()->second;
  customer.last_name = "Renamed";
  CHECK(text(scene.host.send(browser, "GET", "/api/me").json().at("last_name")) == "Renamed");

  auto changed = scene.host.send(browser, "PATCH", "/api/me",
                                 {{"first_name", "Aya"}, {"company", "Sample Works"}, {"language", "en"}});
  INFO(changed.code << changed.body);
  REQUIRE(changed.status == 200);
  CHECK(text(changed.json().at("first_name")) == "Aya");
  CHECK(text(changed.json().at("company")) == "Sample Works");
  CHECK(text(changed.json().at("language")) == "en");
  CHECK(customer.first_name == "Aya");
  CHECK(scene.host.send(browser, "GET", "/api/me").body == changed.body);
  CHECK(scene.host.audit().back().details == R"({"fields":["first_name","company","language"]})");
  CHECK_FALSE(
      scene.host.send(browser, "PATCH", "/api/me", {{"company", ""}}).json().as_object().contains("company"));
  CHECK(scene.host.send(browser, "PATCH", "/api/me", boost::json::object{}).status == 200);
  CHECK(scene.host.send(browser, "PATCH", "/api/me", {{"email", "x@example.com"}}).error() ==
        "/email unknown_member");
  CHECK(scene.host.send(browser, "PATCH", "/api/me", {{"roles", {"admin"}}}).status == 422);

  const boost::json::object address{
      {"line1", "9-9"}, {"city", "Chuo"}, {"state", "Tokyo"}, {"postcode", "1030027"}, {"country", "JP"}};
  CHECK(text(scene.host.send(browser, "PATCH", "/api/me/address", address).json().at("address").at("city")) ==
        "Chuo");
  auto bad = address;
  bad["postcode"] = "1";
  CHECK(scene.host.send(browser, "PATCH", "/api/me/address", bad).error() == "/postcode invalid_postcode");
  CHECK(id == scene.user_of(browser));
}

TEST_CASE("billing away: signing in works, the profile is shown with its age, changes say so") {
  Scene scene;
  auto browser = fresh_browser();
  const auto email = fresh_email();
  scene.add_account(browser, email);
  scene.host.send(browser, "GET", "/api/me");
  scene.billing.away = true;
  const auto cached = scene.host.send(browser, "GET", "/api/me");
  CHECK(cached.status == 200);
  CHECK(cached.header("Portico-Cache").empty());
  scene.host.skip(5min);
  const auto stale = scene.host.send(browser, "GET", "/api/me");
  CHECK(stale.status == 200);
  CHECK(stale.header("Portico-Cache") == "stale");
  CHECK(std::stoi(std::string(stale.header("Age"))) >= 300);
  CHECK(scene.host.send(browser, "PATCH", "/api/me", {{"first_name", "Aya"}}).code == "upstream.unavailable");
  Scene cold;  // a replica that never asked
  cold.billing.away = true;
  const auto in = cold.sign_in(browser, email);
  REQUIRE(in.status == 200);
  CHECK(text(in.json().at("last_name")) == "Sample");
  CHECK(cold.host.send(browser, "GET", "/api/me").header("Portico-Cache") == "stale");
}

TEST_CASE("no log line and no audit row has a secret or a name") {
  Scene scene;
  auto browser = fresh_browser(), other = fresh_browser();
  const auto email = fresh_email();
  scene.add_account(browser, email);
  scene.sign_in(other, email, "not the password at all");
  scene.host.send(browser, "POST", "/api/auth/forgot-password", {{"email", email}});
  auto thief = browser;
  scene.host.send(browser, "POST", "/api/auth/refresh");
  database().script(
      "UPDATE refresh_tokens SET used_at = used_at - interval '31 seconds' WHERE used_at IS NOT NULL");
  scene.host.send(thief, "POST", "/api/auth/refresh");
  std::string all;
  for (const auto& line : scene.host.log()) all += line.text() + "\n";
  for (const auto& row : scene.host.audit())
    all += row.action + row.user_id + row.target + row.outcome + row.details + "\n";
  REQUIRE(all.size() > 100);
  std::vector<std::string> secrets{email, "Sample", "彩", kPassword, "not the password"};
  for (const auto& [name, value] : thief.cookies) secrets.push_back(value);
  for (const auto& mail : scene.mails())
    if (!mail.token().empty()) secrets.push_back(mail.token());
  for (const auto& secret : secrets) {
    INFO(secret);
    CHECK(all.find(secret) == std::string::npos);
  }
}

TEST_CASE("nobody sees a row, a user sees their own, and foreign rows cannot be made") {
  Scene scene;
  auto browser = fresh_browser(), other = fresh_browser();
  const auto mine = scene.add_account(browser, fresh_email()),
             theirs = scene.add_account(other, fresh_email());
  PGconn* connection = PQconnectdb(database().url().c_str());
  const auto as = [&](const std::string& user, const std::string& sql) {
    PGresult* result = PQexec(connection, ("BEGIN; SET LOCAL ROLE portico_auth; SET LOCAL search_path = "
                                           "auth; SELECT set_config('app.user_id', '" +
                                           user + "', true), set_config('app.scope', 'user', true); " + sql)
                                              .c_str());
    std::string cell = PQresultStatus(result) == PGRES_TUPLES_OK ? PQgetvalue(result, 0, 0) : "refused";
    PQclear(result);
    PQclear(PQexec(connection, "ROLLBACK"));
    return cell;
  };
  for (const std::string table :
       {"users", "id_mappings", "sessions", "refresh_tokens", "devices", "sign_ups", "resets", "tries"}) {
    INFO(table);
    CHECK(as("00000000-0000-0000-0000-000000000000", "SELECT count(*) FROM " + table) == "0");
    CHECK(as("", "SELECT count(*) FROM " + table) == "0");
    CHECK(database().ask("SELECT relforcerowsecurity::text FROM pg_class WHERE oid = 'auth." + table +
                         "'::regclass") == "true");
  }
  CHECK(as(mine, "SELECT count(*) FROM users") == "1");
  CHECK(as(mine, "SELECT count(*) FROM sessions WHERE user_id = '" + theirs + "'") == "0");
  CHECK(as(mine, "WITH x AS (UPDATE sessions SET proved_at = now() WHERE user_id = '" + theirs +
                     "' RETURNING 1) SELECT count(*) FROM x") == "0");
  CHECK(as(mine, "INSERT INTO sessions(id, user_id, expires_at) VALUES (gen_random_uuid(), '" + theirs +
                     "', now()) RETURNING id") == "refused");
  PQfinish(connection);
}

TEST_CASE("cleaning removes what has run out and nothing else") {
  Scene scene;
  auto browser = fresh_browser(), late = fresh_browser();
  const auto email = fresh_email();
  scene.add_account(browser, email);
  scene.sign_up(late, fresh_email());
  scene.host.send(late, "POST", "/api/auth/forgot-password", {{"email", fresh_email()}});
  scene.host.run_task("auth.clean");
  REQUIRE(count_of("sign_ups WHERE state = 'pending'") != "0");
  database().script(
      "UPDATE sign_ups SET expires_at = now() - interval '2 hours' WHERE state = 'pending';"
      "UPDATE resets SET expires_at = now() - interval '2 days';"
      "UPDATE sign_ups SET ended_at = now() - interval '8 days' WHERE ended_at IS NOT NULL;"
      "UPDATE tries SET touched_at = now() - interval '3 days', locked_until = NULL");
  scene.host.run_task("auth.clean");
  CHECK(count_of("sign_ups WHERE state IN ('pending', 'active', 'refused')") == "0");
  CHECK(count_of("resets") == "0");
  CHECK(count_of("tries") == "0");
  CHECK_FALSE(scene.user_of(browser).empty());
  database().script("UPDATE sessions SET expires_at = now() - interval '1 second'");
  scene.host.run_task("auth.clean");
  CHECK(count_of("sessions") == "0");
  CHECK(count_of("refresh_tokens") == "0");
}
