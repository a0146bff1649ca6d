// Finds and loads the file that gRPC is in.
#pragma once

#include "kernel/outbound/grpc/wire.hpp"

namespace kernel::outbound::rpc {

/// Loads portico_grpc.so at the first call: beside the program, or in ../lib/portico of it. It stays.
/// errors    500 upstream.no_grpc
Wire& wire();

}  // namespace kernel::outbound::rpc
