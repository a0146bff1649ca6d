// Which of two forms of an answer a client asks for.
#pragma once

#include <string_view>

namespace billing {

/// Whether an Accept header prefers text/html to application/json. A tie, an absent and a senseless header
/// mean JSON. source: RFC 9110, 12.5.1 (the most specific range that fits decides; q is 0 to 1)
bool prefers_html(std::string_view accept);

}  // namespace billing
