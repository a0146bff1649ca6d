// The rules of points.
#include "domain/points.hpp"

namespace loyalty {

Verdict verdict_on(portico::billing::InvoiceStatus status) {
  using enum portico::billing::InvoiceStatus;
  switch (status) {
    case paid:
      return Verdict::credit;
    case unpaid:
    case overdue:
    case payment_pending:
      return Verdict::wait;
    case draft:
    case cancelled:
    case refunded:
    case collections:
      return Verdict::never;
  }
  return Verdict::never;
}

std::int64_t points_for(const portico::Money& total, std::int64_t percent) {
  if (total.amount_minor <= 0) return 0;
  // Hundreds first: no amount of money is too large to be multiplied then.
  return total.amount_minor / 100 * percent + total.amount_minor % 100 * percent / 100;
}

}  // namespace loyalty
