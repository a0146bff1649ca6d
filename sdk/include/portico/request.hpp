// The request a handler gets, and the ways to hand its answer over.
#pragma once

#include <portico/abi/idempotency.h>

#include <charconv>
#include <chrono>
#include <optional>
#include <portico/answer.hpp>
#include <portico/call.hpp>
#include <portico/contract.hpp>
#include <portico/database.hpp>
#include <portico/later.hpp>
#include <portico/streams.hpp>

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

/// A view of one request; valid inside the handler. Its texts are too: what goes on later keeps copies.
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

  /// The answer comes later: return portico::handled. Take it when all is checked: a Problem thrown while it
  /// exists is not seen by the client, who gets 500 internal.
  Later later() const {
    handed_over_ = HandedOver::later;
    return {host_, table_, handle_};
  }
  /// Answers with this head and a body written in pieces: return portico::handled, at once or when it is
  /// finished. length in bytes, where it is known. errors: 500 sdk.call_failed on a cached route
  Download download(const Response& head, std::optional<std::uint64_t> length = std::nullopt) const {
    portico_handle handle = 0;
    auto error = call::empty_error();
    const auto status = with_answer(head, [&](const portico_answer& answer) {
      return stream::table(host_)->open_download(
          host_, handle_, &answer, length ? static_cast<std::int64_t>(*length) : -1, &handle, &error);
    });
    call::check(status, error, "download");
    handed_over_ = HandedOver::streamed;
    return {host_, handle};
  }
  /// Answers by an event stream; Routes::events does it for you. retry: how long a client waits before it
  /// reconnects; 0 is its own choice.
  /// errors    429 streams.too_many_of_user; 503 streams.too_many
  EventStream events(std::chrono::milliseconds retry = {}) const {
    portico_handle handle = 0;
    auto error = call::empty_error();
    call::check(stream::table(host_)->open_events(host_, handle_, static_cast<std::uint32_t>(retry.count()),
                                                  &handle, &error),
                error, "events");
    handed_over_ = HandedOver::streamed;
    return {host_, handle};
  }
  /// What a client that reconnects has last seen; empty: nothing. A new EventSource cannot set the header and
  /// says it in the query.
  std::string_view last_event_id() const {
    if (const auto seen = header("last-event-id")) return *seen;
    return query("last_event_id").value_or(std::string_view());
  }

  /// On a route with streamed_body(): the next bytes of the body, 0 at its end. Waits for the client until
  /// the deadline. errors    400, 408, 413 http.… as the client is told; 504 request.deadline
  std::size_t read(char* into, std::size_t size) const {
    std::uint64_t got = 0;
    auto error = call::empty_error();
    call::check(stream::table(host_)->read(host_, handle_, into, size, &got, &error), error, "read");
    return static_cast<std::size_t>(got);
  }

  /// The key that makes this request take effect once, where its client sent one and the manifest lists
  /// "idempotency"; else empty. A marker for what is stored or sent: a repeat after a crash has it too.
  std::string_view idempotency_key() const {
    const call::Extension<portico_idempotency> table(host_, PORTICO_EXT_IDEMPOTENCY);
    portico_str out{};
    return table && table->key(host_, handle_, &out) == PORTICO_OK ? view(out) : std::string_view();
  }
  /// Stores the answer for repeats in this transaction, beside what the handler does, and gives it back to be
  /// returned: `return request.keep(tx, spending);`. Nothing is stored where no key came. errors: 409
  /// idempotency.superseded another attempt has taken the key over; 500 sdk.extension_missing
  template <class T>
  T keep(Transaction& transaction, T answer) const {
    const call::Extension<portico_idempotency> table(host_, PORTICO_EXT_IDEMPOTENCY);
    auto error = call::empty_error();
    const auto status = with_answer(to_response(answer), [&](const portico_answer& raw) {
      return table->keep(host_, handle_, transaction.handle(), &raw, &error);
    });
    call::check(status, error, "keep");
    return answer;
  }

  enum class HandedOver { no, later, streamed };
  HandedOver handed_over() const { return handed_over_; }

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
  mutable HandedOver handed_over_ = HandedOver::no;  // of the one answer, whoever holds the view
};

}  // namespace portico
