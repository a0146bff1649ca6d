// One call of the enabler's interface, as the operations see it.
#pragma once

#include <boost/json/object.hpp>
#include <exception>
#include <portico/problem.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "client/fields.hpp"
#include "client/wire.hpp"

namespace freebit {

/// The service said no, and nothing was changed.
class Refusal : public std::exception {
 public:
  Refusal(Meaning meaning, std::string code, std::string call)
      : meaning(meaning), code(std::move(code)), call(std::move(call)) {}
  const char* what() const noexcept override { return code.c_str(); }

  Meaning meaning;
  std::string code;  // "409-1"
  std::string call;  // "PA05-06"
};

/// A write that may have happened: nobody knows until it is read back.
class Uncertain : public portico::Problem {
 public:
  explicit Uncertain(portico::Problem problem) : portico::Problem(std::move(problem)) {}
};

class Api {
 public:
  virtual ~Api() = default;

  /// Sends members (without the key) and reads the reply with read(const Fields&).
  ///
  /// errors    Refusal; for writes Uncertain; 422 mobile.invalid_request (never sent); 502
  ///           upstream.bad_reply; 503 upstream.misconfigured; those of outbound
  template <class Read>
  auto ask(CallId call, boost::json::object members, Read read) {
    const boost::json::object reply = send(call, std::move(members));
    try {
      return read(Fields(reply));
    } catch (const BadReply& bad) {
      throw bad_reply(call, bad.what());
    }
  }
  /// A write: its envelope says all.
  void order(CallId call, boost::json::object members) { send(call, std::move(members)); }

 protected:
  virtual boost::json::object send(CallId call, boost::json::object members) = 0;
  virtual portico::Problem bad_reply(CallId call, std::string_view what) = 0;
};

}  // namespace freebit
