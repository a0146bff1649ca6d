// What a rate limit counts: which class a route belongs to, and whom an address stands for.
#pragma once

#include <string>
#include <string_view>

#include "kernel/loader/registrations.hpp"

namespace kernel::policy {

/// The route's own class, else "write", "public" or "read".
std::string rate_class(const loader::RouteSpec& route);

/// An IPv4 address as it is; of an IPv6 address its /64, which is what one customer has. IPv4 inside of IPv6
/// (::ffff:a.b.c.d) counts as IPv4. A text that is no address counts as itself.
std::string rate_address(const std::string& address);

}  // namespace kernel::policy
