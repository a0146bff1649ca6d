// Money: an amount in the currency's minor unit, with its currency; and pages of things.
#pragma once

#include <portico/contract.hpp>

namespace portico {

/// amount_minor counts the smallest unit of the currency (cents; whole yen). currency is ISO 4217.
struct Money {
  std::int64_t amount_minor = 0;
  std::string currency;

  friend bool operator==(const Money&, const Money&) = default;
};
BOOST_DESCRIBE_STRUCT(Money, (), (amount_minor, currency))

/// Decimals of a currency: 0 for yen and won, 3 for some dinars, else 2. source: ISO 4217
inline int minor_digits(std::string_view currency) {
  for (std::string_view none : {"JPY", "KRW", "VND", "CLP", "ISK", "XAF", "XOF", "XPF", "PYG", "UGX", "VUV",
                                "RWF", "KMF", "GNF", "DJF", "BIF"})
    if (currency == none) return 0;
  for (std::string_view three : {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
    if (currency == three) return 3;
  return 2;
}

}  // namespace portico
