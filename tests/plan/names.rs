//! What a client calls things decides nothing but what stands in the answer.

use pleach::gateway::operation::model::Operation;
use pleach::gateway::operation::normalize::normalize;
use pleach::gateway::operation::signature::signature;
use pleach::gateway::plan::{PlanOptions, plan, renamed};
use pleach::graph::federation::supergraph::Supergraph;
use pleach::graph::language::api::ApiSchema;
use pleach::graph::language::parse;
use pleach::platform::base::span::SourceMap;

struct Shop {
    supergraph: Supergraph,
    api: ApiSchema,
}

impl Shop {
    fn read() -> Self {
        let mut files = SourceMap::new();
        let file = files.add("shop.graphql", include_str!("../supergraph/cases/bench/supergraph.graphql"));
        let (document, mistakes) = parse::type_system(&files, file);
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let supergraph = Supergraph::from_document(&document, &files).expect("a supergraph");
        let api = ApiSchema::parse(&supergraph.api_sdl).expect("an API schema");
        Self { supergraph, api }
    }

    fn operation(&self, text: &str) -> Operation {
        let document = self.api.validate(text, 15_000).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
        normalize(&self.supergraph, &document, None).unwrap_or_else(|problem| panic!("{problem:?}"))
    }
}

#[test]
fn operations_that_differ_in_names_share_plans() {
    let shop = Shop::read();
    for (one, other) in [
        ("{ topProducts { upc inStock } }", "query Q { a: topProducts { b: upc, c: inStock } }"),
        (
            "{ topProducts { reviews { author { name } body } } users { name } }",
            "{ t: topProducts { r: reviews { ...R } } users { n: name } } fragment R on Review { author { x: name } y: body }",
        ),
        (
            "{ a: topProducts(first: 1) { upc } b: topProducts(first: 2) { upc name } }",
            "{ topProducts(first: 1) { name: upc } c: topProducts(first: 2) { name: upc upc: name } }",
        ),
        (
            "query ($v: Boolean!) { users { name @include(if: $v) reviews { id } } }",
            "query ($v: Boolean!) { all: users { n: name @include(if: $v) ... { reviews { x: id } } } }",
        ),
    ] {
        let (one, other) = (shop.operation(one), shop.operation(other));
        let plan_of = |operation| plan(&shop.supergraph, operation, &PlanOptions::default()).expect("a plan");
        assert_eq!(signature(&one, &[]), signature(&other, &[]));
        let (of_one, of_other) = (plan_of(&one), plan_of(&other));
        assert_eq!(of_one.fetches, of_other.fetches);
        assert_eq!(of_one.sites, of_other.sites);
        let output = renamed(&of_one.output, &other.root).unwrap_or_else(|| of_one.output.clone());
        assert_eq!(output, of_other.output);
        assert_eq!(renamed(&of_other.output, &other.root), None);
    }
}

#[test]
fn operations_that_ask_other_things_do_not() {
    let shop = Shop::read();
    let operations = [
        "{ topProducts { upc } }",
        "{ topProducts { name } }",
        "{ topProducts { upc name } }",
        "{ topProducts { name upc } }",
        "{ topProducts(first: 1) { upc } }",
        "{ topProducts(first: 2) { upc } }",
        "query ($n: Int) { topProducts(first: $n) { upc } }",
        "query ($m: Int) { topProducts(first: $m) { upc } }",
        "query ($m: Int = 3) { topProducts(first: $m) { upc } }",
        "query ($v: Boolean!) { topProducts { upc @include(if: $v) } }",
        "query ($v: Boolean!) { topProducts { upc @skip(if: $v) } }",
        "query ($v: Boolean!, $w: Boolean!) { topProducts { upc @skip(if: $v) name @skip(if: $w) } }",
        "query ($v: Boolean!, $w: Boolean!) { topProducts { upc @skip(if: $w) name @skip(if: $v) } }",
        "{ topProducts { __typename } }",
        "{ a: topProducts { upc } b: topProducts { upc } }",
        "{ users { name } }",
        "{ __typename }",
    ];
    let signatures: Vec<_> = operations.iter().map(|text| signature(&shop.operation(text), &[])).collect();
    for (index, one) in signatures.iter().enumerate() {
        for (other_index, other) in signatures.iter().enumerate().skip(index + 1) {
            assert_ne!(one, other, "{} and {}", operations[index], operations[other_index]);
        }
    }
}
