// What reliability asks of a request head (RFC 9112 made stricter: everything ambiguous is refused).
#include "kernel/front/strictness.hpp"

#include <array>
#include <charconv>

#include "kernel/front/bytes.hpp"
#include "kernel/front/url.hpp"

namespace kernel::front {

namespace {

constexpr std::array<std::string_view, 7> kMethods = {"GET",   "HEAD",   "POST",   "PUT",
                                                      "PATCH", "DELETE", "OPTIONS"};
constexpr std::size_t kMaxLengthDigits = 15;

bool is_known_method(std::string_view method) noexcept {
  for (const std::string_view known : kMethods) {
    if (method == known) return true;
  }
  return false;
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_version_shape(std::string_view text) noexcept {
  return text.size() == 8 && text.substr(0, 5) == "HTTP/" && is_digit(text[5]) && text[6] == '.' &&
         is_digit(text[7]);
}

// host [":" port]: a name, a v4 address, or a v6 address in brackets (RFC 9110 7.2, without sub-delims).
bool is_host(std::string_view host) noexcept {
  std::size_t end = 0;
  if (!host.empty() && host.front() == '[') {
    end = host.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    for (const char c : host.substr(1, end - 1)) {
      if (!is(c, kHexDigit) && c != ':' && c != '.') return false;
    }
    ++end;
  } else {
    while (end < host.size() && host[end] != ':') {
      const char c = host[end];
      const bool alnum = is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
      if (!alnum && c != '-' && c != '.' && c != '_' && c != '~') return false;
      ++end;
    }
    if (end == 0) return false;
  }
  if (end == host.size()) return true;
  const std::string_view port = host.substr(end + 1);
  if (host[end] != ':' || port.empty() || port.size() > 5) return false;
  for (const char c : port) {
    if (!is_digit(c)) return false;
  }
  return true;
}

std::optional<std::uint64_t> plain_length(std::string_view text) noexcept {
  if (text.empty() || text.size() > kMaxLengthDigits) return std::nullopt;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
  }
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;
};

void read_connection_options(std::string_view list, ConnectionOptions& options) noexcept {
  while (!list.empty()) {
    const auto comma = list.find(',');
    std::string_view option = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    while (!option.empty() && (option.front() == ' ' || option.front() == '\t')) option.remove_prefix(1);
    while (!option.empty() && (option.back() == ' ' || option.back() == '\t')) option.remove_suffix(1);
    if (same_ignoring_case(option, "close")) options.close = true;
    if (same_ignoring_case(option, "keep-alive")) options.keep_alive = true;
  }
}

// Origin form, absolute form (whose authority must be the Host), or "*" with OPTIONS (RFC 9112 3.2).
bool split_target(Head& head, std::string_view host) {
  std::string_view target = head.target;
  if (target == "*") {
    head.path = "*";
    head.query.clear();
    return head.method == "OPTIONS";
  }
  if (target.front() != '/') {
    const auto scheme_end = target.find("://");
    if (scheme_end == std::string_view::npos) return false;
    const std::string_view scheme = target.substr(0, scheme_end);
    if (!same_ignoring_case(scheme, "http") && !same_ignoring_case(scheme, "https")) return false;
    target.remove_prefix(scheme_end + 3);
    const std::string_view authority = target.substr(0, target.find_first_of("/?"));
    if (!same_ignoring_case(authority, host)) return false;
    target.remove_prefix(authority.size());
    if (target.empty() || target.front() == '?') {
      head.path = "/";
      head.query.assign(target.empty() ? target : target.substr(1));
      return true;
    }
  }
  const auto mark = target.find('?');
  head.path.assign(target.substr(0, mark));
  head.query.assign(mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1));
  return path_is_safe(head.path);
}

}  // namespace

std::optional<Refusal> check_request_line(std::string_view line, const Limits& limits) noexcept {
  const auto first = line.find(' ');
  if (first == std::string_view::npos) return Refusal::malformed_request_line;
  const auto second = line.find(' ', first + 1);
  if (second == std::string_view::npos) return Refusal::malformed_request_line;
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, second - first - 1);
  const std::string_view version = line.substr(second + 1);

  if (method.empty() || !all_are(method, kToken)) return Refusal::malformed_request_line;
  if (target.empty() || !all_are(target, kVisible)) return Refusal::malformed_request_line;
  if (!is_version_shape(version)) return Refusal::malformed_request_line;
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return Refusal::version_unknown;
  if (!is_known_method(method)) return Refusal::method_unknown;
  if (target.size() > limits.target) return Refusal::target_too_long;
  // A fragment never leaves a browser; two readers could cut the target at different places.
  if (target.find('#') != std::string_view::npos) return Refusal::malformed_target;
  return std::nullopt;
}

std::optional<Refusal> check_field_line(std::string_view line, const Limits& limits) noexcept {
  std::size_t colon = 0;
  while (colon < line.size() && is(line[colon], kToken)) ++colon;
  if (colon == 0 || colon == line.size() || line[colon] != ':') return Refusal::malformed_header;
  const std::string_view value = line.substr(colon + 1);
  if (!is_field_value(value)) return Refusal::malformed_header;
  // Around a length or a coding some readers trim a tab and others do not: then they see different bodies.
  if (value.find('\t') != std::string_view::npos) {
    const std::string_view name = line.substr(0, colon);
    if (same_ignoring_case(name, "content-length")) return Refusal::malformed_length;
    if (same_ignoring_case(name, "transfer-encoding")) return Refusal::malformed_transfer_coding;
  }
  if (colon > limits.field_name || value.size() > limits.field_value) return Refusal::headers_too_large;
  return std::nullopt;
}

std::optional<Refusal> check_head(Head& head, BodyFraming& framing) {
  framing = {};
  int hosts = 0;
  int lengths = 0;
  int codings = 0;
  std::string_view host;
  std::string_view length;
  std::string_view coding;
  std::string_view expectation;
  ConnectionOptions connection;
  for (const auto& field : head.headers) {
    switch (field.name.size()) {  // cheap first look: most fields have other lengths
      case 4:
        if (same_ignoring_case(field.name, "host")) ++hosts, host = field.value;
        break;
      case 6:
        if (same_ignoring_case(field.name, "expect")) expectation = field.value;
        break;
      case 10:
        if (same_ignoring_case(field.name, "connection")) read_connection_options(field.value, connection);
        break;
      case 14:
        if (same_ignoring_case(field.name, "content-length")) ++lengths, length = field.value;
        break;
      case 17:
        if (same_ignoring_case(field.name, "transfer-encoding")) ++codings, coding = field.value;
        break;
      default:
        break;
    }
  }
  if (hosts != 1 || !is_host(host)) return Refusal::malformed_host;

  if (codings > 0) {
    if (codings > 1 || lengths > 0 || head.minor_version == 0 || !same_ignoring_case(coding, "chunked")) {
      return Refusal::malformed_transfer_coding;
    }
    framing.kind = BodyFraming::Kind::chunked;
  } else if (lengths > 0) {
    const auto bytes = plain_length(length);
    if (lengths > 1 || !bytes) return Refusal::malformed_length;
    framing.kind = *bytes > 0 ? BodyFraming::Kind::counted : BodyFraming::Kind::none;
    framing.length = *bytes;
  }

  if (!expectation.empty() && head.minor_version == 1) {
    if (!same_ignoring_case(expectation, "100-continue")) return Refusal::expectation_unknown;
    framing.expects_continue = framing.kind != BodyFraming::Kind::none;
  }
  if (!split_target(head, host)) return Refusal::malformed_target;
  head.keep_alive = !connection.close && (head.minor_version == 1 || connection.keep_alive);
  return std::nullopt;
}

}  // namespace kernel::front
