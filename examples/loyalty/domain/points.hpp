// How many points an invoice is worth, and when that is known.
#pragma once

#include <portico/contracts/billing.hpp>

namespace loyalty {

/// What an invoice's state means for its points.
enum class Verdict { credit, wait, never };

Verdict verdict_on(portico::billing::InvoiceStatus status);

/// percent of the smallest unit of the currency, rounded down; nothing for a total of less than nothing.
std::int64_t points_for(const portico::Money& total, std::int64_t percent);

}  // namespace loyalty
