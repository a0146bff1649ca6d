// portico.exchange/1 and portico.idempotency/1: what a handler reads of its request, and its one answer.
#include <portico/call.hpp>

#include "kernel/extensions/all.hpp"
#include "kernel/extensions/answers.hpp"
#include "kernel/extensions/table.hpp"
#include "kernel/extensions/transactions.hpp"
#include "kernel/policy/handler.hpp"
#include "kernel/policy/idempotency.hpp"

namespace kernel::extensions {

std::shared_ptr<policy::Call> find_exchange(const portico_host* host, portico_handle handle) {
  auto call = policy::exchanges().find(handle);
  return call && call->route->plugin == &plugin_of(host) ? call : nullptr;
}

namespace {

portico_status found(portico_str* out, std::optional<std::string_view> text) {
  if (!text) return PORTICO_E_NOT_FOUND;
  *out = portico::to_str(*text);
  return PORTICO_OK;
}

portico_status field(const portico_host* host, portico_handle handle, uint32_t which, portico_str* out) {
  const auto call = find_exchange(host, handle);
  if (!call) return PORTICO_E_STALE;
  switch (which) {
    case PORTICO_FIELD_METHOD:
      return found(out, call->request().method);
    case PORTICO_FIELD_PATH:
      return found(out, call->path);
    case PORTICO_FIELD_QUERY:
      return found(out, call->request().query);
    case PORTICO_FIELD_BODY:
      return found(out, call->request().body);
    case PORTICO_FIELD_LANGUAGE:
      return found(out, call->language);
    case PORTICO_FIELD_CORRELATION_ID:
      return found(out, call->correlation_id);
    case PORTICO_FIELD_CLIENT_ADDRESS:
      return found(out, call->client_address);
    case PORTICO_FIELD_ORIGIN:
      return found(out, call->pipeline.settings.public_url);
    default:
      return PORTICO_E_NOT_FOUND;
  }
}

portico_status value(const portico_host* host, portico_handle handle, uint32_t kind, portico_str name,
                     portico_str* out) {
  const auto call = find_exchange(host, handle);
  if (!call) return PORTICO_E_STALE;
  try {
    switch (kind) {
      case PORTICO_VALUE_PATH:
        return found(out, call->parameter(portico::view(name)));
      case PORTICO_VALUE_QUERY:
        return found(out, call->query(portico::view(name)));
      case PORTICO_VALUE_HEADER:
        return found(out, call->request().headers.find(portico::view(name)));
      case PORTICO_VALUE_COOKIE:
        return found(out, call->cookie(portico::view(name)));
      default:
        return PORTICO_E_INVALID;
    }
  } catch (const portico::Problem&) {
    return PORTICO_E_NOT_FOUND;  // a query that does not decode has no values
  }
}

portico_status principal(const portico_host* host, portico_handle handle, portico_principal* out) {
  const auto call = find_exchange(host, handle);
  if (!call) return PORTICO_E_STALE;
  const auto& p = *call->principal;
  *out = {
      sizeof *out,   0, portico::to_str(p.user_id), portico::to_str(p.session_id), portico::to_str(p.roles),
      p.proved_at_us};
  return PORTICO_OK;
}

int64_t remaining(const portico_host* host, portico_handle handle) {
  const auto call = find_exchange(host, handle);
  return call ? call->remaining().count() : 0;
}

uint32_t cancelled(const portico_host* host, portico_handle handle) {
  const auto call = find_exchange(host, handle);
  return !call || call->cancelled();
}

bool plain_header(std::string_view name, std::string_view value) {
  const auto bad = [](std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
  };
  return !name.empty() && !bad(name) && !bad(value) && name.find(':') == std::string_view::npos;
}

}  // namespace

bool read_head(const portico_answer& answer, front::Response& response) {
  if (answer.size < sizeof(portico_answer) || answer.status < 200 || answer.status > 599) return false;
  response.status = answer.status;
  if (answer.content_type.size) response.headers.add("Content-Type", text_of(answer.content_type));
  for (std::uint64_t i = 0; i < answer.header_count; ++i) {
    const auto name = portico::view(answer.headers[i].name), text = portico::view(answer.headers[i].value);
    if (!plain_header(name, text)) return false;
    response.headers.add(name, text);
  }
  return true;
}

namespace {

// From here on nothing of the plugin is called for this exchange, and its handle is stale.
void settle(policy::Call& call) {
  call.settle_plugin();
  call.end_handle();
}

portico_status answer(const portico_host* host, portico_handle handle, const portico_answer* a) {
  const auto call = find_exchange(host, handle);
  if (!call) return PORTICO_E_STALE;
  front::Response response;
  if (!read_head(*a, response)) return PORTICO_E_INVALID;
  response.body = text_of(a->body);
  settle(*call);
  policy::settle_key(*call, response);
  return call->answer(std::move(response)) ? PORTICO_OK : PORTICO_E_STALE;
}

portico_status fail(const portico_host* host, portico_handle handle, const portico_error* error) {
  const auto call = find_exchange(host, handle);
  if (!call) return PORTICO_E_STALE;
  settle(*call);
  policy::release_key(*call);
  return call->fail(portico::call::problem_of(*error)) ? PORTICO_OK : PORTICO_E_STALE;
}

portico_status on_cancel(const portico_host* host, portico_handle handle, portico_cancel_fn fn, void* user) {
  const auto call = find_exchange(host, handle);
  if (!call) return PORTICO_E_STALE;
  if (!fn) return PORTICO_E_INVALID;
  portico_status status = PORTICO_E_INTERNAL;
  guard(nullptr, [&] { status = call->on_cancel(fn, user); });
  return status;
}

portico_status key(const portico_host* host, portico_handle handle, portico_str* out) {
  const auto call = find_exchange(host, handle);
  if (!call) return PORTICO_E_STALE;
  if (!call->key_claim) return PORTICO_E_NOT_FOUND;
  *out = portico::to_str(call->key_claim->key);
  return PORTICO_OK;
}

portico_status keep(const portico_host* host, portico_handle handle, portico_handle transaction,
                    const portico_answer* a, portico_error* error) {
  const auto call = find_exchange(host, handle);
  if (!call) return PORTICO_E_STALE;
  front::Response response;
  if (!read_head(*a, response) || response.status >= 400) return PORTICO_E_INVALID;
  if (!call->key_claim) return PORTICO_OK;
  response.body = text_of(a->body);
  return guard(error, [&] {
    policy::keep_answer(transaction_of(host, transaction)->transaction, *call->key_claim, response);
  });
}

}  // namespace

const portico_idempotency kIdempotency{sizeof(portico_idempotency), 0, &key, &keep};

const portico_exchange kExchange{sizeof(portico_exchange),
                                 0,
                                 &field,
                                 &value,
                                 &principal,
                                 &remaining,
                                 &cancelled,
                                 &answer,
                                 &fail,
                                 &on_cancel};

}  // namespace kernel::extensions
