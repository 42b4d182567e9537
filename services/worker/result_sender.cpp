#include "services/worker/result_sender.hpp"

#include "common/bus/subjects.hpp"
#include "services/worker/large_payloads.hpp"

namespace r8r::worker {
namespace {

// A message that has grown to this is sent before the turn is over.
constexpr std::size_t kFullBatch = 512 * 1024;
// Below this nobody counts exactly.
constexpr std::size_t kSmallResult = 64 * 1024;
constexpr std::size_t kEnvelope = 64 * 1024;

// Text may grow by escapes: a control character becomes six.
std::size_t text_bytes(const bus::NodeResult& node) {
  std::size_t bytes = node.logs.size() + node.error.size();
  for (const bus::ItemError& error : node.item_errors) bytes += error.error.size() + 128;
  return 6 * bytes;
}

}  // namespace

void fit_into_message(bus::TaskResult& result) {
  std::size_t rough = 0;
  for (const bus::NodeResult& node : result.nodes)
    rough += payload_bytes(node) + node.items_at.size() + text_bytes(node) + 512;
  if (rough <= kSmallResult) return;
  const std::size_t limit = bus::kMessageLimit - kEnvelope;
  std::size_t used = 0;
  for (const bus::NodeResult& node : result.nodes) used += payload_bytes(node) + node.items_at.size() + 512;
  for (bus::NodeResult& node : result.nodes) {
    if (used + text_bytes(node) > limit) {
      node.logs.clear();
      node.item_errors.clear();
      if (node.error.size() > 4096) node.error.resize(4096);
    } else {
      used += text_bytes(node);
    }
  }
}

void ResultSender::add(bus::TaskResult result) {
  fit_into_message(result);
  bus::Batch<bus::TaskResult>& batch = batches_[result.epoch];
  batch.add(result);
  if (batch.size() >= kFullBatch) publish(result.epoch, batch);
}

void ResultSender::publish(std::int64_t epoch, bus::Batch<bus::TaskResult>& batch) {
  if (!bus_.publish(bus::result_subject(epoch), batch.take())) all_taken_ = false;
}

bool ResultSender::flush() {
  for (auto& [epoch, batch] : batches_) {
    if (!batch.empty()) publish(epoch, batch);
  }
  batches_.clear();
  return std::exchange(all_taken_, true);
}

}  // namespace r8r::worker
