// The request a handler gets, and the answers it may give.
#pragma once

#include <portico/abi/exchange.h>

#include <charconv>
#include <chrono>
#include <optional>
#include <portico/call.hpp>
#include <portico/contract.hpp>
#include <vector>

namespace portico {

/// Who calls; user_id is empty for nobody.
struct Principal {
  std::string user_id;
  std::string session_id;
  std::string roles;  // comma separated
  std::chrono::microseconds proved_at{0};

  bool has_role(std::string_view role) const {
    return ("," + roles + ",").find("," + std::string(role) + ",") != std::string::npos;
  }
};

/// A view of one request; valid inside the handler.
class Request {
 public:
  Request(const portico_host* host, const portico_exchange* table, portico_handle handle)
      : host_(host), table_(table), handle_(handle) {}

  std::string_view method() const { return field(PORTICO_FIELD_METHOD); }
  std::string_view target_path() const { return field(PORTICO_FIELD_PATH); }
  std::string_view body() const { return field(PORTICO_FIELD_BODY); }
  std::string_view language() const { return field(PORTICO_FIELD_LANGUAGE); }
  std::string_view correlation_id() const { return field(PORTICO_FIELD_CORRELATION_ID); }
  std::string_view client_address() const { return field(PORTICO_FIELD_CLIENT_ADDRESS); }
  std::string_view origin() const { return field(PORTICO_FIELD_ORIGIN); }

  /// A path parameter of the route's pattern. errors: 500 for a name the pattern has not.
  std::string_view path(std::string_view name) const {
    const auto found = value(PORTICO_VALUE_PATH, name);
    if (!found) throw Problem(500, "internal", "the route has no path parameter " + std::string(name));
    return *found;
  }
  std::optional<std::string_view> query(std::string_view name) const {
    return value(PORTICO_VALUE_QUERY, name);
  }
  std::optional<std::string_view> header(std::string_view name) const {
    return value(PORTICO_VALUE_HEADER, name);
  }

  /// A whole number in the query. errors: 422 request.invalid with pointer "?name".
  std::int64_t query_int(std::string_view name, std::int64_t fallback, std::int64_t min,
                         std::int64_t max) const {
    const auto text = query(name);
    if (!text) return fallback;
    std::int64_t number = 0;
    const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), number);
    const auto pointer = "?" + std::string(name);
    if (ec != std::errc() || end != text->data() + text->size())
      throw invalid_field(pointer, "not_an_integer");
    if (number < min) throw invalid_field(pointer, "too_small");
    if (number > max) throw invalid_field(pointer, "too_large");
    return number;
  }

  Principal principal() const {
    portico_principal p{};
    p.size = sizeof p;
    if (table_->principal(host_, handle_, &p) != PORTICO_OK) return {};
    return {std::string(view(p.user_id)), std::string(view(p.session_id)), std::string(view(p.roles)),
            std::chrono::microseconds(p.proved_at_us)};
  }
  std::string user_id() const { return principal().user_id; }
  std::chrono::microseconds remaining() const {
    return std::chrono::microseconds(table_->remaining_us(host_, handle_));
  }
  bool cancelled() const { return table_->cancelled(host_, handle_) != 0; }
  portico_handle handle() const { return handle_; }

  /// The body as a contract. errors: 400 request.malformed_json; 422 request.invalid.
  template <class T>
  T json() const {
    return decode_text<T>(body());
  }

 private:
  std::string_view field(std::uint32_t id) const {
    portico_str out{};
    return table_->field(host_, handle_, id, &out) == PORTICO_OK ? view(out) : std::string_view();
  }
  std::optional<std::string_view> value(std::uint32_t kind, std::string_view name) const {
    portico_str out{};
    if (table_->value(host_, handle_, kind, to_str(name), &out) != PORTICO_OK) return std::nullopt;
    return view(out);
  }

  const portico_host* host_;
  const portico_exchange* table_;
  portico_handle handle_;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

/// An answer with headers or a status of its own.
struct Response {
  int status = 200;
  std::string content_type;  // empty: no body
  std::string body;
  Headers headers;
};

/// A contract with a status and headers of its own.
template <class T>
struct Answer {
  T value;
  int status = 200;
  Headers headers;
};

}  // namespace portico
