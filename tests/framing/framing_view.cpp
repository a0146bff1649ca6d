// Shows what the front makes of raw bytes: the framing probes, transcripts of its pure parser in every cut,
// and a server that answers each request with what it read.
//
//   framing_view probes    a JSON line for each probe: name, bytes (hex), status, then_close
//   framing_view read      streams on standard input, a hex line each; a JSON line for each: requests,
//   refusal, waiting, and
//                          the first cut (in two at any byte, or into single bytes) that gives another answer
//   framing_view serve     prints its port, then a JSON line for each request it gets; ends with its standard
//   input
#include <boost/json.hpp>
#include <iostream>
#include <mutex>

#include "kernel/front/reactor.hpp"
#include "kernel/front/tests/framing_probes.hpp"
#include "kernel/front/tests/transcript.hpp"

namespace {

namespace json = boost::json;
using namespace kernel::front;
using namespace kernel::front::test;

std::string to_hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    for (const int shift : {4, 0}) text += "0123456789abcdef"[static_cast<unsigned char>(c) >> shift & 15];
  }
  return text;
}

std::string from_hex(std::string_view text) {
  std::string bytes;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
  return bytes;
}

/// Bytes as Latin-1 letters, which is how Node shows field values.
json::string latin1(std::string_view bytes) {
  json::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text.push_back(c);
    } else {
      text.push_back(static_cast<char>(0xc0 | byte >> 6));
      text.push_back(static_cast<char>(0x80 | (byte & 0x3f)));
    }
  }
  return text;
}

json::object view(const Request& request) {
  json::array fields;
  for (const auto& field : request.headers)
    fields.push_back(json::array{latin1(field.name), latin1(field.value)});
  return {
      {"method", request.method},    {"target", request.target},     {"minor_version", request.minor_version},
      {"fields", std::move(fields)}, {"body", to_hex(request.body)}, {"keep_alive", request.keep_alive}};
}

json::object view(const std::string& stream) {
  const Transcript whole = run(stream, {}, false);
  json::value other_cut;
  for (std::size_t cut = 1; cut < stream.size() && other_cut.is_null(); ++cut) {
    if (run(stream, {cut}, false) != whole) other_cut = cut;
  }
  if (run(stream, every_byte(stream.size()), false) != whole) other_cut = "every byte";
  json::array requests;
  for (const Request& request : whole.parsed) requests.push_back(view(request));
  json::value refusal;
  if (whole.refusal) {
    const auto answer = answer_to(*whole.refusal);
    refusal = {{"status", answer.status}, {"code", answer.code}};
  }
  return {{"requests", std::move(requests)},
          {"refusal", std::move(refusal)},
          {"waiting", whole.waiting},
          {"other_cut", std::move(other_cut)}};
}

void serve() {
  std::mutex mutex;
  FrontSettings settings;
  settings.reactors = 1;
  settings.max_connections_per_address = 10'000;  // the script is one address
  Front front(
      settings,
      [&](Exchange exchange) {
        const std::string text = json::serialize(view(exchange.request()));
        {
          const std::lock_guard lock(mutex);
          std::cout << text << std::endl;
        }
        Response response;
        response.headers = {{"Content-Type", "application/json"}};
        response.body = text;
        exchange.answer(std::move(response));
      },
      {},
      [](int status, std::string_view code) {
        Response response;
        response.status = status;
        response.headers = {{"Content-Type", "application/problem+json"}};
        response.body = json::serialize(json::object{{"status", status}, {"code", code}});
        return response;
      });
  front.start();
  std::cout << front.port() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
  }
  front.stop();
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view what = count == 2 ? arguments[1] : "";
  if (what == "probes") {
    for (const Probe& probe : probes()) {
      std::cout << json::object{{"name", probe.name},
                                {"bytes", to_hex(probe.bytes)},
                                {"status", probe.status},
                                {"then_close", probe.then_close}}
                << '\n';
    }
  } else if (what == "read") {
    for (std::string line; std::getline(std::cin, line);) std::cout << view(from_hex(line)) << '\n';
  } else if (what == "serve") {
    serve();
  } else {
    std::cerr << "usage: framing_view probes|read|serve\n";
    return 2;
  }
}
