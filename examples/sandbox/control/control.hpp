// The sandbox's own API: faults, quirks, clock, records; and the page that shows all of it.
#pragma once

#include <string>

#include "examples/sandbox/http/router.hpp"

namespace sandbox {

class Sandbox;

/// Mounts / and /control/…; `box` outlives the router.
void mount_control(Sandbox& box, Router& router);

/// The page at "/".
std::string overview_page(Sandbox& box);

}  // namespace sandbox
