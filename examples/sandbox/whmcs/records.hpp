// What the billing system keeps. Free text is stored HTML-escaped, as the real one stores it.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "examples/sandbox/whmcs/money.hpp"

namespace sandbox::whmcs {

using Id = std::int64_t;

inline constexpr const char* kNoDate = "0000-00-00";
inline constexpr const char* kNoTime = "0000-00-00 00:00:00";

/// Somebody who signs in. One user may belong to several clients.
struct User {
  Id id = 0;
  std::string first_name, last_name, email, password_hash, language, created_at, last_login;
};
BOOST_DESCRIBE_STRUCT(User, (),
                      (id, first_name, last_name, email, password_hash, language, created_at, last_login))

/// The billing account.
struct Client {
  Id id = 0;
  std::string uuid;
  Id owner_user_id = 0;
  std::string first_name, last_name, company, email, address1, address2, city, state, postcode, country;
  std::string phone_country_code, phone_number, tax_id, notes, language, default_gateway = "banktransfer";
  std::string status = "Active";
  Id currency = 1;
  Id group = 0;
  Cents credit = 0;
  bool tax_exempt = false, late_fee_override = false, override_due_notices = false, separate_invoices = false;
  bool disable_auto_card = false, override_auto_close = false, marketing_opt_in = false;
  bool allow_single_sign_on = true, email_verified = true;
  std::map<std::string, std::string> email_preferences;
  std::map<Id, std::string> custom_fields;
  std::string created_on;
};
BOOST_DESCRIBE_STRUCT(Client, (),
                      (id, uuid, owner_user_id, first_name, last_name, company, email, address1, address2,
                       city, state, postcode, country, phone_country_code, phone_number, tax_id, notes,
                       language, default_gateway, status, currency, group, credit, tax_exempt,
                       late_fee_override, override_due_notices, separate_invoices, disable_auto_card,
                       override_auto_close, marketing_opt_in, allow_single_sign_on, email_verified,
                       email_preferences, custom_fields, created_on))

/// Which user may act for which client.
struct Membership {
  Id client = 0;
  Id user = 0;
  bool owner = false;
};
BOOST_DESCRIBE_STRUCT(Membership, (), (client, user, owner))

struct Currency {
  Id id = 0;
  std::string code, prefix, suffix;
  int format = 2;
  std::string rate = "1.00000";
};

struct Item {
  Id id = 0;
  std::string type;
  Id related = 0;
  std::string description;
  Cents amount = 0;
  bool taxed = false;
};
BOOST_DESCRIBE_STRUCT(Item, (), (id, type, related, description, amount, taxed))

struct Transaction {
  Id id = 0;
  Id client = 0;
  std::string gateway, date, description;
  Cents amount_in = 0, fees = 0, amount_out = 0;
  std::string reference;  // transid
  Id invoice = 0;
  Id refund_of = 0;
};
BOOST_DESCRIBE_STRUCT(Transaction, (),
                      (id, client, gateway, date, description, amount_in, fees, amount_out, reference,
                       invoice, refund_of))

struct Invoice {
  Id id = 0;
  Id client = 0;
  std::string number;  // "" unless sequential numbering is on
  std::string date, due_date;
  std::string paid_at = kNoTime, capture_attempted_at = kNoTime, refunded_at = kNoTime,
              cancelled_at = kNoTime;
  Cents credit = 0;
  RateThousandths tax_rate = 0, tax_rate2 = 0;
  std::string status = "Unpaid";
  std::string gateway = "banktransfer";
  std::string notes, created_at, updated_at;
  std::vector<Item> items;

  Cents subtotal() const;
  Cents tax() const;
  Cents tax2() const;
  /// subtotal + tax + tax2 − credit
  Cents total() const;
};
BOOST_DESCRIBE_STRUCT(Invoice, (),
                      (id, client, number, date, due_date, paid_at, capture_attempted_at, refunded_at,
                       cancelled_at, credit, tax_rate, tax_rate2, status, gateway, notes, created_at,
                       updated_at, items))

/// A single sign-on token; good once and for 60 s.
struct SsoToken {
  std::string token;
  Id client = 0;
  Id user = 0;
  std::string destination;  // path under the system URL
  std::int64_t expires_at_ms = 0;
  bool used = false;
};
BOOST_DESCRIBE_STRUCT(SsoToken, (), (token, client, user, destination, expires_at_ms, used))

/// A browser that came in through a token.
struct Session {
  std::string key;
  Id client = 0;
  std::int64_t expires_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(Session, (), (key, client, expires_at_ms))

}  // namespace sandbox::whmcs
