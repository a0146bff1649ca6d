// When a hand-off is open, and when the password is too old for it.
#include "domain/hand_off_rules.hpp"

#include <catch2/catch.hpp>

using namespace billing;
using namespace std::chrono_literals;
using portico::billing::InvoiceStatus;

TEST_CASE("a proof lasts ten minutes") {
  const Moment now{std::chrono::sys_days(2025y / 6 / 20) + 12h};
  struct Row {
    const char* rule;
    Moment proved_at;
    bool step_up;
  };
  const Row rows[] = {{"just now", now, false},
                      {"nine minutes ago", now - 9min, false},
                      {"exactly ten minutes ago", now - 10min, false},
                      {"a microsecond more", now - 10min - 1us, true},
                      {"yesterday", now - 24h, true},
                      {"never", Moment{}, true},
                      {"a clock a little ahead", now + 1s, false},
                      {"a time of the far future", now + 1h, true}};
  for (const auto& row : rows) {
    INFO(row.rule);
    CHECK(needs_step_up(now, row.proved_at) == row.step_up);
  }
}

TEST_CASE("what is settled can be viewed and not paid; a draft neither") {
  using enum InvoiceStatus;
  struct Row {
    InvoiceStatus status;
    bool view, pay;
  };
  const Row rows[] = {{unpaid, true, true},          {overdue, true, true}, {collections, true, true},
                      {payment_pending, true, true}, {paid, true, false},   {cancelled, true, false},
                      {refunded, true, false},       {draft, false, false}};
  for (const auto& row : rows) {
    INFO(static_cast<int>(row.status));
    CHECK(is_open_for(Target::view, row.status) == row.view);
    CHECK(is_open_for(Target::pay, row.status) == row.pay);
  }
}

TEST_CASE("an invoice id is a number of at most 18 digits") {
  for (const char* id : {"1", "9001", "123456789012345678"}) CHECK(is_invoice_id(id));
  for (const char* id : {"", "0", "01", "-1", "1.0", "1 ", "x", "1;2", "1234567890123456789", "９"}) {
    INFO(id);
    CHECK_FALSE(is_invoice_id(id));
  }
}
