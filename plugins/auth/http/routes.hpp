// The routes of auth: from request to use case to answer and cookies.
#pragma once

#include "parts.hpp"

namespace auth {

/// [control] parts must outlive the plugin's last call.
void add_routes(portico::Host& host, Parts& parts);

}  // namespace auth
