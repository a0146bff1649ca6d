// Look-ups, and jobs that come due.
#include "examples/sandbox/freebit/book.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "examples/sandbox/common/clock.hpp"

namespace sandbox::freebit {

namespace json = boost::json;

namespace {

/// Layouts are not known: each file says so in its first line.
CompletionFile completion_file(const Job& job, std::string_view kind, int utc_offset_minutes) {
  const Clock clock(utc_offset_minutes);
  const TimePoint at{std::chrono::milliseconds(job.due)};
  std::string stamp;
  for (const char c : clock.local_text(at))
    if (c >= '0' && c <= '9') stamp += c;
  return {fmt::format("{}_{}_{}.csv", kind, stamp, job.id),
          fmt::format("# invented layout: the real one is not known\r\nrequest_id,call,account,result,"
                      "completed_at\r\n{},{},{},100,{}\r\n",
                      job.id, job.call, job.account, clock.local_text(at))};
}

}  // namespace

Line* Book::find(std::string_view account) {
  const auto found =
      std::find_if(lines.begin(), lines.end(), [&](const Line& line) { return line.account == account; });
  return found == lines.end() ? nullptr : &*found;
}

Card* Book::find_card(std::string_view product_number) {
  const auto found = std::find_if(cards.begin(), cards.end(),
                                  [&](const Card& card) { return card.product_number == product_number; });
  return found == cards.end() ? nullptr : &*found;
}

Job& Book::start(Job job) {
  job.id = ++last_id;
  jobs.push_back(std::move(job));
  return jobs.back();
}

std::vector<CompletionFile> Book::settle(Millis now, int utc_offset_minutes) {
  std::vector<Job*> due;
  for (auto& job : jobs)
    if (!job.done && job.due <= now) due.push_back(&job);
  std::stable_sort(due.begin(), due.end(), [](const Job* a, const Job* b) { return a->due < b->due; });
  std::vector<CompletionFile> made;
  for (auto* job : due) {
    job->done = true;
    auto* line = find(job->account);
    if (line == nullptr) continue;
    auto changed = portico::encode(*line).as_object();
    if (const auto* effect = job->effect.if_object())
      for (const auto& member : *effect) changed[member.key()] = member.value();
    *line = portico::decode<Line>(changed);
    if (job->file == "ota") {
      made.push_back(completion_file(*job, "ota_activation_ready", utc_offset_minutes));
      made.push_back(completion_file(*job, "ota_activation_complete", utc_offset_minutes));
    } else if (!job->file.empty()) {
      made.push_back(completion_file(*job, job->file, utc_offset_minutes));
    }
  }
  files.insert(files.end(), made.begin(), made.end());
  return made;
}

namespace {

std::string eight_digits(int day) {
  std::string text;
  for (const char c : date_text(day))
    if (c != '-') text += c;
  return text;
}

Line sample(std::string account, int today) {
  Line line;
  line.iccid = "898110000000" + account.substr(account.size() - 7);
  line.imsi = "44010" + account.substr(account.size() - 10);
  line.product_number = "AX" + std::string(13 - 11, '0') + account.substr(account.size() - 11);
  line.account = std::move(account);
  line.plan = "LTE3G_P01";
  line.start_date = eight_digits(today - 200);
  line.remaining_kb = 3'500'000;
  line.today_kb = 104'858;
  line.recent_kb = {512'000, 0, 1'048'576, 256'017, 73'400, 20'480, 912};
  return line;
}

}  // namespace

Book seed_book(int today) {
  Book book;
  auto add = [&](std::string account) -> Line& {
    return book.lines.emplace_back(sample(std::move(account), today));
  };
  add("09000000001").voice_mail = "10";
  {
    auto& data = add("08000000002");
    data.telephony = false;
    data.plan = "LTE_D03";
  }
  {
    auto& esim = add("07000000003");
    esim.size = "esim";
    esim.eid = "89049032000000000000000000000066";
    esim.product_number = "";
    esim.contract_line = "5G";
    esim.world_wing = "10";
  }
  {
    auto& group = add("QUMB_00000000001");
    group.kind = "GROUP";
    group.telephony = false;
    group.iccid = group.imsi = group.product_number = "";
  }
  for (const char* member : {"09000000004", "09000000005"}) add(member).group = "QUMB_00000000001";
  {
    auto& bare = add("09000000006");
    bare.plan = "";
    bare.remaining_kb = 0;
  }
  add("09000000007").state = "cancelled";
  add("09000000008").state = "suspended";
  add("09000000009").state = "waiting";
  {
    auto& machine = add("02000000000010");
    machine.telephony = false;
    machine.throttled = true;
  }
  {
    auto& master = add("master@sample.example");
    master.kind = "MASTER";
    master.plan = master.iccid = master.imsi = master.product_number = "";
    master.telephony = false;
  }
  book.cards.push_back({"AX0000000000101", "", "registered"});
  book.cards.push_back({"DN0000000000102", "", "registered"});
  return book;
}

}  // namespace sandbox::freebit
