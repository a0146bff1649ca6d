// Gives the points of one invoice, once it is paid.
#pragma once

#include <portico/contracts/billing.hpp>
#include <portico/plugin.hpp>

namespace loyalty {

/// Who went to pay what. Lies in the queue until the invoice is paid, or a week has gone by.
inline constexpr portico::Queue<portico::billing::PaymentStarted> kCredits{"loyalty.credit"};

/// Looks at the invoice before it acts; may run more than once for the same payment. [task]
///
/// errors    503 loyalty.not_paid_yet: comes again; Permanent where the invoice is gone
void credit(portico::Host& host, const portico::billing::PaymentStarted& payment, const portico::Job& job,
            std::int64_t percent);

}  // namespace loyalty
