// The shell every page stands in: layout, landing page, dashboard, navigation.
#include <portico/plugin.hpp>

#include "http/pages.hpp"

namespace {

class Portal final : public portico::Plugin {
  void start(portico::Host& host) override { portal::add_pages(host.pages()); }
};

}  // namespace

PORTICO_PLUGIN(Portal)
