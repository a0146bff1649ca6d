// What the front accepts at most, and the one table of answers it gives when something is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kernel::front {

/// Sizes in bytes unless said otherwise. A line counts with its CR LF, the header block with its empty line.
struct Limits {
  std::size_t request_line = 8 * 1024;            // 414
  std::size_t target = 4 * 1024;                  // 414
  std::size_t header_block = 16 * 1024;           // 431
  std::size_t fields = 64;                        // 431; a number
  std::size_t field_name = 256;                   // 431
  std::size_t field_value = 8 * 1024;             // 431
  std::uint64_t body = 256 * 1024;                // 413; a route may ask for another one
  std::size_t chunk_extension = 256;              // 400; of one chunk
  std::size_t chunk_extensions_total = 4 * 1024;  // 400; of one body: framing may not outweigh the data
};

/// Everything the front refuses by itself. The connection closes after each of them.
enum class Refusal : std::uint8_t {
  malformed_request_line,
  malformed_target,
  malformed_header,
  malformed_host,
  malformed_length,
  malformed_transfer_coding,
  malformed_chunk,
  truncated,
  no_credentials,
  head_timeout,
  body_timeout,
  body_too_large,
  target_too_long,
  expectation_unknown,
  too_many_connections_of_address,
  headers_too_large,
  no_answer,
  method_unknown,
  too_many_connections,
  version_unknown,
};

struct RefusalAnswer {
  int status;
  std::string_view code;  // stable and dotted, for the problem document and the metric
};

/// The status and code of a refusal; a switch without default, so that a new one does not compile unanswered.
constexpr RefusalAnswer answer_to(Refusal refusal) {
  switch (refusal) {
    case Refusal::malformed_request_line:
      return {400, "http.malformed_request_line"};
    case Refusal::malformed_target:
      return {400, "http.malformed_target"};
    case Refusal::malformed_header:
      return {400, "http.malformed_header"};
    case Refusal::malformed_host:
      return {400, "http.malformed_host"};
    case Refusal::malformed_length:
      return {400, "http.malformed_length"};
    case Refusal::malformed_transfer_coding:
      return {400, "http.malformed_transfer_coding"};
    case Refusal::malformed_chunk:
      return {400, "http.malformed_chunk"};
    case Refusal::truncated:
      return {400, "http.truncated"};
    case Refusal::no_credentials:
      return {401, "auth.required"};
    case Refusal::head_timeout:
      return {408, "http.head_timeout"};
    case Refusal::body_timeout:
      return {408, "http.body_timeout"};
    case Refusal::body_too_large:
      return {413, "http.body_too_large"};
    case Refusal::target_too_long:
      return {414, "http.target_too_long"};
    case Refusal::expectation_unknown:
      return {417, "http.expectation_unknown"};
    case Refusal::too_many_connections_of_address:
      return {429, "http.too_many_connections_of_address"};
    case Refusal::headers_too_large:
      return {431, "http.headers_too_large"};
    case Refusal::no_answer:
      return {500, "http.no_answer"};
    case Refusal::method_unknown:
      return {501, "http.method_unknown"};
    case Refusal::too_many_connections:
      return {503, "http.too_many_connections"};
    case Refusal::version_unknown:
      return {505, "http.version_unknown"};
  }
  return {500, "http.no_answer"};
}

inline constexpr std::size_t kRefusals = static_cast<std::size_t>(Refusal::version_unknown) + 1;

}  // namespace kernel::front
