// Invoices the portal writes or takes back, once.
#pragma once

#include <portico/contracts/billing_payments.hpp>

#include "mapping/desk.hpp"
#include "mapping/invoices.hpp"

namespace whmcs {

class InvoiceWrites {
 public:
  InvoiceWrites(const Desk& desk, Invoices& invoices) : desk_(desk), invoices_(invoices) {}

  /// Found again by a mark in its notes, among the customer's newest 500.
  portico::billing::Invoice create(const portico::billing::NewInvoice& invoice);
  portico::billing::Invoice cancel(const portico::billing::InvoiceRef& ref);

 private:
  std::optional<portico::billing::Invoice> find_marked(std::int64_t client, const std::string& mark);

  const Desk& desk_;
  Invoices& invoices_;
};

}  // namespace whmcs
