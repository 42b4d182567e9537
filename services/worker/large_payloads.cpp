#include "services/worker/large_payloads.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/payload.hpp"
#include "common/store/payloads.hpp"
#include "services/worker/result_sender.hpp"

namespace r8r::worker {
namespace {

constexpr std::size_t kSmallerThanAReference = 128;

// Several fields may hold the same text: it is stored once.
class Taken {
 public:
  std::string store(std::string&& data) {
    std::string key = store::payload_key(data);
    const bool known =
        std::any_of(all_.begin(), all_.end(), [&key](const StoredPayload& other) { return other.key == key; });
    if (!known) all_.push_back({key, std::move(data)});
    return key;
  }
  std::vector<StoredPayload> take() { return std::move(all_); }

 private:
  std::vector<StoredPayload> all_;
};

void take_text(std::string& text, Taken& taken) {
  const std::size_t size = text.size();
  text = payload::reference(taken.store(std::move(text)), 0, size);
}

void take_items(bus::NodeResult& node, Taken& taken) {
  std::vector<std::size_t> sizes;
  std::string together;
  for (const std::string& item : node.items) {
    sizes.push_back(item.size());
    together += item;
  }
  node.items.clear();
  node.items_at = payload::list_reference(taken.store(std::move(together)), sizes);
}

std::size_t items_bytes(const bus::NodeResult& node) {
  std::size_t bytes = 0;
  for (const std::string& item : node.items) bytes += item.size() + 1;
  return bytes;
}

bool holds_reference(const bus::NodeResult& node) {
  return payload::is_reference(node.output) || (node.recovery && payload::is_reference(*node.recovery)) ||
         (node.fallback_input && payload::is_reference(*node.fallback_input)) || !node.items_at.empty();
}

}  // namespace

std::size_t payload_bytes(const bus::NodeResult& node) {
  std::size_t bytes = node.output.size() + (node.recovery ? node.recovery->size() : 0) + items_bytes(node);
  if (node.fallback_input) bytes += node.fallback_input->size();
  return bytes;
}

std::vector<StoredPayload> take_out_large(bus::TaskResult& result, std::size_t limit) {
  Taken taken;
  // Half of a message for payloads: the other half is for logs and errors, whose text may grow sixfold by escapes.
  std::size_t room = bus::kMessageLimit / 2;
  const auto fits = [&room, limit](std::size_t bytes) {
    if (bytes <= std::min(limit, kSmallerThanAReference)) return true;
    if (bytes > limit || bytes > room) return false;
    room -= bytes;
    return true;
  };
  for (bus::NodeResult& node : result.nodes) {
    if (!fits(node.output.size())) take_text(node.output, taken);
    if (node.recovery && !fits(node.recovery->size())) take_text(*node.recovery, taken);
    if (node.fallback_input && !fits(node.fallback_input->size())) take_text(*node.fallback_input, taken);
    if (!fits(items_bytes(node))) take_items(node, taken);
  }
  return taken.take();
}

void fail_unstored(bus::TaskResult& result, const Error& why) {
  const auto first = std::find_if(result.nodes.begin(), result.nodes.end(), holds_reference);
  if (first == result.nodes.end()) return;
  bus::NodeResult failed;
  failed.node_id = first->node_id;
  failed.outcome = bus::NodeOutcome::failed;
  failed.output = "null";
  failed.error = "the output is too large for a message and could not be stored: " + why.message;
  failed.error_code = "STORAGE_ERROR";
  failed.logs = std::move(first->logs);
  failed.started_at = first->started_at;
  failed.finished_at = first->finished_at;
  result.nodes.erase(first, result.nodes.end());
  result.nodes.push_back(std::move(failed));
}

}  // namespace r8r::worker
