// Turns a Mail into the bytes of a message, and refuses what could smuggle in a header or a command.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "kernel/outbound/smtp.hpp"

namespace kernel::outbound {

struct MailAddress {
  std::string name;  // UTF-8, may be empty
  std::string spec;  // local@domain, visible ASCII
};

/// "a@b" or "Name <a@b>". Throws std::invalid_argument with a text that does not repeat the address.
MailAddress parse_mail_address(std::string_view text);

/// UTF-8 text as a header value: itself where plain ASCII, otherwise RFC 2047 encoded words of whole
/// characters. Throws std::invalid_argument for control characters and malformed UTF-8.
std::string encoded_header(std::string_view text);

/// The message with CRLF line ends: text alone, or multipart/alternative with html. Bodies are base64, so no
/// line of them begins with a dot or is too long. Throws std::invalid_argument.
///
/// boundary  unique, token characters
std::string compose_message(const Mail& mail, std::time_t now, std::string_view boundary);

}  // namespace kernel::outbound
