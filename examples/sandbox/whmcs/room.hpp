// The played WHMCS: its books, switches and calls, and the paths it answers.
#pragma once

#include <atomic>
#include <boost/json.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "examples/sandbox/common/call_log.hpp"
#include "examples/sandbox/common/clock.hpp"
#include "examples/sandbox/common/state_file.hpp"
#include "examples/sandbox/faults/fault_book.hpp"
#include "examples/sandbox/http/router.hpp"
#include "examples/sandbox/whmcs/books.hpp"
#include "examples/sandbox/whmcs/hooks.hpp"
#include "examples/sandbox/whmcs/php_form.hpp"
#include "examples/sandbox/whmcs/switches.hpp"

namespace sandbox::whmcs {

/// All members may be used by many threads. The clock, faults and state file outlive the room.
class Room {
 public:
  Room(Switches defaults, const Clock& clock, FaultBook& faults, StateFile& state);

  /// /whmcs/includes/api.php, /whmcs/oauth/singlesignon.php and the client area.
  void mount(Router& router);

  /// Where browsers reach the installation: "http://127.0.0.1:8080/whmcs".
  void set_system_url(std::string url);
  std::string system_url() const;

  /// Runs `work` on the locked books; the result is what `work` returns.
  template <typename Work>
  auto with_books(Work&& work) {
    const std::lock_guard lock(mutex_);
    return work(books_);
  }
  /// As with_books, and what changed is on disk when it returns.
  template <typename Work>
  auto change_books(Work&& work) {
    if constexpr (std::is_void_v<std::invoke_result_t<Work, Books&>>) {
      with_books(std::forward<Work>(work));
      state_.commit();
    } else {
      auto result = with_books(std::forward<Work>(work));
      state_.commit();
      return result;
    }
  }

  Switches switches() const;
  /// errors: BadRequest
  void change_switches(const boost::json::object& changes);
  CallLog& calls() { return calls_; }
  HookFile& hook_file() { return hook_file_; }
  /// Back to the seed and to the switches the program started with.
  void reset();

  boost::json::object to_json() const;
  /// Restores what to_json gave, switches included.
  void restore(const boost::json::object& from);

 private:
  struct Outcome {
    int status = 200;
    boost::json::object answer;
    bool applied = false;
    std::string action;
    bool xml = false;
  };

  HttpAnswer answer_api(const HttpRequest& request);
  Outcome run(const FormValue& form, const HttpRequest& request, const Switches& switches);
  HttpAnswer rendered(const Outcome& outcome, const Switches& switches) const;

  HttpAnswer sign_on(const HttpRequest& request);
  HttpAnswer client_area(const HttpRequest& request);
  HttpAnswer view_invoice(const HttpRequest& request);
  HttpAnswer pay_invoice(const HttpRequest& request);
  /// Delays, holds or breaks a browser page when the vendor as a whole is faulty; nothing otherwise.
  std::optional<HttpAnswer> page_fault(const HttpRequest& request);
  /// The client of the browser's session; 0 if there is none.
  Id signed_in_client(const HttpRequest& request);

  const Switches defaults_;
  const Clock& clock_;
  FaultBook& faults_;
  StateFile& state_;
  mutable std::mutex mutex_;
  Books books_;             // under mutex_
  Switches switches_;       // under mutex_
  std::string system_url_;  // under mutex_
  CallLog calls_;
  HookFile hook_file_;
  std::atomic<std::uint64_t> turn_{0};
};

}  // namespace sandbox::whmcs
