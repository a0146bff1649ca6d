// Structured log: one JSON object a line, redacted, stamped with the correlation id of the current call.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <variant>

namespace kernel::observe {

enum class Level { debug, info, warning, error };

/// One member of a log line. A key that names a secret (password, token, secret, cookie, authorization, …) is
/// written as "[redacted]" whatever its value.
struct Field {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, double, bool> value;

  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, double v) : key(k), value(v) {}
  Field(std::string_view k, bool v) : key(k), value(v) {}
  template <class Integer>
    requires std::is_integral_v<Integer>
  Field(std::string_view k, Integer v) : key(k), value(static_cast<std::int64_t>(v)) {}
};

/// Writes one line to standard error. Thread-safe, never throws, never blocks on a full pipe for long.
///
/// component  the room or plugin that speaks ("front", "plugin.auth")
/// message    constant text; what varies goes into fields
void log(Level level, std::string_view component, std::string_view message,
         std::initializer_list<Field> fields = {}) noexcept;
void log(Level level, std::string_view component, std::string_view message, const Field* fields,
         std::size_t count) noexcept;

/// Lines below this level are dropped. Default info.
void set_level(Level level) noexcept;
Level level() noexcept;

/// The correlation id that log() adds on this thread; restored when the scope ends.
class CorrelationScope {
 public:
  explicit CorrelationScope(std::string_view id) noexcept;
  ~CorrelationScope();
  CorrelationScope(const CorrelationScope&) = delete;
  CorrelationScope& operator=(const CorrelationScope&) = delete;

 private:
  char previous_[64];
};
std::string_view correlation_id() noexcept;

}  // namespace kernel::observe
