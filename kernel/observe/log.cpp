// Composes a line on the caller's thread, redacted, and hands it to the sink.
#include "kernel/observe/log.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <ctime>
#include <string>

#include "kernel/observe/log_sink.hpp"
#include "kernel/observe/printable.hpp"
#include "kernel/observe/redaction.hpp"

namespace kernel::observe {
namespace {

constexpr std::size_t kMaxLine = Sink::kMostAtOnce;
constexpr std::size_t kMaxValue = 1024;
constexpr std::size_t kMaxMasked = 4 * kMaxValue;  // what masking looks at; cutting comes after it
constexpr std::string_view kTail = ",\"truncated\":true";

std::atomic<Level> least_level{Level::info};

struct CurrentId {
  char chars[64];
  unsigned char size = 0;
};
thread_local CurrentId current_id;

std::string_view name_of(Level l) noexcept {
  switch (l) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return "error";
}

/// Length of the well-formed UTF-8 sequence at the start of text; 0 where there is none (RFC 3629).
std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                             : (first & 0xf0) == 0xe0         ? 3
                             : first >= 0xf0 && first <= 0xf4 ? 4
                                                              : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (first == 0xe0 && byte(1) < 0xa0) return 0;
  if (first == 0xed && byte(1) > 0x9f) return 0;
  if (first == 0xf0 && byte(1) < 0x90) return 0;
  if (first == 0xf4 && byte(1) > 0x8f) return 0;
  return length;
}

/// Length of the ASCII at the start of text that a JSON string holds as it is.
std::size_t plain_length(std::string_view text) noexcept {
  std::size_t n = 0;
  while (text.size() - n >= kWord && is_printable_word(text.data() + n) &&
         zero_bytes(load_word(text.data() + n) ^ in_each_byte('"')) == 0 &&
         zero_bytes(load_word(text.data() + n) ^ in_each_byte('\\')) == 0)
    n += kWord;
  while (n < text.size() && text[n] >= 0x20 && text[n] < 0x7f && text[n] != '"' && text[n] != '\\') ++n;
  return n;
}

void append_escape(std::string& out, unsigned code) {
  constexpr char kHex[] = "0123456789abcdef";
  out.append("\\u00");
  out.push_back(kHex[(code >> 4) & 15]);
  out.push_back(kHex[code & 15]);
}

/// A JSON string: quotes, backslashes and every control character (C0, DEL, C1: terminals act on them)
/// escaped, malformed UTF-8 replaced, cut at kMaxValue input bytes.
void append_string(std::string& out, std::string_view text) {
  const bool cut = text.size() > kMaxValue;
  out.push_back('"');
  std::size_t i = 0;
  while (i < text.size() && i < kMaxValue) {
    if (const std::size_t plain = plain_length(text.substr(i, kMaxValue - i))) {
      out.append(text.substr(i, plain));
      i += plain;
      continue;
    }
    const std::size_t length = utf8_length(text.substr(i));
    const auto c = static_cast<unsigned char>(text[i]);
    if (length == 0) {
      out.append("\\ufffd");
      ++i;
      continue;
    }
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(static_cast<char>(c));
    } else if (c == '\n') {
      out.append("\\n");
    } else if (c == '\t') {
      out.append("\\t");
    } else if (c < 0x20 || c == 0x7f) {
      append_escape(out, c);
    } else if (c == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0) {
      append_escape(out, static_cast<unsigned char>(text[i + 1]));
    } else {
      out.append(text.substr(i, length));
    }
    i += length;
  }
  if (cut) out.append("…");
  out.push_back('"');
}

void append_text(std::string& out, std::string_view text) {
  text = text.substr(0, kMaxMasked);
  if (may_hold_secret(text)) {
    append_string(out, masked(text));
  } else {
    append_string(out, text);
  }
}

void append_value(std::string& out, const Field& field) {
  if (!field.harmless && names_private(field.key)) {
    out.append("\"[redacted]\"");
  } else if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    if (field.harmless) {
      append_string(out, *text);
    } else {
      append_text(out, *text);
    }
  } else if (const auto* whole = std::get_if<std::int64_t>(&field.value)) {
    char digits[24];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, *whole).ptr);
  } else if (const auto* real = std::get_if<double>(&field.value)) {
    if (!std::isfinite(*real)) {
      out.append("null");
      return;
    }
    char digits[32];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, *real).ptr);
  } else {
    out.append(std::get<bool>(field.value) ? "true" : "false");
  }
}

void append_timestamp(std::string& out) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  thread_local std::time_t cached_second = -1;
  thread_local char cached[20];  // "2024-01-01T00:00:00"
  if (now.tv_sec != cached_second) {
    std::tm utc{};
    ::gmtime_r(&now.tv_sec, &utc);
    std::strftime(cached, sizeof cached, "%Y-%m-%dT%H:%M:%S", &utc);
    cached_second = now.tv_sec;
  }
  out.append(cached, 19);
  out.push_back('.');
  long micros = now.tv_nsec / 1000;
  char digits[6];
  for (int i = 5; i >= 0; --i, micros /= 10) digits[i] = static_cast<char>('0' + micros % 10);
  out.append(digits, 6);
  out.push_back('Z');
}

void compose(std::string& line, Level l, std::string_view component, std::string_view message,
             const Field* fields, std::size_t count) {
  line.clear();
  line.append("{\"ts\":\"");
  append_timestamp(line);
  line.append("\",\"level\":\"").append(name_of(l)).append("\",\"component\":");
  append_string(line, component.substr(0, 64));
  line.append(",\"msg\":");
  append_text(line, message.substr(0, 256));
  if (current_id.size > 0) {
    line.append(",\"correlation_id\":");
    append_string(line, correlation_id());
  }
  constexpr std::size_t kRoom = kMaxLine - kTail.size() - 3;  // "}" of fields, "}" of the line, newline
  bool lost = false;
  bool any = false;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t before = line.size();
    line.append(any ? "," : ",\"fields\":{");
    append_string(line, fields[i].key.substr(0, 64));
    line.push_back(':');
    append_value(line, fields[i]);
    if (line.size() > kRoom) {
      line.resize(before);
      lost = true;
    } else {
      any = true;
    }
  }
  if (any) line.push_back('}');
  if (lost) line.append(kTail);
  line.append("}\n");
}

}  // namespace

void log(Level l, std::string_view component, std::string_view message,
         std::initializer_list<Field> fields) noexcept {
  log(l, component, message, fields.begin(), fields.size());
}

void log(Level l, std::string_view component, std::string_view message, const Field* fields,
         std::size_t count) noexcept {
  if (l < least_level.load(std::memory_order_relaxed)) return;
  try {
    thread_local std::string line;  // keeps its memory: this is on every request's way
    compose(line, l, component, message, fields, count);
    sink().take(line, l);
  } catch (...) {
    // Out of memory: a lost line is the least of the process's troubles, and the caller must not see it.
  }
}

void set_output(int descriptor) noexcept {
  sink().set_descriptor(descriptor);
}

BatchedLog::BatchedLog() {
  sink().start_batching();
}

BatchedLog::~BatchedLog() {
  sink().stop_batching();
}

void flush_log() noexcept {
  sink().flush();
}

void set_level(Level l) noexcept {
  least_level.store(l, std::memory_order_relaxed);
}

Level level() noexcept {
  return least_level.load(std::memory_order_relaxed);
}

CorrelationScope::CorrelationScope(std::string_view id) noexcept : previous_size_(current_id.size) {
  std::memcpy(previous_, current_id.chars, previous_size_);
  current_id.size = static_cast<unsigned char>(std::min(id.size(), sizeof current_id.chars));
  std::memcpy(current_id.chars, id.data(), current_id.size);
}

CorrelationScope::~CorrelationScope() {
  std::memcpy(current_id.chars, previous_, previous_size_);
  current_id.size = previous_size_;
}

std::string_view correlation_id() noexcept {
  return {current_id.chars, current_id.size};
}

}  // namespace kernel::observe
