// A JSON reader that refuses duplicate keys: Boost.JSON alone keeps the last one in silence.
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <cmath>
#include <portico/contract.hpp>

namespace portico::contract {
namespace {

namespace json = boost::json;

struct Handler {
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  json::value_stack stack;
  json::storage_ptr memory;
  std::vector<std::vector<std::string>> keys;  // of the objects that are open
  std::string key;
  bool duplicate = false;

  Handler() { stack.reset(memory); }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return keys.emplace_back(), true; }
  bool on_object_end(std::size_t n, json::error_code& ec) {
    auto& seen = keys.back();
    std::sort(seen.begin(), seen.end());
    if (std::adjacent_find(seen.begin(), seen.end()) != seen.end()) {
      duplicate = true;
      ec = json::error::syntax;
      return false;
    }
    keys.pop_back();
    stack.push_object(n);
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t n, json::error_code&) { return stack.push_array(n), true; }
  bool on_key_part(json::string_view s, std::size_t, json::error_code&) {
    key.append(s.data(), s.size());
    return stack.push_chars(s), true;
  }
  bool on_key(json::string_view s, std::size_t, json::error_code&) {
    key.append(s.data(), s.size());
    keys.back().push_back(std::move(key));
    key.clear();
    return stack.push_key(s), true;
  }
  bool on_string_part(json::string_view s, std::size_t, json::error_code&) {
    return stack.push_chars(s), true;
  }
  bool on_string(json::string_view s, std::size_t, json::error_code&) { return stack.push_string(s), true; }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t i, json::string_view, json::error_code&) { return stack.push_int64(i), true; }
  bool on_uint64(std::uint64_t u, json::string_view, json::error_code&) { return stack.push_uint64(u), true; }
  // Boost.JSON makes infinity of 1e400 and no number at all of 0e400; neither could be written again.
  bool on_double(double d, json::string_view, json::error_code& ec) {
    if (!std::isfinite(d)) return ec = json::error::exponent_overflow, false;
    return stack.push_double(d), true;
  }
  bool on_bool(bool b, json::error_code&) { return stack.push_bool(b), true; }
  bool on_null(json::error_code&) { return stack.push_null(), true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

}  // namespace

json::value parse_strict(std::string_view text, std::size_t max_depth) {
  json::parse_options options;
  options.max_depth = max_depth;
  json::basic_parser<Handler> parser(options);
  json::error_code ec;
  const auto used = parser.write_some(false, text.data(), text.size(), ec);
  if (parser.handler().duplicate) throw Problem(400, "request.malformed_json", "an object has a key twice");
  if (!ec && used < text.size()) ec = json::error::extra_data;
  if (ec) throw Problem(400, "request.malformed_json", ec.message() + " at byte " + std::to_string(used));
  return parser.handler().stack.release();
}

}  // namespace portico::contract
