// Header lines and encoded words.
#include "examples/sandbox/mail/headers.hpp"

#include <Poco/Base64Decoder.h>
#include <Poco/Exception.h>
#include <Poco/TextConverter.h>
#include <Poco/TextEncoding.h>
#include <Poco/UTF8Encoding.h>

#include <optional>
#include <sstream>

#include "examples/sandbox/common/text.hpp"

namespace sandbox::mail {

namespace {

struct Word {
  std::string charset, bytes;
  std::size_t length = 0;
};

std::string from_base64(const std::string& text) {
  std::istringstream in(text);
  Poco::Base64Decoder decoder(in);
  std::ostringstream out;
  out << decoder.rdbuf();
  return out.str();
}

std::string from_q(std::string text) {
  for (auto& c : text)
    if (c == '_') c = ' ';
  for (std::size_t at = 0; (at = text.find_first_of("=+%", at)) != std::string::npos; ++at) {
    // url_decode below knows '%' escapes only; '+' and '%' themselves must survive it
    if (text[at] == '=') {
      text[at] = '%';
    } else {
      text.replace(at, 1, text[at] == '+' ? "%2B" : "%25");
      at += 2;
    }
  }
  return url_decode(text);
}

/// The encoded word at the start of `text`.
std::optional<Word> word_at(std::string_view text) {
  if (!text.starts_with("=?")) return std::nullopt;
  const auto first = text.find('?', 2);
  if (first == std::string_view::npos || first + 2 >= text.size() || text[first + 2] != '?')
    return std::nullopt;
  const auto end = text.find("?=", first + 3);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string content(text.substr(first + 3, end - first - 3));
  if (content.find_first_of(" \t?") != std::string::npos) return std::nullopt;
  Word word;
  word.charset = std::string(text.substr(2, first - 2));
  word.length = end + 2;
  try {
    switch (text[first + 1]) {
      case 'B':
      case 'b':
        word.bytes = from_base64(content);
        break;
      case 'Q':
      case 'q':
        word.bytes = from_q(content);
        break;
      default:
        return std::nullopt;
    }
  } catch (const Poco::Exception&) {
    return std::nullopt;
  }
  return word;
}

}  // namespace

std::string Headers::get(std::string_view name) const {
  for (const auto& [key, value] : fields)
    if (equal_ignoring_case(key, name)) return value;
  return {};
}

Headers read_headers(std::string_view message) {
  Headers headers;
  std::size_t at = 0;
  while (at < message.size()) {
    const auto end = std::min(message.find('\n', at), message.size());
    std::string_view line = message.substr(at, end - at);
    at = std::min(end + 1, message.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    const auto colon = line.find(':');
    if ((line[0] == ' ' || line[0] == '\t') && !headers.fields.empty()) {
      headers.fields.back().second += line;
    } else if (colon != std::string_view::npos) {
      headers.fields.emplace_back(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
    }
  }
  headers.body_at = at;
  return headers;
}

std::string decode_words(std::string_view text) {
  std::string out, charset, pending;  // pending: bytes of adjacent words of one charset
  const auto flush = [&] {
    out += to_utf8(pending, charset);
    pending.clear();
  };
  while (!text.empty()) {
    if (auto word = word_at(text)) {
      if (!pending.empty() && !equal_ignoring_case(word->charset, charset)) flush();
      charset = word->charset;
      pending += word->bytes;
      text.remove_prefix(word->length);
      const auto next = text.find_first_not_of(" \t");
      if (next != std::string_view::npos && word_at(text.substr(next))) text.remove_prefix(next);
      continue;
    }
    if (!pending.empty()) flush();
    out += text[0];
    text.remove_prefix(1);
  }
  if (!pending.empty()) flush();
  return well_formed(out);
}

std::string to_utf8(const std::string& text, std::string_view charset) {
  if (charset.empty() || equal_ignoring_case(charset, "utf-8") || equal_ignoring_case(charset, "us-ascii"))
    return well_formed(text);
  try {
    Poco::UTF8Encoding utf8;
    std::string out;
    Poco::TextConverter(Poco::TextEncoding::byName(std::string(charset)), utf8).convert(text, out);
    return well_formed(out);
  } catch (const Poco::Exception&) {
    return well_formed(text);
  }
}

}  // namespace sandbox::mail
