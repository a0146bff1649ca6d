// The billing plugin's routes.
#pragma once

#include <portico/plugin.hpp>

namespace billing {

/// GET /api/invoices, GET /api/invoices/{id}, POST /api/invoices/{id}/sso-link and the style sheet of its
/// pages.
void add_invoice_routes(portico::Host& host);

}  // namespace billing
