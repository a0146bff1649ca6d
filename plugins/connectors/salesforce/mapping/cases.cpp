// Cases and what was said on them. Only comments that the staff published are read.
#include "mapping/cases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "client/ids.hpp"
#include "mapping/words.hpp"

namespace salesforce {

namespace json = boost::json;
namespace contract = portico::crm;
using contract::CaseCategory;
using contract::CasePriority;
using contract::CaseStatus;
using portico::Problem;

namespace {

constexpr char kNoCase[] = "crm.case_not_found";
constexpr std::int64_t kMostComments = 500;
constexpr std::chrono::minutes kSameComment{15};

constexpr std::array<Word<CaseStatus>, 5> kStatuses{{{CaseStatus::open, "New"},
                                                     {CaseStatus::working, "Working"},
                                                     {CaseStatus::waiting, "On Hold"},
                                                     {CaseStatus::escalated, "Escalated"},
                                                     {CaseStatus::closed, "Closed"}}};
constexpr std::array<Word<CasePriority>, 3> kPriorities{
    {{CasePriority::low, "Low"}, {CasePriority::medium, "Medium"}, {CasePriority::high, "High"}}};
constexpr std::array<Word<CaseCategory>, 6> kCategories{{{CaseCategory::internet, "Internet"},
                                                         {CaseCategory::mobile, "Mobile"},
                                                         {CaseCategory::vpn, "VPN"},
                                                         {CaseCategory::billing, "Billing"},
                                                         {CaseCategory::account, "Account"},
                                                         {CaseCategory::other, "Other"}}};

contract::CaseSummary summary_from(const Record& record) {
  contract::CaseSummary out;
  out.id = record.id("Id");
  out.number = record.text("CaseNumber");
  out.subject = record.text("Subject");
  // What is closed says the org's own flag: orgs name their closed stages as they like.
  out.status = record.flag("IsClosed") ? CaseStatus::closed
                                       : ours_of(kStatuses, record.text("Status"), CaseStatus::other);
  if (out.status == CaseStatus::closed && !record.flag("IsClosed")) out.status = CaseStatus::other;
  out.priority = ours_of(kPriorities, record.text("Priority"), CasePriority::medium);
  out.category = ours_of(kCategories, record.text("Portal_Category__c"), CaseCategory::other);
  out.created_at = record.time("CreatedDate");
  out.changed_at = record.time("LastModifiedDate");
  out.closed_at = record.time_if("ClosedDate");
  return out;
}

contract::Comment comment_from(const Record& record, const std::string& portal_user) {
  contract::Comment out;
  out.id = record.id("Id");
  out.text = record.text("CommentBody");
  out.by_customer = record.id_if("CreatedById") == portal_user;
  // The portal's own user stands for whoever wrote through it; its name is nobody's.
  if (const auto author = record.parent("CreatedBy"); author && !out.by_customer)
    out.author = author->text("Name");
  out.created_at = record.time("CreatedDate");
  return out;
}

soql::Select comments_of(soql::Name from) {
  return soql::Select(from)
      .fields({"Id", "CommentBody", "CreatedDate", "CreatedById", "CreatedBy.Name"})
      .order_by("CreatedDate", soql::Ordering::descending)
      .order_by("Id", soql::Ordering::descending);
}

}  // namespace

contract::Case Cases::open(const contract::NewCase& wanted) {
  constexpr std::size_t kLongestSubject = 255, kLongestDescription = 32'000;
  check_reference(wanted.reference);
  check_length(wanted.subject, "/subject", 1, kLongestSubject);
  check_length(wanted.description, "/description", 0, kLongestDescription);
  customers_.expect_person(wanted.account_id, wanted.contact_id);
  const auto account = id_of(wanted.account_id, "001", "crm.account_not_found");
  const auto word = [](std::string_view text) { return json::string(text); };
  const json::object fields{{"Portal_Case_Id__c", wanted.reference},
                            {"AccountId", account},
                            {"ContactId", id_of(wanted.contact_id, "003", "crm.contact_not_found")},
                            {"Subject", wanted.subject},
                            {"Description", text_or_null(wanted.description)},
                            {"Origin", "Web"},
                            {"Priority", word(theirs_of(kPriorities, wanted.priority))},
                            {"Portal_Category__c", word(theirs_of(kCategories, wanted.category))}};
  const auto look = [&]() -> std::optional<std::string> {
    const auto rows = desk_.client.query(
        soql::Select("Case")
            .fields({"Id"})
            .where(soql::all_of({soql::equals("Portal_Case_Id__c", soql::text(wanted.reference)),
                                 soql::equals("AccountId", soql::id(account))}))
            .limit(1),
        1);
    if (rows.empty()) return std::nullopt;
    return Record(rows.front().as_object()).id("Id");
  };
  return in_our_words(desk_, "create", [&] {
    const auto id = make_once("create", look, [&] { return desk_.client.create("Case", fields).id; });
    return get({account, id});
  });
}

std::string Cases::expect(const contract::CaseRef& ref) {
  const auto account = id_of(ref.account_id, "001", kNoCase);
  const auto id = id_of(ref.case_id, "500", kNoCase);
  const auto rows = desk_.client.query(
      soql::Select("Case").fields({"Id"}).where(
          soql::all_of({soql::equals("Id", soql::id(id)), soql::equals("AccountId", soql::id(account))})),
      1);
  if (rows.empty()) throw Problem(404, kNoCase, "no such case of this account");
  return id;
}

contract::Case Cases::get(const contract::CaseRef& ref) {
  const auto account = id_of(ref.account_id, "001", kNoCase);
  const auto id = id_of(ref.case_id, "500", kNoCase);
  const auto select =
      soql::Select("Case")
          .fields({"Id", "CaseNumber", "Subject", "Status", "IsClosed", "Priority", "Portal_Category__c",
                   "CreatedDate", "LastModifiedDate", "ClosedDate", "AccountId", "Description"})
          .children(comments_of("CaseComments")
                        .where(soql::equals("IsPublished", soql::boolean(true)))
                        .limit(kMostComments))
          .where(
              soql::all_of({soql::equals("Id", soql::id(id)), soql::equals("AccountId", soql::id(account))}));
  return in_our_words(desk_, "query", [&] {
    const auto rows = desk_.client.query(select, 1);
    if (rows.empty()) throw Problem(404, kNoCase, "no such case of this account");
    const Record record(rows.front().as_object());
    contract::Case out;
    out.account_id = record.id("AccountId");
    out.summary = summary_from(record);
    out.description = record.text("Description");
    const auto portal_user = desk_.client.user_id();
    for (const auto& comment : record.children("CaseComments"))
      out.comments.push_back(comment_from(comment, portal_user));
    std::reverse(out.comments.begin(), out.comments.end());
    out.as_of = desk_.as_of();
    return out;
  });
}

contract::CaseList Cases::list(const contract::CaseQuery& query) {
  constexpr std::size_t kLongestSearch = 100;
  check_page(query.page, query.page_size);
  const auto account = id_of(query.account_id, "001", "crm.account_not_found");
  std::vector<soql::Condition> wanted{soql::equals("AccountId", soql::id(account))};
  if (query.contact_id)
    wanted.push_back(
        soql::equals("ContactId", soql::id(id_of(*query.contact_id, "003", "crm.contact_not_found"))));
  if (query.closed) wanted.push_back(soql::equals("IsClosed", soql::boolean(*query.closed)));
  if (query.search && !query.search->empty()) {
    check_length(*query.search, "/search", 1, kLongestSearch);
    wanted.push_back(soql::like("Subject", soql::like_containing(*query.search)));
  }
  const auto select = soql::Select("Case")
                          .fields({"Id", "CaseNumber", "Subject", "Status", "IsClosed", "Priority",
                                   "Portal_Category__c", "CreatedDate", "LastModifiedDate", "ClosedDate"})
                          .where(soql::all_of(wanted))
                          .order_by("CreatedDate", soql::Ordering::descending)
                          .order_by("Id", soql::Ordering::descending)
                          .limit(query.page_size)
                          .offset((query.page - 1) * query.page_size);
  return in_our_words(desk_, "query", [&] {
    contract::CaseList out;
    out.page = query.page, out.page_size = query.page_size;
    out.as_of = desk_.as_of();
    for (const auto& row :
         desk_.client.query(select, static_cast<std::size_t>(query.page_size), how(query.urgency)))
      out.items.push_back(summary_from(Record(row.as_object())));
    const auto shown = static_cast<std::int64_t>(out.items.size());
    const bool last = shown < query.page_size && (shown > 0 || query.page == 1);
    out.total =
        last ? (query.page - 1) * query.page_size + shown : desk_.client.count(select, how(query.urgency));
    return out;
  });
}

std::optional<contract::Comment> Cases::find_comment(const contract::NewComment& wanted,
                                                     const std::string& id) {
  const auto portal_user = desk_.client.user_id();
  std::vector<soql::Condition> there{soql::equals("ParentId", soql::id(id)),
                                     soql::equals("IsPublished", soql::boolean(true))};
  if (desk_.words.comment_keys) {
    there.push_back(soql::equals("Portal_Comment_Id__c", soql::text(wanted.reference)));
  } else {
    there.push_back(soql::equals("CreatedById", soql::id(portal_user)));
    there.push_back(soql::at_least("CreatedDate", soql::date_time(desk_.now() - kSameComment)));
  }
  const auto rows = desk_.client.query(
      comments_of("CaseComment").where(soql::all_of(there)).limit(kMostComments), kMostComments);
  for (const auto& row : rows) {
    auto comment = comment_from(Record(row.as_object()), portal_user);
    // Texts cannot be asked for, so they are compared here.
    if (desk_.words.comment_keys || comment.text == wanted.text) return comment;
  }
  return std::nullopt;
}

contract::Comment Cases::comment(const contract::NewComment& wanted) {
  constexpr std::size_t kLongestBytes = 4000;
  check_reference(wanted.reference);
  if (wanted.text.empty()) throw portico::invalid_field("/text", "required");
  if (wanted.text.size() > kLongestBytes) throw portico::invalid_field("/text", "too_long");
  return in_our_words(desk_, "create", [&] {
    const auto id = expect({wanted.account_id, wanted.case_id});
    json::object fields{{"ParentId", id}, {"CommentBody", wanted.text}, {"IsPublished", true}};
    const auto look = [&] { return find_comment(wanted, id); };
    if (desk_.words.comment_keys) {
      fields["Portal_Comment_Id__c"] = wanted.reference;
    } else if (auto known = look()) {
      return *known;  // no index keeps a second one out: it is looked for before
    }
    return make_once("create", look, [&]() -> contract::Comment {
      const auto made = desk_.client.create("CaseComment", fields);
      return {made.id, wanted.text, true, {}, desk_.as_of()};
    });
  });
}

contract::Case Cases::close(const contract::CaseRef& ref) {
  const auto there = get(ref);
  if (there.summary.status == CaseStatus::closed) return there;
  return in_our_words(desk_, "update", [&] {
    set_once(
        "update", [&] { return get(ref).summary.status == CaseStatus::closed; },
        [&] {
          desk_.client.update("Case", there.summary.id, {{"Status", desk_.words.closed_status}});
        });
    return get(ref);
  });
}

}  // namespace salesforce
