#include "services/api/exec_publisher.hpp"

#include <boost/asio/post.hpp>

#include "common/bus/subjects.hpp"
#include "common/workflow/start_limit.hpp"

namespace r8r::api {
namespace {

// A batch that has grown to this leaves at once; with one more item of the largest kind it still fits into a message.
constexpr std::size_t kFullBatch = bus::kMessageLimit - 3 * bus::kInlinePayloadLimit;

}  // namespace

struct ExecPublisher::Pending {
  bus::Connection& bus;
  std::unordered_map<int, bus::Batch<bus::ExecRequest>> batches;
  bool scheduled = false;

  explicit Pending(bus::Connection& connection) : bus(connection) {}

  // A message that cannot be sent costs time, not executions: the scheduler's sweep finds the rows.
  void send(int partition, bus::Batch<bus::ExecRequest>& batch) {
    if (!batch.empty()) bus.publish(bus::exec_subject(partition), batch.take());
  }
  void send_all() {
    scheduled = false;
    for (auto& [partition, batch] : batches) send(partition, batch);
    batches.clear();
  }
};

ExecPublisher::ExecPublisher(boost::asio::io_context& io, bus::Connection& bus, int partitions)
    : io_(io), partitions_(partitions), pending_(std::make_shared<Pending>(bus)) {}

int ExecPublisher::limited_partition(const Uuid& workflow, const std::string& group) const {
  return workflow::limited_partition(workflow, group, partitions_);
}

void ExecPublisher::publish(const bus::ExecRequest& request) {
  const int partition = request.partition;
  bus::Batch<bus::ExecRequest>& batch = pending_->batches[partition];
  batch.add(request);
  if (batch.size() >= kFullBatch) pending_->send(partition, batch);
  if (std::exchange(pending_->scheduled, true)) return;
  boost::asio::post(io_, [pending = std::weak_ptr(pending_)] {
    if (const auto all = pending.lock()) all->send_all();
  });
}

}  // namespace r8r::api
