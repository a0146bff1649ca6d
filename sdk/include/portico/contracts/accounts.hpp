// Portal accounts as plugins share them: who a user is in the other systems.
#pragma once

#include <portico/operations.hpp>

namespace portico::accounts {

struct UserRef {
  std::string user_id;
};
BOOST_DESCRIBE_STRUCT(UserRef, (), (user_id))

/// One to one: a portal user, the customer in billing, the contact and account in the CRM.
struct Links {
  std::string user_id;
  std::string billing_customer_id;
  std::optional<std::string> crm_contact_id;
  std::optional<std::string> crm_account_id;
};
BOOST_DESCRIBE_STRUCT(Links, (), (user_id, billing_customer_id, crm_contact_id, crm_account_id))

/// errors    404 accounts.not_linked (the sign-up is not finished)
inline constexpr Operation<UserRef, Links> get_links{"accounts.get_links/1"};

}  // namespace portico::accounts
