#include "harness.hpp"

namespace r8r::expr::testing {
namespace {

/// `text` as a template, with the real secrets and with masked ones.
struct Both {
  std::string real;
  std::string masked;
  std::string log;
};
Both render(std::string_view text) {
  World world;
  world.scope.set_credentials(World::json(R"({"api":"s3cr3t-token","db":{"user":"u","password":"hunter2"}})"));
  auto compiled = Template::compile(text, world.options());
  EXPECT_TRUE(compiled.has_value()) << text;
  Both both;
  for (const bool mask : {false, true}) {
    EvalContext context{world.scope};
    context.mask_secrets = mask;
    if (!mask) context.log = &both.log;
    const Result<Value> value = compiled->evaluate(context);
    (mask ? both.masked : both.real) = value ? to_json(*value) : "error: " + value.error().message;
  }
  return both;
}

TEST(Secrets, AreReadByNameAndMaskedForTraces) {
  EXPECT_EQ(render("Bearer {{ credentials.api }}").real, "\"Bearer s3cr3t-token\"");
  EXPECT_EQ(render("Bearer {{ credentials.api }}").masked, "\"Bearer ***\"");
  EXPECT_EQ(render("{{ credentials[\"db\"].password }}").real, "\"hunter2\"");
  EXPECT_EQ(render("{{ credentials.db.password }}").masked, "\"***\"");
  EXPECT_EQ(render("{{ credentials.api | base64_encode }}").masked, "\"Kioq\"");
  EXPECT_EQ(render("{{ credentials.db }}").masked, "\"***\"");
  EXPECT_EQ(render("{{ input.n }}").masked, "5");
}

TEST(Secrets, StayOutOfMessagesAndLogs) {
  for (const std::string_view text :
       {"{{ credentials.api.to_int() }}", "{{ throw credentials.api }}", "{{ from_json(credentials.api) }}",
        "{{ let x = credentials.api; x.nope.y }}", "{{ parse_date(credentials.api) }}"}) {
    const Both both = render(text);
    EXPECT_TRUE(mentions(both.real, "error: the expression failed; as it reads a credential, the reason is not shown"))
        << text;
    EXPECT_EQ(both.real.find("s3c"), std::string::npos) << both.real;
  }
  const Both both = render("{{ let x = 1; print(credentials.api); debug(credentials.api) ; 1 }}");
  EXPECT_EQ(both.log, "");
}

TEST(Secrets, HaveToExistAndToBeNamedDirectly) {
  EXPECT_TRUE(mentions(render("{{ credentials.nope }}").real, "error: "));
  World world;
  EXPECT_EQ(world.render("{{ credentials.api }}"), "error: credentials are not available here (line 1, column 4)");
  EXPECT_EQ(world.render("{{ credentials[input.name] }}"),
            "problem: a credential is named directly @1:4 [write credentials.name]");
  EXPECT_EQ(world.render("{{ credentials.a[input.name] }}"),
            "problem: a credential is named directly @1:17 [write credentials.name]");
  EXPECT_EQ(world.render("{{ credentials }}"), "problem: a credential needs its name @1:4 [write credentials.name]");
}

TEST(Template, PrettyTextIsForPeople) {
  World world;
  const auto compiled = Template::compile("Look: {{ input.deep.a }} {{ input.n }} {{ input.name }}", world.options());
  ASSERT_TRUE(compiled.has_value());
  EvalContext context{world.scope};
  context.pretty_text = true;
  EXPECT_EQ(compiled->evaluate(context)->as_string(), "Look: {\n  \"b\": [\n    1,\n    2,\n    3\n  ]\n} 5  Ann ");
}

}  // namespace
}  // namespace r8r::expr::testing
