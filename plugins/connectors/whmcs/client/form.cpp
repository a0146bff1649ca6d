// PHP's rules for form bodies.
#include "client/form.hpp"

#include <fmt/format.h>

namespace whmcs {

Form& Form::set(std::string_view name, std::string_view value) {
  fields_.emplace_back(name, value);
  return *this;
}

Form& Form::set(std::string_view name, std::int64_t value) {
  return set(name, std::to_string(value));
}

Form& Form::set_if(std::string_view name, const std::optional<std::string>& value) {
  return value ? set(name, *value) : *this;
}

Form& Form::flag(std::string_view name, bool on) {
  return on ? set(name, "1") : *this;
}

Form& Form::list(std::string_view name, const std::vector<std::string>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) set(fmt::format("{}[{}]", name, i), values[i]);
  return *this;
}

Form& Form::map(std::string_view name, const std::vector<std::pair<std::string, std::string>>& values) {
  for (const auto& [key, value] : values) set(fmt::format("{}[{}]", name, key), value);
  return *this;
}

const std::string* Form::find(std::string_view name) const {
  for (auto field = fields_.rbegin(); field != fields_.rend(); ++field)
    if (field->first == name) return &field->second;
  return nullptr;
}

std::string Form::encode() const {
  std::string body;
  for (const auto& [name, value] : fields_) {
    if (!body.empty()) body += '&';
    body += url_encode(name);
    body += '=';
    body += url_encode(value);
  }
  return body;
}

std::string url_encode(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
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

}  // namespace whmcs
