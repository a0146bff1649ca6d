// What an answer says: done, declined by a code, or nothing that can be trusted.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "client/wire.hpp"

namespace freebit {

struct Done {
  boost::json::object reply;
};

/// The service said no. code is "resultCode-statusCode" or "resultCode"; message its text, shortened and
/// without runs of digits (numbers of persons and lines).
struct Declined {
  Meaning meaning;
  std::string code, message;
};

/// No answer of this interface: an HTTP error, HTML, cut JSON. A write may have happened.
struct Nonsense {
  int status = 0;
  std::string what;
};

using Verdict = std::variant<Done, Declined, Nonsense>;

/// Reads one answer. A pure function; texts it returns hold at most 200 bytes.
Verdict read_reply(int status, std::string_view body, const Wire& wire);

/// A message for the log: runs of six digits and more become "#", at most 200 bytes.
std::string for_log(std::string_view message);

}  // namespace freebit
