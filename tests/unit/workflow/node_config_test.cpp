#include <gtest/gtest.h>

#include "common/workflow/node_types.hpp"
#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

std::string with_config(std::string_view type, std::string_view config) {
  return fmt::format("name: t\nnodes:\n  - id: a\n    type: {}\n    config:\n      {}\n", type, config);
}
std::string config_problems(std::string_view type, std::string_view config) {
  return problems_of(with_config(type, config));
}

TEST(NodeConfig, RequiredFieldsMustBeThere) {
  EXPECT_EQ(problems_of("name: t\nnodes:\n  - id: a\n    type: transform\n"),
            "3:5 nodes[0].config.expression: the config field 'expression' is missing (a transform node needs it)\n");
  EXPECT_EQ(config_problems("http", "method: GET"),
            "6:7 nodes[0].config.url: the config field 'url' is missing (a http node needs it)\n");
  EXPECT_EQ(config_problems("transform", "expression: #{ a: 1 }"),
            "6:7 nodes[0].config.expression: the config field 'expression' is empty (YAML reads '#' as the start of a "
            "comment: put the "
            "expression in quotes)\n");
}

TEST(NodeConfig, IsParsedForGoodAlsoWithTemplatesWhereAnythingMayStand) {
  for (const auto& [type, config] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"debug",
            "{message: 'a {{ input.a }}', level: warn, fields: '{{ input }}', custom_data: ['{{ input.b }}']}"},
           {"template", "{template: 'a {{ input.a }}'}"},
           {"template", "{fields: '{{ input }}'}"},
           {"variables", "{values: {a: '{{ input.a }}'}}"},
           {"variables", "{operation: delete, names: '{{ input.names }}'}"},
           {"switch", "{field: a, cases: {x: '{{ input.b }}'}, default: '{{ input }}'}"},
           {"switch", "{expression: input, cases: [{value: '{{ input.v }}', output: 1, label: '{{ input.l }}'}]}"},
           {"datetime", "{operation: diff, date: '{{ input.a }}', date2: '{{ input.b }}', timezone: Europe/Berlin}"},
           {"crypto", "{operation: hmac, data: '{{ input.a }}', key: '{{ env.R8R_KEY }}'}"}}) {
    EXPECT_NE(must_load(with_config(type, config))->nodes[0].parsed, nullptr) << type << ' ' << config;
  }
  // Where a word or a number has to stand, it waits for the run.
  EXPECT_EQ(must_load(with_config("debug", "{level: '{{ input.level }}'}"))->nodes[0].parsed, nullptr);
}

TEST(NodeConfig, ObjectsAndKeysThatAreNoneAreRefusedAtCreation) {
  EXPECT_EQ(config_problems("template", "fields: 5"), "6:15 nodes[0].config.fields: 'fields' must be a map, not 5\n");
  EXPECT_EQ(config_problems("variables", "values: [1]"),
            "6:15 nodes[0].config.values: 'values' must be a map, not a list\n");
  EXPECT_EQ(config_problems("crypto", "{operation: hmac, data: x, secret: 5}"),
            "6:42 nodes[0].config.secret: 'secret' must be a string, not 5\n");
}

TEST(NodeConfig, ConstantsAreCheckedAtCreation) {
  EXPECT_EQ(config_problems("http", "{url: 'https://x.example', method: FETCH}"),
            "6:42 nodes[0].config.method: 'method' must be one of GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS, not "
            "'FETCH' (did you mean 'PATCH'?)\n");
  EXPECT_EQ(config_problems("http", "{url: 5}"), "6:13 nodes[0].config.url: 'url' must be a string, not 5\n");
  EXPECT_EQ(config_problems("http", "{url: 'ftp://x.example'}"),
            "6:13 nodes[0].config.url: 'ftp://x.example' is not an http or https URL (begin it with https://)\n");
  EXPECT_EQ(
      config_problems("http", "{url: 'https://x', timeout_seconds: -1, verify_tls: 'no', max_response_bytes: 9000000}"),
      "6:43 nodes[0].config.timeout_seconds: 'timeout_seconds' must be a number from 0.001 to 86400, not -1\n"
      "6:59 nodes[0].config.verify_tls: 'verify_tls' must be true or false, not 'no'\n"
      "6:85 nodes[0].config.max_response_bytes: 'max_response_bytes' must be an integer from 1 to 8388608, not "
      "9000000\n");
}

TEST(NodeConfig, TemplatesAreNotCheckedAtCreation) {
  EXPECT_EQ(
      config_problems("http", "{url: '{{ input.url }}', timeout_seconds: '{{ input.t }}', method: '{{ input.m }}'}"),
      "");
}

TEST(NodeConfig, WordsGetTheirCanonicalForm) {
  const auto workflow = must_load(with_config("http", "{url: 'https://x.example', method: pAtch}"));
  const expr::Scope scope;
  expr::EvalContext context{.scope = scope};
  EXPECT_EQ(workflow->nodes[0].field("method")->value->evaluate(context)->as_string(), "PATCH");
}

TEST(NodeConfig, HttpPartsAreChecked) {
  const std::string url = "url: 'https://x.example'";
  EXPECT_NE(config_problems("http", "{" + url + ", headers: {'a b': 1}}").find("'a b' cannot be the name of a header"),
            std::string::npos);
  EXPECT_NE(config_problems("http", "{" + url + ", headers: {a: \"x\\r\\ny\"}}").find("must be on one line"),
            std::string::npos);
  EXPECT_NE(config_problems("http", "{" + url + ", headers: {a: [1]}}").find("must be a single value"),
            std::string::npos);
  EXPECT_EQ(config_problems("http", "{" + url + ", headers: {X-A: 1, x-b: '{{ input }}'}, query: {q: [1, 2]}}"), "");
  for (const std::string good : {"200", "'204'", "200-299", "2xx", "[200, 404, 500-599]", "'{{ input.status }}'"}) {
    EXPECT_EQ(config_problems("http", "{" + url + ", expected_status: " + good + "}"), "") << good;
  }
  for (const std::string bad : {"99", "1000", "0xx", "299-200", "[]", "{a: 1}", "true"}) {
    EXPECT_NE(config_problems("http", "{" + url + ", expected_status: " + bad + "}"), "") << bad;
  }
}

TEST(NodeConfig, FieldsOfLaterVersionsAreRefused) {
  for (const std::string field : {"credential: x", "auth_type: basic", "proxy: 'http://p'", "body_type: multipart"}) {
    EXPECT_NE(
        refusals_of(with_config("http", "{url: 'https://x', " + field + "}")).find("is not available in this version"),
        std::string::npos)
        << field;
  }
}

TEST(NodeConfig, SetNeedsFieldsOrValues) {
  EXPECT_EQ(config_problems("set", "{keep_input: true}"),
            "6:7 nodes[0].config: a set node needs 'fields' or 'values' (for example values: {name: value})\n");
  EXPECT_EQ(config_problems("set", "{fields: [{name: a, value: 1}, {name: b.c, value: null}], values: {}}"), "");
  EXPECT_EQ(config_problems("set", "{fields: [{nam: a, value: 1}, 5, {name: x}]}"),
            "6:17 nodes[0].config.fields[0].name: the field 'name' is missing\n"
            "6:18 nodes[0].config.fields[0].nam: unknown field 'nam' (did you mean 'name'?)\n"
            "6:37 nodes[0].config.fields[1]: 'fields[1]' must be a map, not 5\n"
            "6:40 nodes[0].config.fields[2].value: the field 'value' is missing\n");
}

TEST(NodeConfig, WaitNeedsALengthWithinThirtyDays) {
  EXPECT_NE(config_problems("wait", "{passthrough: true}").find("needs to know how long"), std::string::npos);
  EXPECT_NE(config_problems("wait", "{hours: 1, until: '2026-01-20T14:30:00Z'}").find("cannot stand beside"),
            std::string::npos);
  EXPECT_NE(config_problems("wait", "{hours: 719, minutes: 61}").find("at most 30 days"), std::string::npos);
  EXPECT_NE(config_problems("wait", "{seconds: -1}").find("must be a number from 0 to 2592000"), std::string::npos);
  EXPECT_NE(config_problems("wait", "{until: tomorrow}").find("'tomorrow' is not an RFC 3339 time"), std::string::npos);
  EXPECT_EQ(config_problems("wait", "{hours: 719, minutes: 60, seconds: 0.5, milliseconds: 0}").find("at most") !=
                std::string::npos,
            true);
  EXPECT_EQ(config_problems("wait", "{seconds: '{{ input.s }}'}"), "");
  EXPECT_EQ(config_problems("wait", "{until: '2026-01-20T14:30:00+01:00'}"), "");
}

TEST(NodeConfig, NodeClassesFollowTheType) {
  EXPECT_EQ(must_load(with_config("wait", "{seconds: 1}"))->nodes[0].node_class, NodeClass::control);
  EXPECT_FALSE(must_load(with_config("wait", "{seconds: 1}"))->pure);
  EXPECT_EQ(must_load(with_config("http", "{url: 'https://x'}"))->nodes[0].node_class, NodeClass::effect);
  EXPECT_TRUE(must_load(with_config("debug", "{message: x, level: WARN, fields: [a], custom_data: {b: 1}}"))->pure);
}

TEST(NodeConfig, ExpressionErrorsPointIntoTheText) {
  // Column of the ')' that is one too many.
  EXPECT_EQ(config_problems("transform", "expression: 1 + )").substr(0, 5), "6:23 ");
  EXPECT_EQ(config_problems("transform", "expression: '1 + )'").substr(0, 5), "6:24 ");
  EXPECT_EQ(config_problems("transform", "expression: '{{ 1 + ) }}'").substr(0, 5), "6:27 ");
  EXPECT_EQ(config_problems("transform", "expression: |\n        let a = 1;\n        a + )\n").substr(0, 5), "8:13 ");
  EXPECT_EQ(config_problems("set", "{values: {a: 'text {{ 1 + ) }}'}}").substr(0, 5), "6:33 ");
}

TEST(NodeConfig, ExpressionsAreText) {
  EXPECT_EQ(config_problems("transform", "expression: {a: 1}"),
            "6:19 nodes[0].config.expression: an expression is expected, not a map (put the expression in quotes, or "
            "write it as a block after '|')\n");
  EXPECT_EQ(problems_of(with_node_lines("    condition: true\n")), "");
  EXPECT_EQ(config_problems("transform", "expression: 42"), "");
  EXPECT_EQ(config_problems("transform", "expression: ' {{ 42 }} '"), "");
}

TEST(NodeTypes, EveryFieldIsFoundUnderItsNames) {
  for (const std::string& name : node_type_names()) {
    EXPECT_NE(find_node_type(name) != nullptr, is_planned_node_type(name)) << name;
  }
  EXPECT_EQ(find_node_type("nope"), nullptr);
  EXPECT_FALSE(is_planned_node_type("nope"));
  EXPECT_EQ(find_node_type("http")->field("url")->name, "url");
  EXPECT_EQ(find_node_type("http")->field("uri"), nullptr);
}

}  // namespace
}  // namespace r8r::workflow
