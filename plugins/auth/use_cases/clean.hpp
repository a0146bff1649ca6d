// Removes what has run out, so that nothing personal stays longer than it is needed.
#pragma once

#include "parts.hpp"

namespace auth {

void clean(const Parts& parts);

}  // namespace auth
