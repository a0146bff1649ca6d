// A caught message taken apart: decoded headers, text and HTML part.
#pragma once

#include <string>
#include <string_view>

namespace sandbox::mail {

struct Parts {
  std::string from, subject, date;
  std::string text;  // first text/plain part, decoded, UTF-8, lines end with LF
  std::string html;  // first text/html part
};

/// Reads a message (RFC 5322 with MIME). Broken parts are left out, never thrown: a catcher shows what it
/// can.
Parts read_message(const std::string& raw);

}  // namespace sandbox::mail
