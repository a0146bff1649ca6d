// Every name that a query of ours may hold. A name is a constant of the source: what comes from outside
// cannot be one.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace salesforce::soql {

inline constexpr auto kNames = std::to_array<std::string_view>({
    // objects and the ways between them
    "Account",
    "Case",
    "CaseComment",
    "CaseComments",
    "Contact",
    "ContentDocument",
    "ContentDocumentLink",
    "ContentVersion",
    "CreatedBy",
    "LatestPublishedVersion",
    "Order",
    "OrderItem",
    "OrderItems",
    "Parent",
    "Pricebook2",
    "PricebookEntry",
    "Product2",
    // fields
    "AccountId",
    "AccountNumber",
    "Activation_Error_Code__c",
    "Activation_Error_Message__c",
    "Activation_Scheduled_At__c",
    "Activation_Status__c",
    "Activation_Type__c",
    "Access_Mode__c",
    "BillingCity",
    "BillingCountry",
    "BillingPostalCode",
    "BillingState",
    "BillingStreet",
    "BillToContactId",
    "Billing_Cycle__c",
    "CaseNumber",
    "ClosedDate",
    "CommentBody",
    "ContactId",
    "ContentDocumentId",
    "ContentSize",
    "CreatedById",
    "CreatedDate",
    "Description",
    "Display_Order__c",
    "EffectiveDate",
    "EID__c",
    "Eligibility__c",
    "Email",
    "FileExtension",
    "FirstName",
    "FirstPublishLocationId",
    "Id",
    "Internet_Eligibility_Checked_At__c",
    "Internet_Eligibility_Status__c",
    "Internet_Eligibility__c",
    "IsActive",
    "IsClosed",
    "IsLatest",
    "IsPublished",
    "Item_Class__c",
    "LastModifiedDate",
    "LastName",
    "LatestPublishedVersionId",
    "LinkedEntityId",
    "MailingCity",
    "MailingCountry",
    "MailingPostalCode",
    "MailingState",
    "MailingStreet",
    "MNP_Application__c",
    "MNP_Reservation_Number__c",
    "MVNE_Plan_Code__c",
    "Name",
    "OrderId",
    "OrderNumber",
    "Origin",
    "ParentId",
    "PathOnClient",
    "Phone",
    "Portal_Case_Id__c",
    "Portal_Category__c",
    "Portal_Comment_Id__c",
    "Portal_File_Id__c",
    "Portal_Order_Id__c",
    "Portal_Status__c",
    "Portal_User_Id__c",
    "Portal_Visible__c",
    "Preferred_Language__c",
    "PricebookEntryId",
    "Pricebook2Id",
    "Priority",
    "ProductCode",
    "Product2Id",
    "Quantity",
    "ShippingCity",
    "ShippingCountry",
    "ShippingPostalCode",
    "ShippingState",
    "ShippingStreet",
    "SIM_Type__c",
    "Status",
    "StatusCode",
    "Subject",
    "Title",
    "TotalAmount",
    "TotalPrice",
    "Type",
    "UnitPrice",
    "Visibility",
    "WHMCS_Client_Id__c",
    "WHMCS_Order_Id__c",
    "WHMCS_Product_Id__c",
    "WHMCS_Service_Id__c",
});

/// Up to five ways up and a field: Contact.Account.Name.
constexpr bool is_path(std::string_view path) {
  constexpr std::size_t kMostHops = 5;
  for (std::size_t hops = 0; hops <= kMostHops; ++hops) {
    const auto dot = path.find('.');
    if (std::find(kNames.begin(), kNames.end(), path.substr(0, dot)) == kNames.end()) return false;
    if (dot == path.npos) return true;
    path.remove_prefix(dot + 1);
  }
  return false;
}

/// A path that does not compile unless kNames has its parts.
class Name {
 public:
  consteval Name(const char* path) : text_(path) {  // NOLINT: meant to be implicit
    if (!is_path(text_)) throw "not a name of kNames";
  }
  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

}  // namespace salesforce::soql
