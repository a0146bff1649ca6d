// The products of an internet and mobile provider, priced in yen, francs and dollars.
#include "examples/sandbox/whmcs/catalogue.hpp"

#include <algorithm>

#include "examples/sandbox/common/clock.hpp"
#include "examples/sandbox/common/text.hpp"

namespace sandbox::whmcs {

namespace {

constexpr Cents kWhole = 100;

/// Whole units of JPY, CHF, USD.
using Amounts = std::array<Cents, 3>;

/// Monthly, and yearly for ten months' price where `yearly` is set.
std::array<PriceList, 3> monthly(Amounts setup, Amounts price, bool yearly) {
  constexpr std::size_t kYear = 3;
  constexpr Cents kMonthsPaid = 10;
  std::array<PriceList, 3> out;
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].price.fill(kNotOffered);
    out[i].setup[0] = setup[i] * kWhole;
    out[i].price[0] = price[i] * kWhole;
    if (yearly) out[i].price[kYear] = price[i] * kWhole * kMonthsPaid;
  }
  return out;
}

/// Options cost the same for every month of every term.
std::array<PriceList, 3> option_price(Amounts price) {
  std::array<PriceList, 3> out;
  for (std::size_t i = 0; i < out.size(); ++i)
    for (std::size_t term = 0; term < kTerms.size(); ++term)
      out[i].price[term] = price[i] * kWhole * kTerms[term].months;
  return out;
}

/// Every product has it: what the portal finds its own orders by.
CustomField reference_field(Id id) {
  return {id, "Portal reference", "Filled in by the portal", false, true};
}

Option router() {
  return {4,
          "Router",
          OptionKind::kDropdown,
          0,
          0,
          {{12, "Own device", "own|Own device", option_price({0, 0, 0})},
           {13, "Wi-Fi 6 rental", "rent|Wi-Fi 6 rental", option_price({330, 5, 4})}}};
}

std::vector<Product> make_products() {
  std::vector<Product> out;
  const auto internet = [&](Id id, const char* name, const char* slug, const char* text, Amounts price) {
    out.push_back({id,
                   1,
                   "other",
                   name,
                   slug,
                   text,
                   "",
                   "recurring",
                   false,
                   false,
                   "",
                   monthly({22000, 150, 140}, price, true),
                   {{id * 10, "Line ID", "", false, true}, reference_field(id * 10 + 1)},
                   {router(),
                    {5,
                     "Static IPv4 address",
                     OptionKind::kYesNo,
                     0,
                     0,
                     {{15, "Yes", "Yes", option_price({770, 6, 5})}}}}});
  };
  internet(12, "Fiber 1 Gbps", "fiber-1", "1 Gbit/s to the home", {4950, 59, 49});
  internet(14, "Fiber 10 Gbps", "fiber-10", "10 Gbit/s to the home", {6600, 79, 69});
  internet(16, "Home 100 Mbps", "home-100", "For a small flat", {3300, 39, 35});
  const auto sim = [&](Id id, const char* name, const char* slug, Amounts price) {
    out.push_back({id,
                   2,
                   "other",
                   name,
                   slug,
                   "Data &amp; calls on the mobile network",
                   "mobileline",
                   "recurring",
                   false,
                   false,
                   "on",
                   monthly({3300, 20, 15}, price, false),
                   {{id * 10, "EID", "Of an eSIM", false, true},
                    {id * 10 + 2, "Internal note", "", false, false},
                    reference_field(id * 10 + 1)},
                   {{7,
                     "Extra data (GB)",
                     OptionKind::kQuantity,
                     0,
                     50,
                     {{21, "GB", "GB", option_price({220, 2, 2})}}}}});
  };
  sim(22, "Mobile SIM 3 GB", "sim-3", {990, 12, 10});
  sim(24, "Mobile SIM 20 GB", "sim-20", {1980, 22, 19});
  out.push_back({26,
                 2,
                 "other",
                 "SIM card replacement",
                 "sim-replacement",
                 "One new card",
                 "",
                 "onetime",
                 false,
                 true,
                 "",
                 monthly({0, 0, 0}, {2200, 20, 15}, false),
                 {reference_field(261)},
                 {}});
  out.push_back({32,
                 3,
                 "server",
                 "VPN Tokyo",
                 "vpn-tokyo",
                 "A private way home",
                 "vpnbox",
                 "recurring",
                 false,
                 true,
                 "payment",
                 monthly({0, 0, 0}, {1100, 9, 8}, true),
                 {reference_field(321)},
                 {}});
  out.push_back({34,
                 3,
                 "other",
                 "VPN trial",
                 "vpn-trial",
                 "Two weeks",
                 "vpnbox",
                 "free",
                 false,
                 false,
                 "on",
                 monthly({0, 0, 0}, {0, 0, 0}, false),
                 {reference_field(341)},
                 {}});
  out.push_back({36,
                 3,
                 "server",
                 "VPN Osaka (retired)",
                 "vpn-osaka",
                 "No longer sold",
                 "vpnbox",
                 "recurring",
                 true,
                 false,
                 "on",
                 monthly({0, 0, 0}, {880, 8, 7}, false),
                 {reference_field(361)},
                 {}});
  // No field for the portal's reference: an order of it could not be found again.
  out.push_back({38,
                 3,
                 "other",
                 "VPN gift card",
                 "vpn-gift",
                 "For a friend",
                 "",
                 "onetime",
                 false,
                 true,
                 "",
                 monthly({0, 0, 0}, {5500, 50, 45}, false),
                 {},
                 {}});
  return out;
}

const PriceList& of_currency(const std::array<PriceList, 3>& prices, Id currency) {
  return prices[currency >= 1 && currency <= 3 ? static_cast<std::size_t>(currency - 1) : 0];
}

}  // namespace

const std::vector<Group>& groups() {
  static const std::vector<Group> kGroups{{1, "Internet", "internet"}, {2, "SIM", "sim"}, {3, "VPN", "vpn"}};
  return kGroups;
}

const std::vector<Product>& products() {
  static const std::vector<Product> kProducts = make_products();
  return kProducts;
}

const Product* find_product(Id id) {
  const auto& all = products();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Product& p) { return p.id == id; });
  return found == all.end() ? nullptr : &*found;
}

const Group& group_of(const Product& product) {
  const auto& all = groups();
  return *std::find_if(all.begin(), all.end(), [&](const Group& g) { return g.id == product.group; });
}

std::optional<std::size_t> term_of(std::string_view word) {
  for (std::size_t i = 0; i < kTerms.size(); ++i)
    if (equal_ignoring_case(word, kTerms[i].param) || equal_ignoring_case(word, kTerms[i].printed)) return i;
  return std::nullopt;
}

std::map<Id, Id> sound_options(const Product& product, const std::map<Id, Id>& wanted) {
  std::map<Id, Id> out;
  for (const auto& option : product.options) {
    const auto found = wanted.find(option.id);
    Id value = found == wanted.end() ? 0 : found->second;
    if (option.kind == OptionKind::kYesNo) value = value != 0 ? 1 : 0;
    if (option.kind == OptionKind::kQuantity) value = std::clamp<Id>(value, option.least, option.most);
    if (option.kind == OptionKind::kDropdown || option.kind == OptionKind::kRadio) {
      const bool known = std::any_of(option.choices.begin(), option.choices.end(),
                                     [&](const Choice& choice) { return choice.id == value; });
      if (!known) value = option.choices.front().id;
    }
    out[option.id] = value;
  }
  return out;
}

Charge charge_for(const Product& product, std::string_view cycle, const std::map<Id, Id>& options,
                  Id currency) {
  if (product.pay_type == "free") return {"Free Account", 0, 0};
  const PriceList& own = of_currency(product.prices, currency);
  std::size_t term = 0;
  if (product.pay_type != "onetime") {
    term = term_of(cycle).value_or(0);
    if (own.price[term] < 0)
      term = static_cast<std::size_t>(
          std::find_if(own.price.begin(), own.price.end(), [](Cents price) { return price >= 0; }) -
          own.price.begin());
  }
  Charge out{product.pay_type == "onetime" ? "One Time" : std::string(kTerms[term].printed), own.setup[term],
             own.price[term]};
  for (const auto& option : product.options) {
    const auto found = options.find(option.id);
    if (found == options.end()) continue;
    const bool counts = option.kind == OptionKind::kYesNo || option.kind == OptionKind::kQuantity;
    for (const auto& choice : option.choices) {
      if (!counts && choice.id != found->second) continue;
      const Cents times = counts ? found->second : 1;
      out.setup += of_currency(choice.prices, currency).setup[term] * times;
      out.recurring += of_currency(choice.prices, currency).price[term] * times;
    }
  }
  return out;
}

std::string next_due(int from_day, std::string_view cycle) {
  const auto term = term_of(cycle);
  if (!term) return kNoDate;
  const int day_of_month = from_day - month_start(from_day, 0);
  const int start = month_start(from_day, kTerms[*term].months);
  const int last = month_start(start, 1) - 1;
  return date_text(std::min(start + day_of_month, last));
}

}  // namespace sandbox::whmcs
