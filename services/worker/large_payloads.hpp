#pragma once
#include <vector>

#include "common/bus/messages.hpp"
#include "services/worker/ports.hpp"

namespace r8r::worker {

/// What of a result goes into the database instead of the message. The result holds references from now on, which are
/// true as soon as the returned payloads are stored. Empty, and the result unchanged, when one message carries it all.
/// `limit`: a payload of more bytes is large by itself.
std::vector<StoredPayload> take_out_large(bus::TaskResult& result, std::size_t limit = bus::kInlinePayloadLimit);

/// The JSON bytes that a node's answer weighs.
std::size_t payload_bytes(const bus::NodeResult& node);

/// The answer when they cannot be stored: the first of the nodes whose payloads were taken out fails, those after it
/// have seen an output that does not exist and are absent.
void fail_unstored(bus::TaskResult& result, const Error& why);

}  // namespace r8r::worker
