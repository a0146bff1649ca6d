// Which call is which: the methods of the service.
#pragma once

#include <memory>

#include "examples/sandbox/pubsub/exchange.hpp"

namespace sandbox::pubsub {

/// The handler of a call by its method; one that refuses where there is no such method.
std::shared_ptr<Handler> accept(Bus& bus, const Incoming& call, std::shared_ptr<Wire> wire);

}  // namespace sandbox::pubsub
