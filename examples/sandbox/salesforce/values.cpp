// Conversions; digests by OpenSSL.
#include "examples/sandbox/salesforce/values.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "examples/sandbox/common/text.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;
namespace chr = std::chrono;

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The number of `count` digits at `at`, or -1.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::string double_text(double value) {
  constexpr double kExact = 1e15;
  if (!std::isfinite(value)) return "null";
  if (std::abs(value) < kExact && value == std::floor(value)) return fmt::format("{:.1f}", value);
  return fmt::format("{}", value);
}

void write(std::string& out, const json::value& value, int indent) {
  const auto line = [&](int depth) {
    if (indent < 0) return;
    out += '\n';
    out.append(static_cast<std::size_t>(depth) * 2, ' ');
  };
  const int inner = indent < 0 ? -1 : indent + 1;
  if (const auto* object = value.if_object()) {
    out += '{';
    bool first = true;
    for (const auto& member : *object) {
      if (!first) out += ',';
      first = false;
      line(inner);
      out += json::serialize(member.key());
      out += indent < 0 ? ":" : " : ";
      write(out, member.value(), inner);
    }
    if (!first) line(indent);
    out += '}';
  } else if (const auto* list = value.if_array()) {
    out += '[';
    bool first = true;
    for (const auto& element : *list) {
      if (!first) out += ',';
      first = false;
      line(inner);
      write(out, element, inner);
    }
    if (!first) line(indent);
    out += ']';
  } else if (value.is_double()) {
    out += double_text(value.get_double());
  } else {
    out += json::serialize(value);
  }
}

std::string digest(const EVP_MD* kind, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), raw.data(), &size, kind, nullptr);
  std::string out;
  for (unsigned int i = 0; i < size; ++i) out += fmt::format("{:02x}", raw.at(i));
  return out;
}

}  // namespace

std::string datetime_text(TimePoint at) {
  std::string text = utc_text(at);
  text.pop_back();  // its Z
  return text + "+0000";
}

bool is_date(std::string_view text) {
  constexpr int kNone = INT32_MIN;
  return text.size() == 10 && day_of(text, kNone) != kNone;
}

std::optional<TimePoint> read_datetime(std::string_view text) {
  if (text.size() < 20 || !is_date(text.substr(0, 10)) || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':')
    return std::nullopt;
  const int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return std::nullopt;
  std::size_t at = 19;
  int millis = 0;
  if (text[at] == '.') {
    int factor = 100, taken = 0;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++taken) {
      millis += (text[at] - '0') * factor;
      factor /= 10;
    }
    if (taken == 0 || taken > 9) return std::nullopt;
  }
  int offset = 0;
  const std::string_view zone = text.substr(at);
  if (zone != "Z") {
    if ((zone.size() != 5 && zone.size() != 6) || (zone[0] != '+' && zone[0] != '-')) return std::nullopt;
    if (zone.size() == 6 && zone[3] != ':') return std::nullopt;
    const int hours = digits(zone, 1, 2), minutes = digits(zone, zone.size() - 2, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
    offset = (hours * 60 + minutes) * (zone[0] == '-' ? -1 : 1);
  }
  return TimePoint{chr::duration_cast<chr::milliseconds>(chr::days{day_of(text, 0)}) + chr::hours{hour} +
                   chr::minutes{minute - offset} + chr::seconds{second} + chr::milliseconds{millis}};
}

std::string write_json(const json::value& value, bool pretty) {
  std::string out;
  write(out, value, pretty ? 0 : -1);
  return out;
}

std::string base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : bytes) {
    bits = bits << 8U | static_cast<unsigned char>(c);
    for (held += 8; held >= 6; held -= 6) out += kAlphabet[bits >> static_cast<unsigned>(held - 6) & 63U];
  }
  if (held > 0) out += kAlphabet[bits << static_cast<unsigned>(6 - held) & 63U];
  while (out.size() % 4 != 0) out += '=';
  return out;
}

std::string base64url(std::string_view bytes) {
  std::string out = base64(bytes);
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  out.erase(out.find_last_not_of('=') + 1);
  return out;
}

std::optional<std::string> read_base64(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  int held = 0;
  std::size_t taken = 0, padding = 0;
  for (char c : text) {
    if (c == '\r' || c == '\n' || c == ' ' || c == '\t') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    if (c == '-') c = '+';
    if (c == '_') c = '/';
    const auto value = kAlphabet.find(c);
    if (value == std::string_view::npos || padding > 0) return std::nullopt;
    ++taken;
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += static_cast<char>(bits >> static_cast<unsigned>(held) & 255U);
    }
  }
  if (taken % 4 == 1 || padding > 2) return std::nullopt;
  return out;
}

std::string md5_hex(std::string_view bytes) {
  return digest(EVP_md5(), bytes);
}

std::string sha256_hex(std::string_view bytes) {
  return digest(EVP_sha256(), bytes);
}

std::string make_uuid() {
  std::string hex = random_hex(16);
  hex[12] = '4';
  hex[16] = "89ab"[static_cast<unsigned char>(hex[16]) & 3U];
  for (const std::size_t at : {8U, 13U, 18U, 23U}) hex.insert(at, "-");
  return hex;
}

std::size_t length_of(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(
      utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace sandbox::salesforce
