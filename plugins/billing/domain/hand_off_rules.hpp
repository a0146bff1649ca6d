// When a person may be handed over to the billing site, and for what.
#pragma once

#include <chrono>
#include <portico/contracts/billing.hpp>
#include <string_view>

namespace billing {

/// view opens the invoice; pay opens it in order to pay. Both lead to the same page of the billing site.
enum class Target { view, pay };
BOOST_DESCRIBE_ENUM(Target, view, pay)

/// The hand-off skips the billing site's own sign-in, so the password must be this fresh.
inline constexpr std::chrono::minutes kProofLasts{10};
/// One link per invoice in this time.
inline constexpr std::chrono::seconds kLinkEvery{60};

using Moment = std::chrono::sys_time<std::chrono::microseconds>;

/// proved_at is when the person last gave a password or other proof; zero means never.
bool needs_step_up(Moment now, Moment proved_at);

/// Whether there is something to do for this target. A payment that is under way is shown, not paid again.
bool is_open_for(Target target, portico::billing::InvoiceStatus status);

/// Digits, 18 at most, not zero alone: anything else is the id of no invoice.
bool is_invoice_id(std::string_view id);

}  // namespace billing
