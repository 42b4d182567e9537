#include <iostream>

#include "cli/client/json_argument.hpp"
#include "cli/client/workflow_text.hpp"
#include "cli/commands/workflows.hpp"
#include "common/base/json_text.hpp"

namespace r8r::cli {
namespace {

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
  std::string body = fmt::format("{{\"input\":{}", input) + wait_members(options);
  const auto text = [&body](const char* key, const std::string& value) {
    if (value.empty()) return;
    body += fmt::format(",\"{}\":", key);
    append_json_string(body, value);
  };
  text("idempotency_key", options.idempotency_key);
  text("correlation_id", options.correlation_id);
  return body + '}';
}

}  // namespace

int run_workflow(Context& context, const RunWorkflow& options) {
  Console& console = context.console;
  const auto input = input_of(options);
  if (!input) return console.fail(input.error());
  if (const auto checked = check_required(context, options.name, *input); !checked)
    return console.fail(checked.error());

  const auto reply = context.api.post(fmt::format("/api/workflows/{}/execute", path_segment(options.name)),
                                      request_body(options, *input), answer_limit(options));
  if (!reply) {
    Failure failure = reply.error();
    // A connection that broke while the server worked: the run may well exist.
    if (failure.exit == exit_code::kUnreachable && options.idempotency_key.empty())
      failure.hints.push_back("with --idempotency-key the same command can be repeated without running twice");
    return console.fail(failure);
  }
  return show_run_answer(context, *reply, options);
}

}  // namespace r8r::cli
