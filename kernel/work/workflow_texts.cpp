// The sentences of a timeline.
#include <fmt/format.h>

#include "kernel/work/workflow_view.hpp"

namespace kernel::work {

namespace {

struct Sentence {
  const char *event, *en, *ja;
};

constexpr Sentence kSentences[] = {
    {"started", "Received", "受け付けました"},
    {"begun", "{}: begun", "{}：開始しました"},
    {"done", "{}: done", "{}：完了しました"},
    {"waits_for_signal", "{}: waiting for an answer", "{}：回答を待っています"},
    {"signal", "{}: the answer has arrived", "{}：回答を受け取りました"},
    {"pauses", "{}: waiting for its time", "{}：予定の時刻を待っています"},
    {"pause_over", "{}: its time has come", "{}：予定の時刻になりました"},
    {"nobody_answered", "{}: no answer in time", "{}：期限内に回答がありませんでした"},
    {"tries_again", "{}: did not work yet and is tried again", "{}：完了できなかったため、再試行します"},
    {"tries_used_up", "{}: did not work", "{}：完了できませんでした"},
    {"refused", "{}: was refused", "{}：受け付けられませんでした"},
    {"unknown", "{}: no answer yet, we are looking into it", "{}：結果を確認しています"},
    {"interrupted", "{}: was interrupted, we are looking into it",
     "{}：中断されたため、結果を確認しています"},
    {"found", "{}: confirmed", "{}：確認できました"},
    {"not_found", "{}: had not happened and is tried again", "{}：未完了のため、再試行します"},
    {"unclear", "{}: cannot be confirmed", "{}：確認できませんでした"},
    {"asks_staff", "{}: our staff are looking into it", "{}：担当者が確認しています"},
    {"retried", "{}: our staff let it be tried again", "{}：担当者が再試行を指示しました"},
    {"skipped", "{}: completed by our staff", "{}：担当者が完了としました"},
    {"given_up", "{}: given up by our staff", "{}：担当者が中止しました"},
    {"given_back", "{}: put off for a moment", "{}：少し延期しました"},
    {"cancel_wanted", "Cancellation requested", "キャンセルを受け付けました"},
    {"turned_back", "What was done is being undone", "完了した手続きを取り消しています"},
    {"all_done", "Completed", "すべて完了しました"},
    {"all_undone", "Cancelled; everything is undone", "取り消しが完了しました"},
    {"ended_failed", "Ended by our staff", "担当者が終了しました"},
};

}  // namespace

portico::Titled timeline_text(const std::string& event, const portico::Titled* step) {
  for (const auto& sentence : kSentences)
    if (event == sentence.event)
      return {fmt::format(fmt::runtime(sentence.en), step ? step->en : ""),
              fmt::format(fmt::runtime(sentence.ja), step ? step->ja : "")};
  return {event, event};
}

}  // namespace kernel::work
