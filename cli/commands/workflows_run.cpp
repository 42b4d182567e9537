#include <iostream>

#include "cli/client/json_argument.hpp"
#include "cli/client/workflow_text.hpp"
#include "cli/commands/workflows.hpp"
#include "common/base/json_text.hpp"

namespace r8r::cli {
namespace {

constexpr double kDefaultWaitSeconds = 300;
/// The server decides when a wait is over; ours is longer, so that its answer arrives.
constexpr std::chrono::seconds kMargin{15};

Outcome<std::string> input_of(const RunWorkflow& options) {
  std::optional<std::string> input;
  if (!options.input.empty()) {
    auto text = read_json_argument(options.input, std::cin);
    if (!text) return text;
    input = std::move(*text);
  }
  std::vector<Parameter> parameters;
  for (const std::string& argument : options.parameters) {
    auto parameter = parse_parameter(argument);
    if (!parameter) return failed(std::move(parameter.error()));
    parameters.push_back(std::move(*parameter));
  }
  return merge_input(input, parameters);
}

/// Lists what is required and missing before anything runs.
Outcome<> check_required(Context& context, const std::string& name, const std::string& input) {
  const auto found = context.api.get("/api/workflows/" + path_segment(name));
  if (!found) return failed(with_near_workflows(context, found.error(), name));
  const std::vector<std::string> missing = missing_inputs(read_workflow(member_text(found->json, "definition")), input);
  if (missing.empty()) return {};
  Failure failure{"INVALID_INPUT",
                  fmt::format("workflow '{}' needs {} more input{}; nothing was run", name, missing.size(),
                              missing.size() == 1 ? "" : "s"),
                  exit_code::kError,
                  missing,
                  {},
                  {},
                  {},
                  {}};
  return failed(std::move(failure));
}

std::string request_body(const RunWorkflow& options, const std::string& input) {
  std::string body = fmt::format("{{\"input\":{},\"wait\":{}", input, options.wait);
  if (options.timeout_seconds) body += fmt::format(",\"timeout_seconds\":{}", *options.timeout_seconds);
  const auto text = [&body](const char* key, const std::string& value) {
    if (value.empty()) return;
    body += fmt::format(",\"{}\":", key);
    append_json_string(body, value);
  };
  text("idempotency_key", options.idempotency_key);
  text("correlation_id", options.correlation_id);
  return body + '}';
}

void show(Console& console, const Json& answer, bool waited) {
  const std::string id = member_text(answer, "execution_id");
  console.fact("Execution ID", id);
  console.fact("Status", member_text(answer, "status"));
  if (const std::string error = member_text(answer, "error"); !error.empty()) console.fact("Error", error);
  if (const std::string duration = member_text(answer, "duration_ms"); !duration.empty())
    console.fact("Duration", duration + " ms");
  if (!waited) {
    console.hint(fmt::format("Next: r8r executions show {}", id));
    return;
  }
  if (const auto output = answer.find("output"); output != answer.end() && !output->is_null())
    console.line("Output:\n" + pretty(*output));
  console.hint(fmt::format("Next: r8r executions trace {}", id));
}

}  // namespace

int run_workflow(Context& context, const RunWorkflow& options) {
  Console& console = context.console;
  const auto input = input_of(options);
  if (!input) return console.fail(input.error());
  if (const auto checked = check_required(context, options.name, *input); !checked)
    return console.fail(checked.error());

  const double seconds = options.wait ? options.timeout_seconds.value_or(kDefaultWaitSeconds) : 0;
  const auto limit = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000)) + kMargin;
  const auto reply = context.api.post(fmt::format("/api/workflows/{}/execute", path_segment(options.name)),
                                      request_body(options, *input), limit);
  if (!reply) {
    Failure failure = reply.error();
    // A connection that broke while the server worked: the run may well exist.
    if (failure.exit == exit_code::kUnreachable && options.idempotency_key.empty())
      failure.hints.push_back("with --idempotency-key the same command can be repeated without running twice");
    return console.fail(failure);
  }
  console.document(reply->json);
  show(console, reply->json, options.wait);
  if (!options.wait) return exit_code::kSuccess;
  const std::string status = member_text(reply->json, "status");
  const int exit = exit_code::of_execution_status(status, options.allow_failed);
  if (exit == exit_code::kWaitsForApproval)
    console.note(fmt::format("execution {} waits for an approval", member_text(reply->json, "execution_id")));
  return exit;
}

}  // namespace r8r::cli
