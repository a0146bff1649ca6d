// The table of countries.
#include "examples/sandbox/whmcs/countries.hpp"

#include <algorithm>
#include <array>

namespace sandbox::whmcs {

namespace {

constexpr std::string_view kCodes =
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV "
    "BW BY BZ "
    "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ "
    "FK FM FO "
    "FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR "
    "IS IT JE "
    "JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML "
    "MM MN MO "
    "MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR "
    "PS PT PW "
    "PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ "
    "TK TL TM "
    "TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW ";

struct Country {
  std::string_view code, name, calling;
};

constexpr std::array<Country, 14> kKnown{{{"AT", "Austria", "43"},
                                          {"AU", "Australia", "61"},
                                          {"CA", "Canada", "1"},
                                          {"CH", "Switzerland", "41"},
                                          {"CN", "China", "86"},
                                          {"DE", "Germany", "49"},
                                          {"FR", "France", "33"},
                                          {"GB", "United Kingdom", "44"},
                                          {"IT", "Italy", "39"},
                                          {"JP", "Japan", "81"},
                                          {"KR", "Korea, Republic Of", "82"},
                                          {"SG", "Singapore", "65"},
                                          {"TW", "Taiwan", "886"},
                                          {"US", "United States", "1"}}};

const Country* find(std::string_view code) {
  const auto* found =
      std::find_if(kKnown.begin(), kKnown.end(), [&](const auto& c) { return c.code == code; });
  return found == kKnown.end() ? nullptr : found;
}

}  // namespace

bool is_country(std::string_view code) {
  for (std::size_t at = 0; code.size() == 2 && at < kCodes.size(); at += 3)
    if (kCodes.substr(at, 2) == code) return true;
  return false;
}

std::string country_name(std::string_view code) {
  const auto* country = find(code);
  return std::string(country == nullptr ? code : country->name);
}

std::string calling_code(std::string_view country) {
  const auto* known = find(country);
  return known == nullptr ? std::string{} : std::string(known->calling);
}

void split_phone(std::string_view text, std::string_view country, std::string& code, std::string& number) {
  code.clear();
  number.clear();
  if (text.starts_with('+')) {
    const auto dot = text.find('.');
    const std::string own = calling_code(country);
    text.remove_prefix(1);
    if (dot != std::string_view::npos && dot > 1) {
      code = std::string(text.substr(0, dot - 1));
      text.remove_prefix(dot);
    } else if (!own.empty() && text.starts_with(own)) {
      code = own;
      text.remove_prefix(own.size());
    } else {
      for (const auto& known : kKnown) {
        if (!text.starts_with(known.calling)) continue;
        code = known.calling;
        text.remove_prefix(code.size());
        break;
      }
    }
  } else {
    code = calling_code(country);
  }
  std::copy_if(text.begin(), text.end(), std::back_inserter(number),
               [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace sandbox::whmcs
