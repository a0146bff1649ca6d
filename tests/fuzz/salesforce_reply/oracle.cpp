// Replies of the customer records' API: the readers may refuse with BadReply; what they return keeps its
// promises.
//
// The first byte of an input chooses the status, the rest is the body, read as every operation does.
#include <algorithm>
#include <boost/json.hpp>
#include <portico/contract.hpp>

#include "client/ids.hpp"
#include "client/records.hpp"
#include "client/reply.hpp"
#include "client/session.hpp"
#include "client/text.hpp"
#include "tests/fuzz/lib/target.hpp"

using namespace salesforce;
using fuzz::promise;

namespace {

bool is_clean(std::string_view text, bool lines) {
  return is_utf8(text) && std::none_of(text.begin(), text.end(), [&](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return (byte < 0x20 || byte == 0x7F) && !(lines && (c == '\n' || c == '\r' || c == '\t'));
         });
}

/// Every reader on every member: refused, or a value of its type.
void read(const Record& record, std::string_view name, int depth) {
  constexpr int kDeepest = 4;
  const auto attempt = [&](auto&& reader) {
    try {
      reader();
    } catch (const BadReply& bad) {
      // The names that operations ask for are constants; here they are the reply's own.
      promise(!is_clean(name, true) || is_clean(bad.what(), true), "a refusal names a field and is clean");
    }
  };
  attempt([&] { promise(is_clean(record.text(name), true), "a text is clean"); });
  attempt([&] { promise(full_id(record.id(name)) == record.id(name), "an id has 18 characters that fit"); });
  attempt([&] { record.flag(name); });
  attempt([&] { promise(record.count(name) >= 0, "a count is no less than nothing"); });
  attempt([&] { record.money(name, "JPY"); });
  attempt([&] { record.money(name, "KWD"); });
  attempt([&] { promise(record.date(name).size() == 10, "a date has ten characters"); });
  attempt([&] {
    const auto time = record.time(name);
    promise(time.size() == 20 && time.back() == 'Z', "a time is in UTC");
  });
  attempt([&] {
    for (const auto& choice : record.choices(name)) promise(!choice.empty(), "a choice is something");
  });
  if (depth >= kDeepest) return;
  attempt([&] {
    if (const auto parent = record.parent(name)) read(*parent, name, depth + 1);
  });
  attempt([&] {
    for (const auto& child : record.children(name)) read(child, "Name", depth + 1);
  });
}

}  // namespace

void fuzz::check(std::string_view input) {
  constexpr int kStatuses[] = {200, 200, 200, 201, 204, 300, 302, 400, 401, 403, 404, 414, 420, 500, 503};
  const int status =
      input.empty() ? 200 : kStatuses[static_cast<unsigned char>(input[0]) % std::size(kStatuses)];
  const auto body = input.substr(std::min<std::size_t>(1, input.size()));
  auto verdict = read_reply(status, body);
  if (const auto* declined = std::get_if<Declined>(&verdict)) {
    promise(!declined->reasons.empty() && status >= 300, "a refusal has a reason");
    for (const auto& reason : declined->reasons) {
      promise(is_clean(reason.code, false) && !reason.code.empty(), "a code is a word");
      for (const auto& field : reason.fields) promise(is_clean(field, false), "a field is a word");
    }
    const auto line = for_log(declined->reasons);
    promise(line.size() <= 300 && is_clean(line, false), "a log line is short and clean");
  }
  try {
    const auto access = read_token(body);
    promise(is_clean(access.token, false) && access.token.find(' ') == std::string::npos,
            "a token fits a header");
    promise(origin_of(access.instance_url) == access.instance_url, "an instance is an origin");
    promise(full_id(access.tenant_id) == access.tenant_id, "an org has an id");
  } catch (const portico::Problem& problem) {
    promise(problem.code == "upstream.bad_reply", "a token reply is refused as a bad reply");
  }
  auto* done = std::get_if<Done>(&verdict);
  if (!done) return;
  promise(status >= 200 && status < 300, "only a 2xx is a success");
  try {
    const auto written = read_written(done->body);
    promise(written.id.empty() || full_id(written.id) == written.id, "a new record has an id");
  } catch (const BadReply&) {
  }
  if (const auto* object = done->body.if_object()) {
    const Record record(*object);
    std::size_t members = 0;
    for (const auto& member : *object) {
      if (++members > 32) break;
      read(record, member.key(), 0);
    }
  }
  try {
    const auto rows = read_rows(std::move(done->body));
    promise(rows.total >= 0, "a total is no less than nothing");
    promise(rows.locator.find_first_of("/?#%:. ") == std::string::npos, "a locator changes no path");
    for (const auto& row : rows.records) promise(row.is_object(), "a row is a record");
  } catch (const BadReply&) {
  }
}
