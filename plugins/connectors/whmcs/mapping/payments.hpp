// Means of payment, transactions and credit of the billing contract, played on WHMCS.
#pragma once

#include <portico/contracts/billing_payments.hpp>

#include "mapping/desk.hpp"
#include "mapping/invoices.hpp"

namespace whmcs {

/// A payment is found again by its transid, credit by a mark in its description, use of credit by what the
/// invoice says was applied.
class Payments {
 public:
  Payments(const Desk& desk, Invoices& invoices) : desk_(desk), invoices_(invoices) {}

  portico::billing::GatewayList gateways();
  portico::billing::PaymentMethodList methods(const portico::billing::CustomerRef& ref);
  portico::billing::PaymentMethodList remove_method(const portico::billing::PaymentMethodRef& ref);
  portico::billing::PaymentMethodList set_default_method(const portico::billing::PaymentMethodRef& ref);
  portico::billing::TransactionList transactions(const portico::billing::TransactionQuery& query);
  portico::billing::Invoice record(const portico::billing::NewPayment& payment);
  portico::billing::Credit credit(const portico::billing::CustomerRef& ref);
  portico::billing::Credit add_credit(const portico::billing::NewCredit& credit);
  portico::billing::Invoice use_credit(const portico::billing::CreditUse& use);

 private:
  const Desk& desk_;
  Invoices& invoices_;
};

}  // namespace whmcs
