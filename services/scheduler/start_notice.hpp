#pragma once
#include "common/bus/connection.hpp"
#include "common/store/events.hpp"

namespace r8r::scheduler {

/// Tells the owner of an execution that was recorded just now. Losing it costs time only: the sweep finds the row.
void tell_owner(bus::Connection& bus, const store::EventExecution& execution, Timestamp accepted_at);

}  // namespace r8r::scheduler
