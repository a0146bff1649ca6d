// Rules of the hand-off; pure.
#include "domain/hand_off_rules.hpp"

#include <algorithm>

namespace billing {

bool needs_step_up(Moment now, Moment proved_at) {
  // A proof of the future (a clock set back) is as good as one of now, within reason: refuse only what is far
  // off.
  return proved_at.time_since_epoch().count() == 0 || now - proved_at > kProofLasts ||
         proved_at - now > kProofLasts;
}

bool is_open_for(Target target, portico::billing::InvoiceStatus status) {
  using enum portico::billing::InvoiceStatus;
  switch (status) {
    case unpaid:
    case overdue:
    case collections:
    case payment_pending:
      return true;
    case paid:
    case cancelled:
    case refunded:
      return target == Target::view;
    case draft:
      return false;
  }
  return false;
}

bool is_invoice_id(std::string_view id) {
  return !id.empty() && id.size() <= 18 && id[0] != '0' &&
         std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace billing
