// Freebit replies: the readers may refuse with BadReply; what they return keeps its promises.
//
// The first byte of an input chooses the status, the rest is the body, read as every mapping does.
#include <algorithm>
#include <portico/contracts/mobile.hpp>

#include "client/reply.hpp"
#include "mapping/reading.hpp"
#include "tests/fuzz/lib/target.hpp"

using namespace freebit;
using fuzz::promise;

namespace {

bool is_clean(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

bool is_date(std::string_view text) {
  return text.size() == 10 && text[4] == '-' && text[7] == '-';
}

/// What crosses to another plugin must be readable there, by the contract's own rules.
template <class T>
void survives(const T& value) {
  const auto text = portico::encode_text(value);
  promise(portico::encode_text(portico::decode_text<T>(text)) == text, "a value survives its JSON");
}

}  // namespace

void fuzz::check(std::string_view input) {
  static const Wire wire({}, {});
  constexpr int kStatuses[] = {200, 200, 200, 200, 200, 400, 500, 503};
  const int status =
      input.empty() ? 200 : kStatuses[static_cast<unsigned char>(input[0]) % std::size(kStatuses)];
  const auto body = input.substr(std::min<std::size_t>(1, input.size()));
  const auto verdict = read_reply(status, body, wire);
  if (const auto* declined = std::get_if<Declined>(&verdict)) {
    promise(declined->meaning != Meaning::ok, "a refusal is no success");
    promise(declined->message.size() <= 200 && declined->code.size() <= 200, "messages are short");
    promise(is_clean(declined->message) && is_clean(declined->code), "messages are one line");
  }
  const auto* done = std::get_if<Done>(&verdict);
  if (!done) return;
  promise(status == 200, "only 200 is a success");
  const Fields reply(done->reply);
  const Seconds now{std::chrono::seconds(1'800'000'000)};
  try {
    if (const auto line = line_from(reply, "09000000001", now)) survives(*line);
  } catch (const BadReply& refused) {
    promise(is_clean(refused.what()), "a refusal is one clean line");
  }
  try {
    const auto usage = usage_from(reply, now);
    promise(usage.today.kb >= 0, "nobody uses less than nothing");
    for (const auto& day : usage.days) promise(is_date(day.date) && day.used.kb >= 0, "a day has a date");
    survives(usage);
  } catch (const BadReply&) {
  }
  try {
    const auto list = history_from(reply, now);
    for (const auto& item : list.items) promise(is_date(item.added_on), "a top-up has a date");
    survives(list);
  } catch (const BadReply&) {
  }
}
