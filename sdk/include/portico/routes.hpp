// Declaring routes: a handler, and the policy it stands under.
#pragma once

#include <portico/abi/routes.h>

#include <functional>
#include <memory>
#include <portico/request.hpp>
#include <type_traits>

namespace portico {

enum class Access {
  signed_in = PORTICO_ACCESS_SIGNED_IN,
  anyone = PORTICO_ACCESS_ANYONE,
  staff = PORTICO_ACCESS_STAFF,
  admin = PORTICO_ACCESS_ADMIN
};
enum class Csrf {
  protect = PORTICO_CSRF_PROTECTED,
  same_origin = PORTICO_CSRF_SAME_ORIGIN,
  open = PORTICO_CSRF_OPEN
};
enum class CacheScope { none = PORTICO_CACHE_NONE, user = PORTICO_CACHE_USER, shared = PORTICO_CACHE_SHARED };

struct RouteCache {
  CacheScope scope = CacheScope::user;
  std::chrono::milliseconds fresh{0};
  std::chrono::milliseconds revalidate{0};
  std::chrono::milliseconds stale{0};
  std::vector<std::string> tags;  // "invoices:{user}"
};

namespace route {

/// What the host keeps a pointer to: the handler with its types erased.
struct Handler {
  const portico_host* host;
  const portico_exchange* exchange;
  std::function<Response(const Request&)> run;

  static portico_status call(void* user, portico_handle handle, portico_error* error) noexcept {
    auto& self = *static_cast<Handler*>(user);
    const Request request(self.host, self.exchange, handle);
    const auto status = portico::call::guard(error, [&] {
      const Response response = self.run(request);
      if (request.handed_over() == Request::HandedOver::no)
        give_answer(self.host, self.exchange, handle, response);
    });
    return status == PORTICO_OK && request.handed_over() == Request::HandedOver::later ? PORTICO_PENDING
                                                                                       : status;
  }
};

template <class R>
boost::json::value schema_of(boost::json::object& components) {
  using T = std::remove_cvref_t<R>;
  if constexpr (std::is_void_v<T> || std::is_same_v<T, Response> || std::is_same_v<T, Handled>)
    return nullptr;
  else if constexpr (is_answer<T>::value)
    return schema<typename is_answer<T>::value_type>(components);
  else
    return schema<T>(components);
}

/// The argument types of a lambda's call operator.
template <class F>
struct Signature : Signature<decltype(&F::operator())> {};
template <class C, class R, class A>
struct Signature<R (C::*)(A) const> {
  using Result = R;
  using Body = void;
};
template <class C, class R, class A, class B>
struct Signature<R (C::*)(A, B) const> {
  using Result = R;
  using Body = std::remove_cvref_t<B>;
};

}  // namespace route

/// A route being declared; it is added to the host when this object ends.
///
/// Default: signed-in, cross-site protected, limited by the "read" or "write" rate class, unsafe methods
/// audited.
class RouteBuilder {
 public:
  RouteBuilder(const portico_host* host, const portico_routes* table, std::string method, std::string pattern,
               route::Handler* handler, boost::json::object schemas, boost::json::value result)
      : host_(host),
        table_(table),
        method_(std::move(method)),
        pattern_(std::move(pattern)),
        schemas_(std::move(schemas)),
        result_(std::move(result)) {
    spec_.size = sizeof spec_;
    spec_.handler = &route::Handler::call;
    spec_.user = handler;
  }
  RouteBuilder(const RouteBuilder&) = delete;
  RouteBuilder& operator=(const RouteBuilder&) = delete;
  ~RouteBuilder() noexcept(false) { add(); }

  RouteBuilder& access(Access a) {
    spec_.access = static_cast<std::uint32_t>(a);
    return *this;
  }
  RouteBuilder& csrf(Csrf c) {
    spec_.csrf = static_cast<std::uint32_t>(c);
    return *this;
  }
  /// Name of a worker lane in the manifest.
  RouteBuilder& lane(std::string name) {
    lane_ = std::move(name);
    return *this;
  }
  RouteBuilder& rate_class(std::string name) {
    rate_class_ = std::move(name);
    return *this;
  }
  RouteBuilder& body_limit(std::uint64_t bytes) {
    spec_.body_limit = bytes;
    return *this;
  }
  RouteBuilder& deadline(std::chrono::milliseconds d) {
    spec_.deadline_ms = d.count();
    return *this;
  }
  /// The handler is called when the head has come, and reads the body in pieces: Request::read.
  RouteBuilder& streamed_body() {
    spec_.flags |= PORTICO_ROUTE_STREAMED_BODY;
    return *this;
  }
  /// Never stored, compressed or logged.
  RouteBuilder& secret() {
    spec_.flags |= PORTICO_ROUTE_SECRET;
    return *this;
  }
  /// 400 without an Idempotency-Key (docs/reference/post-once.md): for what creates something.
  RouteBuilder& needs_idempotency_key() {
    spec_.flags |= PORTICO_ROUTE_IDEMPOTENCY_KEY;
    return *this;
  }
  RouteBuilder& not_audited() {
    spec_.flags |= PORTICO_ROUTE_NOT_AUDITED;
    return *this;
  }
  RouteBuilder& cache(const RouteCache& c) {
    spec_.cache_scope = static_cast<std::uint32_t>(c.scope);
    spec_.cache_fresh_ms = c.fresh.count();
    spec_.cache_revalidate_ms = c.revalidate.count();
    spec_.cache_stale_ms = c.stale.count();
    boost::json::array tags;
    for (const auto& tag : c.tags) tags.emplace_back(tag);
    tags_ = boost::json::serialize(tags);
    return *this;
  }
  RouteBuilder& summary(std::string text) {
    summary_ = std::move(text);
    return *this;
  }
  /// Status of the good answer in the API document; 200 by default, 204 without a body.
  RouteBuilder& answers(int status) {
    status_ = status;
    return *this;
  }
  /// The good answer in the API document, for a handler that returns a Response.
  template <class T>
  RouteBuilder& gives() {
    result_ = schema<T>(schemas_["components"].as_object());
    return *this;
  }
  /// The body in the API document, for a handler that reads it itself.
  template <class T>
  RouteBuilder& takes() {
    schemas_["request"] = schema<T>(schemas_["components"].as_object());
    return *this;
  }
  /// … for a handler that also accepts a request without a body.
  template <class T>
  RouteBuilder& may_take() {
    schemas_["request_optional"] = true;
    return takes<T>();
  }
  /// A query parameter in the API document.
  RouteBuilder& query(std::string name, boost::json::object parameter_schema) {
    query_[name] = std::move(parameter_schema);
    return *this;
  }

 private:
  void add() {
    const int status = status_ ? status_ : result_.is_null() ? 204 : 200;
    schemas_["responses"] = boost::json::object{{std::to_string(status), result_}};
    if (!query_.empty()) schemas_["query"] = query_;
    const auto schemas = boost::json::serialize(schemas_);
    spec_.method = to_str(method_), spec_.pattern = to_str(pattern_), spec_.lane = to_str(lane_);
    spec_.rate_class = to_str(rate_class_), spec_.cache_tags = to_str(tags_),
    spec_.summary = to_str(summary_);
    spec_.schemas = to_str(schemas);
    auto error = call::empty_error();
    const auto status_code = table_->add(host_, &spec_, &error);
    if (std::uncaught_exceptions() == 0) call::check(status_code, error, "routes.add");
  }

  const portico_host* host_;
  const portico_routes* table_;
  portico_route spec_{};
  std::string method_, pattern_, lane_, rate_class_, tags_, summary_;
  boost::json::object schemas_, query_;
  boost::json::value result_;
  int status_ = 0;
};

/// Registers routes; handlers live as long as the plugin.
class Routes {
 public:
  explicit Routes(const portico_host* host)
      : host_(host), table_(host, PORTICO_EXT_ROUTES), exchange_(host, PORTICO_EXT_EXCHANGE) {}

  /// fn is (const Request&) -> R or (const Request&, const Body&) -> R, where Body is a contract decoded
  /// strictly and R is void (204), a contract (200), Answer<contract>, Response, or Handled (the answer was
  /// handed over: Request::later, download or events).
  template <class F>
  RouteBuilder get(std::string pattern, F fn) {
    return add("GET", std::move(pattern), std::move(fn));
  }
  /// A route that answers by an event stream, which fn (const Request&, EventStream) begins to fill: it
  /// subscribes it to topics, or keeps it and sends. retry: how long a client waits before it reconnects.
  template <class F>
  RouteBuilder events(std::string pattern, F fn,
                      std::chrono::milliseconds retry = std::chrono::milliseconds(3000)) {
    return get(std::move(pattern), [fn = std::move(fn), retry](const Request& request) {
      fn(request, request.events(retry));
      return handled;
    });
  }
  template <class F>
  RouteBuilder post(std::string pattern, F fn) {
    return add("POST", std::move(pattern), std::move(fn));
  }
  template <class F>
  RouteBuilder put(std::string pattern, F fn) {
    return add("PUT", std::move(pattern), std::move(fn));
  }
  template <class F>
  RouteBuilder patch(std::string pattern, F fn) {
    return add("PATCH", std::move(pattern), std::move(fn));
  }
  template <class F>
  RouteBuilder del(std::string pattern, F fn) {
    return add("DELETE", std::move(pattern), std::move(fn));
  }

 private:
  static Response of_handled(const Request& request) {
    if (request.handed_over() == Request::HandedOver::no)
      throw Problem(500, "internal", "a handler returned handled without having handed its answer over");
    return {};
  }
  template <class F>
  RouteBuilder add(std::string method, std::string pattern, F fn) {
    using Body = typename route::Signature<F>::Body;
    using Result = typename route::Signature<F>::Result;
    auto handler = std::make_unique<route::Handler>();
    handler->host = host_;
    handler->exchange = exchange_.operator->();
    handler->run = [fn = std::move(fn)](const Request& request) -> Response {
      auto invoke = [&]() -> decltype(auto) {
        if constexpr (std::is_void_v<Body>)
          return fn(request);
        else
          return fn(request, request.template json<Body>());
      };
      if constexpr (std::is_void_v<Result>)
        return invoke(), Response{204, {}, {}, {}};
      else if constexpr (std::is_same_v<std::remove_cvref_t<Result>, Handled>)
        return invoke(), of_handled(request);
      else
        return to_response(invoke());
    };
    boost::json::object components, schemas;
    if constexpr (!std::is_void_v<Body>) schemas["request"] = schema<Body>(components);
    auto result = route::schema_of<Result>(components);
    schemas["components"] = std::move(components);
    handlers_.push_back(std::move(handler));
    return RouteBuilder(host_, table_.operator->(), std::move(method), std::move(pattern),
                        handlers_.back().get(), std::move(schemas), std::move(result));
  }

  const portico_host* host_;
  call::Extension<portico_routes> table_;
  call::Extension<portico_exchange> exchange_;
  std::vector<std::unique_ptr<route::Handler>> handlers_;
};

}  // namespace portico
