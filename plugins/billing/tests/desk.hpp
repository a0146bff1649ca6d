// A billing plugin on a test host: accounts and the billing system are played by the test.
#pragma once

#include <catch2/catch.hpp>
#include <portico/contracts/accounts.hpp>
#include <portico/contracts/billing.hpp>
#include <portico/testkit.hpp>

namespace billing {

inline constexpr const char* kUser = "00000000-0000-4000-8000-000000000001";

/// What the other plugins know, and how often they were asked.
struct Desk {
  std::optional<std::string> customer = "418";  // of kUser; nothing: the sign-up is not finished
  std::map<std::string, portico::billing::Invoice> invoices;
  std::optional<portico::Problem> failure;  // of the billing system
  std::optional<std::string> site_url;      // of the next link; nothing: a good one
  int links_asked = 0, lists_asked = 0, links_made = 0;
  portico::billing::InvoiceQuery last_query;

  Desk() {
    auto& invoice = invoices["9001"];
    invoice.id = "9001", invoice.number = "INV-9001";
    invoice.issued_on = "2029-12-01", invoice.due_on = "2029-12-31";
    invoice.total = invoice.subtotal = invoice.balance = {1980, "JPY"};
    invoice.tax = invoice.credit = {0, "JPY"};
    invoice.as_of = "2030-01-01T00:00:00Z";
  }

  void attach(portico::testkit::TestHost& host) {
    using portico::Problem;
    namespace contract = portico::billing;
    host.provide(portico::accounts::get_links, [this](const portico::accounts::UserRef& user) {
      ++links_asked;
      if (!customer || user.user_id != kUser) throw Problem(404, "accounts.not_linked");
      return portico::accounts::Links{user.user_id, *customer, std::nullopt, std::nullopt};
    });
    host.provide(contract::list_invoices, [this](const contract::InvoiceQuery& query) {
      ++lists_asked;
      last_query = query;
      if (failure) throw *failure;
      contract::InvoiceList list;
      for (const auto& [id, i] : invoices)
        list.items.push_back({i.id, i.number, i.status, i.issued_on, i.due_on, i.paid_on, i.total});
      list.page = query.page, list.page_size = query.page_size;
      list.total = static_cast<std::int64_t>(list.items.size()), list.as_of = "2030-01-01T00:00:00Z";
      return list;
    });
    host.provide(contract::get_invoice, [this](const contract::InvoiceRef& ref) {
      if (failure) throw *failure;
      const auto found = invoices.find(ref.invoice_id);
      if (found == invoices.end() || ref.customer_id != "418")
        throw Problem(404, "billing.invoice_not_found");
      return found->second;
    });
    host.provide(contract::create_payment_link, [this](const contract::InvoiceRef&) {
      if (failure) throw *failure;
      ++links_made;
      return contract::PaymentLink{site_url.value_or("https://billing.example.ch/x"), "billing.example.ch",
                                   60};
    });
  }
};

}  // namespace billing
