// Forms, guessing limits, the sign-up machine, mails, lease owners.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "domain/digest.hpp"
#include "domain/forms.hpp"
#include "domain/guessing.hpp"
#include "domain/lease_owner.hpp"
#include "domain/mail_texts.hpp"
#include "domain/sign_up_state.hpp"

using namespace auth;

namespace {

boost::json::object good_form() {
  return boost::json::
      parse(R"({"email":"aya@example.com","password":"seven grey boats drift","first_name":"彩","last_name":"Sample",
    "phone":"+81 3-1234-5678","language":"ja","accept_terms":true,
    "address":{"line1":"1-2-3 Sample","city":"Minato","state":"Tokyo","postcode":"105-0001","country":"JP"}})")
          .as_object();
}

/// "pointer code" of the first error, or "".
std::string first_error(const std::function<void()>& check) {
  try {
    check();
    return "";
  } catch (const portico::Problem& problem) {
    const auto& error = problem.members.at("errors").at(0);
    return std::string(error.at("pointer").as_string()) + " " + std::string(error.at("code").as_string());
  }
}

std::string sign_up_error(const boost::json::value& form) {
  return first_error([&] { check_sign_up(portico::decode<SignUpForm>(form), "Portico"); });
}

}  // namespace

TEST_CASE("a whole sign-up form is taken") {
  CHECK(sign_up_error(good_form()).empty());
  auto form = good_form();
  form["company"] = "";
  form["address"].as_object()["line2"] = "";
  CHECK(sign_up_error(form).empty());
  const auto person = to_person(portico::decode<SignUpForm>(form));
  CHECK_FALSE(person.profile.company);
  CHECK_FALSE(person.profile.address.line2);
}

TEST_CASE("each field of the sign-up form has its rule") {
  struct Row {
    const char* pointer;
    boost::json::value value;  // null: left out
    const char* code;
  };
  const Row rows[] = {
      {"/email", nullptr, "required"},
      {"/email", "", "required"},
      {"/email", "aya", "invalid_email"},
      {"/email", "aya@example", "invalid_email"},
      {"/email", "aya@@example.com", "invalid_email"},
      {"/email", "aya example@example.com", "invalid_email"},
      {"/email", "aya@example.com\r\nBcc: x@example.com", "invalid_email"},
      {"/email", "あや@example.com", "invalid_email"},
      {"/password", "short", "too_short"},
      {"/password", "password1234567", "password_common"},
      {"/password", "aya.sample.2026", "password_common"},
      {"/password", 15, "not_a_text"},
      {"/first_name", "   ", "required"},
      {"/first_name", "\u3000", "required"},
      {"/last_name", nullptr, "required"},
      {"/last_name", "A\nB", "invalid_characters"},
      {"/phone", "none", "invalid_phone"},
      {"/phone", "123", "invalid_phone"},
      {"/language", "fr", "invalid_language"},
      {"/accept_terms", false, "must_be_true"},
      {"/accept_terms", nullptr, "required"},
      {"/address", nullptr, "required"},
      {"/address/line1", "", "required"},
      {"/address/city", nullptr, "required"},
      {"/address/postcode", "12-34567", "invalid_postcode"},
      {"/address/postcode", "", "required"},
      {"/address/country", "jp", "invalid_country"},
      {"/nickname", "x", "unknown_member"},
  };
  for (const auto& row : rows) {
    auto form = good_form();
    std::string_view name = std::string_view(row.pointer).substr(1);
    auto* object = &form;
    if (name.rfind("address/", 0) == 0) object = &form["address"].as_object(), name.remove_prefix(8);
    if (row.value.is_null())
      object->erase(name);
    else
      (*object)[name] = row.value;
    CHECK(sign_up_error(form) == std::string(row.pointer) + " " + row.code);
  }
}

TEST_CASE("postal codes follow their country") {
  struct Row {
    const char *country, *code;
    bool good;
  };
  const Row rows[] = {{"JP", "105-0001", true},
                      {"JP", "1050001", true},
                      {"JP", "105 0001", false},
                      {"JP", "105-001", false},
                      {"JP", "１０５-０００１", false},
                      {"US", "94105", true},
                      {"US", "94105-1234", true},
                      {"US", "9410", false},
                      {"GB", "SW1A 1AA", true},
                      {"GB", "12345", false},
                      {"CA", "K1A 0B1", true},
                      {"DE", "10115", true},
                      {"NL", "1012 AB", true},
                      {"NL", "x", false},
                      {"NL", "10;12", false}};
  for (const auto& row : rows) {
    INFO(row.country << " " << row.code);
    CHECK(is_postcode(row.country, row.code) == row.good);
  }
}

TEST_CASE("addresses that differ in case are one account") {
  CHECK(canonical_email("Aya.Sample@Example.COM") == "aya.sample@example.com");
}

TEST_CASE("times are written in UTC to the second") {
  CHECK(rfc3339(portico::Time(std::chrono::microseconds(1'795'333'455'999'999))) == "2026-11-22T07:44:15Z");
}

TEST_CASE("locks begin with 15 minutes and double up to a day") {
  CHECK(lock_schedule() == std::vector<int>{900, 1800, 3600, 7200, 14400, 28800, 57600, 86400});
  CHECK(lock_schedule_literal() == "{900,1800,3600,7200,14400,28800,57600,86400}");
}

TEST_CASE("addresses count by their network") {
  struct Row {
    const char *a, *b;
    bool together;
  };
  const Row rows[] = {{"203.0.113.7", "203.0.113.200", true},
                      {"203.0.113.7", "203.0.114.7", false},
                      {"::ffff:203.0.113.9", "203.0.113.7", true},
                      {"2001:db8:1:ab00::1", "2001:db8:1:abff:ffff::2", true},
                      {"2001:db8:1:ab00::1", "2001:db8:1:ac00::1", false},
                      {"", "203.0.113.7", false}};
  for (const auto& row : rows) {
    INFO(row.a << " " << row.b);
    CHECK((address_prefix(row.a) == address_prefix(row.b)) == row.together);
  }
}

TEST_CASE("what is counted stays apart and names nobody") {
  const TryKeys keys(std::string(32, 'k')), others(std::string(32, 'x'));
  const std::string email = "aya@example.com";
  CHECK(keys.account(email).size() == 32);
  CHECK(keys.account(email) != keys.mail(email));
  CHECK(keys.account(email) != others.account(email));
  CHECK(keys.device(email, "1") != keys.device(email, "2"));
  CHECK(keys.address("203.0.113.1") == keys.address("203.0.113.2"));
}

TEST_CASE("the sign-up machine: what opening the link means in every state") {
  struct Row {
    SignUpState state;
    bool past_deadline;
    Press press;
    Step step;
  };
  using S = SignUpState;
  const Row rows[] = {
      {S::pending, false, Press::go_on, Step::create_customer},
      {S::pending, true, Press::expired, Step::create_customer},
      {S::confirmed, false, Press::go_on, Step::create_customer},
      {S::confirmed, true, Press::go_on,
       Step::create_customer},  // confirmed in time, cut off: it may take days
      {S::customer_created, false, Press::go_on, Step::make_account},
      {S::customer_created, true, Press::go_on, Step::make_account},
      {S::active, false, Press::used, Step::nothing},
      {S::active, true, Press::used, Step::nothing},
      {S::refused, false, Press::refused, Step::nothing},
      {S::refused, true, Press::refused, Step::nothing},
  };
  for (const auto& row : rows) {
    INFO(name_of(row.state) << (row.past_deadline ? ", late" : ""));
    CHECK(press(row.state, row.past_deadline) == row.press);
    CHECK(next_step(row.state) == row.step);
    CHECK(sign_up_state(name_of(row.state)) == row.state);
  }
  CHECK_THROWS_AS(sign_up_state("done"), portico::Problem);
}

TEST_CASE("the task waits longer from try to try, ten minutes at most") {
  CHECK(retry_delay_s(1) == 15);
  CHECK(retry_delay_s(2) == 30);
  CHECK(retry_delay_s(6) == 480);
  CHECK(retry_delay_s(7) == 600);
  CHECK(retry_delay_s(1000) == 600);
}

TEST_CASE("every mail exists in both languages with its links") {
  struct Row {
    MailKind kind;
    const char *en, *ja;
    bool second;
  };
  const Row rows[] = {
      {MailKind::confirm_sign_up, "Confirm your Sample Net account", "Sample Netアカウントの確認", false},
      {MailKind::account_exists, "You already have a Sample Net account",
       "Sample Netアカウントはすでに登録されています", true},
      {MailKind::account_ready, "Your Sample Net account is ready", "Sample Netアカウントの準備ができました",
       false},
      {MailKind::reset_password, "Choose a new password for Sample Net", "Sample Netのパスワードの再設定",
       false},
      {MailKind::password_changed, "Your Sample Net password was changed",
       "Sample Netのパスワードが変更されました", false}};
  const MailFacts facts{"Sample Net", "http://localhost:1/a#token=one", "http://localhost:1/b"};
  for (const auto& row : rows) {
    const auto en = mail_text(row.kind, "en", facts), ja = mail_text(row.kind, "ja", facts);
    CHECK(en.subject == row.en);
    CHECK(ja.subject == row.ja);
    for (const auto& mail : {en, ja}) {
      INFO(mail.subject);
      CHECK(mail.text.find("\n" + std::string(facts.link) + "\n") != std::string::npos);
      CHECK((mail.text.find("\n" + std::string(facts.second_link) + "\n") != std::string::npos) ==
            row.second);
      CHECK(mail.text.find('{') == std::string::npos);
    }
    CHECK(mail_text(row.kind, "fr", facts).subject == en.subject);
  }
}

TEST_CASE("a lease holder is gone only when its process certainly is") {
  CHECK_FALSE(is_gone(this_process()));
  CHECK_FALSE(is_gone(""));
  CHECK_FALSE(is_gone("another-boot/pid:[1]/1/1"));
  CHECK_FALSE(is_gone("nonsense"));
  int pipe_ends[2];
  REQUIRE(pipe(pipe_ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto name = this_process();
    const auto written = write(pipe_ends[1], name.data(), name.size());
    _exit(written == static_cast<ssize_t>(name.size()) ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
  std::string name(512, '\0');
  name.resize(static_cast<std::size_t>(read(pipe_ends[0], name.data(), name.size())));
  close(pipe_ends[0]);
  close(pipe_ends[1]);
  CHECK(is_gone(name));
  // The same number in another process: the start time tells them apart.
  auto reused = this_process();
  reused.back() = reused.back() == '1' ? '2' : '1';
  CHECK(is_gone(reused));
}
