// How the played enabler behaves where the real one is not known; the defaults are the best guess.
#pragma once

#include <boost/json.hpp>
#include <portico/contract.hpp>
#include <string>
#include <vector>

namespace sandbox::freebit {

/// Result codes as "resultCode-statusCode". Only ok and unsupported are real; the others are placeholders.
struct Codes {
  std::string ok = "100";
  std::string unsupported = "400-356";
  std::string malformed = "400-1";
  std::string key = "401-1";
  std::string state = "403-1";
  std::string not_found = "404-1";
  std::string locked = "409-1";
  std::string internal = "500-1";
};
BOOST_DESCRIBE_STRUCT(Codes, (), (ok, unsupported, malformed, key, state, not_found, locked, internal))

/// After a change of one kind, one of another (or "any") waits so long, counted from the start of the first.
struct Spacing {
  std::string after, before;
  std::int64_t minutes = 0;
};
BOOST_DESCRIBE_STRUCT(Spacing, (), (after, before, minutes))

struct Switches {
  std::string oem_id = "sandboxOem", oem_key = "sandboxOemKey000000000000000001";
  bool strict = true;             // see README
  bool raw_json = false;          // take a JSON body without the form around it
  std::int64_t key_minutes = 60;  // life of an authKey by the sandbox's clock
  bool one_key = false;           // a new authKey ends the ones before it
  Codes codes;
  std::vector<Spacing> spacing{{"voice", "voice", 30},   {"voice", "network", 30},   {"voice", "plan", 30},
                               {"network", "voice", 30}, {"network", "network", 30}, {"network", "plan", 30},
                               {"plan", "voice", 30},    {"plan", "network", 30},    {"plan", "plan", 30}};
  std::int64_t network_minutes = 30, voice_minutes = 10, registration_minutes = 10, cancellation_minutes = 10,
               activation_minutes = 10;
  std::int64_t most_mb = 512000;
  std::int64_t kb_per_mb = 1024;               // or 1000
  std::string numbers = "strings";             // strings | numbers: codes and volumes in replies
  std::string spelling = "camel";              // camel | lower: voiceMail or voicemail
  std::string status_member = "present";       // present | missing
  std::string network_member = "networkType";  // networkType | contractLine | none
  std::string state_member = "state";          // state | status
  std::string lists = "comma";                 // comma | array: inRecentDays
  std::string state_words = "words";           // words | unheard_of
  std::string language = "en";                 // en | ja: messages

  boost::json::object to_json() const;
  /// Changes only what `changes` names. errors: BadRequest; nothing is changed then.
  void update(const boost::json::object& changes);
};
BOOST_DESCRIBE_STRUCT(Switches, (),
                      (oem_id, oem_key, strict, raw_json, key_minutes, one_key, codes, spacing,
                       network_minutes, voice_minutes, registration_minutes, cancellation_minutes,
                       activation_minutes, most_mb, kb_per_mb, numbers, spelling, status_member,
                       network_member, state_member, lists, state_words, language))

}  // namespace sandbox::freebit
