// Reader of one flat serialized map.
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
  throw std::runtime_error("not a serialized map of scalars");
}

class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}

  std::map<std::int64_t, std::string> map() {
    constexpr std::int64_t kMaxEntries = 200;
    std::map<std::int64_t, std::string> out;
    expect("a:");
    const std::int64_t count = number(':');
    if (count < 0 || count > kMaxEntries) refuse();
    expect("{");
    for (std::int64_t i = 0; i < count; ++i) {
      const std::string key = scalar();
      out[php_int(key)] = scalar();
    }
    expect("}");
    if (!rest_.empty()) refuse();
    return out;
  }

 private:
  void expect(std::string_view text) {
    if (!rest_.starts_with(text)) refuse();
    rest_.remove_prefix(text.size());
  }

  std::int64_t number(char end) {
    const auto stop = rest_.find(end);
    std::int64_t value = 0;
    if (stop == std::string_view::npos) refuse();
    const auto [at, error] = std::from_chars(rest_.data(), rest_.data() + stop, value);
    if (error != std::errc{} || at != rest_.data() + stop) refuse();
    rest_.remove_prefix(stop + 1);
    return value;
  }

  std::string scalar() {
    if (rest_.starts_with("N;")) {
      rest_.remove_prefix(2);
      return {};
    }
    if (rest_.size() < 2 || rest_[1] != ':') refuse();
    const char tag = rest_[0];
    rest_.remove_prefix(2);
    if (tag == 'i' || tag == 'b') return std::to_string(number(';'));
    if (tag == 'd') {
      const auto stop = rest_.find(';');
      if (stop == std::string_view::npos) refuse();
      std::string text(rest_.substr(0, stop));
      rest_.remove_prefix(stop + 1);
      return text;
    }
    if (tag != 's') refuse();
    const std::int64_t length = number(':');
    if (length < 0 || static_cast<std::uint64_t>(length) + 3 > rest_.size()) refuse();
    expect("\"");
    std::string text(rest_.substr(0, static_cast<std::size_t>(length)));
    rest_.remove_prefix(text.size());
    expect("\";");
    return text;
  }

  std::string_view rest_;
};

}  // namespace

std::map<std::int64_t, std::string> read_custom_fields(std::string_view base64) {
  std::istringstream encoded{std::string(base64)};
  Poco::Base64Decoder decoder(encoded);
  std::ostringstream decoded;
  try {
    decoded << decoder.rdbuf();
  } catch (const Poco::Exception&) {
    refuse();
  }
  return Reader(decoded.str()).map();
}

}  // namespace sandbox::whmcs
