// Serialises heads by plain appends into a buffer that is reused.
#include "kernel/front/answer_head.hpp"

#include <array>
#include <charconv>

namespace kernel::front {

namespace {

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
  return response.status >= 200 && response.status <= 599 && response.headers.are_sendable();
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
  out.append(response.headers.lines());
  if (response.head_fragment) out.append(*response.head_fragment);
  if (may_have_body(response.status)) {
    switch (facts.body) {
      case AnswerFacts::Body::whole:
        out.append("Content-Length: ");
        append_number(out, facts.length.value_or(response.content().size()));
        out.append("\r\n");
        break;
      case AnswerFacts::Body::chunked:
        out.append("Transfer-Encoding: chunked\r\n");
        break;
      case AnswerFacts::Body::until_close:
        break;
    }
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
