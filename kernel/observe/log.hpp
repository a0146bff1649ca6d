// Structured log: one JSON object a line, redacted, stamped with the correlation id of the current call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <type_traits>
#include <variant>

namespace kernel::observe {

enum class Level { debug, info, warning, error };

/// One member of a log line. A key that names a secret (password, token, secret, cookie, authorization, …) is
/// written as "[redacted]" whatever its value.
struct Field {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, double, bool> value;
  bool harmless = false;

  /// A member that cannot hold a secret whatever happens (a status, a route's pattern): not looked through
  /// for one. For lines that every request writes.
  template <class Value>
  static Field plain(std::string_view key, Value value) {
    Field field(key, value);
    field.harmless = true;
    return field;
  }

  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, double v) : key(k), value(v) {}
  Field(std::string_view k, bool v) : key(k), value(v) {}
  template <class Integer>
  requires std::is_integral_v<Integer> Field(std::string_view k, Integer v)
      : key(k), value(static_cast<std::int64_t>(v)) {}
};

/// Writes one line to standard error, now or (BatchedLog) a moment later. Thread-safe, never throws, never
/// blocks on a full pipe for long: a line that finds no reader within 50 ms, or no room among those that
/// wait, is dropped and counted (portico_log_dropped_total).
///
/// {"ts":RFC 3339 UTC with microseconds,"level","component","msg","correlation_id"?,"fields":{…}?}
/// A line has at most 4096 bytes, a value 1024: longer ones are cut (a cut value ends in "…", a line that
/// lost fields says "truncated":true). Values that look like credentials or e-mail addresses are masked.
///
/// component  the room or plugin that speaks ("front", "plugin.auth")
/// message    constant text; what varies goes into fields
void log(Level level, std::string_view component, std::string_view message,
         std::initializer_list<Field> fields = {}) noexcept;
void log(Level level, std::string_view component, std::string_view message, const Field* fields,
         std::size_t count) noexcept;

/// Where lines go: a descriptor the caller keeps open. Default 2, standard error.
void set_output(int descriptor) noexcept;

/// While one lives, lines are gathered and written by a thread of its own, at most 20 ms later: a thread that
/// serves requests does not pay for a write with each. A warning or an error makes that thread hurry. At most
/// 1 MB waits; the end of the object writes what is left.
/// At most one at a time.
class BatchedLog {
 public:
  BatchedLog();
  ~BatchedLog();
  BatchedLog(const BatchedLog&) = delete;
  BatchedLog& operator=(const BatchedLog&) = delete;
};

/// Writes what waits, for who is about to end the process the hard way.
void flush_log() noexcept;

/// Lines below this level are dropped. Default info.
void set_level(Level level) noexcept;
Level level() noexcept;

/// The correlation id that log() adds on this thread; the previous one is restored when the scope ends. At
/// most 64 characters are kept.
class CorrelationScope {
 public:
  explicit CorrelationScope(std::string_view id) noexcept;
  ~CorrelationScope();
  CorrelationScope(const CorrelationScope&) = delete;
  CorrelationScope& operator=(const CorrelationScope&) = delete;

 private:
  char previous_[64];
  unsigned char previous_size_;
};
std::string_view correlation_id() noexcept;

}  // namespace kernel::observe
