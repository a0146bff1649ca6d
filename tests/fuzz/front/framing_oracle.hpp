// What must hold for any byte stream: the same answer in every cut, and nothing accepted that Beast's own
// reader takes for something else. Throws what does not hold.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "kernel/front/tests/transcript.hpp"

namespace kernel::front::test {

inline void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

// Beast reads the whole request, body included, by its own code: bodies are where the two readers differ.
inline void compare_with_beast(const Request& request, std::string_view raw) {
  namespace http = boost::beast::http;
  http::request_parser<http::string_body> parser;
  parser.header_limit(64 * 1024);
  parser.body_limit(boost::none);
  parser.eager(true);
  boost::beast::error_code error;
  const std::size_t used = parser.put(boost::asio::const_buffer(raw.data(), raw.size()), error);
  require(!error, "accepted, but refused by Beast");
  require(parser.is_done() && used == raw.size(), "accepted, but of another length for Beast");
  const auto& message = parser.get();
  require(std::string_view(message.method_string().data(), message.method_string().size()) == request.method,
          "another method for Beast");
  require(std::string_view(message.target().data(), message.target().size()) == request.target,
          "another target for Beast");
  require(message.body() == request.body, "another body for Beast");
  std::size_t fields = 0;
  for (const auto& field : message) {
    static_cast<void>(field);
    ++fields;
  }
  require(fields == request.headers.size(), "another number of fields for Beast");
}

inline void check_framing(std::string_view stream) {
  const Transcript whole = run(stream, {}, false);
  for (std::size_t i = 0; i < whole.parsed.size(); ++i) compare_with_beast(whole.parsed[i], whole.raw[i]);

  // Cuts that follow from the bytes, so that a finding repeats.
  std::uint32_t hash = 2166136261U;
  for (const char c : stream) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  if (stream.size() > 1) {
    const std::size_t first = 1 + hash % (stream.size() - 1);
    require(run(stream, {first}, false) == whole, "another answer when cut in two");
    const std::size_t second = first + (hash >> 16) % (stream.size() - first + 1);
    require(run(stream, {first, second}, false) == whole, "another answer when cut in three");
  }
  if (stream.size() <= 2048) {
    require(run(stream, every_byte(stream.size()), false) == whole, "another answer when cut into bytes");
  }
  const Transcript closed = run(stream, {}, true);
  require(closed.requests == whole.requests, "the end of input changed what came before it");
  require(!whole.waiting || closed.refusal.has_value(), "a request cut short was not refused");
}

}  // namespace kernel::front::test
