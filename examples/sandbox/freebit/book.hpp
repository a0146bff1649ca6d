// What the played enabler keeps: lines, jobs that change them later, SIM cards, keys and result files.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <portico/contract.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace sandbox::freebit {

/// Milliseconds since 1970 of the sandbox's clock.
using Millis = std::int64_t;

struct Quota {
  std::int64_t kb = 0;
  std::string date, expire, code;  // dates YYYYMMDD; expire and code may be ""
};
BOOST_DESCRIBE_STRUCT(Quota, (), (kb, date, expire, code))

/// A line, a share group or a master account, by kind. Flags are "10" and "20".
struct Line {
  std::string account;
  std::string kind = "MVNO";     // MVNO | GROUP | MASTER
  std::string state = "active";  // waiting | active | suspended | cancelled
  std::string plan;              // "" is none
  std::string group;             // of a member
  std::string iccid, imsi, eid, product_number, size = "nano", start_date;
  std::string contract_line = "4G";
  bool telephony = true;
  std::string voice_mail = "20", call_waiting = "20", call_transfer = "20", world_wing = "20";
  std::int64_t remaining_kb = 0, today_kb = 0;
  std::vector<std::int64_t> recent_kb;  // full days, newest first
  bool throttled = false;
  std::vector<Quota> quotas;
};
BOOST_DESCRIBE_STRUCT(Line, (),
                      (account, kind, state, plan, group, iccid, imsi, eid, product_number, size, start_date,
                       contract_line, telephony, voice_mail, call_waiting, call_transfer, world_wing,
                       remaining_kb, today_kb, recent_kb, throttled, quotas))

/// A change under way or scheduled. effect: members of Line to set when it is due.
struct Job {
  std::int64_t id = 0;
  std::string call;  // "PA05-38"
  std::string kind;  // network | voice | plan | release | cancel | register | activate | reissue
  std::string account;
  Millis start = 0, due = 0;
  bool locks = false;  // the line takes nothing else meanwhile
  bool done = false;
  boost::json::value effect;
  std::string file;  // kind of the completion file; "" is none
};
BOOST_DESCRIBE_STRUCT(Job, (), (id, call, kind, account, start, due, locks, done, effect, file))

/// A semi-black card: registered, not live.
struct Card {
  std::string product_number, account, state;  // state: registered | used | 60
};
BOOST_DESCRIBE_STRUCT(Card, (), (product_number, account, state))

struct Key {
  std::string key;
  Millis until = 0;
};
BOOST_DESCRIBE_STRUCT(Key, (), (key, until))

struct CompletionFile {
  std::string name, text;
};
BOOST_DESCRIBE_STRUCT(CompletionFile, (), (name, text))

struct Book {
  std::vector<Line> lines;
  std::vector<Job> jobs;
  std::vector<Card> cards;
  std::vector<Key> keys;
  std::vector<CompletionFile> files;
  std::int64_t last_id = 0;

  Line* find(std::string_view account);
  Card* find_card(std::string_view product_number);
  /// Starts a job; one that is due at once is done when settle is called.
  Job& start(Job job);
  /// Ends what is due, in its order. returns the files this made
  std::vector<CompletionFile> settle(Millis now, int utc_offset_minutes);
};
BOOST_DESCRIBE_STRUCT(Book, (), (lines, jobs, cards, keys, files, last_id))

/// Sample lines; their numbers cannot be given out (no mobile number goes on with 0 after 070, 080, 090).
Book seed_book(int today);

}  // namespace sandbox::freebit
