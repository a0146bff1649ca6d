// The two questions of redaction: is this name private, and does this text carry a credential.
#include "kernel/observe/redaction.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace kernel::observe {
namespace {

template <std::size_t N>
constexpr std::array<std::string_view, N> in_order(std::array<std::string_view, N> words) {
  std::sort(words.begin(), words.end());
  return words;
}

/// Where the words that begin with 'a' + i stand: from [i] to [i + 1].
template <std::size_t N>
constexpr std::array<unsigned char, 27> by_letter(const std::array<std::string_view, N>& words) {
  std::array<unsigned char, 27> begin{};
  for (std::size_t letter = 0; letter < begin.size(); ++letter)
    for (const auto& word : words)
      if (static_cast<std::size_t>(word[0] - 'a') < letter) ++begin[letter];
  return begin;
}

constexpr std::string_view kMask = "[redacted]";
constexpr std::string_view kMaskedEmail = "[email]";
constexpr std::size_t kMaxKey = 64;

// Parts of names, lower case, letters and digits only, and in the order of their first letters.
constexpr std::array kPrivateParts = in_order(std::array{
    std::string_view("password"),  std::string_view("passwd"),     std::string_view("passphrase"),
    std::string_view("secret"),    std::string_view("token"),      std::string_view("authorization"),
    std::string_view("cookie"),    std::string_view("identifier"), std::string_view("accesskey"),
    std::string_view("apikey"),    std::string_view("sealkey"),    std::string_view("privatekey"),
    std::string_view("oemkey"),    std::string_view("credential"), std::string_view("pepper"),
    std::string_view("email"),     std::string_view("phone"),      std::string_view("firstname"),
    std::string_view("lastname"),  std::string_view("fullname"),   std::string_view("companyname"),
    std::string_view("birthdate"), std::string_view("postcode"),   std::string_view("postaladdress"),
    std::string_view("address1"),  std::string_view("address2"),
});
constexpr auto kPartsByLetter = by_letter(kPrivateParts);
// Whole names: as a part they would hide harmless ones (listen_address).
constexpr std::array kPrivateWords = {
    std::string_view("address"), std::string_view("pwd"), std::string_view("jwt"),
    std::string_view("otp"),     std::string_view("pin"), std::string_view("line1"),
    std::string_view("line2"),   std::string_view("sid"),
};
constexpr std::array kPrivateHeaders = {
    std::string_view("authorization"),
    std::string_view("proxyauthorization"),
    std::string_view("cookie"),
    std::string_view("setcookie"),
};

constexpr bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_alnum(char c) {
  return is_alpha(c) || is_digit(c);
}
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
constexpr bool is_key_char(char c) {
  return is_alnum(c) || c == '_' || c == '-' || c == '.';
}
constexpr bool is_base64url(char c) {
  return is_alnum(c) || c == '_' || c == '-';
}
constexpr bool is_credential_char(char c) {
  return is_alnum(c) || std::string_view("._~+/=-").find(c) != std::string_view::npos;
}
constexpr bool is_local_part_char(char c) {
  return is_alnum(c) || std::string_view("._%+-'").find(c) != std::string_view::npos;
}

/// A name brought to lower case letters and digits, in place of an allocation.
struct PlainName {
  explicit PlainName(std::string_view name) noexcept {
    for (char c : name) {
      if (size == chars.size()) break;
      if (is_alnum(c)) chars[size++] = lower(c);
    }
  }
  std::string_view view() const noexcept { return {chars.data(), size}; }

  std::array<char, kMaxKey> chars;
  std::size_t size = 0;
};

bool starts_with_word(std::string_view text, std::string_view lower_word) noexcept {
  if (text.size() < lower_word.size()) return false;
  for (std::size_t i = 0; i < lower_word.size(); ++i) {
    if (lower(text[i]) != lower_word[i]) return false;
  }
  return true;
}

template <class Predicate>
std::size_t run_length(std::string_view text, Predicate accepts) noexcept {
  std::size_t n = 0;
  while (n < text.size() && accepts(text[n])) ++n;
  return n;
}

/// Length of a JWT at the start of text, 0 where there is none.
std::size_t jwt_length(std::string_view text) noexcept {
  if (!text.starts_with("eyJ")) return 0;
  const std::size_t head = run_length(text, is_base64url);
  if (head == text.size() || text[head] != '.') return 0;
  return run_length(text, [](char c) { return is_base64url(c) || c == '.'; });
}

/// Length of "Bearer x" or "Basic x" at the start of text, 0 where there is none.
std::size_t scheme_credential_length(std::string_view text, std::size_t& scheme_length) noexcept {
  constexpr std::size_t kShortestCredential = 8;  // "basic plan" is no credential
  for (std::string_view scheme : {std::string_view("bearer "), std::string_view("basic ")}) {
    if (!starts_with_word(text, scheme)) continue;
    const std::size_t credential = run_length(text.substr(scheme.size()), is_credential_char);
    if (credential < kShortestCredential) continue;
    scheme_length = scheme.size();
    return scheme.size() + credential;
  }
  return 0;
}

/// The name that ends right before position; quoted tells whether a quote closed it.
std::string_view name_before(std::string_view text, std::size_t position, bool& quoted) noexcept {
  std::size_t end = position;
  while (end > 0 && text[end - 1] == ' ') --end;
  quoted = end > 0 && (text[end - 1] == '"' || text[end - 1] == '\'');
  if (quoted && --end > 0 && text[end - 1] == '\\') --end;  // JSON inside JSON
  std::size_t begin = end;
  while (begin > 0 && end - begin < kMaxKey && is_key_char(text[begin - 1])) --begin;
  return text.substr(begin, end - begin);
}

bool is_private_header(std::string_view name) noexcept {
  const PlainName plain(name);
  for (std::string_view header : kPrivateHeaders) {
    if (plain.view() == header) return true;
  }
  return false;
}

/// Where the value that starts at position ends: at its closing quote, or at the first separator.
std::size_t value_end(std::string_view text, std::size_t position, std::string_view separators) noexcept {
  const std::size_t end = text.find_first_of(separators, position);
  return end == std::string_view::npos ? text.size() : end;
}

/// Masks one text from left to right; `run_` is where the unmasked tail of the output begins.
class Masker {
 public:
  explicit Masker(std::string_view text) : text_(text) { out_.reserve(text.size()); }

  std::string run() {
    while (at_ < text_.size()) {
      if (!step()) out_.push_back(text_[at_++]);
    }
    return std::move(out_);
  }

 private:
  bool step() {
    const char c = text_[at_];
    if (c == '=') return after_equals();
    if (c == ':') return after_colon();
    if (c == '@') return email();
    if (is_alpha(c) && (at_ == 0 || !is_alnum(text_[at_ - 1]))) return word();
    return false;
  }

  void mask_until(std::size_t end, std::string_view with = kMask) {
    out_.append(with);
    at_ = end;
    run_ = out_.size();
  }

  bool word() {
    const std::string_view rest = text_.substr(at_);
    if (const std::size_t length = jwt_length(rest)) {
      mask_until(at_ + length);
      return true;
    }
    std::size_t scheme = 0;
    if (const std::size_t length = scheme_credential_length(rest, scheme)) {
      out_.append(rest.substr(0, scheme));
      mask_until(at_ + length);
      return true;
    }
    return false;
  }

  bool after_equals() {
    bool quoted = false;
    if (!names_private(name_before(text_, at_, quoted))) return false;
    out_.push_back(text_[at_++]);
    mask_value("&;, \r\n\t}");
    return true;
  }

  bool after_colon() {
    if (text_.substr(at_).starts_with("://")) return user_info();
    bool quoted = false;
    const std::string_view name = name_before(text_, at_, quoted);
    const bool json_member = quoted && names_private(name);
    if (!json_member && !is_private_header(name)) return false;
    out_.push_back(text_[at_++]);
    while (at_ < text_.size() && text_[at_] == ' ') out_.push_back(text_[at_++]);
    mask_value(json_member ? ",}\r\n" : "\r\n");
    return true;
  }

  /// Masks a quoted value up to its quote, a bare one up to a separator.
  void mask_value(std::string_view separators) {
    const bool nested = text_.substr(at_).starts_with("\\\"");  // JSON inside a JSON string
    if (nested) out_.push_back(text_[at_++]);
    const bool quoted = at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'');
    if (!quoted) {
      const std::size_t end = value_end(text_, at_, separators);
      if (end > at_) mask_until(end);
      return;
    }
    const char quote = text_[at_];
    out_.push_back(text_[at_++]);
    mask_until(nested ? std::min(text_.find("\\\"", at_), text_.size()) : closing_quote(quote));
  }

  std::size_t closing_quote(char quote) const noexcept {
    std::size_t end = at_;
    while (end < text_.size() && text_[end] != quote) end += text_[end] == '\\' ? 2 : 1;
    return std::min(end, text_.size());
  }

  bool user_info() {
    const std::size_t begin = at_ + 3;
    const std::size_t end = value_end(text_, begin, "/?# \"'\r\n\t");
    const std::size_t at_sign = text_.substr(begin, end - begin).rfind('@');
    if (at_sign == std::string_view::npos) return false;
    out_.append("://");
    mask_until(begin + at_sign);
    out_.push_back('@');
    ++at_;
    run_ = out_.size();
    return true;
  }

  bool email() {
    std::size_t local = out_.size();
    while (local > run_ && is_local_part_char(out_[local - 1])) --local;
    const std::string_view rest = text_.substr(at_ + 1);
    const std::size_t domain = run_length(rest, [](char c) { return is_alnum(c) || c == '.' || c == '-'; });
    if (local == out_.size() || rest.substr(0, domain).find('.') == std::string_view::npos) return false;
    out_.resize(local);
    mask_until(at_ + 1 + domain, kMaskedEmail);
    return true;
  }

  std::string_view text_;
  std::string out_;
  std::size_t at_ = 0;
  std::size_t run_ = 0;
};

}  // namespace

bool may_hold_secret(std::string_view value) noexcept {
  for (std::size_t i = 0; i < value.size(); ++i) {
    switch (value[i]) {
      case '=':
      case ':':
      case '@':
        return true;
      case 'J':
        if (i >= 2 && value[i - 1] == 'y' && value[i - 2] == 'e') return true;
        break;
      case ' ':  // "Bearer x", "Basic x"
        if (i >= 5 && (lower(value[i - 1]) == 'r' || lower(value[i - 1]) == 'c')) return true;
        break;
      default:
        break;
    }
  }
  return false;
}

bool names_private(std::string_view key) noexcept {
  const PlainName plain(key);
  const std::string_view name = plain.view();
  if (name.empty()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (is_digit(name[i])) continue;
    const auto letter = static_cast<std::size_t>(name[i] - 'a');
    for (std::size_t k = kPartsByLetter[letter]; k < kPartsByLetter[letter + 1]; ++k)
      if (name.substr(i).starts_with(kPrivateParts[k])) return true;
  }
  for (std::string_view word : kPrivateWords) {
    if (name == word) return true;
  }
  return false;
}

std::string masked(std::string_view value) {
  if (!may_hold_secret(value)) return std::string(value);
  return Masker(value).run();
}

}  // namespace kernel::observe
