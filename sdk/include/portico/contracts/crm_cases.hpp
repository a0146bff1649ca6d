// Customer records as plugins share them, third part: support cases with what was said and the files that go
// with them. Writes: see crm.hpp. Only what the staff has made visible to the customer is ever read.
#pragma once

#include <portico/contracts/crm.hpp>

namespace portico::crm {

enum class CaseStatus { open, working, waiting, escalated, closed, other };
BOOST_DESCRIBE_ENUM(CaseStatus, open, working, waiting, escalated, closed, other)

enum class CasePriority { low, medium, high };
BOOST_DESCRIBE_ENUM(CasePriority, low, medium, high)

enum class CaseCategory { internet, mobile, vpn, billing, account, other };
BOOST_DESCRIBE_ENUM(CaseCategory, internet, mobile, vpn, billing, account, other)

/// Times are RFC 3339 UTC.
struct CaseSummary {
  std::string id;
  std::string number;
  std::string subject;
  CaseStatus status = CaseStatus::other;
  CasePriority priority = CasePriority::medium;
  CaseCategory category = CaseCategory::other;
  std::string created_at;
  std::string changed_at;
  std::optional<std::string> closed_at;
};
BOOST_DESCRIBE_STRUCT(CaseSummary, (),
                      (id, number, subject, status, priority, category, created_at, changed_at, closed_at))

/// by_customer: written through the portal.
struct Comment {
  std::string id;
  std::string text;
  bool by_customer = false;
  std::string author;
  std::string created_at;
};
BOOST_DESCRIBE_STRUCT(Comment, (), (id, text, by_customer, author, created_at))

/// comments: oldest first, at most the newest 500.
struct Case {
  std::string account_id;
  CaseSummary summary;
  std::string description;
  std::vector<Comment> comments;
  std::string as_of;
};
BOOST_DESCRIBE_STRUCT(Case, (), (account_id, summary, description, comments, as_of))

/// Opens a case, or finds the one an earlier try with the same reference opened.
///
/// reference    1 to 64 characters of A–Z a–z 0–9 . _ -; unique to this case
/// subject      1 to 255 characters; description at most 32,000
/// errors       404 crm.account_not_found, crm.contact_not_found; 422 crm.refused, request.invalid; 409
/// crm.duplicate;
///              503 crm.outcome_unknown; upstream.*
struct NewCase {
  std::string reference;
  std::string account_id;
  std::string contact_id;
  std::string subject;
  std::string description;
  CaseCategory category = CaseCategory::other;
  CasePriority priority = CasePriority::medium;
};
BOOST_DESCRIBE_STRUCT(NewCase, (),
                      (reference, account_id, contact_id, subject, description, category, priority))
inline constexpr Operation<NewCase, Case> open_case{"crm.open_case/1"};

struct CaseRef {
  std::string account_id;
  std::string case_id;
};
BOOST_DESCRIBE_STRUCT(CaseRef, (), (account_id, case_id))
/// errors    404 crm.case_not_found, also for another account's; upstream.*
inline constexpr Operation<CaseRef, Case> get_case{"crm.get_case/1"};

/// page counts from 1, page_size 1 to 100, at most 2,000 cases deep; newest first. contact_id: that person's
/// alone. search: cases whose subject has the text, letter case aside; at most 100 characters.
struct CaseQuery {
  std::string account_id;
  std::optional<std::string> contact_id;
  std::optional<bool> closed;
  std::optional<std::string> search;
  std::int64_t page = 1;
  std::int64_t page_size = 20;
  Urgency urgency = Urgency::wanted;
};
BOOST_DESCRIBE_STRUCT(CaseQuery, (), (account_id, contact_id, closed, search, page, page_size, urgency))
struct CaseList {
  std::vector<CaseSummary> items;
  std::int64_t page = 1;
  std::int64_t page_size = 20;
  std::int64_t total = 0;
  std::string as_of;
};
BOOST_DESCRIBE_STRUCT(CaseList, (), (items, page, page_size, total, as_of))
/// errors    422 request.invalid; upstream.*
inline constexpr Operation<CaseQuery, CaseList> list_cases{"crm.list_cases/1"};

/// Says something on a case in the customer's name. Where the system keeps no reference with a comment, the
/// same text on the same case within 15 minutes is the same comment.
///
/// text      1 to 4,000 bytes of UTF-8
/// errors    404 crm.case_not_found; 422 crm.refused, request.invalid; 503 crm.outcome_unknown; upstream.*
struct NewComment {
  std::string reference;
  std::string account_id;
  std::string case_id;
  std::string text;
};
BOOST_DESCRIBE_STRUCT(NewComment, (), (reference, account_id, case_id, text))
inline constexpr Operation<NewComment, Comment> add_comment{"crm.add_comment/1"};

/// Closes a case in the customer's name; one that is closed stays. errors: 404 crm.case_not_found; 422
/// crm.refused; 503 crm.outcome_unknown; upstream.*
inline constexpr Operation<CaseRef, Case> close_case{"crm.close_case/1"};

struct File {
  std::string id;
  std::string name;  // with its ending
  std::int64_t size = 0;
  std::string created_at;
};
BOOST_DESCRIBE_STRUCT(File, (), (id, name, size, created_at))

/// Puts a file to a case, or finds the one an earlier try with the same reference put there.
///
/// name      1 to 200 characters, no slashes, no control characters
/// content   base64 (RFC 4648, padded); 1 byte to 25 MB before it
/// errors    404 crm.case_not_found; 413 crm.file_too_large; 422 crm.refused, request.invalid; 409
/// crm.duplicate; 503
///           crm.outcome_unknown; upstream.*
struct NewFile {
  std::string reference;
  std::string account_id;
  std::string case_id;
  std::string name;
  std::string content;
};
BOOST_DESCRIBE_STRUCT(NewFile, (), (reference, account_id, case_id, name, content))
inline constexpr Operation<NewFile, File> attach_file{"crm.attach_file/1"};

struct FileList {
  std::vector<File> items;  // newest first, at most 200
  std::string as_of;
};
BOOST_DESCRIBE_STRUCT(FileList, (), (items, as_of))
/// errors    404 crm.case_not_found; upstream.*
inline constexpr Operation<CaseRef, FileList> list_files{"crm.list_files/1"};

struct FileRef {
  std::string account_id;
  std::string case_id;
  std::string file_id;
};
BOOST_DESCRIBE_STRUCT(FileRef, (), (account_id, case_id, file_id))
/// content is base64. The bytes are a customer's or the staff's: never shown inside a page.
struct FileContent {
  File file;
  std::string content;
};
BOOST_DESCRIBE_STRUCT(FileContent, (), (file, content))
/// errors    404 crm.case_not_found, crm.file_not_found; 413 crm.file_too_large; upstream.*
inline constexpr Operation<FileRef, FileContent> get_file{"crm.get_file/1"};

/// user_id: of the portal; the only one for whom the link works, signed in.
struct FileLinkRequest {
  std::string account_id;
  std::string case_id;
  std::string file_id;
  std::string user_id;
};
BOOST_DESCRIBE_STRUCT(FileLinkRequest, (), (account_id, case_id, file_id, user_id))
/// For a browser, which gets the bytes as they come and saves them.
struct FileLink {
  File file;
  std::string path;  // of this site: GET; 404 crm.link_expired after expires_at
  std::string expires_at;
};
BOOST_DESCRIBE_STRUCT(FileLink, (), (file, path, expires_at))
/// errors    as get_file
inline constexpr Operation<FileLinkRequest, FileLink> link_file{"crm.link_file/1"};

}  // namespace portico::crm
