// application/x-www-form-urlencoded as the reference's test vector has it.
#include "client/form.hpp"

#include <boost/json/serialize.hpp>

namespace freebit {

std::string form_escape(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size() * 2);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

std::string encode_form(const boost::json::object& request, std::string_view version) {
  auto body = "json=" + form_escape(boost::json::serialize(request));
  if (!version.empty()) body += "&version=" + form_escape(version);
  return body;
}

}  // namespace freebit
