//! Whatever a contract hides, what is left is a schema, or there is a reason why not.

use pleach::graph::compose::Contract;
use pleach::graph::federation::supergraph::Supergraph;
use pleach::graph::language::api::ApiSchema;
use pleach::graph::language::ast::{Argument, Definition, Directive, Document, Value, ValueKind};
use pleach::graph::language::print;
use pleach::platform::base::span::{Span, Spanned};

use super::{cases, run};

/// A sequence of numbers that looks random.
struct Numbers(u64);

impl Numbers {
    fn one_in(&mut self, range: u64) -> bool {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33).is_multiple_of(range)
    }
}

fn tag(span: Span) -> Directive {
    let value = Value { kind: ValueKind::String("some".into()), span };
    let name = Argument { name: Spanned { value: "name".into(), span }, value };
    Directive { name: "tag".into(), arguments: vec![name], span }
}

/// Tags one element in so many.
fn scatter(document: &mut Document, numbers: &mut Numbers, range: u64) {
    let mut put = |directives: &mut Vec<Directive>, span: Span| {
        if numbers.one_in(range) {
            directives.push(tag(span));
        }
    };
    for definition in &mut document.definitions {
        let Definition::Type(ty) = definition else { continue };
        put(&mut ty.directives, ty.span);
        for field in &mut ty.fields {
            put(&mut field.directives, field.span);
            field.arguments.iter_mut().for_each(|argument| put(&mut argument.directives, argument.span));
        }
        ty.inputs.iter_mut().for_each(|input| put(&mut input.directives, input.span));
        ty.values.iter_mut().for_each(|value| put(&mut value.directives, value.span));
    }
}

#[test]
fn what_a_contract_leaves_is_a_schema_or_it_says_why_not() {
    let (mut left, mut refused) = (0, 0);
    for case in cases() {
        let (sources, composition) = run(&case);
        let Some(composed) = composition.supergraph else { continue };
        for (seed, range) in [(1, 12), (2, 12), (3, 12), (4, 2), (5, 2)] {
            let mut document = composed.document.clone();
            scatter(&mut document, &mut Numbers(seed), range);
            let tags = vec!["some".into()];
            let (include, exclude) = if range == 2 { (tags, Vec::new()) } else { (Vec::new(), tags) };
            let contract = Contract { include, exclude, hide_unreachable: seed != 1 };
            match contract.apply(document) {
                Ok((document, _)) => {
                    let sdl = print::document(&document);
                    let graph = Supergraph::from_document(&document, &sources)
                        .unwrap_or_else(|found| panic!("{} {seed}: {found:?}\n{sdl}", case.name));
                    let api = ApiSchema::parse(&graph.api_sdl);
                    assert!(api.is_ok(), "{} {seed}: {:?}\n{}", case.name, api.err(), graph.api_sdl);
                    left += 1;
                }
                Err(findings) => {
                    assert!(!findings.is_empty(), "{} {seed}", case.name);
                    refused += 1;
                }
            }
        }
    }
    assert!(left > 100 && refused > 20, "{left} left, {refused} refused");
}
