// Strict percent-decoding.
#include "kernel/front/url.hpp"

#include <portico/problem.hpp>

#include "kernel/front/bytes.hpp"

namespace kernel::front {

namespace {

bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

std::string_view next_segment(std::string_view& rest) noexcept {
  const auto slash = rest.find('/');
  const std::string_view segment = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  return segment;
}

// Nearly every path: nothing encoded, no segment that begins with a dot.
bool is_plain(std::string_view path) noexcept {
  return path.find('%') == std::string_view::npos && path.find("/.") == std::string_view::npos &&
         all_are(path, kVisible);
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char lead = at(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    std::size_t more = 0;
    unsigned char low = 0x80;   // bounds of the second byte: they keep out overlong forms,
    unsigned char high = 0xbf;  // surrogates and what lies above U+10FFFF
    if (lead >= 0xc2 && lead <= 0xdf) {
      more = 1;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      more = 2;
      if (lead == 0xe0) low = 0xa0;
      if (lead == 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      more = 3;
      if (lead == 0xf0) low = 0x90;
      if (lead == 0xf4) high = 0x8f;
    } else {
      return false;
    }
    if (text.size() - i <= more) return false;
    if (at(i + 1) < low || at(i + 1) > high) return false;
    for (std::size_t k = 2; k <= more; ++k) {
      if ((at(i + k) & 0xc0) != 0x80) return false;
    }
    i += more + 1;
  }
  return true;
}

std::optional<std::string> percent_decode(std::string_view encoded, Plus plus) {
  std::string text;
  text.reserve(encoded.size());
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    char c = encoded[i];
    if (c == '%') {
      if (encoded.size() - i < 3 || !is(encoded[i + 1], kHexDigit) || !is(encoded[i + 2], kHexDigit)) {
        return std::nullopt;
      }
      c = static_cast<char>(hex_value(encoded[i + 1]) << 4 | hex_value(encoded[i + 2]));
      i += 2;
    } else if (c == '+' && plus == Plus::space) {
      c = ' ';
    }
    if (is_control(c)) return std::nullopt;
    text.push_back(c);
  }
  if (!is_utf8(text)) return std::nullopt;
  return text;
}

std::optional<std::vector<std::string>> path_segments(std::string_view path) {
  if (path.empty() || path.front() != '/') return std::nullopt;
  std::vector<std::string> segments;
  std::string_view rest = path.substr(1);
  const bool ends_with_slash = rest.empty() || rest.back() == '/';
  while (!rest.empty()) {
    auto segment = percent_decode(next_segment(rest), Plus::literal);
    if (!segment || *segment == "." || *segment == "..") return std::nullopt;
    segments.push_back(std::move(*segment));
  }
  if (ends_with_slash) segments.emplace_back();
  return segments;
}

bool path_is_safe(std::string_view path) {
  if (path.empty() || path.front() != '/') return false;
  return is_plain(path) || path_segments(path).has_value();
}

std::optional<PathSegments> PathSegments::of(std::string_view path) {
  PathSegments out;
  if (!path.empty() && path.front() == '/' && is_plain(path)) {
    std::string_view rest = path.substr(1);
    const bool ends_with_slash = rest.empty() || rest.back() == '/';
    while (!rest.empty()) out.views_.push_back(next_segment(rest));
    if (ends_with_slash) out.views_.emplace_back();
    return out;
  }
  auto decoded = path_segments(path);
  if (!decoded) return std::nullopt;
  out.decoded_ = std::move(*decoded);
  for (const auto& segment : out.decoded_) out.views_.emplace_back(segment);
  return out;
}

std::string PathSegments::joined() const {
  std::string path;
  std::size_t size = 0;
  for (const auto& segment : views_) size += 1 + segment.size();
  path.reserve(size);
  for (const auto& segment : views_) path.append(1, '/').append(segment);
  return path;
}

Parameters parse_query(std::string_view query) {
  Parameters parameters;
  const auto decode = [](std::string_view text) {
    auto decoded = percent_decode(text, Plus::space);
    if (!decoded) throw portico::Problem(400, "http.malformed_query", "bad escape, control byte or no UTF-8");
    return std::move(*decoded);
  };
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (pair.empty()) continue;
    if (parameters.size() == kMaxQueryParameters) {
      throw portico::Problem(400, "http.malformed_query", "too many parameters");
    }
    const auto equals = pair.find('=');
    parameters.emplace_back(decode(pair.substr(0, equals)), equals == std::string_view::npos
                                                                ? std::string()
                                                                : decode(pair.substr(equals + 1)));
  }
  return parameters;
}

std::optional<std::string_view> find_parameter(const Parameters& parameters, std::string_view name) noexcept {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return std::nullopt;
}

}  // namespace kernel::front
