#include "services/api/replay_from.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/journal/journal_entry.hpp"
#include "common/workflow/workflow.hpp"

namespace r8r::api {
namespace {

using journal::EntryKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ReplayFrom : public testing::Test {
 protected:
  // a → b → c; side → c; spare runs in place of side.
  workflow::LoadResult loaded = workflow::load(R"(
name: t
nodes:
  - {id: a, type: debug}
  - {id: b, type: debug, depends_on: a}
  - {id: side, type: debug, on_error: {action: fallback, fallback_node: spare}}
  - {id: spare, type: debug}
  - {id: c, type: debug, depends_on: [b, side]}
)");

  static std::string entry(const std::string& node, EntryKind kind = EntryKind::completed,
                           const std::string& output = "1") {
    journal::JournalEntry entry{.kind = kind, .node_id = node, .node_type = "debug"};
    entry.has_output = !output.empty();
    entry.output = output;
    entry.recovered = kind == EntryKind::failed && entry.has_output;
    std::string text;
    journal::append_entry(text, entry);
    return text;
  }
  Result<KeptPart> keep(const std::string& from, const std::vector<std::string>& rows) {
    return kept_part(*loaded.workflow, from, rows);
  }
  std::vector<std::string> kept(const std::string& from, const std::vector<std::string>& rows) {
    Result<KeptPart> part = keep(from, rows);
    EXPECT_TRUE(part) << part.error().message;
    std::vector<std::string> names;
    const auto entries = *journal::parse_entries(part->journal);
    for (const journal::JournalEntry& entry : entries) names.push_back(entry.node_id + "=" + entry.output);
    return names;
  }
  std::string refusal(const std::string& from, const std::vector<std::string>& rows) {
    Result<KeptPart> part = keep(from, rows);
    EXPECT_FALSE(part) << part->journal;
    return part ? "" : part.error().message;
  }
};

TEST_F(ReplayFrom, WhatFollowsFromTheNodeRunsAndAllElseIsKept) {
  const std::vector<std::string> all = {"[" + entry("a") + "," + entry("side") + "]",
                                        "[" + entry("b") + "," + entry("c") + "]"};
  EXPECT_THAT(kept("a", all), ElementsAre("side=1"));
  EXPECT_THAT(kept("b", all), ElementsAre("a=1", "side=1"));
  EXPECT_THAT(kept("side", all), ElementsAre("a=1", "b=1"));
  EXPECT_THAT(kept("c", all), ElementsAre("a=1", "side=1", "b=1"));
}

TEST_F(ReplayFrom, TheLastWordAboutANodeCounts) {
  const std::string retried = entry("side", EntryKind::failed, "");
  const std::string recovered = entry("side", EntryKind::failed, "7");
  EXPECT_THAT(kept("a", {"[" + retried + "," + recovered + "]"}), ElementsAre("side=7"));
  EXPECT_THAT(kept("a", {"[" + recovered + "," + retried + "]"}), IsEmpty());
  EXPECT_THAT(kept("a", {"[" + entry("side", EntryKind::skipped, "") + "]"}), ElementsAre("side="));
}

TEST_F(ReplayFrom, WhatHasNoResultRunsAsWell) {
  EXPECT_THAT(kept("c", {"[" + entry("a") + "," + entry("side") + "]"}), ElementsAre("a=1", "side=1"));
  EXPECT_THAT(kept("b", {"[" + entry("a") + "," + entry("side", EntryKind::cancelled, "") + "]"}), ElementsAre("a=1"));
  EXPECT_THAT(refusal("c", {"[" + entry("a", EntryKind::completed, "") + "," + entry("b") + "]"}),
              HasSubstr("store_traces"));
}

TEST_F(ReplayFrom, TheNodeMustBeOneThatRunsByItself) {
  EXPECT_THAT(refusal("x", {}), HasSubstr("workflow 't' has no node 'x'"));
  EXPECT_THAT(refusal("spare", {}), HasSubstr("'spare' only runs in place of another node"));
}

TEST_F(ReplayFrom, StoredOutputsAreTold) {
  EXPECT_THAT(keep("a", {"[" + entry("side") + "]"})->payload_keys, IsEmpty());
  const std::string pieces =
      R"(@["[",{"p":"k","at":0,"n":3},",",{"p":"l","at":0,"n":3},",",{"p":"k","at":3,"n":3},"]"])";
  EXPECT_THAT(keep("a", {"[" + entry("side", EntryKind::completed, pieces) + "]"})->payload_keys,
              ElementsAre("k", "l"));
  const std::string large = R"(@[{"p":"k","at":0,"n":70000000}])";
  EXPECT_THAT(refusal("a", {"[" + entry("side", EntryKind::completed, large) + "]"}), HasSubstr("larger than 64 MiB"));
}

}  // namespace
}  // namespace r8r::api
