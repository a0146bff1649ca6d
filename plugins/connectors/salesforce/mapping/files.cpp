// Files of cases: versions of documents that are linked to the case and visible to the customer.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <tuple>

#include "client/base64.hpp"
#include "client/ids.hpp"
#include "mapping/cases.hpp"
#include "mapping/words.hpp"

namespace salesforce {

namespace json = boost::json;
namespace contract = portico::crm;
using portico::Problem;

namespace {

constexpr std::size_t kLargestFile = 25 << 20, kMostFiles = 200;

/// The newest version of a linked document.
contract::File file_from(const Record& link) {
  const auto document = link.parent("ContentDocument");
  if (!document) throw BadReply("ContentDocument is missing");
  contract::File out;
  out.id = link.id("ContentDocumentId");
  out.name = document->text("Title");
  const auto ending = document->text("FileExtension");
  if (!ending.empty() && !out.name.ends_with("." + ending)) out.name += "." + ending;
  out.size = document->count("ContentSize");
  out.created_at = document->time("CreatedDate");
  return out;
}

/// The org keeps files to entity and visibility; asked for without either it refuses.
soql::Select links_of(const std::string& case_id, const std::optional<std::string>& document) {
  std::vector<soql::Condition> wanted{soql::equals("LinkedEntityId", soql::id(case_id)),
                                      soql::equals("Visibility", soql::text("AllUsers"))};
  if (document) wanted.push_back(soql::equals("ContentDocumentId", soql::id(*document)));
  return soql::Select("ContentDocumentLink")
      .fields({"ContentDocumentId", "ContentDocument.Title", "ContentDocument.FileExtension",
               "ContentDocument.ContentSize", "ContentDocument.CreatedDate",
               "ContentDocument.LatestPublishedVersionId"})
      .where(soql::all_of(wanted));
}

bool is_name(std::string_view name) {
  if (name.empty() || name == "." || name == "..") return false;
  return std::none_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F || c == '/' || c == '\\';
  });
}

}  // namespace

contract::File Files::attach(const contract::NewFile& wanted) {
  constexpr std::size_t kLongestName = 200;
  check_reference(wanted.reference);
  check_length(wanted.name, "/name", 1, kLongestName);
  if (!is_name(wanted.name)) throw portico::invalid_field("/name", "invalid");
  if (wanted.content.size() / 4 * 3 > kLargestFile + 3)
    throw Problem(413, "crm.file_too_large", "over 25 MB");
  const auto bytes = base64_decode(wanted.content);
  if (!bytes || bytes->empty()) throw portico::invalid_field("/content", "invalid_base64");
  if (bytes->size() > kLargestFile) throw Problem(413, "crm.file_too_large", "over 25 MB");
  const contract::CaseRef ref{wanted.account_id, wanted.case_id};
  return in_our_words(desk_, "create", [&] {
    const auto id = cases_.expect(ref);
    const auto look = [&]() -> std::optional<std::string> {
      const auto rows = desk_.client.query(
          soql::Select("ContentVersion")
              .fields({"ContentDocumentId"})
              .where(soql::all_of({soql::equals("Portal_File_Id__c", soql::text(wanted.reference)),
                                   soql::equals("FirstPublishLocationId", soql::id(id))}))
              .limit(1),
          1);
      if (rows.empty()) return std::nullopt;
      return Record(rows.front().as_object()).id("ContentDocumentId");
    };
    const auto document = make_once("create", look, [&]() -> std::string {
      // Linked to the case in the same call. The org tells a name's ending apart; file_from puts them
      // together again.
      const auto dot = wanted.name.rfind('.');
      desk_.client.upload("ContentVersion",
                          {{"Title", wanted.name.substr(0, dot == 0 ? wanted.name.npos : dot)},
                           {"PathOnClient", wanted.name},
                           {"FirstPublishLocationId", id},
                           {"Portal_File_Id__c", wanted.reference}},
                          "VersionData", wanted.name, *bytes);
      auto found = look();
      if (!found) throw desk_.client.bad_reply("create", "a new file is not there");
      return *std::move(found);
    });
    const auto rows = desk_.client.query(links_of(id, document), 1);
    if (!rows.empty()) return file_from(Record(rows.front().as_object()));
    // The org's own rule hides it from customers; it is there.
    return contract::File{document, wanted.name, static_cast<std::int64_t>(bytes->size()), desk_.as_of()};
  });
}

contract::FileList Files::list(const contract::CaseRef& ref) {
  return in_our_words(desk_, "query", [&] {
    const auto id = cases_.expect(ref);
    contract::FileList out;
    out.as_of = desk_.as_of();
    const auto rows = desk_.client.query(links_of(id, {}).limit(kMostFiles), kMostFiles);
    for (const auto& row : rows) out.items.push_back(file_from(Record(row.as_object())));
    std::sort(out.items.begin(), out.items.end(), [](const contract::File& a, const contract::File& b) {
      return std::tie(b.created_at, b.id) < std::tie(a.created_at, a.id);
    });
    return out;
  });
}

Files::Found Files::find(const contract::FileRef& ref) {
  constexpr char kNoFile[] = "crm.file_not_found";
  const auto document = id_of(ref.file_id, "069", kNoFile);
  return in_our_words(desk_, "query", [&] {
    const auto id = cases_.expect({ref.account_id, ref.case_id});
    const auto rows = desk_.client.query(links_of(id, document), 1);
    if (rows.empty()) throw Problem(404, kNoFile, "no such file of this case");
    const Record link(rows.front().as_object());
    Found out{file_from(link), link.parent("ContentDocument")->id("LatestPublishedVersionId")};
    if (out.file.size > static_cast<std::int64_t>(kLargestFile))
      throw Problem(413, "crm.file_too_large", "over 25 MB");
    return out;
  });
}

std::unique_ptr<Bytes> Files::open(const std::string& version, std::int64_t size) {
  return in_our_words(desk_, "download", [&] {
    return desk_.client.download("ContentVersion", version, "VersionData",
                                 static_cast<std::uint64_t>(std::max<std::int64_t>(size, 1)));
  });
}

contract::FileContent Files::get(const contract::FileRef& ref) {
  auto found = find(ref);
  const auto size = static_cast<std::size_t>(found.file.size);
  const auto bytes = open(found.version, found.file.size);
  std::string all(size + 1, '\0');  // a byte more would show
  std::size_t read = 0;
  while (const auto got = bytes->read(all.data() + read, all.size() - read)) read += got;
  // A whole file or none.
  if (read != size) throw desk_.client.bad_reply("download", "a file of another size");
  all.resize(size);
  return {std::move(found.file), base64_encode(all)};
}

}  // namespace salesforce
