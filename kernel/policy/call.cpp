// The state of one request.
#include "kernel/policy/call.hpp"

#include "kernel/front/cookies.hpp"
#include "kernel/observe/log.hpp"
#include "kernel/policy/handler.hpp"
#include "kernel/policy/language.hpp"
#include "kernel/policy/pipeline.hpp"
#include "kernel/policy/problem_document.hpp"
#include "kernel/policy/problem_page.hpp"

namespace kernel::policy {

using portico::Problem;

bool Principal::has_role(std::string_view role) const {
  for (std::size_t at = 0; at < roles.size();) {
    const auto comma = std::min(roles.find(',', at), roles.size());
    if (std::string_view(roles).substr(at, comma - at) == role) return true;
    at = comma + 1;
  }
  return false;
}

Call::Call(Pipeline& owner, std::optional<front::Exchange> exchange, std::shared_ptr<const Published> live)
    : pipeline(owner), published(std::move(live)), started(Clock::now()), exchange_(std::move(exchange)) {}

Call::~Call() {
  if (deferred_.load()) pipeline.pending.remove(*this);
  if (exchange_ && !answered()) fail(Problem(500, "internal", "the handler ended without an answer"));
}

void Call::own_request() {
  if (own_request_) return;
  own_request_ = std::make_unique<front::Request>(exchange_->request());
  inflow_ = exchange_->inflow();
}

std::shared_ptr<Call> Call::detached() {
  auto copy = std::make_shared<Call>(pipeline, std::nullopt, published);
  copy->own_request_ = std::make_unique<front::Request>(request());
  copy->route = route;
  copy->parameters = parameters;
  copy->path = path;
  copy->correlation_id = correlation_id;
  copy->client_address = client_address;
  copy->language = language;
  copy->https = https;
  copy->principal = principal;
  copy->deadline = deadline;
  return copy;
}

bool Call::claim_answer() {
  if (answered_.exchange(true)) return false;
  if (watched.load(std::memory_order_acquire)) pipeline.forget(*this);
  if (deferred_.load()) end_deferral();
  return true;
}

bool Call::answer(front::Response response) {
  if (!claim_answer()) return false;
  if (!exchange_) {
    {
      const std::lock_guard lock(captured_mutex_);
      captured_ = std::move(response);
    }
    captured_ready_.notify_all();
    return true;
  }
  pipeline.finish(*this, response);
  const std::lock_guard lock(exchange_mutex_);
  exchange_->answer(std::move(response));
  return true;
}

std::shared_ptr<front::Outflow> Call::begin(front::Response head, front::OutflowSettings settings) {
  if (!exchange_ || !claim_answer()) return nullptr;
  if (!head.headers.contains("content-security-policy"))  // what it will hold cannot be looked at
    head.headers.add("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  pipeline.finish(*this, head);
  const std::lock_guard lock(exchange_mutex_);
  auto flow = exchange_->begin(std::move(head), std::move(settings));
  begun_ = flow;
  return flow;
}

bool Call::fail(const Problem& problem) {
  if (problem.status >= 500)
    observe::log(
        observe::Level::warning, route && route->plugin ? "plugin." + route->plugin->id() : "host",
        "request failed",
        {{"code", problem.code}, {"detail", problem.detail}, {"route", route ? route->label : path}});
  if (!wants_page(request())) return answer(problem_response(problem, correlation_id));
  if (language.empty()) language = negotiate_language(request(), pipeline.settings.default_language);
  return answer(problem_page(problem, correlation_id, language));
}

bool Call::cancelled() const {
  if (Clock::now() >= deadline || (route && route->plugin && route->plugin->cancelled())) return true;
  if (!exchange_) return false;
  const std::lock_guard lock(exchange_mutex_);
  return !answered() && exchange_->cancelled();
}

void Call::defer() {
  if (!watched.load(std::memory_order_acquire)) pipeline.watch(shared_from_this());
  pipeline.pending.add(shared_from_this());
  deferred_.store(true);
  if (answered()) end_deferral();
}

// Once per answered call whose handler has returned; twice does nothing more.
void Call::end_deferral() {
  pipeline.pending.remove(*this);
  const auto told = cancellation();
  if (!told || !told->is_under_way()) end_handle();  // else a late answer still has to find it
}

void Call::end_handle() {
  if (const auto handle = handle_.exchange(0)) exchanges().take(handle);
}

std::shared_ptr<Cancellation> Call::cancellation() const {
  const std::lock_guard lock(exchange_mutex_);
  return cancellation_;
}

void Call::settle_plugin() {
  if (const auto told = cancellation()) told->settle();
}

portico_status Call::on_cancel(portico_cancel_fn fn, void* user) {
  const std::lock_guard lock(exchange_mutex_);
  if (answered()) return PORTICO_E_STALE;
  if (cancellation_) return PORTICO_E_INVALID;
  cancellation_ = std::make_shared<Cancellation>(fn, user);
  if (exchange_) {
    exchange_->on_cancel([weak = weak_from_this(), told = cancellation_] {
      const auto call = weak.lock();
      if (call && told->claim()) call->tell_plugin(told);
    });
  }
  return PORTICO_OK;
}

bool Call::give_up(const Problem& problem) {
  const auto told = cancellation();
  const bool claimed = told && told->claim();
  const bool mine = fail(problem);
  if (claimed) tell_plugin(told);
  return mine;
}

void Call::tell_plugin(const std::shared_ptr<Cancellation>& told) {
  const auto end = [call = shared_from_this(), told] {
    told->end();
    if (call->answered() && call->deferred_.load()) call->end_handle();
  };
  auto* lane = route->plugin->lane(route->spec.lane);
  const auto run = [call = shared_from_this(), told, end] {
    {
      const loader::CallScope scope(call->context());
      told->run(call->handle_.load());
    }
    end();
  };
  if (!lane || !lane->post({run, end})) end();
}

front::Response Call::take_captured() {
  std::unique_lock lock(captured_mutex_);
  if (!captured_ready_.wait_until(lock, deadline, [&] { return captured_.has_value(); }))
    throw Problem(504, "request.deadline", "no answer before the deadline", 1);
  return std::move(*captured_);
}

std::optional<std::string_view> Call::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters)
    if (key == name) return value;
  return std::nullopt;
}

std::optional<std::string_view> Call::query(std::string_view name) {
  if (!query_) query_ = front::parse_query(request().query);
  return front::find_parameter(*query_, name);
}

std::optional<std::string_view> Call::cookie(std::string_view name) {
  return front::find_cookie(request().headers, name);
}

std::chrono::microseconds Call::remaining() const {
  const auto left = std::chrono::duration_cast<std::chrono::microseconds>(deadline - Clock::now());
  return std::max(left, std::chrono::microseconds(0));
}

loader::CallContext Call::context() const {
  return {route->plugin,  deadline,
          correlation_id, principal ? std::string_view(principal->user_id) : std::string_view(),
          client_address, loader::Holding::request,
          route->label};
}

}  // namespace kernel::policy
