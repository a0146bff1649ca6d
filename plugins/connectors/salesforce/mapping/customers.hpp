// Accounts, contacts and the check of an address, as the crm contract has them.
#pragma once

#include "mapping/desk.hpp"

namespace salesforce {

class Customers {
 public:
  explicit Customers(const Desk& desk) : desk_(desk) {}

  portico::crm::CustomerLink upsert(const portico::crm::CustomerRecord& customer);
  portico::crm::CustomerLink find(const portico::crm::CustomerKeys& keys);
  portico::crm::Account account(const portico::crm::AccountRef& ref);
  portico::crm::Account change_account(const portico::crm::AccountChange& change);
  portico::crm::Contact contact(const portico::crm::ContactRef& ref);
  portico::crm::Contact change_contact(const portico::crm::ContactChange& change);
  portico::crm::Eligibility eligibility(const portico::crm::AccountRef& ref);
  portico::crm::Eligibility request_eligibility(const portico::crm::EligibilityRequest& request);

  /// errors: 404 crm.account_not_found, crm.contact_not_found for one that is not there, or not of this
  /// account
  void expect_person(const std::string& account_id, const std::string& contact_id);

 private:
  const Desk& desk_;
};

}  // namespace salesforce
