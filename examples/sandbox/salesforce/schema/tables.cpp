// The org's objects, a line a field: name, type, access, and what is particular about it.
//
// Types carry their length, or digits and decimals. Access: c createable, u updateable, `!` needed on create,
// `-` only read. Then: name, auto, external, unique, lookup, restricted, unfilterable, bytes,
// cascade, default=VALUE, formula=Path.To.Field, -> Object[,Object] as WayUp[/WayDown], {Choice|*Default|…}
// with ~ for a blank. `object NAME PREFIX LABEL PLURAL ACCESS` begins an object; `owner` and `address NAME`
// stand for several fields.
#include "examples/sandbox/salesforce/schema/schema.hpp"

namespace sandbox::salesforce {

namespace {

constexpr std::string_view kText = R"(
object Organization 00D Organization Organizations -
  Name string(80) - name

object User 005 User Users -
  Username string(80) - unique lookup
  LastName string(80) -
  FirstName string(40) -
  Name string(121) - name
  Email email(128) -
  Alias string(8) -
  IsActive boolean -
  UserType picklist - {*Standard}
  LanguageLocaleKey picklist - {*en_US|ja}
  TimeZoneSidKey picklist - {*Asia/Tokyo}

object Group 00G Group Groups -
  Name string(40) - name
  DeveloperName string(80) -
  Type picklist - {*Queue}

object RecordType 012 Record_Type Record_Types -
  Name string(80) - name
  DeveloperName string(80) -
  SobjectType picklist -
  IsActive boolean -

object Account 001 Account Accounts cud
  Name string(255) cu! name
  AccountNumber string(40) cu
  Type picklist cu {Prospect|Customer~-~Direct|Partner|Other}
  Industry picklist cu
  Phone phone(40) cu
  Website url(255) cu
  address Billing
  address Shipping
  ParentId reference cu -> Account as Parent/ChildAccounts
  RecordTypeId reference cu -> RecordType as RecordType
  Description textarea(32000) cu unfilterable
  AnnualRevenue currency(18,0) cu
  WHMCS_Client_Id__c string(20) cu external unique
  Portal_Status__c picklist cu restricted {Pending|*Active|Closed}
  Internet_Eligibility__c picklist cu {Home~1G|Home~10G|Apartment~1G|Apartment~100M}
  Internet_Eligibility_Status__c picklist cu restricted {Pending|Eligible|Ineligible}
  Internet_Eligibility_Checked_At__c datetime cu
  owner

object Contact 003 Contact Contacts cud
  LastName string(80) cu!
  FirstName string(40) cu
  Salutation picklist cu {Mr.|Ms.|Dr.}
  Name string(121) - name
  Email email(80) cu lookup
  Phone phone(40) cu
  MobilePhone phone(40) cu
  Title string(128) cu
  AccountId reference cu -> Account as Account/Contacts cascade
  ReportsToId reference cu -> Contact as ReportsTo
  address Mailing
  Description textarea(32000) cu unfilterable
  Birthdate date cu
  HasOptedOutOfEmail boolean cu
  Portal_User_Id__c string(64) cu external unique
  Preferred_Language__c picklist cu {*en|ja}
  owner

object Case 500 Case Cases cud
  CaseNumber string(30) - auto lookup name
  ContactId reference cu -> Contact as Contact/Cases
  AccountId reference cu -> Account as Account/Cases
  ParentId reference cu -> Case as Parent/Cases
  RecordTypeId reference cu -> RecordType as RecordType
  SuppliedName string(80) cu
  SuppliedEmail email(80) cu
  SuppliedPhone string(40) cu
  SuppliedCompany string(80) cu
  Type picklist cu {Mechanical|Electrical|Electronic|Structural|Other}
  Status picklist cu {*New|Working|Escalated|Closed}
  Reason picklist cu {Installation|Equipment|Performance|Breakdown|Other}
  Origin picklist cu {Phone|Email|Web}
  Subject string(255) cu
  Priority picklist cu {High|*Medium|Low}
  Description textarea(32000) cu unfilterable
  IsClosed boolean -
  ClosedDate datetime -
  IsClosedOnCreate boolean -
  IsEscalated boolean cu
  ContactEmail email(80) - formula=Contact.Email
  ContactPhone phone(40) - formula=Contact.Phone
  ContactMobile phone(40) - formula=Contact.MobilePhone
  Comments textarea(4000) cu unfilterable
  Portal_Case_Id__c string(64) cu external unique
  Portal_Category__c picklist cu {Internet|Mobile|VPN|Billing|Account|Other}
  owner

object CaseComment 00a Case_Comment Case_Comments cud
  ParentId reference c! -> Case as Parent/CaseComments cascade
  CommentBody textarea(4000) cu bytes unfilterable
  IsPublished boolean cu
  IsNotificationSelected boolean cu
  Portal_Comment_Id__c string(64) cu external unique

object EmailMessage 02s Email_Message Email_Messages cud
  ParentId reference c -> Case as Parent/EmailMessages cascade
  RelatedToId reference cu -> Account,Order as RelatedTo
  Incoming boolean c
  Status picklist cu {*0|1|2|3|4|5}
  Subject string(3000) cu name
  TextBody textarea(32000) cu unfilterable
  HtmlBody textarea(32000) cu unfilterable
  FromAddress email(1000) cu
  FromName string(1000) cu
  ToAddress string(4000) cu
  CcAddress string(4000) cu
  MessageDate datetime cu
  IsExternallyVisible boolean cu
  HasAttachment boolean -

object Product2 01t Product Products cud
  Name string(255) cu! name
  ProductCode string(255) cu
  Description textarea(4000) cu
  IsActive boolean cu
  Family picklist cu {Internet|SIM|VPN}
  StockKeepingUnit string(180) cu
  QuantityUnitOfMeasure picklist cu {Each}
  WHMCS_Product_Id__c string(20) cu external unique
  Portal_Category__c picklist cu restricted {Internet|SIM|VPN}
  Portal_Visible__c boolean cu
  Item_Class__c picklist cu restricted {*Service|Installation|Add-on|Activation}
  Billing_Cycle__c picklist cu restricted {*Monthly|Onetime}
  Eligibility__c multipicklist cu {Home~1G|Home~10G|Apartment~1G|Apartment~100M}
  Display_Order__c double(4,0) cu
  MVNE_Plan_Code__c string(20) cu

object Pricebook2 01s Price_Book Price_Books cud
  Name string(255) cu! name
  Description string(255) cu
  IsActive boolean cu
  IsStandard boolean -

object PricebookEntry 01u Price_Book_Entry Price_Book_Entries cud
  Name string(255) - name formula=Product2.Name
  ProductCode string(255) - formula=Product2.ProductCode
  Pricebook2Id reference c! -> Pricebook2 as Pricebook2/PricebookEntries cascade
  Product2Id reference c! -> Product2 as Product2/PricebookEntries cascade
  UnitPrice currency(18,2) cu!
  IsActive boolean cu
  UseStandardPrice boolean cu

object Order 801 Order Orders cud
  AccountId reference cu! -> Account as Account/Orders
  Pricebook2Id reference cu -> Pricebook2 as Pricebook2
  OriginalOrderId reference c -> Order as OriginalOrder/Orders
  RecordTypeId reference cu -> RecordType as RecordType
  EffectiveDate date cu!
  EndDate date cu
  IsReductionOrder boolean c
  Status picklist cu! {Draft|Ready~for~Review|Activated}
  StatusCode picklist - {Draft|Activated}
  Description textarea(32000) cu unfilterable
  CustomerAuthorizedById reference cu -> Contact as CustomerAuthorizedBy
  BillToContactId reference cu -> Contact as BillToContact
  ShipToContactId reference cu -> Contact as ShipToContact
  Type picklist cu {Internet|SIM|VPN|Mixed}
  address Billing
  address Shipping
  Name string(80) cu
  PoDate date cu
  PoNumber string(80) cu
  OrderReferenceNumber string(80) cu
  ActivatedDate datetime -
  ActivatedById reference - -> User as ActivatedBy
  OrderNumber string(30) - auto lookup name
  TotalAmount currency(18,2) -
  Portal_Order_Id__c string(64) cu external unique
  WHMCS_Order_Id__c string(20) cu external
  Activation_Type__c picklist cu restricted {Immediate|Scheduled}
  Activation_Scheduled_At__c datetime cu
  Activation_Status__c picklist cu restricted {*Not~Started|Activating|Activated|Failed}
  Activation_Error_Code__c string(80) cu
  Activation_Error_Message__c textarea(1000) cu
  SIM_Type__c picklist cu restricted {Physical~SIM|eSIM}
  EID__c string(32) cu
  MNP_Application__c boolean cu
  MNP_Reservation_Number__c string(20) cu
  Access_Mode__c picklist cu {PPPoE|IPoE-BYOR|IPoE-HGW}
  owner

object OrderItem 802 Order_Product Order_Products cud
  OrderId reference c! -> Order as Order/OrderItems cascade
  PricebookEntryId reference c! -> PricebookEntry as PricebookEntry
  Product2Id reference - -> Product2 as Product2
  OrderItemNumber string(30) - auto lookup name
  Quantity double(18,2) cu!
  UnitPrice currency(18,2) cu!
  ListPrice currency(18,2) -
  TotalPrice currency(18,2) -
  ServiceDate date cu
  EndDate date cu
  Description string(255) cu
  WHMCS_Service_Id__c string(20) cu external
  Billing_Cycle__c picklist cu {Monthly|Onetime}

object OrderStatus 01X Order_Status Order_Statuses -
  ApiName string(255) - name
  MasterLabel string(255) -
  StatusCode picklist - {Draft|Activated}
  IsDefault boolean -
  SortOrder int -

object ContentVersion 068 Content_Version Content_Versions cu
  ContentDocumentId reference c -> ContentDocument as ContentDocument/ContentVersions cascade
  IsLatest boolean -
  VersionNumber string(20) -
  Title string(255) cu name
  Description textarea(1000) cu
  ReasonForChange string(1000) cu
  PathOnClient string(500) c!
  FirstPublishLocationId reference c -> Case,Account,Order,Contact as FirstPublishLocation
  Origin picklist c {*C|H}
  FileType string(20) -
  FileExtension string(40) -
  ContentSize int -
  Checksum string(50) -
  VersionData base64 c! unfilterable
  Portal_File_Id__c string(64) cu external unique
  owner

object ContentDocument 069 Content_Document Content_Documents d
  Title string(255) - name formula=LatestPublishedVersion.Title
  LatestPublishedVersionId reference - -> ContentVersion as LatestPublishedVersion
  FileType string(20) - formula=LatestPublishedVersion.FileType
  FileExtension string(40) - formula=LatestPublishedVersion.FileExtension
  ContentSize int - formula=LatestPublishedVersion.ContentSize
  Description textarea(1000) - formula=LatestPublishedVersion.Description
  owner

object ContentDocumentLink 06A Content_Document_Link Content_Document_Links cud
  ContentDocumentId reference c! -> ContentDocument as ContentDocument/ContentDocumentLinks cascade
  LinkedEntityId reference c! -> Case,Account,Order,Contact,User as LinkedEntity/ContentDocumentLinks cascade
  ShareType picklist cu restricted {*V|C|I}
  Visibility picklist cu restricted {*AllUsers|InternalUsers|SharedUsers}

object Attachment 00P Attachment Attachments cud
  ParentId reference c! -> Case,Account,Order,Contact as Parent/Attachments cascade
  Name string(255) cu! name
  ContentType string(120) cu
  IsPrivate boolean cu
  Description string(500) cu
  BodyLength int -
  Body base64 c! unfilterable
  owner

object Order_Fulfilment_Requested__e e01 Order_Fulfilment_Requested Order_Fulfilment_Requested c
  Order_Id__c string(18) c
  Order_Number__c string(30) c
  Line_Count__c double(18,0) c
  Requested_At__c datetime c
)";

}  // namespace

std::string_view schema_text() {
  return kText;
}

}  // namespace sandbox::salesforce
