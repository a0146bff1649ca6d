// The words of the mails. {0} portal, {1} link, {2} second link.
#include "domain/mail_texts.hpp"

#include <fmt/format.h>

#include <portico/problem.hpp>

namespace auth {
namespace {

struct Words {
  MailKind kind;
  const char* language;
  const char* subject;
  const char* text;
};

constexpr Words kWords[] = {
    {MailKind::confirm_sign_up, "en", "Confirm your {0} account",
     "Thank you for signing up to {0}.\n\n"
     "Open this link to finish. It works once, for 30 minutes:\n\n{1}\n\n"
     "Opened in another browser, it asks for the password you chose.\n"
     "If you did not sign up, do nothing: without the link no account is made.\n"},
    {MailKind::confirm_sign_up, "ja", "{0}アカウントの確認",
     "{0}にお申し込みいただき、ありがとうございます。\n\n"
     "次のリンクを開いて、登録を完了してください。リンクは一度だけ、30分間有効です。\n\n{1}\n\n"
     "別のブラウザーで開いた場合は、設定したパスワードの入力が必要です。\n"
     "お心当たりのない場合は、何もする必要はありません。リンクを開かないかぎり、アカウントは作成されません。"
     "\n"},
    {MailKind::account_exists, "en", "You already have a {0} account",
     "Somebody, probably you, signed up to {0} with this address. It already has an account, so nothing was "
     "changed.\n\n"
     "Sign in:\n{1}\n\n"
     "Forgotten your password? Choose a new one:\n{2}\n\n"
     "If it was not you, you need not do anything.\n"},
    {MailKind::account_exists, "ja", "{0}アカウントはすでに登録されています",
     "このメールアドレスで{0}"
     "への新規登録が行われましたが、すでにアカウントがあるため、何も変更されていません。\n\n"
     "ログイン:\n{1}\n\n"
     "パスワードをお忘れの場合は、こちらから再設定できます:\n{2}\n\n"
     "お心当たりのない場合は、何もする必要はありません。\n"},
    {MailKind::account_ready, "en", "Your {0} account is ready",
     "Your account is ready; it took us a little longer than usual.\n\n"
     "Sign in with the address and password you chose:\n{1}\n"},
    {MailKind::account_ready, "ja", "{0}アカウントの準備ができました",
     "お待たせいたしました。アカウントの準備ができました。\n\n"
     "登録したメールアドレスとパスワードでログインしてください。\n{1}\n"},
    {MailKind::reset_password, "en", "Choose a new password for {0}",
     "Somebody, probably you, asked to choose a new password for {0}.\n\n"
     "Open this link to do so. It works once, for 30 minutes:\n\n{1}\n\n"
     "If it was not you, do nothing: your password stays as it is.\n"},
    {MailKind::reset_password, "ja", "{0}のパスワードの再設定",
     "{0}のパスワードの再設定を受け付けました。\n\n"
     "次のリンクを開いて、新しいパスワードを設定してください。リンクは一度だけ、30分間有効です。\n\n{1}\n\n"
     "お心当たりのない場合は、何もする必要はありません。現在のパスワードがそのまま使えます。\n"},
    {MailKind::password_changed, "en", "Your {0} password was changed",
     "The password of your {0} account was changed, and every other browser was signed out.\n\n"
     "If it was not you, choose a new password now:\n{1}\n"},
    {MailKind::password_changed, "ja", "{0}のパスワードが変更されました",
     "{0}アカウントのパスワードが変更され、ほかのブラウザーはすべてログアウトされました。\n\n"
     "お心当たりのない場合は、ただちに新しいパスワードを設定してください。\n{1}\n"},
};

}  // namespace

MailText mail_text(MailKind kind, std::string_view language, const MailFacts& facts) {
  const std::string_view wanted = language == "ja" ? "ja" : "en";
  for (const auto& words : kWords)
    if (words.kind == kind && words.language == wanted)
      return {fmt::format(fmt::runtime(words.subject), facts.portal),
              fmt::format(fmt::runtime(words.text), facts.portal, facts.link, facts.second_link)};
  throw portico::Problem(500, "internal", "a mail without words");
}

}  // namespace auth
