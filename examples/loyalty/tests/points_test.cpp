// What an invoice is worth, and when.
#include "domain/points.hpp"

#include <catch2/catch.hpp>
#include <limits>

using loyalty::Verdict;
using portico::billing::InvoiceStatus;

TEST_CASE("points are a share of the amount, rounded down") {
  const struct {
    std::int64_t amount, percent, points;
  } rows[] = {{5500, 1, 55},
              {5599, 1, 55},
              {99, 1, 0},
              {150, 50, 75},
              {1000, 0, 0},
              {-500, 10, 0},
              {0, 10, 0},
              {std::numeric_limits<std::int64_t>::max(), 100, std::numeric_limits<std::int64_t>::max()}};
  for (const auto& row : rows) {
    INFO(row.amount << " at " << row.percent << " %");
    CHECK(loyalty::points_for({row.amount, "JPY"}, row.percent) == row.points);
  }
}

TEST_CASE("only a paid invoice gives points, and only one that may still be paid is waited for") {
  CHECK(loyalty::verdict_on(InvoiceStatus::paid) == Verdict::credit);
  for (const auto status : {InvoiceStatus::unpaid, InvoiceStatus::overdue, InvoiceStatus::payment_pending})
    CHECK(loyalty::verdict_on(status) == Verdict::wait);
  for (const auto status :
       {InvoiceStatus::draft, InvoiceStatus::cancelled, InvoiceStatus::refunded, InvoiceStatus::collections})
    CHECK(loyalty::verdict_on(status) == Verdict::never);
}
