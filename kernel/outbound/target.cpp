// The checks between a caller's words and the bytes of a request line.
#include "kernel/outbound/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "kernel/outbound/outcome.hpp"

namespace kernel::outbound {
namespace {

constexpr std::size_t kLongestName = 128;  // a plugin's id, the name in its manifest, and what the host adds

constexpr std::array kOwnHeaders = {
    std::string_view("host"),
    std::string_view("content-length"),
    std::string_view("transfer-encoding"),
    std::string_view("connection"),
    std::string_view("expect"),
    std::string_view("upgrade"),
    std::string_view("te"),
    std::string_view("trailer"),
    std::string_view("keep-alive"),
    std::string_view("http2-settings"),
};

constexpr bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
constexpr bool is_token_char(char c) {
  return is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
constexpr bool is_visible(char c) {
  return c > ' ' && c < 0x7f;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

[[noreturn]] void refuse_settings(std::string why) {
  throw portico::Problem(500, "upstream.settings", std::move(why));
}

[[noreturn]] void refuse_request(std::string why) {
  throw problem_for(Outcome::bad_request, std::move(why), false);
}

void replace_all(std::string& text, std::string_view from, char to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), 1, to);
  }
}

/// True where a server that decodes once could see "." or ".." between slashes.
bool has_dot_segment(std::string_view path) {
  std::string plain = lower(path);
  replace_all(plain, "%2e", '.');
  replace_all(plain, "%2f", '/');
  replace_all(plain, "%5c", '/');
  std::size_t begin = 0;
  while (begin <= plain.size()) {
    const std::size_t end = std::min(plain.find('/', begin), plain.size());
    const std::string_view segment = std::string_view(plain).substr(begin, end - begin);
    const std::string_view name = segment.substr(0, segment.find(';'));  // "..;x" is ".." to some servers
    if (name == "." || name == "..") return true;
    begin = end + 1;
  }
  return false;
}

void check_path(std::string_view path) {
  if (path.empty()) return;
  if (path[0] != '/') refuse_request("path does not begin with '/'");
  if (path.size() > 8192) refuse_request("path longer than 8192 bytes");
  if (!std::all_of(path.begin(), path.end(), is_visible))
    refuse_request("path with a space or control character");
  if (path.find_first_of("#\\") != std::string_view::npos) refuse_request("path with '#' or '\\'");
  if (has_dot_segment(path.substr(0, path.find('?')))) refuse_request("path with a dot segment");
}

void check_header(std::string_view name, std::string_view value) {
  if (!is_token(name)) refuse_request("header name that is no token");
  const std::string plain = lower(name);
  if (std::find(kOwnHeaders.begin(), kOwnHeaders.end(), plain) != kOwnHeaders.end() ||
      plain.starts_with("proxy-")) {
    refuse_request("header that is not the caller's to set: " + plain);
  }
  const bool clean = std::all_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
  });
  if (!clean) refuse_request("header value with a control character: " + plain);
}

/// Takes the host off the front of authority; what is left is ":port" or nothing.
std::string_view take_host(std::string_view& authority) {
  std::size_t end = std::min(authority.find(':'), authority.size());
  if (authority.starts_with('[')) {
    end = authority.find(']');
    if (end == std::string_view::npos) refuse_settings("base_url: '[' without ']'");
    ++end;
    const std::string_view address = authority.substr(1, end - 2);
    if (address.empty() || address.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) {
      refuse_settings("base_url: odd IPv6 address");
    }
  } else {
    const std::string_view name = authority.substr(0, end);
    const bool plain = std::all_of(name.begin(), name.end(),
                                   [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; });
    if (name.empty() || !plain) refuse_settings("base_url: odd host");
  }
  const std::string_view host = authority.substr(0, end);
  authority.remove_prefix(end);
  return host;
}

void check_port(std::string_view rest) {
  if (rest.empty()) return;
  rest.remove_prefix(rest[0] == ':' ? 1 : 0);
  int port = 0;
  for (char c : rest) {
    if (c < '0' || c > '9' || port > 65535) refuse_settings("base_url: odd port");
    port = port * 10 + (c - '0');
  }
  if (port < 1 || port > 65535) refuse_settings("base_url: odd port");
}

template <class Value>
void in_range(std::string_view what, Value value, Value least, Value most) {
  if (value < least || value > most)
    refuse_settings(fmt::format("{}: {} is not in {} … {}", what, value, least, most));
}

void check_lane(const std::string& name, const LaneSettings& lane) {
  if (!is_token(name)) refuse_settings("lanes: odd name");
  in_range("lanes." + name + ".concurrency", lane.concurrency, 1, 1000);
  in_range("lanes." + name + ".queue", lane.queue, 0, 100'000);
  in_range("lanes." + name + ".rate", lane.rate, 0, 1'000'000);
  in_range("lanes." + name + ".rate_period ms", static_cast<long>(lane.rate_period.count()), 1L, 86'400'000L);
  in_range("lanes." + name + ".background_share", lane.background_share, 0.0, 1.0);
  in_range("lanes." + name + ".queue_wait ms", static_cast<long>(lane.queue_wait.count()), 0L, 600'000L);
}

void check_breaker(const BreakerSettings& b) {
  in_range("breaker.window ms", static_cast<long>(b.window.count()), 10L, 600'000L);
  in_range("breaker.least_calls", b.least_calls, 1, 1'000'000);
  in_range("breaker.failure_share", b.failure_share, 0.01, 1.0);
  in_range("breaker.slow_after ms", static_cast<long>(b.slow_after.count()), 1L, 600'000L);
  in_range("breaker.slow_share", b.slow_share, 0.01, 1.0);
  in_range("breaker.open_first ms", static_cast<long>(b.open_first.count()), 1L, 600'000L);
  in_range("breaker.open_longest ms", static_cast<long>(b.open_longest.count()),
           static_cast<long>(b.open_first.count()), 3'600'000L);
  in_range("breaker.successes_to_close", b.successes_to_close, 1, 1000);
}

}  // namespace

Target parse_base_url(std::string_view url) {
  Target target;
  const std::string scheme = lower(url.substr(0, std::min(url.find("://"), url.size())));
  if (scheme != "http" && scheme != "https") refuse_settings("base_url: only http:// and https://");
  target.tls = scheme == "https";
  std::string_view rest = url.substr(scheme.size() + 3);
  if (!std::all_of(rest.begin(), rest.end(), is_visible))
    refuse_settings("base_url: space or control character");
  if (rest.find('@') != std::string_view::npos)
    refuse_settings("base_url: user info belongs into the headers");
  if (rest.find_first_of("?#\\") != std::string_view::npos)
    refuse_settings("base_url: query, fragment or '\\'");
  std::string_view authority = rest.substr(0, std::min(rest.find('/'), rest.size()));
  std::string_view prefix = rest.substr(authority.size());
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (has_dot_segment(prefix)) refuse_settings("base_url: dot segment");
  const std::string whole_authority(authority);
  target.host = lower(take_host(authority));
  check_port(authority);
  target.base = scheme + "://" + lower(whole_authority) + std::string(prefix);
  return target;
}

Target check_settings(const UpstreamSettings& s) {
  const bool named = !s.name.empty() && s.name.size() <= kLongestName &&
                     std::all_of(s.name.begin(), s.name.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
                     });
  if (!named) refuse_settings("name: lower-case letters, digits, '_' and '-', at most 128");
  if (s.lanes.empty()) refuse_settings("lanes: none");
  for (const auto& [name, lane] : s.lanes) check_lane(name, lane);
  check_breaker(s.breaker);
  in_range("connect_timeout ms", static_cast<long>(s.connect_timeout.count()), 1L, 600'000L);
  in_range("timeout ms", static_cast<long>(s.timeout.count()), 1L, 600'000L);
  in_range<std::size_t>("body_limit", s.body_limit, 1, 1u << 30);
  in_range<std::size_t>("header_limit", s.header_limit, 1024, 1u << 20);
  in_range("read_attempts", s.read_attempts, 1, 3);
  Target target = parse_base_url(s.base_url);
  const bool allowed = s.allowed_hosts.empty() ||
                       std::any_of(s.allowed_hosts.begin(), s.allowed_hosts.end(),
                                   [&](const std::string& host) { return lower(host) == target.host; });
  if (!allowed) refuse_settings("base_url: host not among allowed_hosts");
  return target;
}

void check_request(const Request& request) {
  if (!is_token(request.method) || request.method.size() > 16) refuse_request("method that is no token");
  if (request.method == "CONNECT" || request.method == "TRACE")
    refuse_request("method that is not sent: " + request.method);
  if (!request.body.empty() && (request.method == "GET" || request.method == "HEAD")) {
    refuse_request("a body with " + request.method);
  }
  check_path(request.path);
  if (request.headers.size() > 64) refuse_request("more than 64 headers");
  for (const auto& [name, value] : request.headers) check_header(name, value);
}

}  // namespace kernel::outbound
