// The calls: id, path, members. source: the interface reference, its sections 3 and 4.
#include "examples/sandbox/freebit/call.hpp"

namespace sandbox::freebit {

namespace {

constexpr bool kRead = false, kWrite = true, kRequired = true, kOptional = false;

std::vector<Member> with(std::vector<Member> own, std::initializer_list<Member> more) {
  own.insert(own.end(), more);
  return own;
}

std::vector<Member> porting() {
  return {{"mnp.reserveNumber", kOptional, Shape::digits10},
          {"mnp.reserveExpireDate", kOptional, Shape::date},
          {"mnp.lastnameKanji"},
          {"mnp.firstnameKanji"},
          {"mnp.lastnameZenKana"},
          {"mnp.firstnameZenKana"},
          {"mnp.gender", kOptional, Shape::gender},
          {"mnp.birthday", kOptional, Shape::date}};
}

std::vector<Member> voice() {
  return {{"account", kRequired, Shape::number},
          {"userConfirmed", kRequired, Shape::yes},
          {"aladinOperated", kOptional, Shape::flag},
          {"talkOption.voiceMail", kOptional, Shape::flag},
          {"talkOption.callWaiting", kOptional, Shape::flag},
          {"talkOption.callTransfer", kOptional, Shape::flag},
          {"talkOption.worldWing", kOptional, Shape::flag},
          {"talkOption.worldWingCreditLimit"},
          {"talkOption.worldCall", kOptional, Shape::flag},
          {"talkOption.worldCallCreditLimit"}};
}

std::vector<Member> activation() {
  return with(porting(), {{"aladinOperated", kOptional, Shape::flag},
                          {"masterAccount"},
                          {"masterPassword", kOptional, Shape::text, 256},
                          {"createType", kOptional, Shape::create_type},
                          {"addKind", kRequired, Shape::add_kind},
                          {"simKind"},
                          {"account", kOptional, Shape::number},
                          {"planCode", kOptional, Shape::plan, 32},
                          {"contractLine", kOptional, Shape::network},
                          {"shipDate", kOptional, Shape::date},
                          {"repAccount"},
                          {"deliveryCode"},
                          {"reissue.oldEid", kOptional, Shape::eid},
                          {"reissue.oldProductNumber", kOptional, Shape::product}});
}

}  // namespace

const std::vector<CallRow>& call_table() {
  static const std::vector<CallRow> kTable{
      {"PA01-01",
       "authOem/",
       kRead,
       nullptr,
       {{"oemId", kRequired}, {"oemKey", kRequired, Shape::text, 256}}},
      {"PA02-01",
       "master/addAcnt/",
       kWrite,
       register_account,
       {{"createType", kRequired, Shape::create_type},
        {"startDate", kOptional, Shape::date},
        {"relationCode"},
        {"masterAccount"},
        {"masterPassword", kOptional, Shape::text, 256},
        // The list of service accounts is cut off in the reference; its name and shape are a guess.
        {"serviceAccounts[].kind", kRequired, Shape::line_kind},
        {"serviceAccounts[].account", kRequired, Shape::number},
        {"serviceAccounts[].planCode", kRequired, Shape::plan, 32},
        {"serviceAccounts[].productNumber", kRequired, Shape::product},
        {"serviceAccounts[].contractLine", kOptional, Shape::network}}},
      {"PA02-04",
       "master/cnclAcnt/",
       kWrite,
       cancel_account,
       {{"kind", kRequired, Shape::line_kind},
        {"account", kRequired, Shape::number},
        {"runDate", kOptional, Shape::any_date}}},
      {"PA03-02",
       "mvno/getDetail/",
       kRead,
       get_detail,
       {{"version"},
        {"displayPass", kOptional, Shape::flag},
        {"requestDatas[].kind", kRequired, Shape::kind},
        {"requestDatas[].account", kRequired, Shape::account}}},
      {"PA04-04",
       "master/addSpec/",
       kWrite,
       add_quota,
       {{"kind", kRequired, Shape::line_kind},
        {"account", kRequired, Shape::account},
        {"quota", kRequired, Shape::quota},
        {"quotaCode", kOptional, Shape::text, 512},
        {"expire", kOptional, Shape::date}}},
      {"PA05-01", "mvno/getTrafficInfo/", kRead, get_traffic, {{"account", kRequired, Shape::account}}},
      {"PA05-02",
       "mvno/getQuotaHistory/",
       kRead,
       get_quota_history,
       {{"account", kRequired, Shape::account},
        {"fromDate", kRequired, Shape::date},
        {"toDate", kRequired, Shape::date}}},
      {"PA05-04",
       "mvno/releasePlan/",
       kWrite,
       release_plan,
       {{"account", kRequired, Shape::number}, {"runTime", kOptional, Shape::date}}},
      {"PA05-05", "mvno/talkoption/addOrder/", kWrite, register_voice, voice()},
      {"PA05-06", "mvno/talkoption/changeOrder/", kWrite, change_voice, voice()},
      {"PA05-18", "mvno/semiblack/addTempAcnt/", kWrite, register_card,
       with(porting(), {{"account", kOptional, Shape::number},
                        {"tempAccount", kOptional, Shape::number},
                        {"productNumber", kRequired, Shape::product},
                        {"repAccount"},
                        {"mnp.method", kOptional, Shape::method}})},
      {"PA05-19",
       "mvno/semiblack/addAcnt/",
       kWrite,
       activate_card,
       {{"aladinOperated", kOptional, Shape::flag},
        {"masterAccount"},
        {"masterPassword", kOptional, Shape::text, 256},
        {"createType", kOptional, Shape::create_type},
        {"account", kRequired, Shape::number},
        {"planCode", kRequired, Shape::plan, 32},
        {"productNumber", kRequired, Shape::product},
        {"contractLine", kOptional, Shape::network}}},
      {"PA05-20",
       "mvno/semiblack/changeState/",
       kWrite,
       change_card_state,
       {{"productNumber", kRequired, Shape::product},
        {"account", kOptional, Shape::number},
        {"mnp.method", kOptional, Shape::method},
        {"mnp.reserveNumber", kOptional, Shape::digits10},
        {"state", kRequired}}},
      {"PA05-21",
       "mvno/changePlan/",
       kWrite,
       change_plan,
       {{"account", kRequired, Shape::number},
        {"planCode", kRequired, Shape::plan, 32},
        {"globalIp", kOptional, Shape::flag},
        {"runTime", kOptional, Shape::date}}},
      {"PA05-33", "mvno/ota/addAcnt/", kWrite, activate_profile,
       with(activation(),
            {{"productNumber", kRequired, Shape::product}, {"tempAccount", kOptional, Shape::number}})},
      {"PA05-38",
       "mvno/contractline/change/",
       kWrite,
       change_network,
       {{"account", kRequired, Shape::number},
        {"contractLine", kRequired, Shape::network},
        {"productNumber", kOptional, Shape::product}}},
      {"PA05-41", "mvno/esim/addAcnt/", kWrite, activate_profile,
       with(activation(), {{"eid", kRequired, Shape::eid}})},
      {"PA05-42",
       "mvno/esim/reissueProfile/",
       kWrite,
       reissue_profile,
       {{"account", kRequired, Shape::number}, {"eid", kRequired, Shape::eid}}},
  };
  return kTable;
}

}  // namespace sandbox::freebit
