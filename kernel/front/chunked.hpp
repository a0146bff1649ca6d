// The chunked transfer coding, decoded byte by byte: no look-ahead, so any cut of the input gives the same
// answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "kernel/front/limits.hpp"

namespace kernel::front {

/// Stricter than RFC 9112 7.1: no white space around extensions, no trailer fields at all.
class ChunkedDecoder {
 public:
  enum class Step : std::uint8_t { need_more, complete, refuse };

  void begin(const Limits& limits, std::uint64_t body_limit) noexcept;

  /// Reads from `input`, appends data to `body`; `consumed` is what it used up.
  Step feed(std::string_view input, std::size_t& consumed, std::string& body);
  Refusal refusal() const noexcept { return refusal_; }

 private:
  enum class State : std::uint8_t {
    size_first,
    size_more,
    extension_name_first,
    extension_name,
    extension_value_first,
    extension_value,
    quoted,
    quoted_pair,
    quoted_end,
    size_lf,
    data,
    data_cr,
    data_lf,
    last_cr,
    last_lf,
  };
  enum class Verdict : std::uint8_t { fine, complete, malformed, too_large };
  Verdict take(char c);
  Verdict end_of_token(char c) noexcept;

  State state_ = State::size_first;
  Refusal refusal_ = Refusal::malformed_chunk;
  unsigned digits_ = 0;
  std::uint64_t left_ = 0;  // of the current chunk
  std::uint64_t data_ = 0;  // of the body so far
  std::size_t extension_ = 0;
  std::size_t extensions_ = 0;
  std::size_t max_extension_ = 0;
  std::size_t max_extensions_ = 0;
  std::uint64_t body_limit_ = 0;
};

}  // namespace kernel::front
