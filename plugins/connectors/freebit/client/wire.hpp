// Every wire name, path and result code of this dialect in one table, each with what is known about it.
#pragma once

#include <portico/outbound.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace freebit {

enum class CallId {
  authenticate,
  register_account,
  cancel_account,
  detail,
  add_quota,
  traffic,
  quota_history,
  change_voice,
  register_card,
  activate_card,
  change_plan,
  activate_ota,
  change_network,
  activate_esim,
};

/// What a result code means to us.
enum class Meaning { ok, key, busy, invalid, not_found, not_now, server };

struct CallRow {
  CallId id;
  std::string_view name;  // of the sheet: "PA05-21"
  std::string_view path;  // below the base address
  bool verified;          // stated by the interface's own sheets or by working code
  portico::OutboundKind kind;
};

struct CodeRow {
  Meaning meaning;
  std::string_view code;  // "resultCode" or "resultCode-statusCode"
  bool verified;
};

struct CallSpec {
  CallId id;
  std::string name, path;
  bool verified;
  portico::OutboundKind kind;
};

/// The table with what the settings replace in it.
class Wire {
 public:
  /// paths   "PA05-21=mvno/changePlan/"
  /// codes   "busy=409-1"; what is given for a meaning replaces all rows of that meaning
  /// errors  Problem 500 config.invalid
  Wire(const std::vector<std::string>& paths, const std::vector<std::string>& codes);

  const CallSpec& call(CallId id) const { return calls_[static_cast<std::size_t>(id)]; }
  /// The most particular row wins; a code nobody knows is invalid, 5xx is server.
  Meaning meaning(std::string_view result, std::string_view detail, std::string_view message) const;
  /// Paths and codes in use that nobody has confirmed: "PA05-21=mvno/changePlan/".
  std::vector<std::string> unverified_paths() const;
  std::vector<std::string> unverified_codes() const;

 private:
  struct Code {
    Meaning meaning;
    std::string code;
    bool verified;
  };
  std::vector<CallSpec> calls_;
  std::vector<Code> codes_;
};

std::string_view name_of(Meaning meaning);

}  // namespace freebit
