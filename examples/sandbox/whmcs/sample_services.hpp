// What a sample customer has: an internet line and a SIM, ordered long ago, and cards to pay with.
#pragma once

#include <string>

#include "examples/sandbox/common/clock.hpp"
#include "examples/sandbox/whmcs/books.hpp"

namespace sandbox::whmcs {

/// Client 101 gets services 3101 (fiber, with a rented router) and 3601 (SIM), both Active, and the order
/// that brought them; lines of the client's invoices that belong to a service point to it.
void add_sample_services(Books& books, const Client& client, const Clock& clock);

/// A card kept by the gateway.
void add_card(Books& books, const Client& client, const std::string& description,
              const std::string& last_four, const std::string& brand, const Clock& clock);

}  // namespace sandbox::whmcs
