// Billing as plugins share it: customers and invoices of whatever system keeps them.
#pragma once

#include <portico/contracts/money.hpp>
#include <portico/events.hpp>
#include <portico/operations.hpp>

namespace portico::billing {

/// A postal address. state is the prefecture, state or canton; country is ISO 3166 alpha-2.
struct Address {
  std::string line1;
  std::optional<std::string> line2;
  std::string city;
  std::string state;
  std::string postcode;
  std::string country;
};
BOOST_DESCRIBE_STRUCT(Address, (), (line1, line2, city, state, postcode, country))

struct Customer {
  std::string id;  // opaque
  std::string email;
  std::string first_name;
  std::string last_name;
  std::optional<std::string> company;
  std::string phone;
  std::string language;  // "en" or "ja"
  std::string currency;
  Address address;
};
BOOST_DESCRIBE_STRUCT(Customer, (),
                      (id, email, first_name, last_name, company, phone, language, currency, address))

/// Makes a customer, or finds the one an earlier try with the same marker made.
///
/// marker    ≤ 64 characters, unique to this sign-up; kept with the customer so that a repeat finds it
/// errors    409 billing.customer_exists (the address belongs to a customer made elsewhere); 422
/// billing.refused
///           (members.errors like request.invalid); upstream.*
struct NewCustomer {
  std::string marker;
  std::string email;
  std::string first_name;
  std::string last_name;
  std::optional<std::string> company;
  std::string phone;
  std::string language;
  Address address;
};
BOOST_DESCRIBE_STRUCT(NewCustomer, (),
                      (marker, email, first_name, last_name, company, phone, language, address))
struct CustomerRef {
  std::string customer_id;
};
BOOST_DESCRIBE_STRUCT(CustomerRef, (), (customer_id))
inline constexpr Operation<NewCustomer, CustomerRef> create_customer{"billing.create_customer/1"};

/// errors    404 billing.customer_not_found; upstream.*
inline constexpr Operation<CustomerRef, Customer> get_customer{"billing.get_customer/1"};

/// Changes what is given and leaves the rest. errors: as create_customer, 404 billing.customer_not_found
struct CustomerChange {
  std::string customer_id;
  std::optional<std::string> first_name;
  std::optional<std::string> last_name;
  std::optional<std::string> company;
  std::optional<std::string> phone;
  std::optional<std::string> language;
  std::optional<Address> address;
};
BOOST_DESCRIBE_STRUCT(CustomerChange, (),
                      (customer_id, first_name, last_name, company, phone, language, address))
inline constexpr Operation<CustomerChange, Customer> update_customer{"billing.update_customer/1"};

/// Checks a sign-in at the billing system. errors: 401 billing.login_refused; upstream.*
struct Login {
  std::string email;
  std::string password;
};
BOOST_DESCRIBE_STRUCT(Login, (), (email, password))
struct LoginResult {
  std::vector<std::string> customer_ids;  // the customers this login may act for
  bool second_factor = false;
};
BOOST_DESCRIBE_STRUCT(LoginResult, (), (customer_ids, second_factor))
inline constexpr Operation<Login, LoginResult> verify_login{"billing.verify_login/1"};

enum class InvoiceStatus { draft, unpaid, overdue, paid, cancelled, refunded, collections, payment_pending };
BOOST_DESCRIBE_ENUM(InvoiceStatus, draft, unpaid, overdue, paid, cancelled, refunded, collections,
                    payment_pending)

/// Dates are YYYY-MM-DD in the portal's time zone. overdue is unpaid past its due date. Drafts are never
/// listed.
struct InvoiceSummary {
  std::string id;
  std::string number;
  InvoiceStatus status = InvoiceStatus::unpaid;
  std::string issued_on;
  std::string due_on;
  std::optional<std::string> paid_on;
  Money total;
};
BOOST_DESCRIBE_STRUCT(InvoiceSummary, (), (id, number, status, issued_on, due_on, paid_on, total))

struct InvoiceLine {
  std::string description;
  Money amount;
  bool taxed = false;
};
BOOST_DESCRIBE_STRUCT(InvoiceLine, (), (description, amount, taxed))

struct InvoicePayment {
  std::string paid_on;
  Money amount;  // negative for a refund
  std::string method;
  std::optional<std::string> reference;
};
BOOST_DESCRIBE_STRUCT(InvoicePayment, (), (paid_on, amount, method, reference))

/// total = subtotal + tax − credit; balance = total − payments.
struct Invoice {
  std::string id;
  std::string number;
  InvoiceStatus status = InvoiceStatus::unpaid;
  std::string issued_on;
  std::string due_on;
  std::optional<std::string> paid_on;
  Money total;
  Money subtotal;
  Money tax;
  std::optional<std::string> tax_rate;  // percent, "10.0"
  Money credit;
  Money balance;
  std::vector<InvoiceLine> lines;
  std::vector<InvoicePayment> payments;
  std::string as_of;  // RFC 3339 UTC: when the system of record said so
};
BOOST_DESCRIBE_STRUCT(Invoice, (),
                      (id, number, status, issued_on, due_on, paid_on, total, subtotal, tax, tax_rate, credit,
                       balance, lines, payments, as_of))

/// page counts from 1; page_size 1 to 100; newest first.
struct InvoiceQuery {
  std::string customer_id;
  std::int64_t page = 1;
  std::int64_t page_size = 20;
  std::optional<InvoiceStatus> status;
};
BOOST_DESCRIBE_STRUCT(InvoiceQuery, (), (customer_id, page, page_size, status))
struct InvoiceList {
  std::vector<InvoiceSummary> items;
  std::int64_t page = 1;
  std::int64_t page_size = 20;
  std::int64_t total = 0;
  std::string as_of;
};
BOOST_DESCRIBE_STRUCT(InvoiceList, (), (items, page, page_size, total, as_of))
inline constexpr Operation<InvoiceQuery, InvoiceList> list_invoices{"billing.list_invoices/1"};

/// errors    404 billing.invoice_not_found, also for another customer's invoice and for a draft; upstream.*
struct InvoiceRef {
  std::string customer_id;
  std::string invoice_id;
};
BOOST_DESCRIBE_STRUCT(InvoiceRef, (), (customer_id, invoice_id))
inline constexpr Operation<InvoiceRef, Invoice> get_invoice{"billing.get_invoice/1"};

/// A link, good once and for a short time, that opens the invoice signed-in at the billing system. Ownership
/// is the caller's to check first. errors: 409 billing.payment_link_blocked; upstream.*
struct PaymentLink {
  std::string url;   // a secret: never logged, cached or stored
  std::string site;  // host to show the person
  std::int64_t expires_in_s = 0;
};
BOOST_DESCRIBE_STRUCT(PaymentLink, (), (url, site, expires_in_s))
inline constexpr Operation<InvoiceRef, PaymentLink> create_payment_link{"billing.create_payment_link/1"};

/// A person was given a link to pay an invoice. Whether it was paid, only the invoice itself says: look
/// before acting.
struct PaymentStarted {
  std::string user_id;
  std::string customer_id;
  std::string invoice_id;
};
BOOST_DESCRIBE_STRUCT(PaymentStarted, (), (user_id, customer_id, invoice_id))
inline constexpr Event<PaymentStarted> payment_started{"billing.payment_started/1"};

}  // namespace portico::billing
