// Money of the billing system: whole cents inside, two decimals outside, whatever the currency.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sandbox::whmcs {

using Cents = std::int64_t;            // hundredths, for yen as well ("1980.00")
using RateThousandths = std::int64_t;  // per cent × 1000: 10 % is 10000

/// "1980" or "19.805" to cents, half away from zero; what is no number is 0, as in PHP. Absurd values are
/// capped.
Cents parse_cents(std::string_view text);
RateThousandths parse_rate(std::string_view text);
/// "-8.67"
std::string cents_text(Cents cents);
/// "10.000"
std::string rate_text(RateThousandths rate);
/// `base` × rate, half away from zero.
Cents tax_of(Cents base, RateThousandths rate);
/// "¥1,980.00": prefix, thousands by `format` (1 "1234.56", 2 "1,234.56", 3 "1.234,56", 4 "1,234"), suffix.
std::string formatted(Cents cents, std::string_view prefix, std::string_view suffix, int format);

}  // namespace sandbox::whmcs
