// The shell's own pages.
#pragma once

#include <portico/services.hpp>

namespace portal {

/// The shell, the landing page for anyone, the dashboard for who is signed in.
void add_pages(const portico::Pages& pages);

}  // namespace portal
