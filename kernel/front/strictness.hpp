// The rules a head must keep beyond what the parser asks; each looks at complete lines only, so that the
// answer does not depend on how the bytes were cut.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/front/limits.hpp"
#include "kernel/front/message.hpp"

namespace kernel::front {

/// A request line without its line end: known method, target of allowed bytes and size, HTTP/1.0 or 1.1.
std::optional<Refusal> check_request_line(std::string_view line, const Limits& limits) noexcept;

/// A field line without its line end: token, colon at once, no folding, no control bytes, sizes.
std::optional<Refusal> check_field_line(std::string_view line, const Limits& limits) noexcept;

/// How the body is framed, decided from all fields together.
struct BodyFraming {
  enum class Kind : std::uint8_t { none, counted, chunked } kind = Kind::none;
  std::uint64_t length = 0;  // bytes, when counted
  bool expects_continue = false;
};

/// One Host, one proof of the length, no coding but exactly one `chunked`; fills keep_alive, path and query.
/// Values are literal: encoded words and lists are not understood on purpose.
std::optional<Refusal> check_head(Head& head, BodyFraming& framing);

}  // namespace kernel::front
