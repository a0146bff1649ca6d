// Every error the played bus can end a call with, in one table, so that a text or a status can be corrected
// in one place.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

#include "examples/sandbox/pubsub/server.hpp"

namespace sandbox::pubsub {

struct ErrorRow {
  std::string_view code;  // without the prefix: "topic.not.found"
  int status;             // of gRPC
  std::string_view text;
};

/// By the code, with or without the prefix sfdc.platform.eventbus.grpc.; null if there is none.
const ErrorRow* find_error(std::string_view code);

/// A call that is refused with one of the rows.
struct BusError : std::runtime_error {
  /// detail  instead of the row's text
  explicit BusError(std::string_view code, std::string detail = {});
  std::string code;
};

/// The end of a call with this error: message and trailers with its rpc id.
///
/// statuses  what a switch says instead of the table
End end_of(const BusError& error, const std::map<std::string, int>& statuses, const std::string& rpc_id);

}  // namespace sandbox::pubsub
