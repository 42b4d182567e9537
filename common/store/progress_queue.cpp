#include "common/store/progress_queue.hpp"

#include "common/store/commit_core.hpp"
#include "common/store/progress_batch.hpp"
#include "common/store/storable_text.hpp"

namespace r8r::store {
namespace {

std::size_t size_of(const std::optional<std::string>& text) {
  return text ? text->size() : 0;
}

std::size_t bytes_of(const ExecutionProgress& p) {
  std::size_t bytes = sizeof(ProgressItem) + p.journal.size() + p.status.size() + p.timers.size() * 128;
  for (const NewApproval& approval : p.approvals)
    bytes += sizeof(NewApproval) + approval.title.size() + approval.description.size() + approval.input.size();
  for (const ApprovalDecision& decided : p.decisions) bytes += sizeof(ApprovalDecision) + decided.comment.size();
  for (const NewChild& child : p.children) bytes += sizeof(NewChild) + child.workflow_name.size() + child.input.size();
  if (p.ending) {
    bytes += p.ending->status.size() + size_of(p.ending->output) + size_of(p.ending->error) +
             size_of(p.ending->error_node) + p.ending->trace.size();
  }
  return bytes;
}

bool is_storable(const std::optional<std::string>& text) {
  return !text || store::is_storable(*text);
}

bool all_storable(const ExecutionProgress& p) {
  if (!store::is_storable(p.journal) || !store::is_storable(p.status)) return false;
  for (const TimerChange& timer : p.timers) {
    if (!store::is_storable(timer.node_id)) return false;
  }
  for (const NewApproval& approval : p.approvals) {
    for (const std::string* text : {&approval.title, &approval.description, &approval.input, &approval.assignee}) {
      if (!store::is_storable(*text)) return false;
    }
    for (const std::string& group : approval.groups) {
      if (!store::is_storable(group)) return false;
    }
  }
  for (const ApprovalDecision& decided : p.decisions) {
    if (!store::is_storable(decided.comment) || !store::is_storable(decided.decided_by)) return false;
  }
  for (const NewChild& child : p.children) {
    if (!store::is_storable(child.workflow_name) || !store::is_storable(child.input)) return false;
  }
  if (!p.ending) return true;
  return store::is_storable(p.ending->status) && is_storable(p.ending->output) && is_storable(p.ending->error) &&
         is_storable(p.ending->error_node) && store::is_storable(p.ending->trace);
}

}  // namespace

struct ProgressQueue::Impl : CommitCore {
  Impl(asio::io_context& io, CommitOptions options, std::int64_t of)
      : CommitCore(io, std::move(options), {.queue = "progress", .in_sequence = true, .tells_on_close = false}),
        incarnation(of) {}

  awaitable<Result<void>> write(Connection& connection, const std::vector<CommitItem*>& items,
                                std::chrono::milliseconds limit) override {
    ProgressBatch batch(incarnation, items);
    std::vector<Query> statements = batch.statements();
    Result<std::vector<ResultSet>> results =
        co_await connection.run(std::move(statements), Grouping::transaction, limit);
    if (!results) co_return fail(std::move(results.error()));
    batch.read(*results);
    if (!batch.has_doubtful()) co_return Result<void>();

    // History and journal of an ended run do not change any more: a look after the commit is soon enough.
    std::vector<Query> questions = batch.questions();
    Result<std::vector<ResultSet>> answers = std::vector<ResultSet>();
    if (!questions.empty()) answers = co_await connection.run(std::move(questions), Grouping::separate, limit);
    if (!answers) co_return fail(std::move(answers.error()));
    batch.read_answers(*answers);
    co_return Result<void>();
  }

  std::int64_t incarnation;
};

ProgressQueue::ProgressQueue(asio::io_context& io, CommitOptions options, std::int64_t incarnation)
    : impl_(std::make_shared<Impl>(io, std::move(options), incarnation)) {}

ProgressQueue::~ProgressQueue() {
  impl_->close();
}

void ProgressQueue::commit(ExecutionProgress progress, Callback callback) {
  auto item = std::make_shared<ProgressItem>();
  item->subject = progress.id;
  item->bytes = bytes_of(progress);
  if (!all_storable(progress)) {
    item->refused = Error{ErrorCode::storage_error, "the progress holds a NUL byte or text that is not UTF-8", {}};
  }
  item->progress = std::move(progress);
  item->callback = std::move(callback);
  impl_->submit(std::move(item));
}

std::size_t ProgressQueue::pending() const {
  return impl_->pending();
}
bool ProgressQueue::healthy() const {
  return impl_->healthy();
}
std::uint64_t ProgressQueue::batches() const {
  return impl_->batches();
}
std::uint64_t ProgressQueue::items() const {
  return impl_->items();
}

awaitable<bool> ProgressQueue::drain(std::chrono::milliseconds limit) {
  return CommitCore::drain(impl_, limit);
}

}  // namespace r8r::store
