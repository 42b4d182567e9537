#pragma once
#include <memory>
#include <unordered_map>

#include "common/bus/connection.hpp"
#include "common/bus/messages.hpp"

namespace r8r::api {

/// Sends execution requests to the schedulers. Those of one turn of the event loop for one partition leave as one
/// message.
class ExecPublisher {
 public:
  ExecPublisher(boost::asio::io_context& io, bus::Connection& bus, int partitions);

  void publish(const bus::ExecRequest& request);
  int partition_of(const Uuid& execution) const { return r8r::partition_of(execution, partitions_); }
  /// Of an execution whose start limits decide.
  int limited_partition(const Uuid& workflow, const std::string& group) const;

 private:
  struct Pending;

  boost::asio::io_context& io_;
  int partitions_;
  std::shared_ptr<Pending> pending_;
};

}  // namespace r8r::api
