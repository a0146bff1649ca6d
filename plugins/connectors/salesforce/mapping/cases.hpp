// Support cases, comments and files, as the crm contract has them.
#pragma once

#include <portico/contracts/crm_cases.hpp>

#include "mapping/customers.hpp"

namespace salesforce {

class Cases {
 public:
  Cases(const Desk& desk, Customers& customers) : desk_(desk), customers_(customers) {}

  portico::crm::Case open(const portico::crm::NewCase& wanted);
  portico::crm::Case get(const portico::crm::CaseRef& ref);
  portico::crm::CaseList list(const portico::crm::CaseQuery& query);
  portico::crm::Comment comment(const portico::crm::NewComment& wanted);
  portico::crm::Case close(const portico::crm::CaseRef& ref);

  /// The case's id. errors: 404 crm.case_not_found, also for another account's
  std::string expect(const portico::crm::CaseRef& ref);

 private:
  std::optional<portico::crm::Comment> find_comment(const portico::crm::NewComment& wanted,
                                                    const std::string& id);

  const Desk& desk_;
  Customers& customers_;
};

class Files {
 public:
  Files(const Desk& desk, Cases& cases) : desk_(desk), cases_(cases) {}

  portico::crm::File attach(const portico::crm::NewFile& wanted);
  portico::crm::FileList list(const portico::crm::CaseRef& ref);
  portico::crm::FileContent get(const portico::crm::FileRef& ref);

  struct Found {
    portico::crm::File file;
    std::string version;  // of its bytes
  };
  /// errors    404 crm.case_not_found, crm.file_not_found; 413 crm.file_too_large; upstream.*
  Found find(const portico::crm::FileRef& ref);
  /// The bytes of a version; size is that of the file, and the file is no larger.
  std::unique_ptr<Bytes> open(const std::string& version, std::int64_t size);

 private:
  const Desk& desk_;
  Cases& cases_;
};

}  // namespace salesforce
