// The room's part of /control.
#pragma once

#include <boost/json.hpp>

#include "examples/sandbox/http/router.hpp"
#include "examples/sandbox/salesforce/room.hpp"

namespace sandbox::salesforce {

/// /control/salesforce/…; `room` outlives the router.
void mount_control(Room& room, Router& router);
/// For GET /control.
boost::json::object summary(Room& room);

}  // namespace sandbox::salesforce
