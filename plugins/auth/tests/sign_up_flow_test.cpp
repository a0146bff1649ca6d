// Signing up: the mail, the link, billing away, twins, and a kill between any two steps.
#include <sys/wait.h>

#include <catch2/catch.hpp>

#include "domain/digest.hpp"
#include "domain/guessing.hpp"
#include "tests/support/scene.hpp"

using namespace auth::testing;
using portico::Problem;

TEST_CASE("a person signs up, opens the mail in the same browser, and is signed in") {
  Scene scene;
  auto browser = fresh_browser();
  const auto email = fresh_email();
  const auto asked = scene.sign_up(browser, email);
  INFO(asked.code << " " << asked.body);
  REQUIRE(asked.status == 202);
  CHECK(asked.body == R"({"status":"check_mail"})");
  REQUIRE(scene.mails().size() == 1);
  CHECK(scene.mails()[0].to == email);
  CHECK(scene.mails()[0].subject == "Sample Netアカウントの確認");
  CHECK(scene.mails()[0].text.find("http://localhost:8080/auth/verify#token=") != std::string::npos);
  CHECK(scene.billing.creations == 0);

  const auto token = scene.mails()[0].token();
  const auto done = scene.confirm(browser, token);
  INFO(done.code << done.body);
  REQUIRE(done.status == 200);
  CHECK(text(done.json().at("email")) == email);
  CHECK(done.json().at("roles") == boost::json::array{"customer"});
  CHECK(text(done.json().at("address").at("postcode")) == "105-0001");
  CHECK(done.set_cookies.at("signup").empty());
  CHECK(scene.billing.creations == 1);
  CHECK(scene.user_of(browser) == text(done.json().at("id")));
  CHECK(scene.confirm(browser, token).code == "auth.link_used");

  const auto me = scene.host.send(browser, "GET", "/api/me");
  REQUIRE(me.status == 200);
  CHECK(me.body == done.body);
  CHECK(scene.audited("auth.sign_up.requested", "ok"));
  CHECK(scene.audited("auth.sign_up.confirmed", "ok"));
  CHECK(scene.audited("auth.sign_in", "ok"));
  const auto links = scene.host.call(
      "accounts.get_links/1", R"({"user_id":")" + std::string(done.json().at("id").as_string()) + R"("})");
  CHECK(links.find("c-") != std::string::npos);
  CHECK_THROWS_AS(
      scene.host.call("accounts.get_links/1", R"({"user_id":"00000000-0000-4000-8000-000000000000"})"),
      Problem);
  CHECK_THROWS_AS(scene.host.call("accounts.get_links/1", R"({"user_id":"*"})"), Problem);
}

TEST_CASE(
    "in another browser the link asks for the chosen password, so a stranger's sign-up cannot be completed "
    "by its victim") {
  Scene scene;
  auto first = fresh_browser(), other = fresh_browser();
  scene.sign_up(first, fresh_email());
  const auto token = scene.mails().back().token();
  CHECK(scene.confirm(other, token).code == "auth.password_needed");
  const auto wrong = scene.host.send(other, "POST", "/api/auth/signup/confirm",
                                     {{"token", token}, {"password", "not that one at all"}});
  CHECK(wrong.status == 401);
  CHECK(wrong.code == "auth.invalid_credentials");
  other.cookies["signup"] = std::string(43, 'A');
  CHECK(scene.confirm(other, token).code == "auth.password_needed");
  const auto right =
      scene.host.send(other, "POST", "/api/auth/signup/confirm", {{"token", token}, {"password", kPassword}});
  CHECK(right.status == 200);
}

TEST_CASE("guessing the chosen password of a sign-up is limited") {
  Scene scene;
  auto browser = fresh_browser(), other = fresh_browser();
  scene.sign_up(browser, fresh_email());
  const auto token = scene.mails().back().token();
  const auto guess = [&] {
    return scene.host.send(other, "POST", "/api/auth/signup/confirm",
                           {{"token", token}, {"password", "not that one at all"}});
  };
  for (int i = 0; i < auth::kTriesPerAccount; ++i) REQUIRE(guess().status == 401);
  const auto locked = guess();
  CHECK(locked.status == 429);
  CHECK(locked.retry_after_s > 800);
}

TEST_CASE("an address with an account gets another mail; the one who asks sees no difference") {
  Scene scene;
  auto owner = fresh_browser(), stranger = fresh_browser(), nobody = fresh_browser();
  const auto email = fresh_email();
  scene.add_account(owner, email);
  const auto unknown = scene.sign_up(nobody, fresh_email());
  const auto pending = count_of("sign_ups");
  const auto known = scene.sign_up(stranger, email, "another long phrase here");
  CHECK(known.status == unknown.status);
  CHECK(known.body == unknown.body);
  CHECK(plain_headers(known) == plain_headers(unknown));
  CHECK(known.set_cookies.size() == unknown.set_cookies.size());
  CHECK(scene.mails().back().subject == "Sample Netアカウントはすでに登録されています");
  CHECK(scene.mails().back().text.find("/auth/login") != std::string::npos);
  CHECK(scene.mails().back().token().empty());
  CHECK(count_of("sign_ups") == pending);
}

TEST_CASE("a link that was not opened in 30 minutes has expired; unknown ones too") {
  Scene scene;
  auto browser = fresh_browser();
  scene.sign_up(browser, fresh_email());
  database().script("UPDATE sign_ups SET expires_at = now() - interval '1 second' WHERE state = 'pending'");
  CHECK(scene.confirm(browser, scene.mails().back().token()).code == "auth.link_expired");
  CHECK(scene.confirm(browser, std::string(43, 'x')).code == "auth.link_expired");
  CHECK(scene.confirm(browser, "nonsense").status == 410);
}

TEST_CASE("billing away: the link stays good, and the person or the task finishes") {
  Scene scene;
  auto browser = fresh_browser();
  const auto email = fresh_email();
  scene.sign_up(browser, email);
  const auto token = scene.mails().back().token();
  scene.billing.away = true;
  const auto away = scene.confirm(browser, token);
  CHECK(away.status == 503);
  CHECK(away.code == "upstream.unavailable");
  CHECK(away.retry_after_s > 0);
  CHECK(scene.confirm(browser, token).status == 503);  // no lease is left behind
  database().script("UPDATE sign_ups SET expires_at = now() - interval '1 day' WHERE state = 'confirmed'");

  SECTION("the person presses again, also after the 30 minutes") {
    scene.billing.away = false;
    CHECK(scene.confirm(browser, token).status == 200);
  }
  SECTION("the task waits its turn, then finishes and tells the person") {
    scene.host.run_task("auth.finish_sign_ups");
    CHECK(scene.confirm(browser, token).status == 503);
    scene.billing.away = false;
    database().script("UPDATE sign_ups SET next_try_at = now() WHERE state = 'confirmed'");
    scene.host.run_task("auth.finish_sign_ups");
    CHECK(scene.mails().back().subject == "Sample Netアカウントの準備ができました");
    CHECK(scene.confirm(browser, token).code == "auth.link_used");
    CHECK(scene.sign_in(browser, email).status == 200);
  }
  CHECK(scene.billing.creations == 1);
}

TEST_CASE("a customer that billing has from elsewhere ends the sign-up, and says so again") {
  Scene scene;
  auto browser = fresh_browser();
  const auto email = fresh_email();
  scene.billing.customers["old"] = {"old", email, "", "", {}, "", "en", "JPY", {}};
  scene.sign_up(browser, email);
  const auto token = scene.mails().back().token();
  for (int i = 0; i < 2; ++i) {
    const auto reply = scene.confirm(browser, token);
    CHECK(reply.status == 409);
    CHECK(reply.code == "auth.customer_exists");
  }
  CHECK(scene.billing.creations == 0);
}

TEST_CASE("two sign-ups of one person: the second link leads to the account of the first") {
  Scene scene;
  auto browser = fresh_browser(), second_browser = fresh_browser();
  const auto email = fresh_email();
  scene.sign_up(browser, email);
  const auto first = scene.mails().back().token();
  scene.sign_up(second_browser, email);
  const auto second = scene.mails().back().token();
  CHECK(scene.confirm(browser, first).status == 200);
  CHECK(scene.confirm(second_browser, second).code == "auth.link_used");
  CHECK(scene.billing.creations == 1);
}

TEST_CASE("while one try is at work, a second press is told to wait") {
  Scene scene;
  auto browser = fresh_browser();
  scene.sign_up(browser, fresh_email());
  const auto token = scene.mails().back().token();
  std::optional<Reply> second;
  const auto create = scene.operations["billing.create_customer/1"];
  auto twin_browser = browser;
  Scene twin;  // another replica
  scene.operations["billing.create_customer/1"] = [&](std::string_view text) {
    second = twin.confirm(twin_browser, token);
    return create(text);
  };
  CHECK(scene.confirm(browser, token).status == 200);
  REQUIRE(second);
  CHECK(second->status == 409);
  CHECK(second->code == "auth.sign_up_running");
  CHECK(second->retry_after_s == 2);
}

TEST_CASE("a try that was overtaken changes nothing any more") {
  Scene scene, other;
  other.billing = scene.billing;
  auto browser = fresh_browser();
  const auto email = fresh_email();
  scene.sign_up(browser, email);
  const auto token = scene.mails().back().token();
  std::optional<Reply> overtaker;
  const auto create = scene.operations["billing.create_customer/1"];
  other.operations = scene.operations;
  auto second_browser = browser;
  scene.operations["billing.create_customer/1"] = [&](std::string_view text) {
    auto made = create(text);
    database().script(
        "UPDATE sign_ups SET lease_until = now() - interval '1 second' WHERE state = 'confirmed'");  // it
                                                                                                     // slept
    overtaker = other.confirm(second_browser, token);
    return made;
  };
  const auto late = scene.confirm(browser, token);
  REQUIRE(overtaker);
  CHECK(overtaker->status == 200);
  CHECK(late.code == "auth.sign_up_running");
  CHECK(scene.billing.creations == 1);
  CHECK(count_of("users WHERE email = lower('" + email + "')") == "1");
  CHECK(scene.sign_in(browser, email).status == 200);
}

TEST_CASE(
    "killed between any two steps, a sign-up ends whole: one customer, one account, and the person is in") {
  const char* labels[] = {"sign_up.requested.before_commit",        "sign_up.requested.after_commit",
                          "sign_up.confirmed.before_commit",        "sign_up.confirmed.after_commit",
                          "sign_up.customer.before_call",           "sign_up.customer.after_call",
                          "sign_up.customer_created.before_commit", "sign_up.customer_created.after_commit",
                          "sign_up.active.before_commit",           "sign_up.active.after_commit"};
  for (const std::string label : labels) {
    INFO(label);
    Scene scene;  // the process that lives on
    auto browser = fresh_browser();
    const auto email = fresh_email();
    const bool in_request = label.rfind("sign_up.requested", 0) == 0;
    std::string token;
    if (!in_request) {
      REQUIRE(scene.sign_up(browser, email).status == 202);
      token = scene.mails().back().token();
    }
    // The one that dies: a process of its own; what billing was told comes back through a pipe.
    int made[2];
    REQUIRE(pipe(made) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      Scene dying({{"crash_at", label}});
      const auto create = dying.operations["billing.create_customer/1"];
      dying.operations["billing.create_customer/1"] = [&](std::string_view text) {
        auto result = create(text);
        const auto written = write(made[1], text.data(), text.size());
        return written == static_cast<ssize_t>(text.size()) ? result : std::string();
      };
      if (in_request)
        dying.sign_up(browser, email);
      else
        dying.confirm(browser, token);
      _exit(0);
    }
    close(made[1]);
    std::string told(4096, '\0');
    const auto size = read(made[0], told.data(), told.size());
    told.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    close(made[0]);
    int status = 0;
    waitpid(child, &status, 0);
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) == 137);
    if (!told.empty()) scene.billing.create(told);

    if (in_request) {  // its mail is the queue's business; the person simply asks again
      REQUIRE(scene.sign_up(browser, email).status == 202);
      token = scene.mails().back().token();
    }
    const auto again = scene.confirm(browser, token);
    INFO(again.status << " " << again.code << " " << again.body);
    if (label == "sign_up.active.after_commit") {
      CHECK(again.code == "auth.link_used");  // it was done; only the answer was lost
      CHECK(scene.sign_in(browser, email).status == 200);
    } else {
      CHECK(again.status == 200);
    }
    CHECK(scene.host.send(browser, "GET", "/api/me").status == 200);
    CHECK(scene.billing.creations == 1);
    CHECK(count_of("users WHERE email = lower('" + email + "')") == "1");
  }
}

TEST_CASE("after a kill the task finishes too, once the lease has run out") {
  Scene scene;
  auto browser = fresh_browser();
  const auto email = fresh_email();
  scene.sign_up(browser, email);
  const auto token = scene.mails().back().token();
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    Scene dying({{"crash_at", "sign_up.confirmed.after_commit"}});
    dying.confirm(browser, token);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WEXITSTATUS(status) == 137);
  scene.host.run_task("auth.finish_sign_ups");
  CHECK(scene.billing.creations == 0);
  database().script(
      "UPDATE sign_ups SET lease_until = now() - interval '1 second' WHERE state = 'confirmed'");
  scene.host.run_task("auth.finish_sign_ups");
  CHECK(scene.billing.creations == 1);
  CHECK(scene.mails().back().subject == "Sample Netアカウントの準備ができました");
  CHECK(scene.sign_in(browser, email).status == 200);
}

TEST_CASE("nothing personal can be read in the tables of sign-ups, and nothing stays when they end") {
  Scene scene;
  auto browser = fresh_browser();
  const auto email = fresh_email();
  scene.sign_up(browser, email);
  const auto pending = "sign_ups WHERE state = 'pending' AND created_at > now() - interval '1 minute'";
  REQUIRE(count_of(pending) != "0");
  const auto row =
      database().ask(std::string("SELECT string_agg(s::text, ' ') FROM (SELECT * FROM ") + pending + ") s");
  for (const std::string& secret : {email, auth::hex(email), std::string("Sample"), std::string("105-0001"),
                                    kPassword, scene.mails().back().token()})
    CHECK(row.find(secret) == std::string::npos);
  scene.confirm(browser, scene.mails().back().token());
  CHECK(count_of("sign_ups WHERE state IN ('active', 'refused') AND (sealed IS NOT NULL OR password_hash IS "
                 "NOT NULL)") == "0");
}
