// The strict reading of reply headers.
#include "kernel/outbound/reply.hpp"

#include <algorithm>

#include "kernel/outbound/outcome.hpp"

namespace kernel::outbound {
namespace {

constexpr std::size_t kMaxFields = 256;

bool same_name(std::string_view a, std::string_view lower_b) noexcept {
  return std::equal(a.begin(), a.end(), lower_b.begin(), lower_b.end(), [](char x, char y) {
    return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y;
  });
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_name_char(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_value_char(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

}  // namespace

void ReplyReader::start(const Limits& limits) {
  *this = ReplyReader{};
  limits_ = limits;
}

bool ReplyReader::header_line(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > limits_.header_bytes) return refuse(Fault::too_large, "header lines above the limit");
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (headers_done_) return true;  // trailers: counted, never used
  if (line.empty()) return end_of_headers();
  if (status_ == 0) return status_line(line);
  return field_line(line);
}

bool ReplyReader::body_bytes(std::string_view bytes) {
  if (bytes.size() > body_limit() - came_) return refuse(Fault::too_large, "body above the limit");
  came_ += bytes.size();
  if (streams()) return true;
  constexpr std::size_t kTrustedReserve = 1u << 20;
  if (body_.empty() && has_length_) body_.reserve(std::min(length_, kTrustedReserve));
  body_.append(bytes);
  return true;
}

bool ReplyReader::streams() const noexcept {
  return limits_.streamed_bytes > 0 && is_success(status_);
}

bool ReplyReader::refuse(Fault fault, std::string_view why) {
  fault_ = fault;
  why_ = why;
  return false;
}

bool ReplyReader::status_line(std::string_view line) {
  // "HTTP/1.1 200 OK", "HTTP/2 200 "
  if (!line.starts_with("HTTP/")) return refuse(Fault::malformed, "no status line");
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return refuse(Fault::malformed, "no status");
  http1_ = line.substr(5, space - 5).starts_with("1.");
  const std::string_view code = line.substr(space + 1, 3);
  const std::string_view after = line.substr(std::min(space + 4, line.size()));
  const bool three_digits = code.size() == 3 && std::all_of(code.begin(), code.end(), is_digit);
  if (!three_digits || code[0] < '1' || code[0] > '5' || (!after.empty() && after[0] != ' ')) {
    return refuse(Fault::malformed, "odd status");
  }
  status_ = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
  if (status_ == 101) return refuse(Fault::malformed, "switches protocols unasked");
  return true;
}

bool ReplyReader::field_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0)
    return refuse(Fault::malformed, "header line without a name");
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!std::all_of(name.begin(), name.end(), is_name_char))
    return refuse(Fault::malformed, "odd header name");
  if (!std::all_of(value.begin(), value.end(), is_value_char))
    return refuse(Fault::malformed, "odd header value");
  if (headers_.size() >= kMaxFields) return refuse(Fault::too_large, "too many headers");
  if (same_name(name, "content-length") && !length_field(value)) return false;
  if (same_name(name, "transfer-encoding")) {
    if (chunked_ || !same_name(value, "chunked")) return refuse(Fault::malformed, "odd Transfer-Encoding");
    chunked_ = true;
  }
  headers_.emplace_back(name, value);
  return true;
}

bool ReplyReader::length_field(std::string_view value) {
  constexpr std::size_t kMostDigits = 15;
  if (value.empty() || value.size() > kMostDigits || !std::all_of(value.begin(), value.end(), is_digit)) {
    return refuse(Fault::malformed, "odd Content-Length");
  }
  std::size_t length = 0;
  for (char c : value) length = length * 10 + static_cast<std::size_t>(c - '0');
  if (has_length_ && length != length_) return refuse(Fault::malformed, "two Content-Lengths");
  has_length_ = true;
  length_ = length;
  return true;
}

bool ReplyReader::end_of_headers() {
  if (status_ == 0) return refuse(Fault::malformed, "no status line");
  if (status_ < 200) {  // an interim reply: the real one follows
    status_ = 0;
    has_length_ = chunked_ = false;
    headers_.clear();
    return true;
  }
  headers_done_ = true;
  if (has_length_ && chunked_) return refuse(Fault::malformed, "Content-Length and Transfer-Encoding");
  const bool bodiless = limits_.head || status_ == 204 || status_ == 304;
  if (bodiless || !http1_) return true;
  if (!has_length_ && !chunked_ && !limits_.accept_unframed)
    return refuse(Fault::malformed, "nothing marks the end of the body");
  if (has_length_ && length_ > body_limit()) return refuse(Fault::too_large, "body above the limit");
  return true;
}

}  // namespace kernel::outbound
