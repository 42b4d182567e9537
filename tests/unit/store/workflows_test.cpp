#include "common/store/workflows.hpp"

#include "tests/unit/store/store_test.hpp"

namespace r8r::store::test {
namespace {

class WorkflowsTest : public StoreTest {
 protected:
  SaveWorkflow orders(const std::string& definition = "name: orders\n") {
    SaveWorkflow save;
    save.name = "orders";
    save.description = "All of them";
    save.node_count = 2;
    save.trigger_count = 1;
    save.definition = definition;
    save.created_by = "tester";
    return save;
  }
  Workflows workflows{*pool};
};

TEST_F(WorkflowsTest, WhatIsSavedIsFound) {
  const auto saved = loop.run(workflows.save(orders()));
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->outcome, SaveOutcome::created);
  const auto found = loop.run(workflows.find("orders"));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->row.id, saved->row.id);
  EXPECT_EQ((*found)->row.version, 1);
  EXPECT_EQ((*found)->row.description, "All of them");
  EXPECT_EQ((*found)->row.node_count, 2);
  EXPECT_EQ((*found)->row.created_by, "tester");
  EXPECT_EQ((*found)->row.created_at, saved->row.created_at);
  EXPECT_EQ((*found)->definition, "name: orders\n");
  EXPECT_EQ(value("select checksum = encode(sha256(definition::bytea), 'hex') from workflow_versions"), "true");
}

TEST_F(WorkflowsTest, OnlyANewTextIsANewVersion) {
  const auto first = loop.run(workflows.save(orders()));
  ASSERT_TRUE(first);
  const auto same = loop.run(workflows.save(orders()));
  ASSERT_TRUE(same);
  EXPECT_EQ(same->outcome, SaveOutcome::unchanged);
  SaveWorkflow disabled = orders();
  disabled.enabled = false;
  const auto off = loop.run(workflows.save(disabled));
  ASSERT_TRUE(off);
  EXPECT_EQ(off->outcome, SaveOutcome::changed);
  EXPECT_EQ(off->row.version, 1);
  EXPECT_FALSE(off->row.enabled);
  const auto second = loop.run(workflows.save(orders("name: orders\nversion: 2\n")));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->row.version, 2);
  EXPECT_EQ(second->row.id, first->row.id);

  const auto old = loop.run(workflows.find("orders", 1));
  ASSERT_TRUE(old && *old);
  EXPECT_EQ((*old)->definition, "name: orders\n");
  EXPECT_EQ((*old)->definition_version, 1);
  EXPECT_EQ((*old)->row.version, 2);
  const auto text = loop.run(workflows.definition(first->row.id, 2));
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "name: orders\nversion: 2\n");
}

TEST_F(WorkflowsTest, HowLongHistoryIsKeptIsWhatWasSavedLast) {
  EXPECT_FALSE(loop.run(workflows.save(orders()))->row.retention_days);
  SaveWorkflow save = orders();
  save.retention_days = 0;
  // Also when the text was saved by a version that did not know of it.
  EXPECT_EQ(loop.run(workflows.save(save))->outcome, SaveOutcome::changed);
  EXPECT_EQ((*loop.run(workflows.current("orders")))->retention_days, 0);
  EXPECT_EQ(loop.run(workflows.save(save))->outcome, SaveOutcome::unchanged);
  save.retention_days = 400;
  EXPECT_EQ(loop.run(workflows.save(save))->row.retention_days, 400);
  ASSERT_TRUE(loop.run(workflows.save(orders())));
  EXPECT_FALSE((*loop.run(workflows.current("orders")))->retention_days);
}

TEST_F(WorkflowsTest, AChangeOfAnotherVersionIsRefused) {
  SaveWorkflow save = orders();
  save.if_version = 1;
  auto refused = loop.run(workflows.save(save));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::version_conflict);
  save.if_version.reset();
  ASSERT_TRUE(loop.run(workflows.save(save)));
  save.definition += "#";
  save.if_version = 7;
  refused = loop.run(workflows.save(save));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::version_conflict);
  save.if_version = 1;
  const auto done = loop.run(workflows.save(save));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->row.version, 2);
}

TEST_F(WorkflowsTest, ManyAtOnceGoOneAfterTheOther) {
  std::vector<std::shared_ptr<std::optional<Result<SavedWorkflow>>>> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(loop.start(workflows.save(orders("text " + std::to_string(i)))));
  ASSERT_TRUE(loop.until(
      [&] { return std::all_of(answers.begin(), answers.end(), [](const auto& a) { return a->has_value(); }); }));
  int created = 0;
  std::vector<int> versions;
  for (const auto& answer : answers) {
    ASSERT_TRUE(**answer) << (*answer)->error().message;
    if ((*answer)->value().outcome == SaveOutcome::created) ++created;
    versions.push_back((*answer)->value().row.version);
  }
  std::sort(versions.begin(), versions.end());
  EXPECT_EQ(created, 1);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(versions[static_cast<std::size_t>(i)], i + 1);
}

TEST_F(WorkflowsTest, TheListIsInOrderOfNames) {
  for (const char* name : {"zeta", "alpha", "mid"}) {
    SaveWorkflow save = orders();
    save.name = name;
    ASSERT_TRUE(loop.run(workflows.save(save)));
  }
  const auto rows = loop.run(workflows.list());
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 3u);
  EXPECT_EQ((*rows)[0].name, "alpha");
  EXPECT_EQ((*rows)[2].name, "zeta");
}

TEST_F(WorkflowsTest, NamesThatCannotBeStoredAreNotFoundOrRefused) {
  const std::string nul("a\0b", 3);
  const auto found = loop.run(workflows.find(nul));
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
  EXPECT_FALSE(*loop.run(workflows.find("\xff\xfe")));
  SaveWorkflow save = orders(nul);
  const auto refused = loop.run(workflows.save(save));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_field);
}

}  // namespace
}  // namespace r8r::store::test
