// Billing as plugins share it, third part: means of payment, what was paid, credit, and invoices that are
// written.
//
// Writes that must not happen twice take the caller's reference or name the state that is wanted; see
// billing_orders.hpp for 503 billing.outcome_unknown.
#pragma once

#include <portico/contracts/billing.hpp>

namespace portico::billing {

struct NoInput {};
BOOST_DESCRIBE_STRUCT(NoInput, (), ())

/// A way to pay that the installation offers; id is what orders and payments name.
struct Gateway {
  std::string id;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(Gateway, (), (id, name))
struct GatewayList {
  std::vector<Gateway> items;
};
BOOST_DESCRIBE_STRUCT(GatewayList, (), (items))
inline constexpr Operation<NoInput, GatewayList> list_gateways{"billing.list_gateways/1"};

enum class PaymentMethodKind { card, bank_account };
BOOST_DESCRIBE_ENUM(PaymentMethodKind, card, bank_account)

/// A stored card or account; never its number or token. expires_on is YYYY-MM.
struct PaymentMethod {
  std::string id;
  PaymentMethodKind kind = PaymentMethodKind::card;
  std::string description;
  std::string gateway;
  std::optional<std::string> brand;
  std::optional<std::string> last_four;
  std::optional<std::string> expires_on;
  std::optional<std::string> bank;
  bool is_default = false;
};
BOOST_DESCRIBE_STRUCT(PaymentMethod, (),
                      (id, kind, description, gateway, brand, last_four, expires_on, bank, is_default))
struct PaymentMethodList {
  std::vector<PaymentMethod> items;
};
BOOST_DESCRIBE_STRUCT(PaymentMethodList, (), (items))
/// errors    404 billing.customer_not_found; upstream.*
inline constexpr Operation<CustomerRef, PaymentMethodList> list_payment_methods{
    "billing.list_payment_methods/1"};

/// Storing one is the gateway's own page's work: card numbers never pass through the portal.
struct PaymentMethodRef {
  std::string customer_id;
  std::string payment_method_id;
};
BOOST_DESCRIBE_STRUCT(PaymentMethodRef, (), (customer_id, payment_method_id))
/// One that is gone already is no failure. errors: as list_payment_methods; 503 billing.outcome_unknown
inline constexpr Operation<PaymentMethodRef, PaymentMethodList> remove_payment_method{
    "billing.remove_payment_method/1"};
/// errors    404 billing.payment_method_not_found, also for another customer's; 503 billing.outcome_unknown
inline constexpr Operation<PaymentMethodRef, PaymentMethodList> set_default_payment_method{
    "billing.set_default_payment_method/1"};

/// A payment (amount above 0) or a refund (below).
struct Transaction {
  std::string id;
  std::optional<std::string> invoice_id;
  std::string booked_on;
  std::string gateway;
  std::string description;
  Money amount;
  Money fees;
  std::optional<std::string> reference;
};
BOOST_DESCRIBE_STRUCT(Transaction, (),
                      (id, invoice_id, booked_on, gateway, description, amount, fees, reference))
struct TransactionQuery {
  std::string customer_id;
  std::optional<std::string> invoice_id;
};
BOOST_DESCRIBE_STRUCT(TransactionQuery, (), (customer_id, invoice_id))
struct TransactionList {
  std::vector<Transaction> items;
  std::string as_of;
};
BOOST_DESCRIBE_STRUCT(TransactionList, (), (items, as_of))
/// errors    404 billing.customer_not_found; upstream.*
inline constexpr Operation<TransactionQuery, TransactionList> list_transactions{
    "billing.list_transactions/1"};

/// Records money that came in, or finds that it was recorded.
///
/// reference  1 to 64 letters, digits and -_.: unique to this payment, the gateway's own where there is one
/// errors     404 billing.invoice_not_found; 409 billing.invoice_state (it cannot be paid),
/// billing.reference_used
///            (another payment has the reference); 503 billing.outcome_unknown; upstream.*
struct NewPayment {
  std::string reference;
  std::string customer_id;
  std::string invoice_id;
  std::string gateway;
  Money amount;
  std::string paid_at;  // RFC 3339 UTC
};
BOOST_DESCRIBE_STRUCT(NewPayment, (), (reference, customer_id, invoice_id, gateway, amount, paid_at))
inline constexpr Operation<NewPayment, Invoice> record_payment{"billing.record_payment/1"};

struct CreditEntry {
  std::string id;
  std::string booked_on;
  std::string description;
  Money amount;  // below 0 where credit was used
};
BOOST_DESCRIBE_STRUCT(CreditEntry, (), (id, booked_on, description, amount))
struct Credit {
  Money balance;
  std::vector<CreditEntry> entries;
};
BOOST_DESCRIBE_STRUCT(Credit, (), (balance, entries))
/// errors    404 billing.customer_not_found; upstream.*
inline constexpr Operation<CustomerRef, Credit> get_credit{"billing.get_credit/1"};

/// Gives a customer credit, or finds that it was given. amount is above 0.
///
/// errors     404 billing.customer_not_found; 409 billing.reference_used (with another amount); 503
///            billing.outcome_unknown; upstream.*
struct NewCredit {
  std::string reference;
  std::string customer_id;
  Money amount;
  std::string description;
};
BOOST_DESCRIBE_STRUCT(NewCredit, (), (reference, customer_id, amount, description))
inline constexpr Operation<NewCredit, Credit> add_credit{"billing.add_credit/1"};

/// Uses a customer's credit for an invoice until `applied` of it is used there in all; what was used before
/// counts.
///
/// errors     404 billing.invoice_not_found; 409 billing.invoice_state; 422 billing.credit_refused (more than
/// the
///            credit, or than the balance); 503 billing.outcome_unknown; upstream.*
struct CreditUse {
  std::string customer_id;
  std::string invoice_id;
  Money applied;
};
BOOST_DESCRIBE_STRUCT(CreditUse, (), (customer_id, invoice_id, applied))
inline constexpr Operation<CreditUse, Invoice> use_credit{"billing.use_credit/1"};

/// Writes an invoice, or finds the one an earlier try with the same reference wrote.
///
/// lines      1 to 50; amounts may be below 0
/// errors     404 billing.customer_not_found; 503 billing.outcome_unknown; upstream.*
struct NewInvoice {
  std::string reference;
  std::string customer_id;
  std::vector<InvoiceLine> lines;
  std::optional<std::string> due_on;
  std::optional<std::string> gateway;
  bool send_mail = false;
};
BOOST_DESCRIBE_STRUCT(NewInvoice, (), (reference, customer_id, lines, due_on, gateway, send_mail))
inline constexpr Operation<NewInvoice, Invoice> create_invoice{"billing.create_invoice/1"};

/// Takes back an invoice that is unpaid; a cancelled one stays as it is. errors: 404
/// billing.invoice_not_found; 409 billing.invoice_state; 503 billing.outcome_unknown; upstream.*
inline constexpr Operation<InvoiceRef, Invoice> cancel_invoice{"billing.cancel_invoice/1"};

}  // namespace portico::billing
