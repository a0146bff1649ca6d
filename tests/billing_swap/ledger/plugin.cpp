// The smallest billing system there can be: customers in memory, two invoices each.
#include <algorithm>
#include <map>
#include <mutex>
#include <portico/contracts/billing.hpp>
#include <portico/plugin.hpp>

namespace {

using portico::Money;
using portico::Problem;
namespace contract = portico::billing;

constexpr const char* kCurrency = "JPY";

struct Account {
  contract::Customer customer;
  std::string marker;
  std::vector<contract::Invoice> invoices;
};

contract::Invoice invoice_of(const std::string& id, contract::InvoiceStatus status, std::int64_t yen) {
  contract::Invoice out;
  out.id = id;
  out.number = "NL-" + id;
  out.status = status;
  out.issued_on = "2026-01-05";
  out.due_on = "2099-01-31";
  out.subtotal = {yen, kCurrency};
  out.tax = {yen / 10, kCurrency};
  out.tax_rate = "10.0";
  out.credit = {0, kCurrency};
  out.total = {yen + yen / 10, kCurrency};
  out.balance = out.total;
  out.lines = {{"Line rental", {yen, kCurrency}, true}};
  if (status == contract::InvoiceStatus::paid) {
    out.paid_on = "2026-01-06";
    out.balance = {0, kCurrency};
    out.payments = {{"2026-01-06", out.total, "cash", std::nullopt}};
  }
  out.as_of = "2026-01-07T00:00:00Z";
  return out;
}

class Ledger final : public portico::Plugin {
  void start(portico::Host& host) override {
    host.provide(contract::create_customer, [this](const contract::NewCustomer& in) { return create(in); });
    host.provide(contract::get_customer,
                 [this](const contract::CustomerRef& in) { return account(in.customer_id).customer; });
    host.provide(contract::update_customer, [this](const contract::CustomerChange& in) {
      const std::lock_guard lock(mutex_);
      auto& customer = find(in.customer_id).customer;
      customer.first_name = in.first_name.value_or(customer.first_name);
      customer.last_name = in.last_name.value_or(customer.last_name);
      customer.phone = in.phone.value_or(customer.phone);
      customer.language = in.language.value_or(customer.language);
      customer.address = in.address.value_or(customer.address);
      return customer;
    });
    host.provide(contract::verify_login, [](const contract::Login&) -> contract::LoginResult {
      throw Problem(401, "billing.login_refused");
    });
    host.provide(contract::list_invoices, [this](const contract::InvoiceQuery& in) { return list(in); });
    host.provide(contract::get_invoice, [this](const contract::InvoiceRef& in) { return get(in); });
    host.provide(contract::create_payment_link, [this](const contract::InvoiceRef& in) {
      return contract::PaymentLink{"https://ledger.example/pay/" + get(in).id, "ledger.example", 60};
    });
  }

  contract::CustomerRef create(const contract::NewCustomer& in) {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, known] : accounts_)
      if (known.customer.email == in.email) {
        if (known.marker != in.marker) throw Problem(409, "billing.customer_exists");
        return {id};
      }
    const auto id = "L-" + std::to_string(accounts_.size() + 1);
    Account account;
    account.customer = {id,       in.email,    in.first_name, in.last_name, in.company,
                        in.phone, in.language, kCurrency,     in.address};
    account.marker = in.marker;
    const auto first = 100 * (accounts_.size() + 1);
    account.invoices = {invoice_of(std::to_string(first + 2), contract::InvoiceStatus::unpaid, 3000),
                        invoice_of(std::to_string(first + 1), contract::InvoiceStatus::paid, 1000)};
    accounts_[id] = std::move(account);
    return {id};
  }

  Account& find(const std::string& id) {
    const auto found = accounts_.find(id);
    if (found == accounts_.end()) throw Problem(404, "billing.customer_not_found");
    return found->second;
  }

  Account account(const std::string& id) {
    const std::lock_guard lock(mutex_);
    return find(id);
  }

  contract::InvoiceList list(const contract::InvoiceQuery& in) {
    contract::InvoiceList out;
    out.page = in.page, out.page_size = in.page_size;
    out.as_of = "2026-01-07T00:00:00Z";
    std::vector<contract::InvoiceSummary> all;
    for (const auto& one : account(in.customer_id).invoices)
      if (!in.status || *in.status == one.status)
        all.push_back({one.id, one.number, one.status, one.issued_on, one.due_on, one.paid_on, one.total});
    out.total = static_cast<std::int64_t>(all.size());
    const auto from = std::min(out.total, (in.page - 1) * in.page_size);
    const auto to = std::min(out.total, from + in.page_size);
    out.items.assign(all.begin() + from, all.begin() + to);
    return out;
  }

  contract::Invoice get(const contract::InvoiceRef& in) {
    for (const auto& one : account(in.customer_id).invoices)
      if (one.id == in.invoice_id) return one;
    throw Problem(404, "billing.invoice_not_found");
  }

  std::mutex mutex_;
  std::map<std::string, Account> accounts_;  // under mutex_
};

}  // namespace

PORTICO_PLUGIN(Ledger)
