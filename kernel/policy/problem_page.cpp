// One page for all failures; what went wrong by status, what to do about it, and the id support asks for.
#include "kernel/policy/problem_page.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

namespace kernel::policy {

namespace {

struct Words {
  std::string_view en, ja;
  std::string_view in(std::string_view language) const { return language == "ja" ? ja : en; }
};

struct Row {
  int status;
  Words title, advice;
};

constexpr Row kRows[] = {
    {401,
     {"Please sign in", "サインインしてください"},
     {"Your session has ended. Sign in and try again.",
      "セッションが終了しました。サインインしてから、もう一度お試しください。"}},
    {403,
     {"This is not allowed", "この操作は許可されていません"},
     {"Go back to the portal and start again from there.", "ポータルに戻り、もう一度操作してください。"}},
    {404,
     {"Page not found", "ページが見つかりません"},
     {"The address may be mistyped, or the page has moved.",
      "アドレスが正しくないか、ページが移動した可能性があります。"}},
    {429,
     {"Too many requests", "リクエストが多すぎます"},
     {"Please wait a moment and try again.", "しばらく待ってから、もう一度お試しください。"}},
    {503,
     {"Not available right now", "ただいまご利用いただけません"},
     {"Please try again in a moment.", "しばらくしてから、もう一度お試しください。"}},
    {504,
     {"This took too long", "時間がかかりすぎました"},
     {"Please try again in a moment.", "しばらくしてから、もう一度お試しください。"}},
};
constexpr Row kFault{500,
                     {"Something went wrong", "問題が発生しました"},
                     {"The fault is on our side. Please try again in a moment.",
                      "当社側で問題が発生しました。しばらくしてから、もう一度お試しください。"}};
constexpr Row kRefused{
    400,
    {"This request cannot be served", "このリクエストは処理できません"},
    {"Go back to the portal and start again from there.", "ポータルに戻り、もう一度操作してください。"}};

const Row& row_for(int status) {
  for (const auto& row : kRows)
    if (row.status == status) return row;
  return status >= 500 ? kFault : kRefused;
}

constexpr std::string_view kStyle =
    ":root{color-scheme:light dark}"
    "body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;box-sizing:border-box;"
    "font:1rem/1.6 system-ui,-apple-system,\"Segoe UI\",\"Hiragino Sans\",\"Noto Sans JP\",sans-serif}"
    "main{max-width:32rem;overflow-wrap:anywhere}h1{font-size:1.35rem;line-height:1.3}"
    "small{opacity:.75}";

/// Allows the one style above and nothing else.
const std::string& content_policy() {
  static const std::string policy = [] {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(kStyle.data(), kStyle.size(), digest.data(), &size, EVP_sha256(), nullptr);
    std::array<unsigned char, 64> base64{};
    EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));
    return fmt::format("default-src 'none'; style-src 'sha256-{}'; frame-ancestors 'none'; base-uri 'none'",
                       reinterpret_cast<const char*>(base64.data()));
  }();
  return policy;
}

}  // namespace

bool wants_page(const front::Request& request) {
  const auto accept = request.headers.find("accept");
  return accept && accept->find("text/html") != std::string_view::npos;
}

front::Response problem_page(const portico::Problem& problem, std::string_view correlation_id,
                             std::string_view language) {
  const auto& row = row_for(problem.status);
  const auto title = row.title.in(language);
  front::Response response;
  response.status = problem.status;
  response.headers = {{"Content-Type", "text/html; charset=utf-8"},
                      {"Content-Language", language == "ja" ? "ja" : "en"},
                      {"Content-Security-Policy", content_policy()},
                      {"Vary", "Accept, Accept-Language"}};
  if (problem.retry_after_s > 0) response.headers.add("Retry-After", std::to_string(problem.retry_after_s));
  // The id is made of hexadecimal digits or was checked on arrival: nothing in it can be markup.
  response.body = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"robots\" "
      "content=\"noindex\">\n<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n<h1>{}</h1>\n"
      "<p>{}</p>\n<p><a href=\"/\">{}</a></p>\n<p><small>{}: <code>{}</code></small></p>\n</main>\n</body>\n"
      "</html>\n",
      language == "ja" ? "ja" : "en", title, kStyle, title, row.advice.in(language),
      Words{"Back to the portal", "ポータルに戻る"}.in(language),
      Words{"Reference for support", "お問い合わせ番号"}.in(language), correlation_id);
  return response;
}

}  // namespace kernel::policy
