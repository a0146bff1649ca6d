// An answer that is given after the handler has returned.
#pragma once

#include <portico/abi/exchange.h>

#include <functional>
#include <memory>
#include <portico/answer.hpp>
#include <portico/call.hpp>

namespace portico {

/// The answer a handler still owes. Movable; from any thread of the plugin. Ends with a 500 when it is
/// destroyed without an answer; the deadline of the request answers 504 when nobody else has.
///
/// The request's texts end with the handler: keep copies.
class Later {
 public:
  Later(const portico_host* host, const portico_exchange* table, portico_handle exchange)
      : host_(host), table_(table), exchange_(exchange) {}
  Later(Later&& other) noexcept
      : host_(other.host_),
        table_(other.table_),
        exchange_(std::exchange(other.exchange_, 0)),
        cancel_(std::move(other.cancel_)) {}
  Later& operator=(Later&& other) noexcept {
    if (this != &other) {
      drop();
      host_ = other.host_;
      table_ = other.table_;
      exchange_ = std::exchange(other.exchange_, 0);
      cancel_ = std::move(other.cancel_);
    }
    return *this;
  }
  Later(const Later&) = delete;
  Later& operator=(const Later&) = delete;
  ~Later() { drop(); }

  /// A contract, Answer<contract> or Response.
  /// returns   false when somebody else has answered: the deadline, or an earlier answer
  template <class T>
  bool answer(T&& value) {
    return give([&](portico_handle exchange) {
      return give_answer(host_, table_, exchange, to_response(std::forward<T>(value)));
    });
  }
  bool fail(const Problem& problem) {
    return give([&](portico_handle exchange) {
      auto error = call::empty_error();
      call::fill(&error, problem);
      return table_->fail(host_, exchange, &error);
    });
  }

  /// Nobody waits any more: an answer would be wasted.
  bool cancelled() const { return !exchange_ || table_->cancelled(host_, exchange_) != 0; }
  std::chrono::microseconds remaining() const {
    return std::chrono::microseconds(exchange_ ? table_->remaining_us(host_, exchange_) : 0);
  }

  /// Runs fn once, on a worker of the route's lane, when nobody waits any more; never after an answer. At
  /// most one for a request. While fn runs, answer and fail wait on other threads: hold no lock then that fn
  /// takes.
  void on_cancel(std::function<void()> fn) {
    auto hook = std::make_shared<Cancel>(Cancel{std::move(fn), {}});
    hook->self = hook;
    const auto status = table_->on_cancel(host_, exchange_, &Cancel::run, hook.get());
    if (status == PORTICO_OK) cancel_ = std::move(hook);
  }

 private:
  struct Cancel {
    std::function<void()> fn;
    std::weak_ptr<Cancel> self;
    static void run(void* user, portico_handle) noexcept {
      const auto alive = static_cast<Cancel*>(user)->self.lock();  // fn may end the Later it belongs to
      if (alive) call::guard(nullptr, alive->fn);
    }
  };
  template <class Give>
  bool give(Give give_to) {
    if (!exchange_) return false;
    const bool given = give_to(exchange_) == PORTICO_OK;
    exchange_ = 0;
    cancel_.reset();
    return given;
  }
  void drop() noexcept {
    if (!exchange_) return;
    call::guard(nullptr, [&] { fail(Problem(500, "internal", "a later answer was never given")); });
    exchange_ = 0;
  }

  const portico_host* host_;
  const portico_exchange* table_;
  portico_handle exchange_;
  std::shared_ptr<Cancel> cancel_;  // shared with a call of it that is under way
};

}  // namespace portico
