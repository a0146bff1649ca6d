// Names as Japanese carriers keep them: full-width, kana in katakana.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace freebit {

/// Kanji, kana and full-width Latin; half-width letters are widened. Nothing where another character is in
/// it, or a blank at an end.
std::optional<std::string> wide_name(std::string_view text);
/// Full-width katakana, ー and ・; hiragana and half-width katakana are converted. Nothing for the rest.
std::optional<std::string> kana_name(std::string_view text);

}  // namespace freebit
