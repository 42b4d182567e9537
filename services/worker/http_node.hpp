#pragma once
#include "services/worker/effect_node.hpp"
#include "services/worker/http_client.hpp"

namespace r8r::worker {

/// The `http` node type: one request, its redirects, and what the answer means.
class HttpNode : public EffectNode {
 public:
  HttpNode(asio::io_context& io, AddressGuard guard) : client_(io, std::move(guard)) {}

  awaitable<EffectOutcome> run(EffectContext context, expr::Value config, Cancellation& cancellation) override;

 private:
  HttpClient client_;
};

}  // namespace r8r::worker
