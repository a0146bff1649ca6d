// Password rules and hashes.
#include <crypt.h>

#include <catch2/catch.hpp>
#include <portico/problem.hpp>

#include "domain/common_passwords.hpp"
#include "domain/digest.hpp"
#include "domain/password_hash.hpp"
#include "domain/password_rules.hpp"
#include "domain/unicode.hpp"

using namespace auth;

namespace {

std::string times(std::size_t n, std::string_view unit) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out += unit;
  return out;
}

/// A text of n code points that no rule calls common.
std::string odd_text(std::size_t n) {
  static const std::string_view signs[] = {"ム", "x", "7", "京", "q", "Ω", "k",
                                           "ぬ", "z", "4", "雨", "v", "ß"};
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out += signs[(i * i + i / 7) % std::size(signs)];
  return out;
}

std::string plain_bcrypt(const std::string& password, const std::string& prefix, int cost) {
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  REQUIRE(crypt_gensalt_rn(prefix.c_str(), static_cast<unsigned long>(cost), "0123456789abcdef", 16, setting,
                           sizeof setting));
  auto memory = std::make_unique<crypt_data>();
  return crypt_r(password.c_str(), setting, memory.get());
}

const std::string kPepper(32, 'p'), kOldPepper(40, 'o');
const std::string kSalt = "0123456789abcdef";

}  // namespace

TEST_CASE("a password is long, and not one that guessers try first") {
  struct Row {
    const char* rule;
    std::string password;
    const char* code;
  };
  const Row rows[] = {
      {"nothing", "", "required"},
      {"14 code points are too few", odd_text(14), "too_short"},
      {"15 code points are enough", odd_text(15), nullptr},
      {"256 code points are fine", odd_text(256), nullptr},
      {"257 are too many", odd_text(257), "too_long"},
      {"15 different kana", "つきよのかわでさかなをまつねむ", nullptr},
      {"14 kana are 42 bytes and still too few", "つきよのかわでさかなをまつね", "too_short"},
      {"words with spaces", "seven grey boats drift", nullptr},
      {"an emoji is a code point", "🦊🚲🌧️🍜🎻🧦🪁🐌🌶️🧲🛶🪵🥁", nullptr},
      {"kinds of characters are not asked for", "mulberrytrampolinefog", nullptr},
      {"decomposed kana count as composed", times(8, "か\u3099"), "too_short"},
      {"one sign again and again", "aaaaaaaaaaaaaaaa", "password_common"},
      {"a short unit again and again", "xy7xy7xy7xy7xy7xy7", "password_common"},
      {"one kana again and again", times(15, "あ"), "password_common"},
      {"digits in order", "012345678901234567", "password_common"},
      {"digits backwards", "9876543210987654", "password_common"},
      {"the alphabet", "abcdefghijklmnopq", "password_common"},
      {"a keyboard row", "qwertyuiopasdfghjkl", "password_common"},
      {"keyboard columns", "1qaz2wsx3edc4rfv", "password_common"},
      {"kana in order", "かきくけこさしすせそたちつてと", "password_common"},
      {"on the list", "correcthorsebatterystaple", "password_common"},
      {"on the list, with separators and capitals", "Correct Horse Battery-Staple", "password_common"},
      {"on the list, full width", "ｃｏｒｒｅｃｔｈｏｒｓｅｂａｔｔｅｒｙｓｔａｐｌｅ", "password_common"},
      {"a common word and digits", "password1234567", "password_common"},
      {"digits around a common word", "2024dragon123456", "password_common"},
      {"two common words", "iloveyou-football", "password_common"},
      {"a common word twice and a year", "sunshineSunshine2026", "password_common"},
      {"romaji greetings", "Arigatou Gozaimasu", "password_common"},
      {"a common word among others", "my dragon hates umbrellas", nullptr},
      {"three common words are a phrase", "dragon umbrella banana", nullptr},
      {"signs only", "!?!?!?!?!?!?!?!?", "password_common"},
      {"no UTF-8", std::string("abc\xff") + odd_text(15), "invalid_characters"},
      {"spaces in front count and stay", "   " + odd_text(12), nullptr},
  };
  for (const auto& row : rows) {
    INFO(row.rule << ": " << row.password);
    const char* code = check_password(row.password);
    CHECK(std::string(code ? code : "") == std::string(row.code ? row.code : ""));
  }
}

TEST_CASE("the lists are long enough and their entries could be typed") {
  CHECK(common_passwords().size() >= 1000);
  CHECK(common_passwords().size() <= 3000);
  CHECK(common_words().size() >= 300);
  for (const auto entry : common_passwords()) {
    INFO(entry);
    CHECK(std::string(entry) == fold(entry));
    CHECK(entry.find_first_of(" -_.!@#") == std::string_view::npos);
  }
}

TEST_CASE("a password is not built on the person's or the portal's name") {
  const auto words = [] {
    auto list = personal_words("ada.lovelace@example.com", {"Ada", "Lovelace", "Analytical Engines"});
    list.push_back("Portico");
    return list;
  }();
  struct Row {
    const char* rule;
    const char* password;
    bool refused;
  };
  const Row rows[] = {
      {"the mail address itself", "ada.lovelace@example.com", true},
      {"the name and a year", "Lovelace-Ada-1815", true},
      {"the company and digits", "analyticalengines2026", true},
      {"the portal's name and digits", "PORTICO-123456789", true},
      {"the domain and little else", "example.com.abc1", true},
      {"a phrase in which the portal appears", "i read portico mail on sunday", false},
      {"no name at all", "seven grey boats drift", false},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    CHECK((check_password_for(row.password, words) != nullptr) == row.refused);
  }
}

TEST_CASE("a hash matches its password alone, whole and untouched") {
  PasswordHasher hasher(4, kPepper, "");
  const std::string password = times(24, "ぬ") + "-first";  // 72 bytes, then what plain bcrypt would cut
  const auto hash = hasher.make(password, kSalt);
  CHECK(hash.rfind("p1:", 0) == 0);
  CHECK(hash.find("$2b$04$") != std::string::npos);
  CHECK(hasher.verify(password, hash) == Match::yes);
  CHECK(hasher.verify(times(24, "ぬ") + "-other", hash) == Match::no);
  CHECK(hasher.verify(password + " ", hash) == Match::no);
  CHECK(hasher.make(password, "fedcba9876543210") != hash);
}

TEST_CASE("composed and decomposed forms are one password") {
  PasswordHasher hasher(4, kPepper, "");
  const auto hash = hasher.make("がぎぐげご and some words", kSalt);
  CHECK(hasher.verify("か\u3099き\u3099く\u3099け\u3099こ\u3099 and some words", hash) == Match::yes);
}

TEST_CASE("imported bcrypt hashes are taken and asked to be rewritten") {
  PasswordHasher hasher(4, kPepper, "");
  for (const char* prefix : {"$2a$", "$2b$", "$2y$"}) {
    const auto imported = plain_bcrypt("old-secret", prefix, 4);
    INFO(imported);
    CHECK(hasher.verify("old-secret", imported) == Match::yes_but_rewrite);
    CHECK(hasher.verify("old-secreT", imported) == Match::no);
  }
}

TEST_CASE("a hash moves to the new pepper while the old one is known, and is lost without it") {
  PasswordHasher before(4, kOldPepper, ""), during(4, kPepper, kOldPepper), after(4, kPepper, "");
  const auto hash = before.make("seven grey boats drift", kSalt);
  CHECK(during.verify("seven grey boats drift", hash) == Match::yes_but_rewrite);
  CHECK(during.verify("seven grey boats", hash) == Match::no);
  CHECK(after.verify("seven grey boats drift", hash) == Match::no);
  CHECK(after.verify("seven grey boats drift", during.make("seven grey boats drift", kSalt)) == Match::yes);
}

TEST_CASE("another cost asks for a rewrite") {
  PasswordHasher four(4, kPepper, ""), five(5, kPepper, "");
  CHECK(five.verify("seven grey boats drift", four.make("seven grey boats drift", kSalt)) ==
        Match::yes_but_rewrite);
}

TEST_CASE("every way to fail costs one computation") {
  PasswordHasher hasher(4, kPepper, "");
  const auto known = hasher.make("seven grey boats drift", kSalt);
  const std::optional<std::string> rows[] = {std::nullopt,
                                             known,
                                             std::string("p1:ffffffff:") + known.substr(12),
                                             std::string("garbage"),
                                             std::string("$1$md5$not-ours"),
                                             std::string()};
  for (const auto& stored : rows) {
    INFO(stored.value_or("nobody"));
    const auto so_far = hasher.computations();
    CHECK(hasher.verify("not the password at all", stored) == Match::no);
    CHECK(hasher.computations() == so_far + 1);
  }
}

TEST_CASE("short peppers and odd costs are refused at start") {
  CHECK_THROWS_AS(PasswordHasher(12, std::string(31, 'p'), ""), portico::Problem);
  CHECK_THROWS_AS(PasswordHasher(12, kPepper, "short"), portico::Problem);
  CHECK_THROWS_AS(PasswordHasher(3, kPepper, ""), portico::Problem);
  CHECK_THROWS_AS(PasswordHasher(17, kPepper, ""), portico::Problem);
}
