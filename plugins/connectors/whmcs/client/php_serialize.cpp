// The writer alone: nothing that WHMCS sends is in this format.
#include "client/php_serialize.hpp"

#include <fmt/format.h>

namespace whmcs {

std::string php_serialize(const SerializedMap& map) {
  std::string out = fmt::format("a:{}:{{", map.size());
  for (const auto& [key, value] : map) {
    out += fmt::format("i:{};", key);
    if (const auto* text = std::get_if<std::string>(&value)) {
      out += fmt::format("s:{}:\"{}\";", text->size(), *text);
    } else {
      out += fmt::format("i:{};", std::get<std::int64_t>(value));
    }
  }
  return out + "}";
}

std::string base64_encode(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) {
      return at < bytes.size() ? static_cast<unsigned>(static_cast<unsigned char>(bytes[at])) : 0U;
    };
    const unsigned group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    out += kDigits[group >> 18];
    out += kDigits[group >> 12 & 63];
    out += i + 1 < bytes.size() ? kDigits[group >> 6 & 63] : '=';
    out += i + 2 < bytes.size() ? kDigits[group & 63] : '=';
  }
  return out;
}

std::string serialized_parameter(const SerializedMap& map) {
  return base64_encode(php_serialize(map));
}

}  // namespace whmcs
