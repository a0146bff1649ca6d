// Walks a head line by line through the strictness rules, then lets Beast take it apart; bodies by count or
// chunk.
#include "kernel/front/framing.hpp"

#include <algorithm>

#include "kernel/front/bytes.hpp"
#include "kernel/front/head_parser.hpp"

namespace kernel::front {

namespace {
constexpr std::size_t kReserveAtOnce = 64 * 1024;  // a claimed length is not yet worth its memory
constexpr std::size_t kLineOverhead = 3;           // colon and line end
}  // namespace

RequestFramer::RequestFramer(const Limits& limits, const BodyLimit& body_limit,
                             const StreamedBody& streamed_body) noexcept
    : limits_(limits), body_limit_(body_limit), streamed_body_(streamed_body) {}

RequestFramer::Step RequestFramer::feed(std::string_view input, std::size_t& consumed, Request& request) {
  consumed = 0;
  if (phase_ == Phase::refused) return Step::refuse;
  if (phase_ == Phase::head) {
    const Step step = read_head(input, consumed, request);
    if (step != Step::need_more || phase_ == Phase::head) return step;
  }
  std::size_t of_body = 0;
  const Step step = feed_body(input.substr(consumed), of_body, request.body);
  consumed += of_body;
  return step;
}

RequestFramer::Step RequestFramer::finish() noexcept {
  if (phase_ == Phase::refused) return Step::refuse;
  return started() ? refuse(Refusal::truncated) : Step::need_more;
}

// Errors count from complete lines and from limits that no completion could heal, hence not from the cut.
RequestFramer::Step RequestFramer::read_head(std::string_view input, std::size_t& consumed,
                                             Request& request) {
  if (input.empty()) return Step::need_more;
  // A TLS greeting or stray line ends before a request: known by the first byte.
  if (scanned_ == 0 && !is(input.front(), kToken)) return refuse(Refusal::malformed_request_line);

  const std::size_t field_line = limits_.field_name + limits_.field_value + kLineOverhead;
  for (;;) {
    const bool in_fields = fields_begin_ > 0;
    const Refusal too_long = in_fields ? Refusal::headers_too_large : Refusal::target_too_long;
    const std::size_t line_limit = in_fields ? field_line : limits_.request_line;
    const auto line_feed = input.find('\n', scanned_);
    const bool complete = line_feed != std::string_view::npos;
    const std::size_t end = complete ? line_feed + 1 : input.size() + 1;  // at the earliest
    if (end - line_ > line_limit) return refuse(too_long);
    if (in_fields && end - fields_begin_ > limits_.header_block) return refuse(too_long);
    if (!complete) {
      scanned_ = input.size();
      return Step::need_more;
    }
    if (line_feed == line_ || input[line_feed - 1] != '\r') {
      return refuse(in_fields ? Refusal::malformed_header : Refusal::malformed_request_line);
    }
    const std::string_view line = input.substr(line_, line_feed - 1 - line_);
    scanned_ = line_ = end;
    if (!in_fields) {
      if (const auto refusal = check_request_line(line, limits_)) return refuse(*refusal);
      fields_begin_ = end;
    } else if (line.empty()) {
      consumed = end;
      return accept_head(input.substr(0, end), request);
    } else {
      if (++fields_ > limits_.fields) return refuse(Refusal::headers_too_large);
      if (const auto refusal = check_field_line(line, limits_)) return refuse(*refusal);
    }
  }
}

RequestFramer::Step RequestFramer::accept_head(std::string_view head, Request& request) {
  Refusal refusal{};
  if (!HeadParser::parse(head, request, refusal)) return refuse(refusal);
  BodyFraming framing;
  if (const auto found = check_head(request, framing)) return refuse(*found);
  if (framing.kind == BodyFraming::Kind::none) {
    next_request();
    return Step::complete;
  }
  const std::uint64_t limit = body_limit_ ? body_limit_(request) : limits_.body;
  if (framing.kind == BodyFraming::Kind::counted && framing.length > limit)
    return refuse(Refusal::body_too_large);
  expects_continue_ = framing.expects_continue;
  body_bytes_ = 0;
  const bool streamed = streamed_body_ && streamed_body_(request);
  if (framing.kind == BodyFraming::Kind::counted) {
    left_ = framing.length;
    if (!streamed)
      request.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(left_, kReserveAtOnce)));
    phase_ = Phase::counted;
  } else {
    chunks_.begin(limits_, limit);
    phase_ = Phase::chunked;
  }
  return streamed ? Step::head : Step::need_more;
}

RequestFramer::Step RequestFramer::feed_body(std::string_view input, std::size_t& consumed,
                                             std::string& body) {
  if (phase_ == Phase::chunked) {
    const auto step = chunks_.feed(input, consumed, body);
    body_bytes_ += consumed;
    if (step == ChunkedDecoder::Step::refuse) return refuse(chunks_.refusal());
    if (step == ChunkedDecoder::Step::need_more) return Step::need_more;
  } else {
    consumed = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
    body.append(input.substr(0, consumed));
    body_bytes_ += consumed;
    left_ -= consumed;
    if (left_ > 0) return Step::need_more;
  }
  next_request();
  return Step::complete;
}

RequestFramer::Step RequestFramer::refuse(Refusal refusal) noexcept {
  phase_ = Phase::refused;
  refusal_ = refusal;
  return Step::refuse;
}

void RequestFramer::next_request() noexcept {
  phase_ = Phase::head;
  scanned_ = line_ = fields_begin_ = fields_ = 0;
  expects_continue_ = false;
}

}  // namespace kernel::front
