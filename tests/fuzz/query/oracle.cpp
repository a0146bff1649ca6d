// Queries, form bodies and paths: what is decoded is clean text that reads the same once more; nothing is
// decoded twice.
#include <boost/json.hpp>
#include <portico/problem.hpp>

#include "kernel/front/bytes.hpp"
#include "kernel/front/url.hpp"
#include "tests/fuzz/lib/target.hpp"

using namespace kernel::front;
using fuzz::promise;

namespace {

std::string percent_encode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (is(c, kHexDigit)) {
      encoded += c;
      continue;
    }
    encoded += '%';
    for (const int shift : {4, 0}) encoded += "0123456789ABCDEF"[static_cast<unsigned char>(c) >> shift & 15];
  }
  return encoded;
}

bool has_control(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  }
  return false;
}

// Boost.JSON has an own check of UTF-8 and refuses a string that is none.
bool is_utf8_for_json(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 ? '.' : c;
  boost::json::error_code error;
  boost::json::parse(quoted + '"', error);
  return !error;
}

void check_text(const std::string& text) {
  promise(is_utf8(text) && !has_control(text), "what is decoded is clean text");
}

void check_decoding(std::string_view input, Plus plus) {
  const auto text = percent_decode(input, plus);
  if (!text) return;
  check_text(*text);
  promise(text->size() <= input.size(), "decoding never makes more of it");
  promise(percent_decode(percent_encode(*text), plus) == *text, "encoded text decodes to itself");
  if (input.find('%') == std::string_view::npos && (plus == Plus::literal || input.find('+') == input.npos)) {
    promise(*text == input, "text without escapes is itself");
  }
}

void check_query(std::string_view input) {
  Parameters parameters;
  try {
    parameters = parse_query(input);
  } catch (const portico::Problem& refused) {
    return promise(refused.status == 400 && refused.code == "http.malformed_query",
                   "a query is refused with its code");
  }
  promise(parameters.size() <= kMaxQueryParameters, "the number of parameters is limited");
  if (!parameters.empty()) {
    const std::string& name = parameters[fuzz::Choice(input).below(parameters.size())].first;
    promise(find_parameter(parameters, name).has_value(), "a parameter is found by its name");
  }
  std::string again;
  for (const auto& [name, value] : parameters) {
    check_text(name);
    check_text(value);
    again += '&' + percent_encode(name) + '=' + percent_encode(value);
  }
  promise(parse_query(again) == parameters, "a query written again is read as itself");
}

void check_path(const std::string& path) {
  const auto segments = path_segments(path);
  promise(path_is_safe(path) == segments.has_value(), "the quick look and the whole reading of a path agree");
  if (!segments) return;
  promise(!segments->empty(), "a path has a segment");
  std::string again;
  for (const std::string& segment : *segments) {
    check_text(segment);
    promise(segment != "." && segment != "..", "no segment leads elsewhere");
    again += '/' + percent_encode(segment);
  }
  promise(path_segments(again) == segments, "a path written again is read as itself");
}

}  // namespace

void fuzz::check(std::string_view input) {
  promise(is_utf8(input) == is_utf8_for_json(input), "UTF-8 is the same for Boost.JSON");
  check_decoding(input, Plus::literal);
  check_decoding(input, Plus::space);
  check_query(input);
  check_path(std::string(input));
  check_path('/' + std::string(input));
}
