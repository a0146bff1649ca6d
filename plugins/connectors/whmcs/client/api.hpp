// One call of WHMCS's API, as the operations see it.
#pragma once

#include <boost/json/object.hpp>
#include <exception>
#include <portico/outbound.hpp>
#include <portico/problem.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "client/fields.hpp"
#include "client/form.hpp"

namespace whmcs {

/// An action said no. message is WHMCS's text, to be matched by prefix and never shown.
class Refusal : public std::exception {
 public:
  Refusal(std::string action, std::string message) : action(std::move(action)), message(std::move(message)) {}
  const char* what() const noexcept override { return message.c_str(); }

  std::string action;
  std::string message;
};

using Kind = portico::OutboundKind;

class Api {
 public:
  virtual ~Api() = default;

  /// Calls an action and reads its reply with read(const Fields&).
  ///
  /// errors    Refusal; 502 upstream.bad_reply (the action may have run); 503 upstream.misconfigured; those
  /// of outbound
  template <class Read>
  auto ask(std::string_view action, const Form& form, Kind kind, Read read) {
    const boost::json::object reply = send(action, form, kind);
    try {
      return read(Fields(reply));
    } catch (const BadReply& bad) {
      throw bad_reply(action, bad.what());
    }
  }

 protected:
  virtual boost::json::object send(std::string_view action, const Form& form, Kind kind) = 0;
  /// Tells whoever watches the upstream and makes the problem to throw.
  virtual portico::Problem bad_reply(std::string_view action, std::string_view what) = 0;
};

}  // namespace whmcs
