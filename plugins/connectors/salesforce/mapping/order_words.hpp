// Picklists of products and orders.
#pragma once

#include <portico/contracts/crm_orders.hpp>

#include "mapping/words.hpp"

namespace salesforce {

using portico::crm::Category;
using portico::crm::Cycle;
using portico::crm::Fulfilment;
using portico::crm::ItemClass;
using portico::crm::SimChoice;

inline constexpr std::array<Word<Category>, 4> kCategories{{{Category::internet, "Internet"},
                                                            {Category::sim, "SIM"},
                                                            {Category::vpn, "VPN"},
                                                            {Category::mixed, "Mixed"}}};
inline constexpr std::array<Word<ItemClass>, 4> kItemClasses{{{ItemClass::service, "Service"},
                                                              {ItemClass::installation, "Installation"},
                                                              {ItemClass::add_on, "Add-on"},
                                                              {ItemClass::activation, "Activation"}}};
inline constexpr std::array<Word<Cycle>, 2> kCycles{
    {{Cycle::monthly, "Monthly"}, {Cycle::one_time, "Onetime"}}};
inline constexpr std::array<Word<Fulfilment>, 4> kFulfilments{{{Fulfilment::not_started, "Not Started"},
                                                               {Fulfilment::running, "Activating"},
                                                               {Fulfilment::done, "Activated"},
                                                               {Fulfilment::failed, "Failed"}}};
inline constexpr std::array<Word<SimChoice>, 2> kSims{
    {{SimChoice::card, "Physical SIM"}, {SimChoice::esim, "eSIM"}}};

}  // namespace salesforce
