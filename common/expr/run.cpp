#include "common/expr/run.hpp"

#include <cmath>

#include "common/expr/code.hpp"
#include "common/expr/json.hpp"
#include "common/expr/text.hpp"

namespace r8r::expr {
namespace {

Value load(const GlobalName& global, const Scope& scope) {
  switch (global.kind) {
    case GlobalName::Kind::input:
      return scope.input();
    case GlobalName::Kind::nodes:
      return scope.nodes();
    case GlobalName::Kind::node: {
      const Value* output = find_node(scope.nodes().as_map(), global.name);
      return output != nullptr ? *output : Value();
    }
    case GlobalName::Kind::variables:
      return scope.variables();
    case GlobalName::Kind::env:
      return scope.env();
    case GlobalName::Kind::execution:
      return scope.execution();
    case GlobalName::Kind::item:
      return scope.item();
    case GlobalName::Kind::index:
      return scope.index();
    case GlobalName::Kind::other: {
      const Value* value = scope.others().find(global.name);
      return value != nullptr ? *value : Value();
    }
  }
  return Value();
}

}  // namespace

const Value* find_node(const Map& nodes, std::string_view id) {
  if (const Value* exact = nodes.find(id)) return exact;
  for (const Map::Entry& entry : nodes) {
    const std::string_view candidate = entry.key();
    const auto same = [](char a, char b) { return a == b || (a == '-' && b == '_'); };
    if (candidate.size() == id.size() && std::equal(candidate.begin(), candidate.end(), id.begin(), same))
      return &entry.value;
  }
  return nullptr;
}

Run::Run(const ProgramData& program, EvalContext& context)
    : program_(program), context_(context), steps_left_(context.limits.operations), closures_before_(live_closures()) {}

Run::~Run() {
  // Boxes and closures may refer to each other in circles: emptying the boxes opens every circle.
  for (Value& box : boxes_) box.box_cell()->value = Value();
}

Result<Value> Run::execute() {
  const FunctionCode& main = program_.main;
  Value result;
  bool good = false;
  {
    Slots names(*this, static_cast<int>(program_.globals.size()));
    Slots frame(*this, main.slots);
    globals = names.begin();
    locals = frame.begin();
    for (std::size_t i = 0; i < program_.globals.size(); ++i) globals[i] = load(program_.globals[i], context_.scope);
    levels_ = main.levels;
    good = main.body->eval(*this, result);
    if (!good && flow == Flow::leave_function) {
      result = std::move(carried);
      good = true;
    }
    good = good && admit(result, main.body->offset);
  }
  context_.used += context_.limits.operations - steps_left_;
  if (!good) return r8r::fail(ErrorCode::invalid_input, error_text());
  carried = Value();
  for (Value& box : boxes_) box.box_cell()->value = Value();
  boxes_.clear();
  if (odd_floats_ || live_closures() != closures_before_) strip(result);
  return result;
}

/// Replaces closures and floats that JSON cannot hold by null. The nesting is bounded by admit().
void Run::strip(Value& value) {
  if (value.is_closure() || (value.is_float() && !std::isfinite(value.as_float()))) {
    value = Value();
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.as_array().size(); ++i) {
      const Value& element = value.as_array()[i];
      if (!element.on_heap() && !element.is_float()) continue;
      if (element.is_string()) continue;
      Value changed = element;
      strip(changed);
      if (changed.same_cell(element) || (changed.is_float() && element.is_float())) continue;
      value.mutable_array()[i] = std::move(changed);
    }
  } else if (value.is_map()) {
    for (std::size_t i = 0; i < value.as_map().size(); ++i) {
      const Value& element = value.as_map().at(i).value;
      if ((!element.on_heap() && !element.is_float()) || element.is_string()) continue;
      Value changed = element;
      strip(changed);
      if (changed.same_cell(element) || (changed.is_float() && element.is_float())) continue;
      value.mutable_map().value_at(i) = std::move(changed);
    }
  }
}

/// Whether what this evaluation computes with has to stay out of logs and messages.
bool Run::reads_secrets() const {
  return !context_.mask_secrets && !program_.references.credentials.empty();
}

std::string Run::error_text() const {
  std::string text = message;
  if (reads_secrets() && context_.scope.credentials().is_map()) {
    const Position place = position_of(*program_.source, error_offset);
    return fmt::format("the expression failed; as it reads a credential, the reason is not shown (line {}, column {})",
                       place.line, place.column);
  }
  if (thrown) {
    text.clear();
    append_rendered(text, carried);
    if (text.empty()) text = "the script threw an error";
    if (text.size() > 2'000) text = text.substr(0, byte_offset(text, 1'000)) + "…";
  }
  const Position place = position_of(*program_.source, error_offset);
  return fmt::format("{} (line {}, column {})", text, place.line, place.column);
}

bool Run::fail(std::uint32_t offset, std::string text) {
  flow = Flow::error;
  thrown = false;
  message = std::move(text);
  error_offset = offset;
  // A failure costs more than a step: text is made, and scripts can catch it.
  steps_left_ -= 20;
  return false;
}

bool Run::limit(std::uint32_t offset, std::string_view what) {
  flow = Flow::limit;
  thrown = false;
  message = "expression limit exceeded: " + std::string(what);
  error_offset = offset;
  return false;
}

bool Run::admit_container(const Value& value, std::uint32_t offset) {
  std::uint64_t visited = 0;
  const Measure measure = value.measure(visited);
  if (!charge(static_cast<std::int64_t>(visited / 16), offset)) return false;
  if (measure.height > kMaxHeight)
    return limit(offset, fmt::format("values nest more than {} levels deep", kMaxHeight));
  if (measure.weight > context_.limits.bytes * 8)
    return limit(offset, fmt::format("a value of more than {} bytes", context_.limits.bytes * 8));
  return true;
}

bool Run::fits_text(std::size_t bytes, std::uint32_t offset) {
  if (bytes > context_.limits.bytes)
    return limit(offset, fmt::format("a string of more than {} bytes", context_.limits.bytes));
  return charge(static_cast<std::int64_t>(bytes / 64), offset);
}

bool Run::fits_elements(std::size_t count, std::uint32_t offset) {
  if (count > context_.limits.elements)
    return limit(offset, fmt::format("more than {} elements", context_.limits.elements));
  return true;
}

bool Run::call(const Value& closure, Value* args, int count, bool lenient, std::uint32_t offset, Value& out) {
  if (!closure.is_closure())
    return fail(offset, "only closures can be called, not " + std::string(closure.description()));
  const Value held = closure;  // the variable that holds it may be assigned meanwhile
  const ClosureCell& cell = *held.closure_cell();
  const int bound = static_cast<int>(cell.bound.size());
  if (bound > 0) {
    Slots all(*this, bound + count);
    for (int i = 0; i < bound; ++i) all[i] = cell.bound[static_cast<std::size_t>(i)];
    for (int i = 0; i < count; ++i) all[bound + i] = std::move(args[i]);
    Value plain = Value::adopt(Value::Kind::closure, new ClosureCell);
    ++live_closures();
    plain.closure_cell()->code = cell.code;
    plain.closure_cell()->builtin = cell.builtin;
    plain.closure_cell()->captured = cell.captured;
    return call(plain, all.begin(), bound + count, lenient, offset, out);
  }
  if (cell.builtin != nullptr) {
    const int taken = lenient ? std::min(count, std::max(cell.builtin->min, 1)) : count;
    const Function* function =
        taken > 0 ? cell.builtin->find(args[0].kind(), taken) : cell.builtin->find(Value::Kind::null, 0);
    if (function == nullptr)
      return fail(offset, "the function '" + cell.builtin->name + "' does not take these arguments");
    if (!charge(1, offset)) return false;
    // The arguments are the caller's elements; what the function changes is a copy.
    if (function->effect != Effect::none && !charge_copy(args[0], offset)) return false;
    Call call{*this, args, taken, function->name, offset};
    Value result;
    if (!function->run(call, result)) return false;
    out = function->effect == Effect::updates || function->effect == Effect::transforms ? std::move(args[0])
                                                                                        : std::move(result);
    return true;
  }
  const FunctionCode& code = *cell.code;
  if (lenient ? count < code.parameters : count != code.parameters) {
    return fail(offset, fmt::format("a closure of {} parameters is called with {} arguments", code.parameters, count));
  }
  return enter(code, &cell, args, std::min(count, code.parameters), offset, out);
}

bool Run::enter(const FunctionCode& code, const ClosureCell* closure, Value* args, int count, std::uint32_t offset,
                Value& out) {
  Slots frame(*this, code.slots);
  for (int i = 0; i < count; ++i) frame[i] = std::move(args[i]);
  if (closure != nullptr) {
    for (std::size_t i = 0; i < code.capture_slots.size(); ++i) frame[code.capture_slots[i]] = closure->captured[i];
  }
  for (const int slot : code.boxed_parameters) frame[slot] = make_box(std::move(frame[slot]));
  return enter_frame(code, frame.begin(), offset, out);
}

bool Run::enter_frame(const FunctionCode& code, Value* frame, std::uint32_t offset, Value& out) {
  if (--steps_left_ < 0) return limit(offset, "operations");
  if (depth_ >= context_.limits.depth || levels_ + code.levels > kMaxLevels) {
    return limit(offset, fmt::format("function calls nest more than {} deep", context_.limits.depth));
  }
  Value* const outer = std::exchange(locals, frame);
  ++depth_;
  levels_ += code.levels;
  bool good = code.body->eval(*this, out);
  levels_ -= code.levels;
  --depth_;
  locals = outer;
  if (!good && flow == Flow::leave_function) {
    flow = Flow::none;
    out = std::move(carried);
    good = true;
  }
  return good;
}

Value Run::make_box(Value value) {
  auto* cell = new BoxCell;
  cell->value = std::move(value);
  Value box = Value::adopt(Value::Kind::box, cell);
  boxes_.push_back(box);
  return box;
}

std::uint64_t Run::next_random() {
  // splitmix64: the seed itself is the state, so that the next evaluation of the same context goes on from here.
  std::uint64_t x = context_.seed += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

void Run::write_log(std::string_view line) {
  std::string* log = context_.log;
  if (log == nullptr || log->size() >= kLogBytes || reads_secrets()) return;
  const std::size_t room = kLogBytes - log->size();
  if (line.size() + 1 > room) {
    std::size_t end = room - 1;
    while (end > 0 && is_continuation(line[end])) --end;
    line = line.substr(0, end);
  }
  log->append(line);
  *log += '\n';
}

Value* Run::reserve_chunk(int count) {
  // The chunks behind the ones in use are free; take the next one if it is large enough.
  if (chunks_used_ < chunks_.size() && chunks_[chunks_used_].size < count) chunks_.resize(chunks_used_);
  if (chunks_used_ == chunks_.size()) {
    const int size = std::max(count, kChunkSlots);
    chunks_.push_back(Chunk{std::make_unique<Value[]>(static_cast<std::size_t>(size)), size});
  }
  Chunk& chunk = chunks_[chunks_used_++];
  top_ = chunk.slots.get() + count;
  chunk_end_ = chunk.slots.get() + chunk.size;
  return chunk.slots.get();
}

}  // namespace r8r::expr
