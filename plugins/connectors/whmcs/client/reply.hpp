// What an answer of includes/api.php says: done, refused by a rule, refused before any rule, or nonsense.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <variant>

namespace whmcs {

/// result=success; the whole reply.
struct Done {
  boost::json::object reply;
};

/// The action said no: message is WHMCS's own text, entities decoded.
struct Declined {
  std::string message;
};

/// Turned away before the action ran: address, credentials, rights, unknown action. An admin has to mend it.
struct Barred {
  std::string message;
};

/// A 5xx, whatever stands in it: WHMCS, PHP or a proxy before it is not well. The action may have run.
struct Down {
  int status = 0;
};

/// No reply of this API: HTML, cut JSON, a duplicate key. The action may have run.
struct Nonsense {
  std::string what;
};

using Verdict = std::variant<Done, Declined, Barred, Down, Nonsense>;

/// Reads one answer. A pure function of status and body; texts it returns hold at most 300 bytes.
Verdict read_reply(int status, std::string_view body);

/// Case-insensitive (ASCII): WHMCS spells the same message differently from action to action.
bool starts_with(std::string_view text, std::string_view prefix);
bool contains(std::string_view text, std::string_view part);

}  // namespace whmcs
