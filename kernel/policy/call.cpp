// The state of one request.
#include "kernel/policy/call.hpp"

#include "kernel/front/cookies.hpp"
#include "kernel/observe/log.hpp"
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
  if (exchange_ && !answered()) fail(Problem(500, "internal", "the handler ended without an answer"));
}

void Call::own_request() {
  if (!own_request_) own_request_ = std::make_unique<front::Request>(exchange_->request());
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

bool Call::answer(front::Response response) {
  if (answered_.exchange(true, std::memory_order_acq_rel)) return false;
  if (watched.load(std::memory_order_acquire)) pipeline.forget(*this);
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
  if (Clock::now() >= deadline) return true;
  if (!exchange_) return false;
  const std::lock_guard lock(exchange_mutex_);
  return !answered() && exchange_->cancelled();
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
  return {route->plugin, deadline, correlation_id, principal ? principal->user_id : std::string(),
          client_address};
}

}  // namespace kernel::policy
