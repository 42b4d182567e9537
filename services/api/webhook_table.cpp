#include "services/api/webhook_table.hpp"

#include <algorithm>
#include <array>

namespace r8r::api {
namespace {

constexpr std::string_view kPrefix = "/webhooks/";

bool has_pattern(std::string_view address) {
  return address.find('{') != std::string_view::npos;
}

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

// Takes the next segment off `rest`, which begins with '/'.
std::string_view next_segment(std::string_view& rest) {
  rest.remove_prefix(1);
  const auto end = std::min(rest.find('/'), rest.size());
  const std::string_view segment = rest.substr(0, end);
  rest.remove_prefix(end);
  return segment;
}

// Whether some path would match both.
bool overlap(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const std::string_view x = next_segment(a);
    const std::string_view y = next_segment(b);
    if (x != y && !is_parameter(x) && !is_parameter(y)) return false;
  }
  return a.empty() && b.empty();
}

bool methods_overlap(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.empty() || b.empty()) return true;
  return std::any_of(a.begin(), a.end(),
                     [&](const std::string& m) { return std::find(b.begin(), b.end(), m) != b.end(); });
}

}  // namespace

bool accepts_method(const workflow::WebhookTrigger& trigger, std::string_view method) {
  return trigger.methods.empty() ||
         std::find(trigger.methods.begin(), trigger.methods.end(), method) != trigger.methods.end();
}

bool is_reserved_path(std::string_view path) {
  static constexpr std::array<std::string_view, 8> kReserved = {"/api",     "/assets", "/editor",  "/mcp",
                                                                "/healthz", "/readyz", "/metrics", "/webhooks"};
  if (path == "/") return true;
  return std::any_of(kReserved.begin(), kReserved.end(), [&](std::string_view reserved) {
    return path.starts_with(reserved) && (path.size() == reserved.size() || path[reserved.size()] == '/');
  });
}

std::vector<std::string> webhook_addresses(const std::string& declared_path) {
  if (declared_path.empty()) return {};
  if (declared_path.starts_with(kPrefix)) return {declared_path};
  std::vector<std::string> addresses = {"/webhooks" + declared_path};
  if (!is_reserved_path(declared_path)) addresses.push_back(declared_path);
  return addresses;
}

std::optional<PathParams> match_address(std::string_view address, std::string_view path) {
  PathParams params;
  if (address.empty() || path.empty()) return std::nullopt;
  while (!address.empty() && !path.empty()) {
    const std::string_view pattern = next_segment(address);
    const std::string_view segment = next_segment(path);
    if (is_parameter(pattern) && !segment.empty()) {
      params.emplace_back(pattern.substr(1, pattern.size() - 2), segment);
    } else if (pattern != segment) {
      return std::nullopt;
    }
  }
  if (!address.empty() || !path.empty()) return std::nullopt;
  return params;
}

void WebhookTable::add(const workflow::Workflow& workflow) {
  for (const workflow::Trigger& trigger : workflow.triggers) {
    if (!trigger.webhook) continue;
    for (std::string& address : webhook_addresses(trigger.webhook->path)) {
      Claim claim{address, workflow.name, trigger.webhook->methods};
      if (has_pattern(address)) {
        patterns_.push_back(std::move(claim));
      } else {
        exact_.emplace(std::move(address), std::move(claim));
      }
    }
  }
}

std::vector<std::string_view> WebhookTable::candidates(std::string_view path) const {
  std::vector<std::string_view> names;
  const auto add_name = [&](std::string_view name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  const auto [first, last] = exact_.equal_range(std::string(path));
  for (auto it = first; it != last; ++it) add_name(it->second.workflow);
  for (const Claim& claim : patterns_) {
    if (match_address(claim.address, path)) add_name(claim.workflow);
  }
  return names;
}

std::optional<std::pair<std::string, std::string>> WebhookTable::conflict(const workflow::Workflow& workflow) const {
  for (const workflow::Trigger& trigger : workflow.triggers) {
    if (!trigger.webhook) continue;
    for (const std::string& address : webhook_addresses(trigger.webhook->path)) {
      const auto clashes = [&](const Claim& claim) {
        return claim.workflow != workflow.name && methods_overlap(claim.methods, trigger.webhook->methods) &&
               overlap(claim.address, address);
      };
      for (const auto& [key, claim] : exact_) {
        if (clashes(claim)) return std::pair(claim.workflow, address);
      }
      for (const Claim& claim : patterns_) {
        if (clashes(claim)) return std::pair(claim.workflow, address);
      }
    }
  }
  return std::nullopt;
}

}  // namespace r8r::api
