// The billing plugin's HTTP contracts, and the rules it holds shared contracts to.
#pragma once

#include <portico/contracts/billing.hpp>

#include "domain/hand_off_rules.hpp"

namespace billing {

/// Body of POST /api/invoices/{id}/sso-link; may be absent as a whole.
struct SsoLinkRequest {
  std::optional<Target> target;
};
BOOST_DESCRIBE_STRUCT(SsoLinkRequest, (), (target))

/// Runs a call of a billing operation. A value that breaks our rules is the provider's fault, not the
/// caller's.
template <class F>
auto from_provider(F&& fn) {
  try {
    return fn();
  } catch (const portico::Problem& problem) {
    if (problem.code == "request.invalid")
      throw portico::Problem(502, "upstream.bad_reply", "from billing: " + problem.detail);
    throw;
  }
}

}  // namespace billing

template <>
struct portico::Rules<portico::Money> {
  static void apply(RuleSet<Money>& rule) { rule(&Money::currency).length(3, 3); }
};

template <>
struct portico::Rules<portico::billing::InvoiceSummary> {
  using T = portico::billing::InvoiceSummary;
  static void apply(RuleSet<T>& rule) {
    rule(&T::id).length(1, 64);
    rule(&T::number).length(1, 200);
    rule(&T::issued_on).format(Format::date);
    rule(&T::due_on).format(Format::date);
    rule(&T::paid_on).format(Format::date);
  }
};

template <>
struct portico::Rules<portico::billing::InvoicePayment> {
  using T = portico::billing::InvoicePayment;
  static void apply(RuleSet<T>& rule) { rule(&T::paid_on).format(Format::date); }
};

template <>
struct portico::Rules<portico::billing::Invoice> {
  using T = portico::billing::Invoice;
  static void apply(RuleSet<T>& rule) {
    rule(&T::id).length(1, 64);
    rule(&T::number).length(1, 200);
    rule(&T::issued_on).format(Format::date);
    rule(&T::due_on).format(Format::date);
    rule(&T::paid_on).format(Format::date);
  }
};

template <>
struct portico::Rules<portico::billing::InvoiceList> {
  using T = portico::billing::InvoiceList;
  static void apply(RuleSet<T>& rule) {
    rule(&T::items).length(0, 100);
    rule(&T::page).range(1, 10'000);
    rule(&T::page_size).range(1, 100);
    rule(&T::total).range(0, 1'000'000'000);
  }
};
