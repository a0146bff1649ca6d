// Collects one reply and refuses what its framing does not prove.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "kernel/outbound/outbound.hpp"

namespace kernel::outbound {

/// Fed by the HTTP library with whole header lines and decoded body bytes. The library finds bodies that end
/// early; this class finds what it lets pass: contradictory or odd lengths, replies whose end nothing marks,
/// folded or broken header lines, too many bytes.
class ReplyReader {
 public:
  struct Limits {
    std::size_t header_bytes = 0;  // of all lines, 1xx and trailers included
    std::size_t body_bytes = 0;
    std::size_t streamed_bytes = 0;  // of a 2xx body, which is then counted and not kept; 0: kept
    bool accept_unframed = false;
    bool head = false;  // the request was HEAD: no body whatever the headers say
  };
  enum class Fault { none, too_large, malformed };

  /// Forgets the last reply.
  void start(const Limits& limits);

  /// One line with its line end, also the empty one. False: stop the transfer, see fault().
  bool header_line(std::string_view line);
  bool body_bytes(std::string_view bytes);

  Fault fault() const noexcept { return fault_; }
  const std::string& why() const noexcept { return why_; }

  int status() const noexcept { return status_; }
  bool complete_headers() const noexcept { return headers_done_; }
  /// Its body goes elsewhere, by the way of body_bytes all the same.
  bool streams() const noexcept;
  const Headers& headers() const noexcept { return headers_; }
  Headers take_headers() noexcept { return std::move(headers_); }
  std::string take_body() noexcept { return std::move(body_); }

 private:
  std::size_t body_limit() const noexcept { return streams() ? limits_.streamed_bytes : limits_.body_bytes; }
  bool refuse(Fault fault, std::string_view why);
  bool status_line(std::string_view line);
  bool field_line(std::string_view line);
  bool length_field(std::string_view value);
  bool end_of_headers();

  Limits limits_;
  Fault fault_ = Fault::none;
  std::string why_;
  std::size_t header_bytes_ = 0;
  int status_ = 0;
  bool http1_ = true;
  bool headers_done_ = false;
  bool has_length_ = false;
  bool chunked_ = false;
  std::size_t length_ = 0;
  std::size_t came_ = 0;  // bytes of the body
  Headers headers_;
  std::string body_;
};

}  // namespace kernel::outbound
