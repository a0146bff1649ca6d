// Pauses and shares.
#include "client/quota.hpp"

#include <algorithm>
#include <cmath>

namespace salesforce {

using namespace std::chrono_literals;
using portico::Problem;

namespace {

constexpr auto kFirstPause = 1s, kLongestPause = 60s, kDailyPause = 300s;

Problem away(Limit why, std::chrono::microseconds left) {
  const int seconds = 1 + static_cast<int>(std::chrono::floor<std::chrono::seconds>(left).count());
  if (why == Limit::daily)
    return Problem(503, "upstream.quota_used", "Salesforce: the requests of 24 hours are used up", seconds);
  return Problem(503, "upstream.busy", "Salesforce: too many long requests at once", seconds);
}

/// The number at the beginning, which the text loses; -1 without one.
std::int64_t take_number(std::string_view& text) {
  constexpr std::size_t kMostDigits = 12;
  std::int64_t out = 0;
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9' && digits < kMostDigits)
    out = out * 10 + (text[digits++] - '0');
  text.remove_prefix(digits);
  return digits == 0 ? -1 : out;
}

}  // namespace

void Quota::check(bool refresh) {
  const std::lock_guard lock(mutex_);
  if (const auto now = setting_.now(); now < away_until_) throw away(why_, away_until_ - now);
  // The count ages: one that says "used up" is asked again by whoever has somebody waiting.
  constexpr std::int64_t kWhole = 100;
  if (refresh && most_ > 0 && used_ * kWhole >= most_ * setting_.refresh_percent)
    throw Problem(503, "upstream.quota_low", "Salesforce: too few requests are left to refresh with", 60);
}

Problem Quota::refused(Limit limit) {
  const std::lock_guard lock(mutex_);
  constexpr int kMostDoublings = 6;
  std::chrono::microseconds pause = kDailyPause;
  if (limit == Limit::concurrent) {
    const auto whole = std::min<std::chrono::microseconds>(
        kFirstPause * (1 << std::min(refusals_, kMostDoublings)), kLongestPause);
    pause = whole / 2 + std::chrono::microseconds(
                            std::llround(static_cast<double>(whole.count() / 2) * setting_.chance()));
    ++refusals_;
  }
  why_ = limit;
  away_until_ = std::max(away_until_, setting_.now() + pause);
  return away(limit, pause);
}

void Quota::passed() {
  const std::lock_guard lock(mutex_);
  refusals_ = 0;
}

std::pair<std::int64_t, std::int64_t> Quota::note(std::string_view header) {
  constexpr std::string_view kName = "api-usage=";
  const auto at = header.find(kName);
  // per-app-api-usage ends with the same word.
  if (at == header.npos || (at > 0 && header[at - 1] == '-')) return {0, 0};
  auto rest = header.substr(at + kName.size());
  const auto used = take_number(rest);
  if (used < 0 || !rest.starts_with('/')) return {0, 0};
  rest.remove_prefix(1);
  const auto most = take_number(rest);
  if (most <= 0) return {0, 0};
  const std::lock_guard lock(mutex_);
  used_ = used;
  most_ = most;
  return {used, most};
}

}  // namespace salesforce
