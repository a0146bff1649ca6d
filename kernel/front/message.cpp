// Header look-up and reason phrases.
#include "kernel/front/message.hpp"

#include "kernel/front/bytes.hpp"

namespace kernel::front {

namespace {

constexpr std::size_t kKeptBody = 64 * 1024;
constexpr std::size_t kUsualHead = 480;  // one block from the heap for the fields of nearly every answer
constexpr std::string_view kLineEnd = "\r\n";

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

// The front's own: set from what is sent, never from what a handler says.
bool is_own(std::string_view name) noexcept {
  switch (name.size()) {
    case 4:
      return same_ignoring_case(name, "date");
    case 10:
      return same_ignoring_case(name, "connection") || same_ignoring_case(name, "keep-alive");
    case 14:
      return same_ignoring_case(name, "content-length");
    case 17:
      return same_ignoring_case(name, "transfer-encoding");
    default:
      return false;
  }
}

}  // namespace

bool same_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

Headers::Field Headers::operator[](std::size_t i) const noexcept {
  const Slot& slot = slots_[i];
  const std::string_view text = text_;
  return {text.substr(slot.name, slot.name_size), text.substr(slot.value, slot.value_size)};
}

std::optional<std::string_view> Headers::find(std::string_view name) const noexcept {
  for (const Slot& slot : slots_) {
    if (slot.name_size != name.size()) continue;
    const Field field = (*this)[static_cast<std::size_t>(&slot - slots_.data())];
    if (same_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

void Headers::add(std::string_view name, std::string_view value) {
  Slot slot{};
  slot.name = static_cast<std::uint32_t>(text_.size());
  slot.name_size = static_cast<std::uint32_t>(name.size());
  text_.append(name);
  slot.value = static_cast<std::uint32_t>(text_.size());
  slot.value_size = static_cast<std::uint32_t>(value.size());
  text_.append(value);
  slots_.push_back(slot);
}

void Headers::clear() noexcept {
  text_.clear();
  slots_.clear();
}

AnswerHeaders::AnswerHeaders(std::initializer_list<Field> fields) {
  for (const auto& [name, value] : fields) add(name, value);
}

void AnswerHeaders::add(std::string_view name, std::string_view value) {
  if (is_own(name)) return;
  if (name.empty() || !all_are(name, kToken) || !is_field_value(value)) {
    sendable_ = false;
    return;
  }
  if (lines_.empty()) lines_.reserve(kUsualHead);
  lines_.append(name).append(": ").append(value).append(kLineEnd);
}

std::optional<std::string_view> AnswerHeaders::find(std::string_view name) const noexcept {
  const std::string_view lines = lines_;
  for (std::size_t at = 0; at < lines.size();) {
    const auto end = lines.find(kLineEnd, at);
    const auto line = lines.substr(at, end - at);
    if (line.size() > name.size() && line[name.size()] == ':' &&
        same_ignoring_case(line.substr(0, name.size()), name))
      return line.substr(name.size() + 2);
    at = end + kLineEnd.size();
  }
  return std::nullopt;
}

void AnswerHeaders::weaken_entity_tag() {
  const auto tag = find("etag");
  if (tag && !tag->empty() && tag->front() == '"')
    lines_.insert(static_cast<std::size_t>(tag->data() - lines_.data()), "W/");
}

void Request::clear() noexcept {
  method.clear();
  target.clear();
  path.clear();
  query.clear();
  minor_version = 1;
  headers.clear();
  keep_alive = true;
  body.clear();
  if (body.capacity() > kKeptBody) body.shrink_to_fit();
  peer_address.clear();
}

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 425:
      return "Too Early";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

}  // namespace kernel::front
