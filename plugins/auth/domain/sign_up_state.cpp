// The sign-up machine as tables.
#include "domain/sign_up_state.hpp"

#include <algorithm>
#include <array>
#include <portico/problem.hpp>
#include <string>

namespace auth {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"pending", "confirmed", "customer_created", "active",
                                                    "refused"};

}  // namespace

std::string_view name_of(SignUpState state) {
  return kNames.at(static_cast<std::size_t>(state));
}

SignUpState sign_up_state(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) throw portico::Problem(500, "internal", "no sign-up state " + std::string(name));
  return static_cast<SignUpState>(found - kNames.begin());
}

Press press(SignUpState state, bool past_deadline) {
  switch (state) {
    case SignUpState::pending:
      return past_deadline ? Press::expired : Press::go_on;
    case SignUpState::confirmed:
    case SignUpState::customer_created:
      return Press::go_on;
    case SignUpState::active:
      return Press::used;
    case SignUpState::refused:
      return Press::refused;
  }
  return Press::expired;
}

Step next_step(SignUpState state) {
  switch (state) {
    case SignUpState::pending:
    case SignUpState::confirmed:
      return Step::create_customer;
    case SignUpState::customer_created:
      return Step::make_account;
    case SignUpState::active:
    case SignUpState::refused:
      return Step::nothing;
  }
  return Step::nothing;
}

int retry_delay_s(int tries) {
  int delay = 15;
  for (int i = 1; i < tries && delay < 600; ++i) delay *= 2;
  return std::min(delay, 600);
}

}  // namespace auth
