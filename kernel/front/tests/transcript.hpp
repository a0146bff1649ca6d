// Runs a byte stream through the framer, cut as asked, and writes down everything that came out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/front/framing.hpp"

namespace kernel::front::test {

struct Transcript {
  std::vector<std::string> requests;  // one text each: request line, fields, body
  std::vector<Request> parsed;
  std::vector<std::string_view> raw;  // the bytes each was made of; only when the stream came in one piece
  std::optional<Refusal> refusal;
  bool waiting = false;  // in the middle of a request when the bytes ended

  bool operator==(const Transcript& other) const {
    return requests == other.requests && refusal == other.refusal && waiting == other.waiting;
  }
};

inline std::string describe(const Request& request) {
  std::string text = request.method + ' ' + request.target + " [" + request.path + "][" + request.query +
                     "] 1." + std::to_string(request.minor_version) +
                     (request.keep_alive ? " keep\n" : " close\n");
  for (const auto& field : request.headers) {
    text.append(field.name).append(":").append(field.value).append("\n");
  }
  return text + "\n" + request.body;
}

/// cuts  ascending positions in the stream where one piece ends and the next begins
inline Transcript run(std::string_view stream, const std::vector<std::size_t>& cuts, bool then_close,
                      const Limits& limits = {}, const BodyLimit& body_limit = {}) {
  Transcript transcript;
  RequestFramer framer(limits, body_limit);
  Request request;
  std::size_t begin = 0;  // of what was not consumed
  std::size_t request_begin = 0;
  std::vector<std::size_t> ends = cuts;
  ends.push_back(stream.size());
  for (const std::size_t end : ends) {
    for (;;) {
      std::size_t consumed = 0;
      const auto step = framer.feed(stream.substr(begin, end - begin), consumed, request);
      begin += consumed;
      if (step == RequestFramer::Step::need_more) break;
      if (step == RequestFramer::Step::refuse) {
        transcript.refusal = framer.refusal();
        return transcript;
      }
      transcript.requests.push_back(describe(request));
      transcript.raw.push_back(stream.substr(request_begin, begin - request_begin));
      request_begin = begin;
      transcript.parsed.push_back(std::move(request));
      request = Request();
    }
  }
  transcript.waiting = framer.started();
  if (then_close && framer.finish() == RequestFramer::Step::refuse) transcript.refusal = framer.refusal();
  return transcript;
}

inline std::vector<std::size_t> every_byte(std::size_t size) {
  std::vector<std::size_t> cuts;
  for (std::size_t i = 1; i < size; ++i) cuts.push_back(i);
  return cuts;
}

}  // namespace kernel::front::test
