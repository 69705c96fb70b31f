//! Graphs and operations built to cost the planner much. Each must be planned within counted bounds,
//! or refused with `QUERY_PLAN_COMPLEXITY_EXCEEDED`: counts are asserted, never times. `SHOW=1` prints
//! what each took.

use std::fmt::Write;
use std::time::Instant;

use pleach::gateway::operation::model::Operation;
use pleach::gateway::operation::normalize::normalize;
use pleach::gateway::plan::model::Plan;
use pleach::gateway::plan::{PlanError, PlanOptions, plan};
use pleach::graph::federation::supergraph::Supergraph;
use pleach::graph::language::api::ApiSchema;

const HEAD: &str = r#"
schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query }
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
scalar join__FieldSet
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
"#;

/// A supergraph with the subgraphs `G0`, `G1`, …
fn supergraph(subgraphs: usize, types: &str) -> Supergraph {
    let mut sdl = HEAD.to_owned();
    sdl.push_str("enum join__Graph {\n");
    for id in 0..subgraphs {
        let _ = writeln!(sdl, "  G{id} @join__graph(name: \"g{id}\", url: \"http://g{id}\")");
    }
    sdl.push_str("}\n");
    sdl.push_str(types);
    super::read(&sdl).unwrap_or_else(|error| panic!("{error}"))
}

fn operation(supergraph: &Supergraph, text: &str) -> Operation {
    let schema = ApiSchema::parse(&supergraph.api_sdl).expect("an API schema");
    let document = schema.validate(text, 100_000).unwrap_or_else(|problems| panic!("{problems:?}"));
    normalize(supergraph, &document, None).expect("an operation")
}

fn planned(what: &str, supergraph: &Supergraph, text: &str, options: &PlanOptions) -> Result<Plan, PlanError> {
    let operation = operation(supergraph, text);
    let start = Instant::now();
    let planned = plan(supergraph, &operation, options);
    if std::env::var_os("SHOW").is_some() {
        let outcome = match &planned {
            Ok(plan) => format!("{} calls, cost {}", plan.fetches.len(), plan.estimate.cost),
            Err(error) => error.code().to_owned(),
        };
        println!("{what}: {outcome}, {:?}", start.elapsed());
    }
    planned
}

fn joined(attribute: &str, subgraphs: usize) -> String {
    (0..subgraphs).map(|id| attribute.replace('#', &id.to_string())).collect::<Vec<_>>().join(" ")
}

#[test]
fn seventy_like_implementers_are_one_list_of_representations() {
    let mut types = String::from(
        "type Query @join__type(graph: G0) @join__type(graph: G1) { nodes: [Node] @join__field(graph: G0) }
         interface Node @join__type(graph: G0) @join__type(graph: G1) { id: ID! a: Int @join__field(graph: G1) b: Int @join__field(graph: G1) }\n",
    );
    for id in 0..70 {
        let _ = writeln!(
            types,
            "type T{id} implements Node @join__implements(graph: G0, interface: \"Node\") @join__implements(graph: G1, interface: \"Node\")
               @join__type(graph: G0, key: \"id\") @join__type(graph: G1, key: \"id\")
             {{ id: ID! a: Int @join__field(graph: G1) b: Int @join__field(graph: G1) own{id}: Int @join__field(graph: G1) }}"
        );
    }
    let graph = supergraph(2, &types);
    // A class, not seventy: this many nodes are far too few for each type on its own.
    let options = PlanOptions { max_nodes: 60, max_classes: 4, ..PlanOptions::default() };
    let plan = planned("70 like implementers", &graph, "{ nodes { id a b } }", &options).expect("a plan");
    assert_eq!(plan.fetches.len(), 2);
    // Conditions on each of them tell them apart; still two calls.
    let conditions: String = (0..70).map(|id| format!("... on T{id} {{ own{id} }} ")).collect();
    let options = PlanOptions { max_nodes: 2_000, ..PlanOptions::default() };
    let plan =
        planned("70 conditions", &graph, &format!("{{ nodes {{ id {conditions} }} }}"), &options).expect("a plan");
    assert_eq!(plan.fetches.len(), 2);
}

#[test]
fn forty_subgraphs_that_share_everything_are_asked_once() {
    let fields: String = (0..20).map(|id| format!("f{id}: Int ")).collect();
    let types = format!(
        "type Query {} {{ all: [Item] one: Item }}\ntype Item {} {{ id: ID! {fields} next: Item }}",
        joined("@join__type(graph: G#)", 40),
        joined("@join__type(graph: G#, key: \"id\")", 40),
    );
    let graph = supergraph(40, &types);
    let names: String = (0..20).map(|id| format!("f{id} ")).collect();
    let plan = planned("40 shared subgraphs", &graph, &format!("{{ all {{ {names} }} }}"), &PlanOptions::default());
    assert_eq!(plan.expect("a plan").fetches.len(), 1);
    // Each level multiplies the ways by forty: refused, not exhausted.
    let deep = format!("{{ one {} {{ f0 }} {} }}", "{ next ".repeat(6), "} ".repeat(6));
    match planned("40 shared subgraphs, deep", &graph, &deep, &PlanOptions::default()) {
        Ok(plan) => assert_eq!(plan.fetches.len(), 1),
        Err(error) => assert_eq!(error.code(), "QUERY_PLAN_COMPLEXITY_EXCEEDED"),
    }
}

#[test]
fn alternating_requirements_are_one_call_each() {
    // f_n in one subgraph requires f_(n-1) of the other.
    let chain = |length: usize| {
        let mut types = String::from(
            "type Query @join__type(graph: G0) @join__type(graph: G1) { item: Item @join__field(graph: G0) }
             type Item @join__type(graph: G0, key: \"id\") @join__type(graph: G1, key: \"id\") { id: ID!\n",
        );
        for id in 0..length {
            let (own, other) = (id % 2, (id + 1) % 2);
            let requires = if id == 0 { String::new() } else { format!(", requires: \"f{}\"", id - 1) };
            let _ = writeln!(
                types,
                "f{id}: Int @join__field(graph: G{own}{requires}) @join__field(graph: G{other}, external: true)"
            );
        }
        types.push('}');
        supergraph(2, &types)
    };
    let plan = planned("chain of 60", &chain(60), "{ item { f59 } }", &PlanOptions::default()).expect("a plan");
    assert_eq!(plan.fetches.len(), 60);
    let error = planned("chain of 600", &chain(600), "{ item { f599 } }", &PlanOptions::default());
    assert_eq!(error.expect_err("too many calls").code(), "QUERY_PLAN_COMPLEXITY_EXCEEDED");
}

#[test]
fn wide_choices_end_at_the_limit_of_the_search() {
    // Thirty fields, each of a different pair of twelve subgraphs: a covering problem.
    let mut types = format!(
        "type Query @join__type(graph: G0) {{ items: [Item] }}\ntype Item {} {{ id: ID!\n",
        joined("@join__type(graph: G#, key: \"id\")", 13)
    );
    for id in 0..30 {
        let (a, b) = (1 + id % 12, 1 + (id * 5 + 3) % 12);
        let _ = writeln!(types, "f{id}: Int @join__field(graph: G{a}) @join__field(graph: G{b})");
    }
    types.push('}');
    let graph = supergraph(13, &types);
    let names: String = (0..30).map(|id| format!("f{id} ")).collect();
    let text = format!("{{ items {{ {names} }} }}");
    let hasty = PlanOptions { max_expansions: 0, ..PlanOptions::default() };
    let greedy = planned("wide choices, no search", &graph, &text, &hasty).expect("a plan");
    let options = PlanOptions { max_expansions: 2_000, ..PlanOptions::default() };
    let searched = planned("wide choices, searched", &graph, &text, &options).expect("a plan");
    assert!(searched.estimate.cost <= greedy.estimate.cost);
    assert!(searched.estimate.lower_bound <= searched.estimate.cost);
    assert!(searched.fetches.len() <= 13);
}

#[test]
fn keys_that_recurse_are_cut() {
    // A category's key holds a product, and a product's key a category.
    let types = "
        type Query @join__type(graph: G0) @join__type(graph: G1) @join__type(graph: G2) { c: Category @join__field(graph: G0) }
        type Category @join__type(graph: G0) @join__type(graph: G1, key: \"main { id }\") @join__type(graph: G2, key: \"main { id }\")
          { main: Product title: String @join__field(graph: G2) }
        type Product @join__type(graph: G0, key: \"category { main { id } }\") @join__type(graph: G1, key: \"category { main { id } }\") @join__type(graph: G2)
          { id: ID! @join__field(graph: G1) @join__field(graph: G2) category: Category }";
    let graph = supergraph(3, types);
    let options = PlanOptions { max_nodes: 5_000, ..PlanOptions::default() };
    if let Err(error) = planned("recursive keys", &graph, "{ c { title } }", &options) {
        assert_eq!(error.code(), "QUERY_UNSATISFIABLE");
    }
}

#[test]
fn wide_fragments_over_many_types_stay_small() {
    let mut types =
        String::from("type Query @join__type(graph: G0) { any: [Any] }\nunion Any @join__type(graph: G0)\n");
    for id in 0..100 {
        let _ = writeln!(types, "  @join__unionMember(graph: G0, member: \"T{id}\")");
    }
    let members: Vec<String> = (0..100).map(|id| format!("T{id}")).collect();
    let _ = writeln!(types, "= {}", members.join(" | "));
    for id in 0..100 {
        let fields: String = (0..10).map(|field| format!("f{field}: Int ")).collect();
        let _ = writeln!(types, "type T{id} @join__type(graph: G0) {{ {fields} child: Any }}");
    }
    let graph = supergraph(1, &types);
    let fields: String = (0..10).map(|field| format!("f{field} ")).collect();
    let level = |below: &str| -> String {
        members.iter().map(|name| format!("... on {name} {{ {fields} {below} }} ")).collect()
    };
    let text = format!("{{ any {{ {} }} }}", level(""));
    let plan = planned("100 fragments", &graph, &text, &PlanOptions::default()).expect("a plan");
    assert_eq!(plan.fetches.len(), 1);
    let text = format!("{{ any {{ {} }} }}", level("child { __typename ... on T0 { f0 } ... on T1 { f1 } }"));
    match planned("100 fragments, two levels", &graph, &text, &PlanOptions::default()) {
        Ok(plan) => assert_eq!(plan.fetches.len(), 1),
        Err(error) => assert_eq!(error.code(), "QUERY_PLAN_COMPLEXITY_EXCEEDED"),
    }
}
