#include "services/worker/delivery.hpp"

namespace r8r::worker {

DeliveryPtr Deliveries::hold(bus::QueueMessage message, std::size_t tasks) {
  auto delivery = std::make_shared<Delivery>(Delivery{std::move(message), tasks, false, SteadyClock::now()});
  held_.insert(delivery);
  return delivery;
}

void Deliveries::settle(const DeliveryPtr& given) {
  const DeliveryPtr delivery = given;  // `given` may be the one in the set
  delivery->settled = true;
  held_.erase(delivery);
  if (on_settled_) on_settled_();
}

void Deliveries::finish_task(const DeliveryPtr& delivery) {
  if (delivery->open_tasks > 0) --delivery->open_tasks;
  if (delivery->open_tasks > 0 || delivery->settled) return;
  queue_.ack(delivery->message);
  settle(delivery);
}

void Deliveries::give_back(const DeliveryPtr& delivery) {
  if (delivery->settled) return;
  queue_.nak(delivery->message);
  settle(delivery);
}

void Deliveries::abandon(const DeliveryPtr& delivery) {
  if (!delivery->settled) settle(delivery);
}

void Deliveries::give_back_all() {
  for (const DeliveryPtr& delivery : std::vector<DeliveryPtr>(held_.begin(), held_.end())) give_back(delivery);
}

void Deliveries::touch(SteadyClock::duration silence) {
  const auto now = SteadyClock::now();
  for (const DeliveryPtr& delivery : held_) {
    if (now - delivery->touched < silence) continue;
    delivery->touched = now;
    queue_.in_progress(delivery->message);
  }
}

}  // namespace r8r::worker
