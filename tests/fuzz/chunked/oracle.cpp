// The chunked coding: any cut gives the same body, Beast reads the same, and what is encoded again decodes
// again.
//
// The first byte of an input chooses the body limit, the rest is what comes after a head.
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <vector>

#include "kernel/front/chunked.hpp"
#include "tests/fuzz/lib/target.hpp"

using fuzz::promise;
using kernel::front::ChunkedDecoder;
using kernel::front::Limits;
using kernel::front::Refusal;

namespace {

struct Outcome {
  ChunkedDecoder::Step step = ChunkedDecoder::Step::need_more;
  Refusal refusal{};
  std::size_t used = 0;
  std::string body;

  bool operator==(const Outcome& other) const {
    // A refusal names no number of bytes: what came before it is thrown away with it.
    return step == other.step && (step != ChunkedDecoder::Step::refuse || refusal == other.refusal) &&
           (step == ChunkedDecoder::Step::refuse || (used == other.used && body == other.body));
  }
};

/// cuts  ascending positions where one piece ends and the next begins
Outcome decode(std::string_view bytes, std::uint64_t limit, std::vector<std::size_t> cuts = {}) {
  ChunkedDecoder decoder;
  const Limits limits;
  decoder.begin(limits, limit);
  Outcome outcome;
  cuts.push_back(bytes.size());
  for (const std::size_t end : cuts) {
    while (outcome.used < end) {
      std::size_t used = 0;
      outcome.step = decoder.feed(bytes.substr(outcome.used, end - outcome.used), used, outcome.body);
      outcome.used += used;
      if (outcome.step == ChunkedDecoder::Step::need_more) {
        promise(outcome.used == end, "a decoder that needs more has taken everything");
        break;
      }
      if (outcome.step == ChunkedDecoder::Step::refuse) outcome.refusal = decoder.refusal();
      return outcome;
    }
  }
  return outcome;
}

std::string encode(std::string_view body, fuzz::Choice& choice) {
  std::string bytes;
  while (!body.empty()) {
    const std::string_view part = body.substr(0, 1 + choice.below(body.size()));
    body.remove_prefix(part.size());
    char size[24];
    std::snprintf(size, sizeof size, choice.below(2) == 0 ? "%zx" : "%06zX", part.size());
    bytes.append(size).append(choice.below(3) == 0 ? ";a=\"b\\\"\"\r\n" : "\r\n").append(part).append("\r\n");
  }
  return bytes + "0\r\n\r\n";
}

void compare_with_beast(std::string_view coded, const std::string& body) {
  namespace http = boost::beast::http;
  http::request_parser<http::string_body> parser;
  parser.body_limit(boost::none);
  parser.eager(true);
  const std::string bytes =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(coded);
  boost::beast::error_code error;
  const std::size_t used = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  promise(!error && parser.is_done() && used == bytes.size(), "what is accepted has the same end for Beast");
  promise(parser.get().body() == body, "the body is the same for Beast");
}

}  // namespace

void fuzz::check(std::string_view input) {
  const std::uint64_t limit =
      input.empty() ? 0 : std::uint64_t{1} << (static_cast<unsigned char>(input[0]) % 24);
  const std::string_view bytes = input.substr(input.empty() ? 0 : 1);
  const Outcome whole = decode(bytes, limit);
  promise(whole.body.size() <= limit, "a body is never above its limit");
  promise(whole.body.size() <= bytes.size(), "a body is never longer than its coding");

  Choice choice(input);
  const std::size_t first = choice.below(bytes.size());
  const std::size_t second = first + choice.below(bytes.size() - first + 1);
  promise(decode(bytes, limit, {first, second}) == whole, "pieces are read as one");
  std::vector<std::size_t> all;
  for (std::size_t i = 1; i < bytes.size(); ++i) all.push_back(i);
  promise(decode(bytes, limit, all) == whole, "single bytes are read as one");

  if (whole.step != ChunkedDecoder::Step::complete) return;
  compare_with_beast(bytes.substr(0, whole.used), whole.body);
  promise(decode(bytes.substr(0, choice.below(whole.used)), limit).step == ChunkedDecoder::Step::need_more,
          "a part of a body is not a body");
  const std::string again = encode(whole.body, choice);
  const Outcome second_reading = decode(again, limit);
  // Many small chunks may have more extension bytes than a body may have.
  if (second_reading.step == ChunkedDecoder::Step::refuse)
    return promise(again.size() > 4096, "an encoded body decodes");
  promise(second_reading.step == ChunkedDecoder::Step::complete && second_reading.body == whole.body &&
              second_reading.used == again.size(),
          "an encoded body decodes to itself");
}
