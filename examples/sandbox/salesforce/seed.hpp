// The org as it is before anybody writes.
#pragma once

#include "examples/sandbox/salesforce/org.hpp"

namespace sandbox::salesforce {

/// Fills the store: users, the customers of the WHMCS room, products with prices, cases and orders. The same
/// every time but for the dates, which are relative to the clock.
void seed(Org& org);

}  // namespace sandbox::salesforce
