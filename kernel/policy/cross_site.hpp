// Which unsafe requests may be another site's doing.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "kernel/front/message.hpp"
#include "kernel/loader/registrations.hpp"

namespace kernel::policy {

/// Why a request for that route has to be refused, for the log; nothing where it may pass.
std::optional<std::string_view> cross_site_fault(const loader::RouteSpec& route,
                                                 const front::Headers& headers,
                                                 const std::function<bool(std::string_view)>& is_own_origin);

}  // namespace kernel::policy
