// Mail headers (RFC 5322, RFC 2047) and MIME parts (RFC 2046).
#include "kernel/outbound/mail_message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace kernel::outbound {
namespace {

constexpr std::string_view kCrLf = "\r\n";

bool is_plain(char c) noexcept {
  return c >= ' ' && c < 0x7f;
}
bool is_atom(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos;
}

std::string base64(std::string_view bytes, std::size_t line_length) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve(bytes.size() * 4 / 3 + bytes.size() / 27 + 8);
  std::size_t in_line = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    if (line_length > 0 && in_line == line_length) {
      out.append(kCrLf);
      in_line = 0;
    }
    const auto byte = [&](std::size_t k) -> unsigned {
      return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0;
    };
    const unsigned group = byte(0) << 16 | byte(1) << 8 | byte(2);
    out.push_back(kAlphabet[group >> 18]);
    out.push_back(kAlphabet[group >> 12 & 63]);
    out.push_back(i + 1 < bytes.size() ? kAlphabet[group >> 6 & 63] : '=');
    out.push_back(i + 2 < bytes.size() ? kAlphabet[group & 63] : '=');
    in_line += 4;
  }
  return out;
}

/// Bytes of the character at the start of text; 0 where it is no UTF-8 or a control character.
std::size_t character_length(std::string_view text) noexcept {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return is_plain(text[0]) ? 1 : 0;
  const std::size_t length = first >= 0xc2 && first < 0xe0   ? 2
                             : first >= 0xe0 && first < 0xf0 ? 3
                             : first >= 0xf0 && first < 0xf5 ? 4
                                                             : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  if (first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0) return 0;  // C1 controls
  return length;
}

std::string date_header(std::time_t now) {
  // Fixed names: strftime's would follow the locale.
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000", kDays[utc.tm_wday], utc.tm_mday,
                     kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::string address_header(const MailAddress& address) {
  if (address.name.empty()) return address.spec;
  const bool atoms = std::all_of(address.name.begin(), address.name.end(),
                                 [](char c) { return (is_atom(c) && c != '.') || c == ' '; });
  const bool ascii = std::all_of(address.name.begin(), address.name.end(), is_plain);
  if (atoms || !ascii) return encoded_header(address.name) + " <" + address.spec + ">";
  std::string quoted;
  for (char c : address.name) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return "\"" + quoted + "\" <" + address.spec + ">";
}

void check_message_id(std::string_view id) {
  const bool shaped =
      id.size() <= 200 && std::count(id.begin(), id.end(), '@') == 1 && id.front() != '@' && id.back() != '@';
  const bool plain = std::all_of(id.begin(), id.end(), [](char c) { return is_atom(c) || c == '@'; });
  if (!shaped || !plain) throw std::invalid_argument("message id");
}

/// Line ends of a text part are CRLF (RFC 2046 4.1.1), whatever the template used.
std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 32);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (text[i] == '\n' || text[i] == '\r') {
      out.append(kCrLf);
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::string part(std::string_view type, std::string_view content) {
  std::string out = "Content-Type: ";
  out.append(type).append("; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
  out.append(base64(with_crlf(content), 76)).append(kCrLf);
  return out;
}

}  // namespace

MailAddress parse_mail_address(std::string_view text) {
  MailAddress address;
  std::string_view spec = text;
  if (const std::size_t open = text.find('<'); open != std::string_view::npos) {
    if (!text.ends_with('>')) throw std::invalid_argument("address without '>'");
    std::string_view name = text.substr(0, open);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (name.size() >= 2 && name.starts_with('"') && name.ends_with('"'))
      name = name.substr(1, name.size() - 2);
    for (std::size_t i = 0; i < name.size();) {
      const std::size_t length = character_length(name.substr(i));
      if (length == 0) throw std::invalid_argument("control character in a name");
      i += length;
    }
    address.name = name;
    spec = text.substr(open + 1, text.size() - open - 2);
  }
  const std::size_t at = spec.find('@');
  const bool shaped =
      at != std::string_view::npos && at > 0 && at <= 64 && at + 1 < spec.size() && spec.size() <= 254;
  if (!shaped) throw std::invalid_argument("address shape");
  const std::string_view local = spec.substr(0, at);
  const std::string_view domain = spec.substr(at + 1);
  const bool plain =
      std::all_of(local.begin(), local.end(), is_atom) &&
      std::all_of(domain.begin(), domain.end(), [](char c) {
        return is_atom(c) && std::string_view("!#$%&'*+/=?^`{|}~").find(c) == std::string_view::npos;
      });
  if (!plain) throw std::invalid_argument("address character");
  address.spec = spec;
  return address;
}

std::string encoded_header(std::string_view text) {
  constexpr std::size_t kBytesPerWord = 42;  // 56 characters of base64: with "=?UTF-8?B?" and "?=" under 75
  bool ascii = true;
  std::string words;
  std::size_t word_begin = 0;
  const auto end_word = [&](std::size_t end) {
    if (!words.empty()) words.append("\r\n ");
    words.append("=?UTF-8?B?").append(base64(text.substr(word_begin, end - word_begin), 0)).append("?=");
    word_begin = end;
  };
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = character_length(text.substr(i));
    if (length == 0) throw std::invalid_argument("control character or malformed UTF-8 in a header");
    ascii = ascii && length == 1;
    if (i + length - word_begin > kBytesPerWord) end_word(i);
    i += length;
  }
  // Plain text that is long, or that a reader could take for an encoded word, is encoded too.
  constexpr std::size_t kLongestPlain = 200;
  if (ascii && text.size() <= kLongestPlain && text.find("=?") == std::string_view::npos)
    return std::string(text);
  if (word_begin < text.size()) end_word(text.size());
  return words;
}

std::string compose_message(const Mail& mail, std::time_t now, std::string_view boundary) {
  std::string out;
  const auto header = [&](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append(kCrLf);
  };
  if (mail.message_id.empty()) throw std::invalid_argument("no message id");
  check_message_id(mail.message_id);
  header("Date", date_header(now));
  header("From", address_header(parse_mail_address(mail.from)));
  header("To", address_header(parse_mail_address(mail.to)));
  header("Subject", encoded_header(mail.subject));
  header("Message-ID", "<" + mail.message_id + ">");
  header("Auto-Submitted", "auto-generated");  // keeps out-of-office answers away (RFC 3834)
  header("MIME-Version", "1.0");
  if (mail.html.empty()) return out + part("text/plain", mail.text);

  header("Content-Type", fmt::format("multipart/alternative; boundary=\"{}\"", boundary));
  const std::string delimiter = "\r\n--" + std::string(boundary);
  out.append(delimiter).append(kCrLf).append(part("text/plain", mail.text));
  out.append(delimiter).append(kCrLf).append(part("text/html", mail.html));
  out.append(delimiter).append("--\r\n");
  return out;
}

}  // namespace kernel::outbound
