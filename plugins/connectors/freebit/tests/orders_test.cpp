// The life of an order, with a script for the enabler and a clock that stands still.
#include "mapping/orders.hpp"

#include "tests/support.hpp"

using namespace freebit;
using namespace std::chrono_literals;

namespace {

struct Desk {
  Desk()
      : orders(journal, {{},
                         [this] { return now; },
                         [](std::string_view wish) { return std::string(wish); },
                         [](auto...) {}}) {}

  Order order(const char* id, Change change = Change::top_up, const char* wish = "a") {
    Order out;
    out.operation_id = id;
    out.account = "09000000001";
    out.change = change;
    out.wish = wish;
    out.effective_at = now;
    out.send = [this](bool) {
      ++sent;
      if (answer) answer();
    };
    out.look = [this] {
      ++looked;
      return effect;
    };
    return out;
  }
  std::string run(const char* id, Change change = Change::top_up, const char* wish = "a") {
    return words(orders.run(order(id, change, wish)));
  }

  Seconds now{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};
  MemoryJournal journal;
  Orders orders;
  std::function<void()> answer;
  std::optional<EntryState> effect;
  int sent = 0, looked = 0;
};

void times_out() {
  throw Uncertain(portico::Problem(504, "upstream.timeout"));
}
void is_refused() {
  throw portico::Problem(503, "upstream.unavailable");
}
std::function<void()> declines(Meaning meaning, const char* code) {
  return [=] { throw Refusal(meaning, code, "PA04-04"); };
}

}  // namespace

TEST_CASE("a repeat of a done order is told so and not sent") {
  Desk desk;
  CHECK(desk.run("op-1") == "done");
  CHECK(desk.run("op-1") == "done");
  CHECK(desk.sent == 1);
  CHECK(desk.looked == 0);
}

TEST_CASE("one id is one wish") {
  Desk desk;
  desk.run("op-1");
  CHECK(code_of([&] { desk.run("op-1", Change::top_up, "b"); }) == "409 mobile.operation_id_reused");
  CHECK(code_of([&] { desk.run("op-1", Change::cancel, "a"); }) == "409 mobile.operation_id_reused");
  CHECK(desk.sent == 1);
}

TEST_CASE("a time-out is settled by reading back at once, where the effect is seen") {
  Desk desk;
  desk.answer = times_out;
  desk.effect = EntryState::done;
  CHECK(desk.run("op-1") == "done");
  CHECK(desk.run("op-1") == "done");
  CHECK(desk.sent == 1);
}

TEST_CASE("a time-out whose effect shows later is settled then, and never sent again") {
  Desk desk;
  desk.answer = times_out;
  CHECK(desk.run("op-1") == "unknown");
  desk.answer = {};
  CHECK(desk.run("op-1") == "unknown");  // too soon to say that it did not happen
  CHECK(desk.sent == 1);
  desk.now += 121s;
  desk.effect = EntryState::done;
  CHECK(desk.run("op-1") == "done");
  CHECK(desk.sent == 1);
}

TEST_CASE("what was looked for and not seen long after is sent once more") {
  Desk desk;
  desk.answer = times_out;
  CHECK(desk.run("op-1") == "unknown");
  desk.answer = {};
  desk.now += 121s;
  CHECK(desk.run("op-1") == "done");
  CHECK(desk.sent == 2);
  CHECK(desk.run("op-1") == "done");
  CHECK(desk.sent == 2);
}

TEST_CASE("what is sent once more takes effect when it is ordered now, not when it was ordered first") {
  Desk desk;
  desk.answer = times_out;
  desk.run("op-1", Change::plan);
  desk.answer = {};
  desk.now += 40 * 24h;
  CHECK(desk.run("op-1", Change::plan) == "done");
  CHECK(desk.journal.entries["op-1"].effective_at == desk.now);
}

TEST_CASE("a reissue with an unknown outcome is never sent again") {
  Desk desk;
  desk.answer = times_out;
  CHECK(desk.run("op-1", Change::reissue) == "unknown");
  desk.answer = {};
  desk.now += 24h;
  CHECK(desk.run("op-1", Change::reissue) == "unknown");
  CHECK(desk.sent == 1);
  desk.effect = EntryState::done;
  CHECK(desk.run("op-1", Change::reissue) == "done");
}

TEST_CASE("a host that died while it was sending leaves an order that is looked for first") {
  Desk desk;
  desk.journal.entries["op-1"] = {"op-1",   "09000000001", Change::top_up, "\"a\"", EntryState::sending,
                                  desk.now, desk.now,      desk.now,       {}};
  CHECK(desk.run("op-1") == "unknown");  // somebody may be at it
  CHECK(desk.looked == 0);
  desk.now += 61s;
  CHECK(desk.run("op-1") == "unknown");
  CHECK(desk.looked == 1);
  CHECK(desk.sent == 0);
  desk.effect = EntryState::done;
  CHECK(desk.run("op-1") == "done");
  CHECK(desk.sent == 0);
}

TEST_CASE("a refusal leaves nothing behind: the same id may come again") {
  struct Row {
    Meaning meaning;
    const char *code, *words;
  };
  const Row rows[] = {{Meaning::busy, "409-1", "refused busy until 2026-11-22T00:30:00Z 409-1"},
                      {Meaning::invalid, "400-356", "refused invalid 400-356"},
                      {Meaning::not_found, "404-1", "refused not_found 404-1"},
                      {Meaning::not_now, "403-1", "refused not_now 403-1"}};
  for (const auto& row : rows) {
    INFO(row.code);
    Desk desk;
    desk.answer = declines(row.meaning, row.code);
    CHECK(desk.run("op-1") == row.words);
    CHECK(desk.journal.entries.empty());
    desk.answer = {};
    CHECK(desk.run("op-1") == "done");
  }
}

TEST_CASE("what surely was not sent is a failure and no outcome") {
  Desk desk;
  desk.answer = is_refused;
  CHECK(code_of([&] { desk.run("op-1"); }) == "503 upstream.unavailable");
  CHECK(desk.journal.entries.empty());
}

TEST_CASE("a second try that is not sent does not make the first one unhappened") {
  Desk desk;
  desk.answer = times_out;
  desk.run("op-1");
  desk.now += 121s;
  desk.answer = is_refused;
  CHECK(code_of([&] { desk.run("op-1"); }) == "503 upstream.unavailable");
  REQUIRE(desk.journal.entries.count("op-1") == 1);
  CHECK(desk.journal.entries["op-1"].state == EntryState::unknown);
}

TEST_CASE("a second try that finds the first one arrived late is a success") {
  Desk desk;
  desk.answer = times_out;
  desk.run("op-1", Change::activation);
  desk.now += 121s;
  desk.answer = [&] {
    desk.effect = EntryState::accepted;
    throw Refusal(Meaning::not_now, "403-1", "PA05-41");
  };
  CHECK(desk.run("op-1", Change::activation).starts_with("accepted"));
}

TEST_CASE("an accepted order is looked at when it is due") {
  Desk desk;
  CHECK(desk.run("op-1", Change::network) == "accepted 2026-11-22T00:30:00Z");
  CHECK(desk.run("op-1", Change::network) == "accepted 2026-11-22T00:30:00Z");
  CHECK(desk.looked == 0);
  desk.now += 30min;
  CHECK(desk.run("op-1", Change::network) == "accepted 2026-11-22T00:35:00Z");  // it takes longer
  desk.now += 5min;
  desk.effect = EntryState::done;
  CHECK(desk.run("op-1", Change::network) == "done");
  CHECK(desk.sent == 1);
}

TEST_CASE("a second change of a locked line is not sent, and told when it may be") {
  Desk desk;
  desk.run("op-1", Change::network);
  desk.now += 10min;
  CHECK(desk.run("op-2", Change::voice) == "refused busy until 2026-11-22T00:30:00Z");
  CHECK(desk.sent == 1);
  desk.now += 20min;
  CHECK(desk.run("op-2", Change::voice).starts_with("accepted"));
}

TEST_CASE("an outcome that cannot be stored is told, and the repeat looks first") {
  Desk desk;
  desk.journal.fail_settle = true;
  CHECK(desk.run("op-1") == "done");
  desk.journal.fail_settle = false;
  desk.now += 61s;
  desk.effect = EntryState::done;
  CHECK(desk.run("op-1") == "done");
  CHECK(desk.sent == 1);
  CHECK(desk.looked == 1);
}

TEST_CASE("what is checked once is not asked of a repeat") {
  Desk desk;
  auto order = desk.order("op-1");
  bool expired = false;
  order.check = [&] {
    if (expired) throw portico::invalid_field("/expires_on", "in_the_past");
  };
  CHECK(words(desk.orders.run(order)) == "done");
  expired = true;
  CHECK(words(desk.orders.run(order)) == "done");
  order.operation_id = "op-2";
  CHECK(code_of([&] { desk.orders.run(order); }) == "422 request.invalid /expires_on in_the_past");
}
