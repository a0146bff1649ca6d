// Which of the portal's languages an answer is written in.
#pragma once

#include <string>

#include "kernel/front/message.hpp"

namespace kernel::policy {

/// "en" or "ja" by Accept-Language with q-values (RFC 9110 12.5.4), else the default.
std::string negotiate_language(const front::Request& request, const std::string& fallback);

}  // namespace kernel::policy
