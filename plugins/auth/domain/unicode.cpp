// Calls utf8proc and frees what it allocates.
#include "domain/unicode.hpp"

#include <utf8proc.h>

#include <cstdlib>

namespace auth {
namespace {

std::optional<std::string> map(std::string_view text, utf8proc_option_t options) {
  utf8proc_uint8_t* mapped = nullptr;
  const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                 static_cast<utf8proc_ssize_t>(text.size()), &mapped, options);
  if (size < 0) return std::nullopt;
  std::string out(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size));
  std::free(mapped);
  return out;
}

}  // namespace

std::optional<std::string> nfc(std::string_view text) {
  return map(text, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
}

std::string fold(std::string_view text) {
  return map(text, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
                                                  UTF8PROC_CASEFOLD))
      .value_or("");
}

std::u32string code_points(std::string_view text) {
  std::u32string out;
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t point = 0;
    const auto used = utf8proc_iterate(at, left, &point);
    if (used <= 0) break;
    out += static_cast<char32_t>(point);
    at += used, left -= used;
  }
  return out;
}

}  // namespace auth
