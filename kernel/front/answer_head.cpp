// Serialises heads by plain appends into a buffer that is reused.
#include "kernel/front/answer_head.hpp"

#include <array>
#include <charconv>

#include "kernel/front/bytes.hpp"

namespace kernel::front {

namespace {

// The front's own: set from what is sent, never from what a handler says.
bool is_own(std::string_view name) noexcept {
  switch (name.size()) {
    case 4:
      return same_ignoring_case(name, "date");
    case 10:
      return same_ignoring_case(name, "connection") || same_ignoring_case(name, "keep-alive");
    case 14:
      return same_ignoring_case(name, "content-length");
    case 17:
      return same_ignoring_case(name, "transfer-encoding");
    default:
      return false;
  }
}

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

}  // namespace

std::string_view DateLine::at(std::time_t now) {
  if (now != made_for_) {
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    std::array<char, 64> text;
    // %a and %b are English here: the process never sets a locale for time.
    const std::size_t size =
        std::strftime(text.data(), text.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
    line_.assign(text.data(), size);
    made_for_ = now;
  }
  return line_;
}

bool is_sendable(const Response& response) noexcept {
  if (response.status < 200 || response.status > 599) return false;
  for (const auto& [name, value] : response.headers) {
    if (name.empty() || !all_are(name, kToken) || !all_are(value, kFieldValue)) return false;
  }
  return true;
}

void append_head(std::string& out, const Response& response, const AnswerFacts& facts) {
  if (response.status == 200) {
    out.append("HTTP/1.1 200 OK\r\n");
  } else {
    out.append("HTTP/1.1 ");
    append_number(out, static_cast<std::size_t>(response.status));
    out.push_back(' ');
    out.append(reason_phrase(response.status));
    out.append("\r\n");
  }
  out.append(facts.date_line);
  for (const auto& [name, value] : response.headers) {
    if (is_own(name)) continue;
    out.append(name).append(": ").append(value).append("\r\n");
  }
  if (response.head_fragment) out.append(*response.head_fragment);
  if (may_have_body(response.status)) {
    out.append("Content-Length: ");
    append_number(out, response.content().size());
    out.append("\r\n");
  }
  if (facts.close) {
    out.append("Connection: close\r\n\r\n");
  } else if (facts.http_1_0) {
    out.append("Connection: keep-alive\r\n\r\n");
  } else {
    out.append("\r\n");
  }
}

}  // namespace kernel::front
