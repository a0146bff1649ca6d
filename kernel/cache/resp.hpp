// The Redis wire format (RESP 2): commands out, replies in, as pure functions over bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kernel::cache {

struct Reply {
  enum class Kind { nil, text, error, integer, bulk, array };
  Kind kind = Kind::nil;
  std::string text;          // text, error, bulk
  std::int64_t integer = 0;  // integer
  std::vector<Reply> items;  // array

  bool is_nil() const { return kind == Kind::nil; }
  bool is_string() const { return kind == Kind::bulk || kind == Kind::text; }
};

enum class RespStatus { complete, incomplete, malformed };

struct RespLimits {
  std::size_t bulk_bytes = 64u << 20;
  std::size_t array_items = 1u << 20;  // over a whole reply
  std::size_t line_bytes = 64u << 10;
  int depth = 8;
};

/// Reads one reply from the front of `bytes`.
///
/// consumed  bytes of the reply; meaningful only when complete
RespStatus parse_reply(std::string_view bytes, Reply& reply, std::size_t& consumed,
                       const RespLimits& limits = {});

/// Appends one command.
void write_command(std::string& out, std::span<const std::string> command);

}  // namespace kernel::cache
