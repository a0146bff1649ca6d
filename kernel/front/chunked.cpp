// The state machine of ChunkedDecoder.
#include "kernel/front/chunked.hpp"

#include <algorithm>

#include "kernel/front/bytes.hpp"

namespace kernel::front {

namespace {
constexpr unsigned kMaxSizeDigits = 16;
}

void ChunkedDecoder::begin(const Limits& limits, std::uint64_t body_limit) noexcept {
  *this = ChunkedDecoder();
  max_extension_ = limits.chunk_extension;
  max_extensions_ = limits.chunk_extensions_total;
  body_limit_ = body_limit;
}

ChunkedDecoder::Step ChunkedDecoder::feed(std::string_view input, std::size_t& consumed, std::string& body) {
  consumed = 0;
  while (consumed < input.size()) {
    if (state_ == State::data) {
      const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - consumed));
      body.append(input.substr(consumed, part));
      consumed += part;
      data_ += part;
      left_ -= part;
      if (left_ == 0) state_ = State::data_cr;
      continue;
    }
    switch (take(input[consumed++])) {
      case Verdict::fine:
        break;
      case Verdict::complete:
        return Step::complete;
      case Verdict::malformed:
        refusal_ = Refusal::malformed_chunk;
        return Step::refuse;
      case Verdict::too_large:
        refusal_ = Refusal::body_too_large;
        return Step::refuse;
    }
  }
  return Step::need_more;
}

// After a token or a quoted value: the next extension, its value, or the end of the line.
ChunkedDecoder::Verdict ChunkedDecoder::end_of_token(char c) noexcept {
  if (c == ';') {
    state_ = State::extension_name_first;
  } else if (c == '\r') {
    state_ = State::size_lf;
  } else {
    return Verdict::malformed;
  }
  return Verdict::fine;
}

ChunkedDecoder::Verdict ChunkedDecoder::take(char c) {
  if (state_ > State::size_more && state_ < State::size_lf) {
    if (++extension_ > max_extension_ || ++extensions_ > max_extensions_) return Verdict::malformed;
  }
  switch (state_) {
    case State::size_first:
      if (!is(c, kHexDigit)) return Verdict::malformed;
      left_ = hex_value(c);
      digits_ = 1;
      extension_ = 0;
      state_ = State::size_more;
      return Verdict::fine;
    case State::size_more:
      if (!is(c, kHexDigit)) return end_of_token(c);
      if (++digits_ > kMaxSizeDigits) return Verdict::malformed;
      left_ = left_ << 4 | hex_value(c);
      return Verdict::fine;

    case State::extension_name_first:
      state_ = State::extension_name;
      return is(c, kToken) ? Verdict::fine : Verdict::malformed;
    case State::extension_name:
      if (is(c, kToken)) return Verdict::fine;
      if (c != '=') return end_of_token(c);
      state_ = State::extension_value_first;
      return Verdict::fine;
    case State::extension_value_first:
      state_ = c == '"' ? State::quoted : State::extension_value;
      return c == '"' || is(c, kToken) ? Verdict::fine : Verdict::malformed;
    case State::extension_value:
      return is(c, kToken) ? Verdict::fine : end_of_token(c);
    case State::quoted:
      if (c == '"') state_ = State::quoted_end;
      if (c == '\\') state_ = State::quoted_pair;
      return is(c, kVisible) || c == ' ' || c == '\t' ? Verdict::fine : Verdict::malformed;
    case State::quoted_pair:
      state_ = State::quoted;
      return is(c, kVisible) || c == ' ' || c == '\t' ? Verdict::fine : Verdict::malformed;
    case State::quoted_end:
      return end_of_token(c);

    case State::size_lf:
      if (c != '\n') return Verdict::malformed;
      if (left_ > body_limit_ || data_ > body_limit_ - left_) return Verdict::too_large;
      state_ = left_ == 0 ? State::last_cr : State::data;
      return Verdict::fine;
    case State::data:  // feed() takes data in bulk
      return Verdict::malformed;
    case State::data_cr:
      state_ = State::data_lf;
      return c == '\r' ? Verdict::fine : Verdict::malformed;
    case State::data_lf:
      state_ = State::size_first;
      return c == '\n' ? Verdict::fine : Verdict::malformed;
    case State::last_cr:  // a trailer field would begin here
      state_ = State::last_lf;
      return c == '\r' ? Verdict::fine : Verdict::malformed;
    case State::last_lf:
      return c == '\n' ? Verdict::complete : Verdict::malformed;
  }
  return Verdict::malformed;
}

}  // namespace kernel::front
