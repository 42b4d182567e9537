#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/workflow/workflow.hpp"

namespace r8r::api {

using PathParams = std::vector<std::pair<std::string, std::string>>;

/// Whether `method` (upper case) calls this trigger.
bool accepts_method(const workflow::WebhookTrigger& trigger, std::string_view method);
/// The addresses of a declared path: under /webhooks, and literally unless that place belongs to the service itself.
std::vector<std::string> webhook_addresses(const std::string& declared_path);
/// Whether the literal form of a declared path cannot be served.
bool is_reserved_path(std::string_view declared_path);
/// Matches a decoded request path against an address with {name} segments.
std::optional<PathParams> match_address(std::string_view address, std::string_view path);

/// Which workflow a declared webhook path leads to: a hint, made from the newest listing; whoever follows it checks it
/// against the workflow's current version.
class WebhookTable {
 public:
  void add(const workflow::Workflow& workflow);
  /// Workflows that claim an address which matches the path, exact ones before patterns. Views live as long as the
  /// table.
  std::vector<std::string_view> candidates(std::string_view path) const;
  /// A workflow other than `workflow` that has one of its method-and-address pairs: its name and the address.
  std::optional<std::pair<std::string, std::string>> conflict(const workflow::Workflow& workflow) const;
  std::size_t size() const { return exact_.size() + patterns_.size(); }

 private:
  struct Claim {
    std::string address;
    std::string workflow;
    std::vector<std::string> methods;  // empty: any
  };

  std::unordered_multimap<std::string, Claim> exact_;
  std::vector<Claim> patterns_;
};

}  // namespace r8r::api
