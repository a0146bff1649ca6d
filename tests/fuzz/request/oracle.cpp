// Request framing: the same answer in every cut, and nothing accepted that Beast's own reader, or a second
// reading of what was understood, takes for something else.
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "kernel/front/tests/transcript.hpp"
#include "tests/fuzz/lib/target.hpp"

using namespace kernel::front;
using namespace kernel::front::test;
using fuzz::promise;

namespace {

// Beast reads the whole request, body included, by its own code: bodies are where the two readers differ.
void compare_with_beast(const Request& request, std::string_view raw) {
  namespace http = boost::beast::http;
  http::request_parser<http::string_body> parser;
  parser.header_limit(64 * 1024);
  parser.body_limit(boost::none);
  parser.eager(true);
  boost::beast::error_code error;
  const std::size_t used = parser.put(boost::asio::const_buffer(raw.data(), raw.size()), error);
  promise(!error, "what is accepted is no error for Beast");
  promise(parser.is_done() && used == raw.size(), "what is accepted has the same length for Beast");
  const auto& message = parser.get();
  promise(std::string_view(message.method_string().data(), message.method_string().size()) == request.method,
          "the method is the same for Beast");
  promise(std::string_view(message.target().data(), message.target().size()) == request.target,
          "the target is the same for Beast");
  promise(message.body() == request.body, "the body is the same for Beast");
  promise(static_cast<std::size_t>(std::distance(message.begin(), message.end())) == request.headers.size(),
          "the fields are as many for Beast");
}

std::string written_again(const Request& request) {
  std::string bytes =
      request.method + ' ' + request.target + " HTTP/1." + std::to_string(request.minor_version) + "\r\n";
  // No space behind the colon: a value may be as long as the limit allows already.
  for (const auto& field : request.headers) {
    bytes.append(field.name).append(":").append(field.value).append("\r\n");
  }
  bytes += "\r\n";
  if (!request.headers.contains("transfer-encoding")) return bytes + request.body;
  char size[24];
  std::snprintf(size, sizeof size, "%zx\r\n", request.body.size());
  if (!request.body.empty()) bytes.append(size).append(request.body).append("\r\n");
  return bytes + "0\r\n\r\n";
}

void check_meaning(const Request& request) {
  promise(!request.path.empty() && (request.path.front() == '/' || request.path == "*"),
          "a path begins with /");
  promise(request.path.find_first_of("?# \r\n") == std::string::npos &&
              request.target.find('#') == std::string::npos,
          "a path is only the path");
  for (const auto* dots : {"/../", "/./"})
    promise((request.path + '/').find(dots) == std::string::npos, "no path leads elsewhere");
  std::size_t hosts = 0;
  std::size_t lengths = 0;
  for (const auto& field : request.headers) {
    if (same_ignoring_case(field.name, "host")) {
      ++hosts;
      promise(!field.value.empty() && field.value.find_first_of(" \t,/@?#\\") == std::string_view::npos,
              "a host is only a host");
    }
    if (same_ignoring_case(field.name, "transfer-encoding"))
      promise(same_ignoring_case(field.value, "chunked") && request.minor_version == 1,
              "the one coding is chunked, in HTTP/1.1");
    if (same_ignoring_case(field.name, "content-length")) {
      ++lengths;
      promise(field.value.find_first_not_of("0123456789") == std::string_view::npos &&
                  field.value.size() <= 15 && std::stoull(std::string(field.value)) == request.body.size(),
              "a length is plain digits, and the body's");
    }
    promise(!field.name.empty() && field.name.find_first_of(" \t:") == std::string_view::npos,
            "a name is a token");
    promise(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
            "a value is one line");
  }
  promise(hosts == 1, "a request has one Host");
  promise(lengths <= 1, "a request has one length");
  promise(!request.headers.contains("transfer-encoding") || !request.headers.contains("content-length"),
          "a body has one proof of its length");
}

bool is_beginning(const std::vector<std::string>& part, const std::vector<std::string>& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

}  // namespace

void fuzz::check(std::string_view stream) {
  const Transcript whole = run(stream, {}, false);
  for (std::size_t i = 0; i < whole.parsed.size(); ++i) {
    compare_with_beast(whole.parsed[i], whole.raw[i]);
    check_meaning(whole.parsed[i]);
    const Transcript again = run(written_again(whole.parsed[i]), {}, true);
    promise(again.requests.size() == 1 && !again.refusal && again.requests[0] == whole.requests[i],
            "a request written again is read as itself");
  }

  Choice choice(stream);
  if (stream.size() > 1) {
    const std::size_t first = 1 + choice.below(stream.size() - 1);
    const std::size_t second = first + choice.below(stream.size() - first + 1);
    promise(run(stream, {first}, false) == whole, "two pieces are read as one");
    promise(run(stream, {first, second}, false) == whole, "three pieces are read as one");
  }
  // Byte by byte is dear: every short stream, and one in eight of the longer ones.
  if (stream.size() <= 256 || choice.below(8) == 0)
    promise(run(stream, every_byte(stream.size()), false) == whole, "single bytes are read as one");

  const Transcript closed = run(stream, {}, true);
  promise(closed.requests == whole.requests, "the end of input changes nothing that came before it");
  promise(!whole.waiting || closed.refusal.has_value(), "a request cut short is refused");

  Limits tight;
  tight.request_line = 64, tight.target = 24, tight.header_block = 256, tight.fields = 4;
  tight.field_name = 20, tight.field_value = 40, tight.body = 16, tight.chunk_extension = 4;
  const Transcript limited = run(stream, {}, false, tight);
  promise(is_beginning(limited.requests, whole.requests), "tighter limits only refuse");
  for (const Request& request : limited.parsed) {
    promise(request.body.size() <= tight.body && request.target.size() <= tight.target &&
                request.headers.size() <= tight.fields,
            "limits are kept");
  }
}
