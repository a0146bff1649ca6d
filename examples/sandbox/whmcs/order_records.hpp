// What customers have ordered: orders, the services they bring, upgrades, credit, stored means of payment.
#pragma once

#include "examples/sandbox/whmcs/records.hpp"

namespace sandbox::whmcs {

/// One product a client has. Words are the ones WHMCS prints.
struct Service {
  Id id = 0, client = 0, order = 0, product = 0;
  std::int64_t quantity = 1;
  std::string registered_on, next_due_on = kNoDate, terminated_on = kNoDate;
  std::string cycle = "Monthly";
  std::string status = "Pending";
  std::string gateway, domain, username, password, notes, subscription, suspend_reason;
  std::string override_suspend, override_suspend_until = kNoDate;
  Cents first_payment = 0, recurring = 0;
  std::map<Id, std::string> custom_fields;
  std::map<Id, Id> options;  // configurable option → choice, 1/0 or quantity
};
BOOST_DESCRIBE_STRUCT(Service, (),
                      (id, client, order, product, quantity, registered_on, next_due_on, terminated_on, cycle,
                       status, gateway, domain, username, password, notes, subscription, suspend_reason,
                       override_suspend, override_suspend_until, first_payment, recurring, custom_fields,
                       options))

struct Order {
  Id id = 0;
  std::int64_t number = 0;  // ten digits, above what 32 bits hold
  Id client = 0, requestor = 0;
  std::string date, gateway, promo_code, status = "Pending", ip, notes;
  Cents amount = 0;
  Id invoice = 0;
  std::vector<Id> services;
  Id upgrade = 0;  // of an upgrade's order
};
BOOST_DESCRIBE_STRUCT(Order, (),
                      (id, number, client, requestor, date, gateway, promo_code, status, ip, notes, amount,
                       invoice, services, upgrade))

/// A change of product or options that waits for its payment, or took effect.
struct Upgrade {
  Id id = 0, order = 0, service = 0, invoice = 0;
  std::string type = "product";  // or "configoptions"
  Id product = 0;
  std::string cycle;
  std::map<Id, Id> options;
  Cents amount = 0, recurring = 0;
  bool applied = false, cancelled = false;
};
BOOST_DESCRIBE_STRUCT(Upgrade, (),
                      (id, order, service, invoice, type, product, cycle, options, amount, recurring, applied,
                       cancelled))

/// One line of a client's credit log; the lines add up to the credit.
struct CreditEntry {
  Id id = 0, client = 0;
  std::string date, description;
  Cents amount = 0;
  Id related = 0;  // invoice
};
BOOST_DESCRIBE_STRUCT(CreditEntry, (), (id, client, date, description, amount, related))

struct PayMethod {
  Id id = 0, client = 0;
  std::string type = "CreditCard", description, gateway, last_four, expiry, start, issue, card_type, bank;
  std::string token, updated_at;
  std::int64_t rank = 0;  // the lowest is the default
};
BOOST_DESCRIBE_STRUCT(PayMethod, (),
                      (id, client, type, description, gateway, last_four, expiry, start, issue, card_type,
                       bank, token, updated_at, rank))

struct CancelRequest {
  Id service = 0;
  std::string type, reason, date;
};
BOOST_DESCRIBE_STRUCT(CancelRequest, (), (service, type, reason, date))

}  // namespace sandbox::whmcs
