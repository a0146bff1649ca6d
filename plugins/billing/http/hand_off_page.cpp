// Two small pages in the portal's languages.
#include "http/hand_off_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "domain/hand_off_rules.hpp"

namespace billing {

namespace {

struct Words {
  std::string_view en, ja;
  std::string_view in(std::string_view language) const { return language == "ja" ? ja : en; }
};

struct ProblemWords {
  std::string_view code;
  Words title, advice;
};

constexpr ProblemWords kProblems[] = {
    {"auth.step_up_required",
     {"Please confirm your password first", "先にパスワードをご確認ください"},
     {"Opening the billing site needs a password entered within the last 10 minutes. Go back to the invoice, "
      "confirm "
      "your password there and try again.",
      "お支払いサイトを開くには、10分以内のパスワード入力が必要です。請求書のページに戻り、パスワードを確認し"
      "てからもう一度お試しください。"}},
    {"billing.link_just_made",
     {"A link was opened a moment ago", "リンクは先ほど発行されました"},
     {"For your safety one link per minute is made for an invoice. Look for the tab that was opened, or wait "
      "a minute "
      "and try again.",
      "安全のため、リンクの発行は請求書ごとに1分に1回までです。開いているタブをご確認いただくか、1分ほど待っ"
      "てからもう一度お試しください。"}},
    {"billing.payment_link_blocked",
     {"Direct sign-in is switched off", "自動サインインが無効になっています"},
     {"Your billing account does not allow signing in from here. Open the billing site yourself, sign in "
      "there and "
      "choose the invoice by its number.",
      "お客様の設定により、ここから自動でサインインできません。お支払いサイトをご自身で開き、サインインのうえ"
      "請求書番号からお選びください。"}},
    {"billing.invoice_not_payable",
     {"There is nothing to pay", "お支払いの必要はありません"},
     {"This invoice is already settled or was cancelled.",
      "この請求書はお支払い済みか、取り消されています。"}},
    {"billing.invoice_not_found",
     {"Invoice not found", "請求書が見つかりません"},
     {"There is no such invoice in your account.", "お客様のアカウントにこの請求書はありません。"}},
};

constexpr ProblemWords kOther = {
    "",
    {"The billing site cannot be reached right now", "ただいまお支払いサイトに接続できません"},
    {"Nothing was charged. Please try again in a few minutes.",
     "料金は発生していません。数分後にもう一度お試しください。"}};

const ProblemWords& words_for(std::string_view code) {
  const auto* found = std::find_if(std::begin(kProblems), std::end(kProblems),
                                   [&](const auto& row) { return row.code == code; });
  return found == std::end(kProblems) ? kOther : *found;
}

std::string page(std::string_view language, std::string_view title, std::string_view head,
                 std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" content=\"noindex\">\n{}"
      "<title>{}</title>\n<link rel=\"stylesheet\" "
      "href=\"{}\">\n</head>\n<body>\n<main>\n<h1>{}</h1>\n{}</main>\n"
      "</body>\n</html>\n",
      language == "ja" ? "ja" : "en", head, title, kStylePath, title, body);
}

/// An address that can stand in a refresh without ending it early.
bool is_plain_address(std::string_view url) {
  const bool http = url.starts_with("https://") || url.starts_with("http://");
  return http && url.size() < 4096 && std::all_of(url.begin(), url.end(), [](char c) {
           return c > ' ' && c < 0x7F && c != '\'' && c != '"' && c != '<' && c != '>' && c != '\\' &&
                  c != '`';
         });
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string hand_off_page(std::string_view language, const portico::billing::PaymentLink& link) {
  if (!is_plain_address(link.url))
    throw portico::Problem(502, "upstream.bad_reply", "the payment link is no plain address");
  const auto url = escape_html(link.url), site = escape_html(link.site);
  const auto title = fmt::format(fmt::runtime(Words{"Opening {}", "{} を開いています"}.in(language)), site);
  const auto text = fmt::format(
      fmt::runtime(
          Words{"You are leaving the portal for {}, where your invoice opens with you signed in. The link "
                "works once and only for a short time.",
                "ポータルから {} "
                "へ移動します。サインインした状態で請求書が開きます。リンクは短時間のみ、1回だけ有効です。"}
              .in(language)),
      site);
  const auto label = fmt::format(fmt::runtime(Words{"Continue to {}", "{} へ進む"}.in(language)), site);
  return page(language, title, fmt::format("<meta http-equiv=\"refresh\" content=\"0; url={}\">\n", url),
              fmt::format("<p>{}</p>\n<p><a class=\"go\" rel=\"noreferrer\" href=\"{}\">{}</a></p>\n", text,
                          url, label));
}

std::string problem_page(std::string_view language, const portico::Problem& problem,
                         std::string_view invoice_id, std::string_view correlation_id) {
  const auto& words = words_for(problem.code);
  const bool known = is_invoice_id(invoice_id) && problem.code != "billing.invoice_not_found";
  const auto back =
      known ? fmt::format("/billing/invoices/{}", invoice_id) : std::string("/billing/invoices");
  const auto label = known ? Words{"Back to the invoice", "請求書に戻る"}
                           : Words{"Back to the invoices", "請求書の一覧に戻る"};
  return page(
      language, words.title.in(language), "",
      fmt::format(
          "<p>{}</p>\n<p><a class=\"go\" href=\"{}\">{}</a></p>\n<p class=\"id\">{}: <code>{}</code></p>\n",
          words.advice.in(language), back, label.in(language),
          Words{"Reference for support", "お問い合わせ番号"}.in(language), escape_html(correlation_id)));
}

std::string_view hand_off_style() {
  return R"(:root { color-scheme: light dark; --ink: #16202c; --soft: #5a6775; --paper: #f6f7f9; --card: #fff; --go: #0b5cad; --on-go: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8edf2; --soft: #a3b0bd; --paper: #10161d; --card: #18212b; --go: #7db9f5; --on-go: #0b1620; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", "Hiragino Sans", "Noto Sans JP", sans-serif; }
main { width: 100%; max-width: 32rem; padding: 1.5rem; background: var(--card); border-radius: .75rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 .75rem; font-size: 1.35rem; line-height: 1.3; }
p { margin: 0 0 1rem; }
.go { display: inline-block; padding: .7rem 1.2rem; border-radius: .5rem; background: var(--go); color: var(--on-go); text-decoration: none; }
.go:focus-visible { outline: 2px solid var(--ink); outline-offset: 2px; }
.id { margin: 0; color: var(--soft); font-size: .875rem; }
)";
}

}  // namespace billing
