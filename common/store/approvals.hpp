#pragma once
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/base/uuid.hpp"

namespace r8r::store {

class Pool;

/// A question that an execution asks people. Written by the commits of the execution (progress_queue.hpp).
struct ApprovalRow {
  Uuid id;
  Uuid execution_id;
  int partition = 0;  ///< of the execution
  std::string node_id;
  std::string workflow_name;
  std::string title;
  std::optional<std::string> description;
  std::string status;  ///< pending, approved, rejected, expired
  std::optional<std::string> comment;
  std::optional<std::string> decided_by;
  std::string input;  ///< raw JSON: what it is about
  std::optional<std::string> default_action;
  std::optional<std::string> assignee;
  std::vector<std::string> groups;
  Timestamp created_at;
  std::optional<Timestamp> expires_at;
  std::optional<Timestamp> decided_at;
};

/// Which of them, newest first; an empty text is no condition.
struct ApprovalQuery {
  std::string status;
  std::string assignee;
  std::string group;  ///< one of the approval's groups
  std::string workflow;
  std::optional<Uuid> execution_id;
  int limit = 50;
  int offset = 0;
  /// Only what comes after this one.
  std::optional<std::pair<Timestamp, Uuid>> after;
};

class Approvals {
 public:
  explicit Approvals(Pool& pool) : pool_(pool) {}

  boost::asio::awaitable<Result<std::optional<ApprovalRow>>> find(Uuid id);
  boost::asio::awaitable<Result<std::vector<ApprovalRow>>> list(ApprovalQuery query);

 private:
  Pool& pool_;
};

}  // namespace r8r::store
