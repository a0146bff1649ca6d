// Turns a Response into the head bytes of an HTTP/1.1 answer.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "kernel/front/message.hpp"

namespace kernel::front {

/// The Date field, made once a second.
class DateLine {
 public:
  /// "Date: …\r\n" for that time.
  std::string_view at(std::time_t now);

 private:
  std::time_t made_for_ = -1;
  std::string line_;
};

struct AnswerFacts {
  bool close = false;     // this is the connection's last answer
  bool http_1_0 = false;  // then staying open has to be said
  std::string_view date_line;
  enum class Body : std::uint8_t { whole, chunked, until_close } body = Body::whole;
  std::optional<std::uint64_t> length{};  // of a body that is not in the response
};

/// May this status carry a body at all (not 1xx, 204, 304)?
constexpr bool may_have_body(int status) noexcept {
  return status >= 200 && status != 204 && status != 304;
}

/// Is it an answer that can be sent: a final three-digit status and fields that are (AnswerHeaders)?
bool is_sendable(const Response& response) noexcept;

/// Appends status line, headers and the empty line. Content-Length is that of content(), also for HEAD,
/// unless the facts say otherwise.
void append_head(std::string& out, const Response& response, const AnswerFacts& facts);

}  // namespace kernel::front
