// What is for sale: product groups, products, their prices, fields and options. The same in every run.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "examples/sandbox/whmcs/order_records.hpp"

namespace sandbox::whmcs {

inline constexpr Cents kNotOffered = -100;  // printed "-1.00"

/// The six terms a price list has, in its order.
struct Term {
  std::string_view param;    // of a request: "semiannually"
  std::string_view printed;  // in answers: "Semi-Annually"
  char setup_letter;         // "ssetupfee"
  int months;
};
inline constexpr std::array<Term, 6> kTerms{{{"monthly", "Monthly", 'm', 1},
                                             {"quarterly", "Quarterly", 'q', 3},
                                             {"semiannually", "Semi-Annually", 's', 6},
                                             {"annually", "Annually", 'a', 12},
                                             {"biennially", "Biennially", 'b', 24},
                                             {"triennially", "Triennially", 't', 36}}};

/// Setup fee and price by term, in one currency. One-time products keep theirs under the first term.
struct PriceList {
  std::array<Cents, 6> setup{}, price{};
};

struct Choice {
  Id id = 0;
  std::string name, raw_name;
  std::array<PriceList, 3> prices;  // by currency id − 1
};

enum class OptionKind { kDropdown = 1, kRadio = 2, kYesNo = 3, kQuantity = 4 };

struct Option {
  Id id = 0;
  std::string name;
  OptionKind kind = OptionKind::kDropdown;
  std::int64_t least = 0, most = 0;  // of a quantity
  std::vector<Choice> choices;
};

struct CustomField {
  Id id = 0;
  std::string name, description;
  bool required = false, on_order_form = true;
};

struct Product {
  Id id = 0, group = 0;
  std::string type, name, slug, description, module;
  std::string pay_type = "recurring";  // onetime, free
  bool hidden = false, allows_quantity = false;
  std::string auto_setup;  // "on" when accepted, "payment" when paid, "" by hand
  std::array<PriceList, 3> prices;
  std::vector<CustomField> fields;
  std::vector<Option> options;
};

struct Group {
  Id id = 0;
  std::string name, slug;
};

const std::vector<Group>& groups();
const std::vector<Product>& products();
/// Null where there is none.
const Product* find_product(Id id);
const Group& group_of(const Product& product);

/// The term of a request's or an answer's word, in any letter case; nothing for free, one-time and nonsense.
std::optional<std::size_t> term_of(std::string_view word);

/// What a choice of options costs on top, by setup and term, and the product's own price with it.
struct Charge {
  std::string cycle;  // as printed
  Cents setup = 0, recurring = 0;
};
/// Prices one piece. A cycle that is not offered falls back to the first that is.
Charge charge_for(const Product& product, std::string_view cycle, const std::map<Id, Id>& options,
                  Id currency);
/// The options as a customer may have them: unknown ones dropped, absent ones set to their first choice.
std::map<Id, Id> sound_options(const Product& product, const std::map<Id, Id>& wanted);

/// The day a service of this printed cycle is due next; kNoDate for one-time and free ones.
std::string next_due(int from_day, std::string_view cycle);

}  // namespace sandbox::whmcs
