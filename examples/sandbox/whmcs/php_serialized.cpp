// Reader of serialized arrays, by recursive descent within limits.
#include "examples/sandbox/whmcs/php_serialized.hpp"

#include <Poco/Base64Decoder.h>
#include <Poco/Exception.h>

#include <charconv>
#include <sstream>
#include <stdexcept>

#include "examples/sandbox/common/text.hpp"

namespace sandbox::whmcs {

namespace {

[[noreturn]] void refuse() {
  throw std::runtime_error("not a serialized array");
}

class Reader {
 public:
  Reader(std::string_view text, const SerializedLimits& limits) : rest_(text), limits_(limits) {
    if (text.size() > limits.bytes) refuse();
  }

  FormValue whole() {
    if (!rest_.starts_with("a:")) refuse();
    auto out = value(0);
    if (!rest_.empty()) refuse();
    return out;
  }

 private:
  void expect(std::string_view text) {
    if (!rest_.starts_with(text)) refuse();
    rest_.remove_prefix(text.size());
  }

  std::string_view until(char end) {
    const auto stop = rest_.find(end);
    if (stop == std::string_view::npos) refuse();
    const auto found = rest_.substr(0, stop);
    rest_.remove_prefix(stop + 1);
    return found;
  }

  std::int64_t number(char end) {
    const auto text = until(end);
    std::int64_t value = 0;
    const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || at != text.data() + text.size() || text.empty()) refuse();
    return value;
  }

  std::string string_body() {
    const std::int64_t length = number(':');
    if (length < 0 || static_cast<std::uint64_t>(length) + 3 > rest_.size()) refuse();
    expect("\"");
    std::string text(rest_.substr(0, static_cast<std::size_t>(length)));
    rest_.remove_prefix(text.size());
    expect("\";");
    return text;
  }

  char tag() {
    if (++values_ > limits_.values || rest_.size() < 2 || rest_[1] != ':') refuse();
    const char found = rest_[0];
    rest_.remove_prefix(2);
    return found;
  }

  std::string key() {
    const char kind = tag();
    if (kind == 'i') return std::to_string(number(';'));
    if (kind != 's') refuse();
    return string_body();
  }

  FormValue value(std::size_t depth) {
    FormValue out;
    if (rest_.starts_with("N;")) {
      rest_.remove_prefix(2);
      return out;
    }
    switch (tag()) {
      case 'i':
        out.text = std::to_string(number(';'));
        return out;
      case 'b': {
        const auto bit = until(';');
        if (bit != "0" && bit != "1") refuse();
        if (bit == "1") out.text = "1";
        return out;
      }
      case 'd':
        out.text = decimal(until(';'));
        return out;
      case 's':
        out.text = string_body();
        return out;
      case 'a':
        break;
      default:
        refuse();  // O: and C: would make objects
    }
    if (depth + 1 > limits_.depth) refuse();
    const std::int64_t count = number(':');
    if (count < 0) refuse();
    out.become_array();
    expect("{");
    for (std::int64_t i = 0; i < count; ++i) {
      const std::string name = key();
      out.at_key(name) = value(depth + 1);
    }
    expect("}");
    return out;
  }

  static std::string decimal(std::string_view text) {
    constexpr std::string_view kAllowed = "+-.0123456789eE";
    if (text.empty() || text.find_first_not_of(kAllowed) != std::string_view::npos) refuse();
    return std::string(text);
  }

  std::string_view rest_;
  const SerializedLimits limits_;
  std::size_t values_ = 0;
};

}  // namespace

FormValue read_php_serialized(std::string_view text, const SerializedLimits& limits) {
  return Reader(text, limits).whole();
}

FormValue read_base64_serialized(std::string_view base64) {
  std::istringstream encoded{std::string(base64)};
  Poco::Base64Decoder decoder(encoded);
  std::ostringstream decoded;
  try {
    decoded << decoder.rdbuf();
  } catch (const Poco::Exception&) {
    refuse();
  }
  return read_php_serialized(decoded.str());
}

std::map<std::int64_t, std::string> read_custom_fields(std::string_view base64) {
  std::map<std::int64_t, std::string> out;
  for (const auto& [key, value] : read_base64_serialized(base64).entries)
    if (!value.is_array) out[php_int(key)] = value.text;
  return out;
}

std::map<std::int64_t, std::int64_t> read_options(std::string_view base64) {
  std::map<std::int64_t, std::int64_t> out;
  for (const auto& [key, value] : read_base64_serialized(base64).entries) {
    const FormValue* chosen = &value;
    if (value.is_array) {
      chosen = value.find("qty");
      if (chosen == nullptr) chosen = value.find("optionid");
      if (chosen == nullptr || chosen->is_array) continue;
    }
    out[php_int(key)] = php_int(chosen->text);
  }
  return out;
}

}  // namespace sandbox::whmcs
