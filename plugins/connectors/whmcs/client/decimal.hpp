// Decimal texts to minor units.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace whmcs {

/// "15.95" with 2 digits is 1595; "1980.00" with 0 digits is 1980. WHMCS keeps two digits for every currency,
/// so tax makes "123.40" yen: digits that the currency has not are rounded, half away from zero, as WHMCS
/// shows them. Nothing for a text that is no plain decimal and for what int64 cannot hold.
std::optional<std::int64_t> minor_units(std::string_view text, int digits);

/// "8.100" → "8.1", "10.000" → "10.0"; nothing for zero and for what is no plain decimal.
std::optional<std::string> rate_percent(std::string_view text);

}  // namespace whmcs
