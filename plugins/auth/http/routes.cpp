// Registers the routes and turns credentials into cookies.
#include "http/routes.hpp"

#include "domain/forms.hpp"
#include "use_cases/passwords.hpp"
#include "use_cases/profile.hpp"
#include "use_cases/session.hpp"
#include "use_cases/sign_in.hpp"
#include "use_cases/sign_up.hpp"

namespace auth {
namespace {

using portico::Access;
using portico::Answer;
using portico::Headers;
using portico::Request;
using portico::Response;
using namespace std::chrono_literals;

constexpr const char* kAccess = "access";
constexpr const char* kRefresh = "refresh";
constexpr const char* kDevice = "device";
constexpr const char* kSignUp = "signup";
constexpr std::uint64_t kBodyLimit = 16 * 1024;

std::string cookie(const Parts& parts, const Request& rq, std::string_view name) {
  return std::string(parts.host.identity().cookie(rq, name).value_or(""));
}

Browser browser_of(const Parts& parts, const Request& rq) {
  const auto principal = rq.principal();
  return {std::string(rq.client_address()), cookie(parts, rq, kDevice), principal.session_id,
          principal.user_id, std::string(rq.language())};
}

void set(const Parts& parts, Headers& headers, std::string_view name, std::string_view value,
         std::chrono::seconds max_age) {
  headers.emplace_back("Set-Cookie", parts.host.identity().cookie_header(name, value, max_age));
}

Headers cookies(const Parts& parts, const Credentials& c) {
  Headers headers;
  set(parts, headers, kAccess, c.access, kAccessLifetime);
  set(parts, headers, kRefresh, c.refresh, c.refresh_for);
  if (!c.device.empty()) set(parts, headers, kDevice, c.device, 24h * 180);
  return headers;
}

Answer<Me> signed_in(const Parts& parts, SignedIn&& result) {
  return {std::move(result.me), 200, cookies(parts, result.credentials)};
}

void add_sign_up(portico::Routes& routes, Parts& parts) {
  routes
      .post("/api/auth/signup",
            [&parts](const Request&, const SignUpForm& form) {
              Answer<CheckMail> answer{{}, 202, {}};
              set(parts, answer.headers, kSignUp, request_sign_up(parts, form), 24h);
              return answer;
            })
      .access(Access::anyone)
      .rate_class("sign_up")
      .lane("hashing")
      .body_limit(kBodyLimit)
      .secret()
      .not_audited()
      .answers(202)
      .summary("Sign up; a link to finish comes by mail");
  // A lane of its own: it waits for billing, and must not keep sign-ins waiting.
  routes
      .post("/api/auth/signup/confirm",
            [&parts](const Request& rq, const ConfirmForm& form) {
              auto answer = signed_in(
                  parts, confirm_sign_up(parts, browser_of(parts, rq), form, cookie(parts, rq, kSignUp)));
              set(parts, answer.headers, kSignUp, "", 0s);
              return answer;
            })
      .access(Access::anyone)
      .rate_class("sign_up")
      .lane("sign_up")
      .body_limit(kBodyLimit)
      .secret()
      .not_audited()
      .summary("Open the link of the sign-up mail");
}

void add_sessions(portico::Routes& routes, Parts& parts) {
  routes
      .post("/api/auth/login",
            [&parts](const Request& rq, const SignInForm& form) {
              return signed_in(parts, sign_in(parts, browser_of(parts, rq), form));
            })
      .access(Access::anyone)
      .rate_class("sign_in")
      .lane("hashing")
      .body_limit(kBodyLimit)
      .secret()
      .not_audited()
      .summary("Sign in");
  routes
      .post("/api/auth/logout",
            [&parts](const Request& rq) {
              sign_out(parts, browser_of(parts, rq), cookie(parts, rq, kRefresh));
              Response response{204, {}, {}, {{"Clear-Site-Data", "\"cache\""}}};
              set(parts, response.headers, kAccess, "", 0s);
              set(parts, response.headers, kRefresh, "", 0s);
              return response;
            })
      .access(Access::anyone)
      .secret()
      .not_audited()
      .answers(204)
      .summary("Sign out");
  routes
      .post(
          "/api/auth/refresh",
          [&parts](const Request& rq) {
            return Response{204, {}, {}, cookies(parts, refresh_session(parts, cookie(parts, rq, kRefresh)))};
          })
      .access(Access::anyone)
      .secret()
      .not_audited()
      .answers(204)
      .summary("Renew the session");
  routes
      .post("/api/auth/reauthenticate",
            [&parts](const Request& rq, const PasswordForm& form) {
              Response response{204, {}, {}, {}};
              set(parts, response.headers, kAccess, prove_again(parts, browser_of(parts, rq), form),
                  kAccessLifetime);
              return response;
            })
      .rate_class("sign_in")
      .lane("hashing")
      .body_limit(kBodyLimit)
      .secret()
      .not_audited()
      .answers(204)
      .summary("Prove the password again before something delicate");
}

void add_passwords(portico::Routes& routes, Parts& parts) {
  routes
      .post("/api/auth/forgot-password",
            [&parts](const Request&, const EmailForm& form) {
              forget_password(parts, form);
              return Answer<CheckMail>{{}, 202, {}};
            })
      .access(Access::anyone)
      .rate_class("reset")
      .body_limit(kBodyLimit)
      .secret()
      .not_audited()
      .answers(202)
      .summary("Ask for a link to choose a new password");
  routes
      .post("/api/auth/set-password",
            [&parts](const Request&, const NewPasswordForm& form) {
              return signed_in(parts, choose_password(parts, form));
            })
      .access(Access::anyone)
      .rate_class("reset")
      .lane("hashing")
      .body_limit(kBodyLimit)
      .secret()
      .not_audited()
      .summary("Choose a new password with a mailed link");
}

void add_profile(portico::Routes& routes, Parts& parts) {
  // Billing may be slow: these wait in a lane of their own, so that checking sessions and signing out do not.
  routes
      .get("/api/me",
           [&parts](const Request& rq) {
             auto shown = show_profile(parts, rq.user_id());
             Answer<Me> answer{std::move(shown.me), 200, {}};
             if (shown.stale_for) {
               answer.headers.emplace_back("Portico-Cache", "stale");
               answer.headers.emplace_back("Age", std::to_string(shown.stale_for->count()));
             }
             return answer;
           })
      .lane("profile")
      .summary("The person who is signed in");
  routes
      .patch("/api/me",
             [&parts](const Request& rq, const ProfileChange& change) {
               return change_profile(parts, browser_of(parts, rq), change);
             })
      .lane("profile")
      .body_limit(kBodyLimit)
      .not_audited()
      .summary("Change name, company, phone or language");
  routes
      .patch("/api/me/address",
             [&parts](const Request& rq, const AddressForm& address) {
               return change_address(parts, browser_of(parts, rq), address);
             })
      .lane("profile")
      .body_limit(kBodyLimit)
      .not_audited()
      .summary("Change the postal address");
}

}  // namespace

void add_routes(portico::Host& host, Parts& parts) {
  add_sign_up(host.routes(), parts);
  add_sessions(host.routes(), parts);
  add_passwords(host.routes(), parts);
  add_profile(host.routes(), parts);
}

}  // namespace auth
