// HTTP/1.1 request framing as a pure state machine over bytes: no sockets, no clocks, no exceptions to catch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kernel/front/chunked.hpp"
#include "kernel/front/limits.hpp"
#include "kernel/front/message.hpp"
#include "kernel/front/strictness.hpp"

namespace kernel::front {

/// Finds one request after another in a stream of bytes.
///
/// The caller keeps what was not consumed and offers it again, with more behind it; how the stream is cut
/// never changes an answer. A refusal is final: nothing after it can be trusted to be a request.
class RequestFramer {
 public:
  enum class Step : std::uint8_t { need_more, head, complete, refuse };

  /// All outlive the framer; an empty body_limit means limits.body for every request, an empty streamed_body
  /// that every request is read whole.
  RequestFramer(const Limits& limits, const BodyLimit& body_limit,
                const StreamedBody& streamed_body = kWhole) noexcept;

  /// Reads on. `input` begins with the first byte not consumed so far; `request` is the same (and was
  /// cleared) until the step says complete, which fills everything but peer_address and received.
  Step feed(std::string_view input, std::size_t& consumed, Request& request);

  /// After the step "head", which fills the request but its body: appends what has come of the body, until
  /// the step says complete.
  Step feed_body(std::string_view input, std::size_t& consumed, std::string& body);

  /// The peer closed its side: refuse (truncated) in the middle of a request, else need_more.
  Step finish() noexcept;

  Refusal refusal() const noexcept { return refusal_; }

  /// Has the head of the current request been accepted, so that its body is being read?
  bool in_body() const noexcept { return phase_ == Phase::counted || phase_ == Phase::chunked; }
  /// Has any byte of the current request been seen?
  bool started() const noexcept { return phase_ != Phase::head || scanned_ > 0; }
  /// Does the client wait for 100 Continue, having sent no byte of its body?
  bool awaits_continue() const noexcept { return in_body() && expects_continue_ && body_bytes_ == 0; }
  /// Bytes of the current body read so far, transfer coding included.
  std::uint64_t body_bytes() const noexcept { return body_bytes_; }

 private:
  static inline const StreamedBody kWhole;

  enum class Phase : std::uint8_t { head, counted, chunked, refused };

  Step read_head(std::string_view input, std::size_t& consumed, Request& request);
  Step accept_head(std::string_view head, Request& request);
  Step refuse(Refusal refusal) noexcept;
  void next_request() noexcept;

  const Limits& limits_;
  const BodyLimit& body_limit_;
  const StreamedBody& streamed_body_;
  Phase phase_ = Phase::head;
  Refusal refusal_ = Refusal::malformed_request_line;
  bool expects_continue_ = false;

  std::size_t scanned_ = 0;       // looked through for a line end
  std::size_t line_ = 0;          // where the current line begins
  std::size_t fields_begin_ = 0;  // where the header block begins; 0 while in the request line
  std::size_t fields_ = 0;

  std::uint64_t left_ = 0;  // of a counted body
  std::uint64_t body_bytes_ = 0;
  ChunkedDecoder chunks_;
};

}  // namespace kernel::front
