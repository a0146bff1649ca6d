// The states of a sign-up and what each allows. The kill test walks this machine from every state.
#pragma once

#include <string_view>

namespace auth {

/// pending           the mail is out
/// confirmed         the link was opened by the one who signed up; from here on it will be finished
/// customer_created  billing has the customer
/// active            the account exists
/// refused           billing will not have this customer
enum class SignUpState { pending, confirmed, customer_created, active, refused };

std::string_view name_of(SignUpState state);
/// errors  500 internal for a name that is none
SignUpState sign_up_state(std::string_view name);

/// What opening the link means.
enum class Press { go_on, expired, used, refused };
/// past_deadline  the link is older than its 30 minutes; that matters only while nobody has opened it
Press press(SignUpState state, bool past_deadline);

/// What is left to do after the claim.
enum class Step { create_customer, make_account, nothing };
Step next_step(SignUpState state);

/// Seconds until the task tries again after the given number of tries: 15 s doubling up to 10 minutes.
int retry_delay_s(int tries);

}  // namespace auth
