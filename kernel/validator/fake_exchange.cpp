// Routes, requests, answers and bodies in pieces, as the validator's host plays them.
#include "kernel/validator/fake_calls.hpp"

namespace kernel::validator {

namespace {

portico_status add_route(Host host, const portico_route* route, Error error) {
  if (const auto status = draft(host, error); status != PORTICO_OK) return status;
  auto& fake = FakeHost::of(host);
  FakeRoute one{text_of(route->method), text_of(route->pattern), route->handler, route->user};
  if (!one.handler || !fake.manifest.may_register_path(one.pattern, fake.manifest.routes))
    return PORTICO_E_DENIED;
  const std::lock_guard lock(fake.mutex);
  fake.routes.push_back(std::move(one));
  return PORTICO_OK;
}

portico_status field(Host host, portico_handle handle, std::uint32_t which, portico_str* out) {
  const auto exchange = FakeHost::of(host).exchanges.find(handle);
  if (!exchange) return PORTICO_E_STALE;
  static const std::string empty, language = "en", correlation = "validator-0000", address = "127.0.0.1",
                                  origin = "http://localhost";
  const std::string* const texts[] = {nullptr,   &exchange->method, &exchange->path, &empty, &exchange->body,
                                      &language, &correlation,      &address,        &origin};
  if (which == 0 || which >= std::size(texts)) return PORTICO_E_NOT_FOUND;
  *out = to_str(*texts[which]);
  return PORTICO_OK;
}

portico_status named_value(Host host, portico_handle handle, std::uint32_t kind, portico_str name,
                           portico_str* out) {
  const auto exchange = FakeHost::of(host).exchanges.find(handle);
  if (!exchange) return PORTICO_E_STALE;
  const auto it = exchange->parameters.find(text_of(name));
  if (kind != PORTICO_VALUE_PATH || it == exchange->parameters.end()) return PORTICO_E_NOT_FOUND;
  *out = to_str(it->second);
  return PORTICO_OK;
}

portico_status principal(Host host, portico_handle handle, portico_principal* out) {
  if (!FakeHost::of(host).exchanges.find(handle)) return PORTICO_E_STALE;
  *out = {sizeof *out,
          0,
          to_str("00000000-0000-4000-8000-000000000001"),
          to_str("00000000-0000-4000-8000-000000000001"),
          to_str("customer,staff,admin"),
          1};
  return PORTICO_OK;
}

std::int64_t remaining(Host host, portico_handle handle) {
  const auto exchange = FakeHost::of(host).exchanges.find(handle);
  return !exchange || exchange->cancelled ? 0 : 10'000'000;
}

std::uint32_t cancelled(Host host, portico_handle handle) {
  const auto exchange = FakeHost::of(host).exchanges.find(handle);
  return !exchange || exchange->cancelled;
}

portico_status settle(Host host, portico_handle handle, int status, std::string fault) {
  const auto exchange = FakeHost::of(host).exchanges.find(handle);
  if (!exchange) return PORTICO_E_STALE;
  const std::lock_guard lock(exchange->mutex);
  if (++exchange->answers > 1) return PORTICO_E_STALE;
  exchange->status = status;
  exchange->fault = std::move(fault);
  exchange->answered.notify_all();
  return PORTICO_OK;
}

/// Reads all of it, as a host would that sends it.
portico_status answer(Host host, portico_handle handle, const portico_answer* a) {
  if (!a || a->size < sizeof *a) return PORTICO_E_INVALID;
  std::string copy = text_of(a->content_type) + text_of(a->body), fault;
  for (std::uint64_t i = 0; i < a->header_count; ++i) {
    const auto name = text_of(a->headers[i].name), value = text_of(a->headers[i].value);
    if (name.empty() || (name + value).find_first_of("\r\n") != std::string::npos)
      fault = "an answer's header holds a line break or has no name";
  }
  return settle(host, handle, a->status, fault);
}

portico_status fail(Host host, portico_handle handle, const portico_error* error) {
  return error ? settle(host, handle, error->status, {}) : PORTICO_E_INVALID;
}

portico_status on_cancel(Host host, portico_handle handle, portico_cancel_fn fn, void* user) {
  if (const auto status = FakeHost::of(host).enter(nullptr); status != PORTICO_OK) return status;
  const auto exchange = FakeHost::of(host).exchanges.find(handle);
  if (!exchange) return PORTICO_E_STALE;
  const std::lock_guard lock(exchange->mutex);
  if (exchange->on_cancel) return PORTICO_E_INVALID;
  exchange->on_cancel = [fn, user, handle] { fn(user, handle); };
  return PORTICO_OK;
}

portico_status idempotency_key(Host host, portico_handle handle, portico_str* out) {
  static const std::string key = "validator-key-0000-0001";
  if (!FakeHost::of(host).exchanges.find(handle)) return PORTICO_E_STALE;
  *out = to_str(key);
  return PORTICO_OK;
}

portico_status keep(Host host, portico_handle handle, portico_handle, const portico_answer* a, Error error) {
  if (const auto status = FakeHost::of(host).enter(error); status != PORTICO_OK) return status;
  if (!FakeHost::of(host).exchanges.find(handle)) return PORTICO_E_STALE;
  return a && a->size >= sizeof *a && a->status < 400 ? PORTICO_OK : PORTICO_E_INVALID;
}

// ---- streams ----

portico_status open_stream(Host host, portico_handle exchange, portico_handle* stream, Error error) {
  auto& fake = FakeHost::of(host);
  if (const auto status = fake.enter(error); status != PORTICO_OK) return status;
  if (const auto status = settle(host, exchange, 200, {}); status != PORTICO_OK) return status;
  *stream = fake.streams.add(std::make_shared<int>());
  return PORTICO_OK;
}

portico_status open_events(Host host, portico_handle exchange, std::uint32_t, portico_handle* stream,
                           Error error) {
  return open_stream(host, exchange, stream, error);
}

portico_status open_download(Host host, portico_handle exchange, const portico_answer*, std::int64_t,
                             portico_handle* stream, Error error) {
  return open_stream(host, exchange, stream, error);
}

/// A client that has gone makes every call on its stream stale.
portico_status on_stream(Host host, portico_handle stream) {
  auto& fake = FakeHost::of(host);
  if (const auto status = fake.enter(nullptr); status != PORTICO_OK) return status;
  return fake.streams.find(stream) && !fake.script.cancelled ? PORTICO_OK : PORTICO_E_STALE;
}

portico_status send_event(Host host, portico_handle stream, const portico_stream_event*) {
  return on_stream(host, stream);
}

portico_status subscribe_stream(Host host, portico_handle stream, portico_str) {
  return on_stream(host, stream);
}

portico_status write_bytes(Host host, portico_handle stream, portico_str bytes, std::uint32_t,
                           std::uint64_t* taken) {
  const auto status = on_stream(host, stream);
  if (taken) *taken = status == PORTICO_OK ? bytes.size : 0;
  return status;
}

portico_status finish(Host host, portico_handle stream) {
  const auto status = on_stream(host, stream);
  FakeHost::of(host).streams.take(stream);
  return status;
}

void abort_stream(Host host, portico_handle stream) {
  FakeHost::of(host).streams.take(stream);
}

portico_status read_body(Host host, portico_handle handle, char* buffer, std::uint64_t size,
                         std::uint64_t* got, Error error) {
  if (const auto status = FakeHost::of(host).enter(error); status != PORTICO_OK) return status;
  const auto exchange = FakeHost::of(host).exchanges.find(handle);
  if (!exchange || exchange->cancelled) return PORTICO_E_STALE;
  const auto left = exchange->body.size() - exchange->body_read;
  *got = std::min<std::uint64_t>(size, left);
  std::memcpy(buffer, exchange->body.data() + exchange->body_read, *got);
  exchange->body_read += *got;
  return PORTICO_OK;
}

}  // namespace

const portico_routes kFakeRoutes{table_size<portico_routes>, 0, add_route};
const portico_exchange kFakeExchange{table_size<portico_exchange>,
                                     0,
                                     field,
                                     named_value,
                                     principal,
                                     remaining,
                                     cancelled,
                                     answer,
                                     fail,
                                     on_cancel};
const portico_idempotency kFakeIdempotency{table_size<portico_idempotency>, 0, idempotency_key, keep};
const portico_streams kFakeStreams{table_size<portico_streams>,
                                   0,
                                   open_events,
                                   send_event,
                                   subscribe_stream,
                                   yes<&portico_streams::publish>,
                                   open_download,
                                   write_bytes,
                                   finish,
                                   abort_stream,
                                   read_body};

}  // namespace kernel::validator
