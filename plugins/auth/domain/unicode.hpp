// The three questions auth asks of Unicode text, answered by utf8proc.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace auth {

/// The composed form (NFC); nullopt for bytes that are no UTF-8. Nothing is trimmed or mapped otherwise.
std::optional<std::string> nfc(std::string_view text);

/// For comparing words: compatibility forms and case folded ("Ｐａｓｓ" and "PASS" are "pass"). Empty for
/// bytes that are no UTF-8.
std::string fold(std::string_view text);

/// Code points of valid UTF-8.
std::u32string code_points(std::string_view text);

}  // namespace auth
