// Which change waits for which, and what the contract's values are.
#include "mapping/rules.hpp"

#include <portico/contracts/mobile.hpp>

#include "mapping/changes.hpp"
#include "tests/support.hpp"

using namespace freebit;
namespace contract = portico::mobile;
using namespace std::chrono_literals;

TEST_CASE("changes of one line keep their distance") {
  const Seconds now = Seconds(std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)) + 12h;
  struct Row {
    const char* rule;
    Change before;
    std::chrono::minutes ago;        // it was tried
    std::chrono::minutes effective;  // it takes effect, from now
    Change wanted;
    std::chrono::minutes wait;  // 0: none
  };
  const Row rows[] = {
      {"a network change locks voice options", Change::network, 0min, 0min, Change::voice, 30min},
      {"… and a top-up", Change::network, 10min, -10min, Change::top_up, 20min},
      {"… and a cancellation", Change::network, 29min, -29min, Change::cancel, 1min},
      {"… for half an hour", Change::network, 30min, -30min, Change::voice, 0min},
      {"voice options keep the next ones away", Change::voice, 5min, -5min, Change::voice, 25min},
      {"… and a network change", Change::voice, 5min, -5min, Change::network, 25min},
      {"… and a plan", Change::voice, 5min, -5min, Change::plan, 25min},
      {"… and no top-up", Change::voice, 5min, -5min, Change::top_up, 0min},
      {"… and no cancellation", Change::voice, 5min, -5min, Change::cancel, 0min},
      {"a plan changed now keeps voice options away", Change::plan, 1min, -1min, Change::voice, 29min},
      {"a plan for next week does not", Change::plan, 1min, 7 * 24h, Change::voice, 0min},
      {"… unless the week is nearly over", Change::plan, 7 * 24h, 20min, Change::voice, 50min},
      {"… and keeps a second plan away", Change::plan, 1min, 7 * 24h, Change::plan, 7 * 24h},
      {"a cancellation on its way keeps a plan away", Change::cancel, 1min, 3 * 24h, Change::plan,
       3 * 24h + 10min},
      {"… and no voice options", Change::cancel, 1min, 3 * 24h, Change::voice, 0min},
      {"a top-up is in nobody's way", Change::top_up, 0min, 0min, Change::top_up, 0min},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    const std::vector<Earlier> earlier{{row.before, false, now - row.ago, now + row.effective}};
    const auto until = blocked_until(earlier, row.wanted, now, now, {});
    CHECK((until ? *until - now : 0s) == row.wait);
  }
}

TEST_CASE("an order on its way keeps every other one away, until it must have ended") {
  const Seconds now{1'000'000s};
  const auto wait = [&](std::chrono::seconds ago) {
    const auto until =
        blocked_until({{Change::top_up, true, now - ago, now - ago}}, Change::cancel, now, now, {});
    return until ? *until - now : 0s;
  };
  CHECK(wait(0s) == 60s);
  CHECK(wait(59s) == 1s);
  CHECK(wait(60s) == 0s);
}

TEST_CASE("an EID has 32 digits and the right check digits") {
  CHECK_FALSE(contract::check_eid(kEid));
  const std::string good = kEid;
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto bad = good;
    bad[at] = bad[at] == '9' ? '0' : static_cast<char>(bad[at] + 1);
    CHECK(contract::check_eid(bad));
  }
  CHECK(contract::check_eid(good.substr(1)));
  CHECK(contract::check_eid(""));
  CHECK_FALSE(contract::check_iccid("8981100000000000010"));
}

TEST_CASE("a reservation number may be typed with hyphens and is ten digits") {
  CHECK_FALSE(contract::check_reservation_number("11-123-45678"));
  CHECK(contract::reservation_digits("11-123-45678") == "1112345678");
  for (const char* bad : {"", "111234567", "11123456789", "11 123 45678", "１１12345678"})
    CHECK(contract::check_reservation_number(bad));
}

TEST_CASE("a holder is M, W or C on the wire, and nothing else") {
  CHECK(wire_holder(contract::HolderKind::man) == "M");
  CHECK(wire_holder(contract::HolderKind::woman) == "W");
  CHECK(wire_holder(contract::HolderKind::company) == "C");
}

TEST_CASE("values of the wrong kind are refused where the operation begins") {
  const auto refused = [](const char* json) {
    return code_of([&] { portico::decode_text<contract::TopUp>(json); });
  };
  CHECK(refused(R"({"operation_id":"a","pool":{"line":{"digits":"09000000001"}},"amount":{"mb":100}})") ==
        "");
  CHECK(refused(R"({"operation_id":"a","pool":{"line":{"digits":"09000000001"}},"amount":{"kb":100}})") !=
        "");
  CHECK(refused(R"({"operation_id":"a","pool":{"line":{"digits":"09000000001"}},"amount":{"mb":0}})") ==
        "422 request.invalid /amount/mb too_small");
  CHECK(
      refused(R"({"operation_id":"a","pool":{"line":{"digits":"09000000001"}},"amount":{"mb":"１００"}})") !=
      "");
  CHECK(refused(R"({"operation_id":"a","pool":{"line":{"digits":"090-0000-0001"}},"amount":{"mb":100}})") ==
        "422 request.invalid /pool/line/digits invalid_phone_number");
  CHECK(refused(R"({"operation_id":"a b","pool":{"line":{"digits":"09000000001"}},"amount":{"mb":100}})") ==
        "422 request.invalid /operation_id invalid_operation_id");
}
