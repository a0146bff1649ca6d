// The wiring of auth: identity, routes, the operation others ask, tasks, pages.
#include <portico/plugin.hpp>

#include "http/routes.hpp"
#include "use_cases/clean.hpp"
#include "use_cases/profile.hpp"
#include "use_cases/session.hpp"
#include "use_cases/sign_up.hpp"

namespace auth {

using portico::Access;
using namespace std::chrono_literals;

class Plugin final : public portico::Plugin {
 public:
  void start(portico::Host& host) override {
    parts_ = std::make_unique<Parts>(host);
    auto& parts = *parts_;
    host.identity().provide("access",
                            [&parts](std::string_view token) { return authenticate(parts, token); });
    host.provide(portico::accounts::get_links,
                 [&parts](const portico::accounts::UserRef& user) { return get_links(parts, user.user_id); });
    add_routes(host, parts);
    host.tasks().every("auth.finish_sign_ups", 30s, [&parts] { finish_sign_ups(parts); });
    host.tasks().every("auth.clean", 10min, [&parts] { clean(parts); });

    host.pages().page("/auth/login", {"Sign in", "ログイン"}, Access::anyone);
    host.pages().page("/auth/signup", {"Create account", "新規登録"}, Access::anyone);
    host.pages().page("/auth/verify", {"Confirm your account", "アカウントの確認"}, Access::anyone);
    host.pages().page("/auth/forgot", {"Forgotten password", "パスワードをお忘れの方"}, Access::anyone);
    host.pages().page("/auth/set-password", {"Choose a new password", "新しいパスワードの設定"},
                      Access::anyone);
    host.pages().page("/account", {"Account", "アカウント"});
    host.pages().navigation("/account", {"Account", "アカウント"}, 90);
    host.pages().card("auth.profile", 90);
  }

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace auth

PORTICO_PLUGIN(auth::Plugin)
