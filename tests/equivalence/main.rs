//! The great properties: planning and executing over subgraphs equals executing the same operation
//! over one schema.
//!
//! Each case is a world (see `world.rs`): a schema with data, split over two to four subgraphs
//! (`generate.rs`, `sdl.rs`, `data.rs`), and some operations (`operation.rs`). The gateway's answer
//! (`run.rs`, over subgraphs played by `fake.rs`) is compared (`judge.rs`) with that of resolvers
//! over the whole (`oracle.rs`, run by `interpret.rs`).
//!
//! A normal run looks at a fixed number of cases of each of some seeds. For more:
//! `EQUIVALENCE_CASES=20000 EQUIVALENCE_SEED=7 cargo test --test equivalence`. A failure is shrunk,
//! and shows subgraphs, data, operation and plan; cases, seed and property bring it back.
//! `EQUIVALENCE_SHRINK=0` shows the first failure as it was drawn, at once.

mod data;
mod fake;
mod generate;
mod interpret;
mod judge;
mod least;
mod operation;
mod oracle;
mod run;
mod sdl;
#[expect(dead_code, reason = "pages of execution look types up")]
#[path = "../support/subgraph_schema.rs"]
mod subgraph_schema;
mod tape;
mod twice;
mod world;

use std::cell::RefCell;
use std::collections::BTreeSet;

use pleach::gateway::operation::normalize::normalize;
use pleach::gateway::plan::model::{Estimate, Plan};
use pleach::gateway::plan::{PlanError, PlanOptions, explain, plan};
use pleach::graph::language::api::ApiSchema;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestCaseResult, TestRunner};
use serde_json::json;

use data::Faults;
use generate::Style;
use operation::Asked;
use oracle::{Placed, Whole};
use run::{Gateway, Planned, told};
use tape::{Tape, Tapes, tapes};
use world::{NAMES, World};

/// How many operations are asked of one world.
const OPERATIONS: usize = 4;

/// What a property met, so that it cannot hold for lack of cases.
#[derive(Clone, Copy, Default, Debug)]
struct Met {
    worlds: usize,
    composed: usize,
    asked: usize,
    valid: usize,
    planned: usize,
    refused: usize,
    /// Plans with several calls.
    joined: usize,
    /// Plans that fill arguments from contexts.
    told: usize,
    failed: usize,
    /// Compared to the last path.
    exact: usize,
    /// Compared with the least cost.
    weighed: usize,
    /// Of these, plans that are said to be the cheapest.
    proven: usize,
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The seeds of a normal run.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=4;

/// Checks a property of worlds, with so many cases of each seed.
fn check(cases: u32, property: impl Fn(&Tapes, &mut Met) -> TestCaseResult) -> Met {
    let cases = number("EQUIVALENCE_CASES").map_or(cases, |cases| cases as u32);
    let met = RefCell::new(Met::default());
    let seeds = number("EQUIVALENCE_SEED").map_or(SEEDS, |seed| seed..=seed);
    for seed in seeds {
        let config = Config {
            cases,
            rng_seed: RngSeed::Fixed(seed),
            failure_persistence: None,
            max_shrink_iters: number("EQUIVALENCE_SHRINK").unwrap_or(1500) as u32,
            ..Config::default()
        };
        let outcome = TestRunner::new(config).run(&tapes(), |tapes| property(&tapes, &mut met.borrow_mut()));
        if let Err(failure) = outcome {
            panic!("EQUIVALENCE_SEED={seed} EQUIVALENCE_CASES={cases}\n{failure}");
        }
    }
    let met = *met.borrow();
    println!("{met:?}");
    met
}

fn draw(tapes: &Tapes, style: Style, faults: Faults) -> World {
    let mut world = generate::world(&mut Tape::new(&tapes.world), style);
    data::fill(&mut world, &mut Tape::new(&tapes.data), faults);
    world
}

/// Composes the world and plans some operations, each handed on.
fn each_plan(
    tapes: &Tapes,
    style: Style,
    faults: Faults,
    met: &mut Met,
    then: impl Fn(&Gateway, &Planned, &Asked, &mut Met) -> TestCaseResult,
) -> TestCaseResult {
    met.worlds += 1;
    let gateway = match Gateway::new(draw(tapes, style, faults)) {
        Ok(gateway) => gateway,
        Err(refused) => {
            let (world, findings) = *refused;
            if findings.iter().all(|finding| expected(&world, style, finding)) {
                return Ok(());
            }
            return Err(TestCaseError::fail(format!("does not compose: {findings:#?}\n{}", told(&world))));
        }
    };
    met.composed += 1;
    let mut tape = Tape::new(&tapes.operation);
    for _ in 0..OPERATIONS {
        let asked = operation::query(&gateway.world, &mut tape);
        met.asked += 1;
        let Some(operation) = gateway.ask(&asked) else { continue };
        met.valid += 1;
        let planned = match gateway.plan(&asked, operation) {
            Ok(planned) => planned,
            Err(error) => {
                met.refused += 1;
                let refused = matches!(error, PlanError::Unsatisfiable(_)) && style == Style::Wild;
                if !refused {
                    return Err(TestCaseError::fail(format!(
                        "no plan: {error}\n{}\n{}",
                        asked.text,
                        told(&gateway.world)
                    )));
                }
                continue;
            }
        };
        met.planned += 1;
        met.joined += usize::from(planned.plan.fetches.len() > 1);
        let mut inputs = planned.plan.fetches.iter().flat_map(|fetch| &fetch.inputs);
        met.told += usize::from(inputs.any(|input| !input.contexts.is_empty()));
        then(&gateway, &planned, &asked, met)?;
    }
    Ok(())
}

/// Whether a world may be refused so.
fn expected(world: &World, style: Style, finding: &str) -> bool {
    let nothing_in_common = || {
        let types = world.types.iter().enumerate();
        let mut fields = types.flat_map(|(ty, object)| object.fields.iter().map(move |field| (ty, field)));
        fields.any(|(ty, field)| !field.ty.named.is_leaf() && world.possible(ty, &field.name).is_empty())
    };
    match finding {
        _ if finding.contains("SATISFIABILITY_ERROR") => style == Style::Wild,
        _ if finding.contains("SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES") => nothing_in_common(),
        _ => false,
    }
}

/// Everything about one operation.
fn context(gateway: &Gateway, planned: &Planned, asked: &Asked) -> String {
    let plan = explain(&gateway.supergraph, &planned.plan);
    format!("{}\nvariables {:?}\n{plan}\n{}", asked.text, asked.variables, told(&gateway.world))
}

fn answers(gateway: &Gateway, planned: &Planned, asked: &Asked, met: &mut Met, exact: bool) -> TestCaseResult {
    let variables = gateway.api.coerce_variables(&planned.document, None, asked.variables.clone());
    let variables = variables.expect("the variables fit");
    let naive = interpret::execute(&Whole(&gateway.world), &planned.document.tree, &variables, &Placed(vec![(0, 0)]));
    met.failed += usize::from(!naive.errors.is_empty());
    let (answer, faults) = gateway.run(planned, &variables, &[0, 1, 2, 3, 4]);
    let fail = |what: String| {
        let texts = format!("answered\n{}\nnaively\n{}\n{:?}", answer.body, naive.data, naive.errors);
        Err(TestCaseError::fail(format!("{what}\n{texts}\n{}", context(gateway, planned, asked))))
    };
    if !faults.is_empty() {
        return fail(faults.join("\n"));
    }
    let judged = if exact { judge::equal(&answer, &naive) } else { judge::degraded(&answer, &naive) };
    if let Err(what) = judged {
        return fail(what);
    }
    for delays in [[4, 3, 2, 1, 0], [1, 3, 0, 4, 2], [2, 0, 3, 1, 1]] {
        let (again, _) = gateway.run(planned, &variables, &delays);
        if again.body != answer.body {
            return fail(format!("another order of answers gives {}", again.body));
        }
    }
    Ok(())
}

/// Where the subgraph that could reveal an interface object's type does not know the object, it is of
/// no type, and selections on types are left out: there the naive answer has no counterpart.
fn may_stay_unrevealed(world: &World) -> bool {
    has_interface_object(world) && !world.unknown.is_empty()
}

fn has_interface_object(world: &World) -> bool {
    world.subgraphs.iter().any(|sub| !sub.opaque.is_empty())
}

/// Whether an operation asks for a field that an object further up tells something: what fails there
/// may be null in between.
fn reads_context(field: &world::Field, asked: &Asked) -> bool {
    let mut words = asked.text.split(|c: char| !c.is_ascii_alphanumeric());
    !field.context.is_empty() && words.any(|word| word == field.name)
}

/// With failing resolvers the nulls and the errors' paths are those of one schema, unless a
/// subgraph's own null propagation takes more away: where what failed is an input of something else,
/// where objects may be null for clients and may not be for the subgraph, or where several response
/// names read one field: what is asked for under one of them fails them all.
#[test]
fn errors_stand_where_one_schema_would_have_them() {
    let met = check(30, |tapes, met| {
        each_plan(tapes, Style::Sound, Faults::Fields, met, |gateway, planned, asked, met| {
            if may_stay_unrevealed(&gateway.world) {
                return Ok(());
            }
            let mut fields = gateway.world.types.iter().flat_map(|ty| &ty.fields);
            let takes_more = fields.any(|field| {
                !field.requires.is_empty()
                    || reads_context(field, asked)
                    || (field.looser_in.is_some() && !field.ty.named.is_leaf())
            });
            let exact =
                !takes_more && !has_interface_object(&gateway.world) && !operation::shares(&planned.document.tree);
            met.exact += usize::from(exact);
            answers(gateway, planned, asked, met, exact)
        })
    });
    assert!(met.failed * 10 > met.planned && met.exact * 12 > met.planned, "{met:?}");
}

#[test]
fn what_a_failing_subgraph_takes_away_is_explained() {
    let met = check(30, |tapes, met| {
        each_plan(tapes, Style::Wild, Faults::Subgraph, met, |gateway, planned, asked, met| {
            if may_stay_unrevealed(&gateway.world) {
                return Ok(());
            }
            answers(gateway, planned, asked, met, false)
        })
    });
    assert!(met.joined * 5 > met.asked, "{met:?}");
}

/// What the composer says cannot be answered, with a sample operation, the planner refuses: the two
/// reckon apart.
#[test]
fn unsatisfiable_samples_have_no_plan() {
    let met = check(60, |tapes, met| {
        let world = draw(tapes, Style::Wild, Faults::None);
        met.worlds += 1;
        let composition = run::composed_unchecked(&world);
        let Some(composed) = composition.supergraph else { return Ok(()) };
        let api = ApiSchema::parse(&composed.api_sdl).unwrap_or_else(|findings| panic!("{findings:?}"));
        let found = composition.diagnostics.iter().filter(|finding| finding.code == "SATISFIABILITY_ERROR");
        for finding in found {
            let Some((_, sample)) = finding.message.split_once("for:\n") else {
                return Err(TestCaseError::fail(format!("no sample: {}", finding.message)));
            };
            met.asked += 1;
            // Whatever is selected of objects that cannot be had.
            let sample = &sample.replace("{ ... }", "{ __typename }");
            let document = api.validate(sample, 100_000).map_err(|problems| {
                TestCaseError::fail(format!("the sample is not valid: {sample}\n{problems:?}\n{}", told(&world)))
            })?;
            let operation = normalize(&composed.supergraph, &document, None).expect("a valid document is normal");
            match plan(&composed.supergraph, &operation, &PlanOptions::default()) {
                Err(PlanError::Unsatisfiable(_)) => met.refused += 1,
                Err(other) => return Err(TestCaseError::fail(format!("{other}\n{sample}\n{}", told(&world)))),
                Ok(plan) => {
                    let plan = explain(&composed.supergraph, &plan);
                    return Err(TestCaseError::fail(format!(
                        "{}\nplanned:\n{plan}\n{}",
                        finding.message,
                        told(&world)
                    )));
                }
            }
        }
        Ok(())
    });
    assert!(met.refused > 20, "{met:?}");
}

#[test]
fn plans_depend_on_nothing_but_their_inputs() {
    let met = check(20, |tapes, met| {
        let world = draw(tapes, Style::Wild, Faults::None);
        let order: Vec<usize> = (0..world.subgraphs.len()).rev().collect();
        let (again, _) = run::composed(&world, &order);
        each_plan(tapes, Style::Wild, Faults::None, met, |gateway, planned, asked, _| {
            let Some(again) = &again.supergraph else {
                return Err(TestCaseError::fail(format!("composes in one order only\n{}", told(&world))));
            };
            prop_assert_eq!(&again.sdl, &gateway.sdl);
            let (document, _) = gateway.ask(asked).expect("valid before");
            let operation = normalize(&again.supergraph, &document, None).expect("normal before");
            let second = plan(&again.supergraph, &operation, &PlanOptions::default()).expect("planned before");
            let text =
                |plan: &Plan| format!("{:?} {:?} {:?} {:?}", plan.fetches, plan.sites, plan.output, plan.estimate);
            prop_assert_eq!(text(&second), text(&planned.plan), "{}", context(gateway, planned, asked));
            Ok(())
        })
    });
    assert!(met.joined * 5 > met.asked, "{met:?}");
}

/// Where rows cost nothing, no other calls in another order are cheaper. What is too large to be searched
/// through says so by its lower bound, and costs little more.
#[test]
fn no_plan_costs_less() {
    let met = check(60, |tapes, met| {
        each_plan(tapes, Style::Wild, Faults::None, met, |gateway, _, asked, met| {
            let (_, operation) = gateway.ask(asked).expect("valid before");
            let options = PlanOptions { row_weight: 0, ..PlanOptions::default() };
            let least = least::cost(&gateway.world, &gateway.supergraph, &operation, &options);
            let Some(least) = least else { return Ok(()) };
            let plan = plan(&gateway.supergraph, &operation, &options).expect("planned before");
            let Estimate { cost, lower_bound, .. } = plan.estimate;
            let is_proven = cost == lower_bound;
            met.weighed += 1;
            met.proven += usize::from(is_proven);
            let may_cost = if is_proven { least } else { least + least / 5 };
            let text = explain(&gateway.supergraph, &plan);
            let told = format!("{cost} for {least}: {}\n{text}\n{}", asked.text, told(&gateway.world));
            prop_assert!(lower_bound <= least && (least..=may_cost).contains(&cost), "{told}");
            Ok(())
        })
    });
    assert!(met.weighed * 8 > met.planned && met.proven * 10 > met.weighed * 9, "{met:?}");
}

#[test]
fn no_field_of_a_row_is_fetched_twice() {
    let met = check(20, |tapes, met| {
        each_plan(tapes, Style::Wild, Faults::None, met, |gateway, planned, asked, _| {
            let twice = twice::fetched(gateway, &planned.plan);
            prop_assert!(twice.is_empty(), "{twice:?}\n{}", context(gateway, planned, asked));
            Ok(())
        })
    });
    assert!(met.joined * 5 > met.asked, "{met:?}");
}

#[test]
fn sound_worlds_are_answered_as_one_schema_would() {
    let met = check(70, |tapes, met| {
        each_plan(tapes, Style::Sound, Faults::None, met, |gateway, planned, asked, met| {
            answers(gateway, planned, asked, met, true)
        })
    });
    assert!(met.joined * 5 > met.asked && met.told * 25 > met.planned, "{met:?}");
}

#[test]
fn wild_worlds_are_answered_as_one_schema_would() {
    let met = check(70, |tapes, met| {
        each_plan(tapes, Style::Wild, Faults::None, met, |gateway, planned, asked, met| {
            answers(gateway, planned, asked, met, true)
        })
    });
    assert!(met.joined * 5 > met.asked, "{met:?}");
}

/// For a comparison of composers: each line is what `pleach compose --batch` reads. `EQUIVALENCE_WORLDS`
/// names the file that keeps them.
#[test]
fn worlds_are_written_down() {
    let lines = RefCell::new(Vec::new());
    let met = check(10, |tapes, met| {
        for style in [Style::Sound, Style::Wild] {
            let world = draw(tapes, style, Faults::None);
            let subgraphs = NAMES.iter().take(world.subgraphs.len()).enumerate();
            let subgraphs = subgraphs.map(|(sub, name)| json!({ "name": name, "sdl": sdl::of(&world, sub) }));
            let id = format!("{style:?} {}", met.worlds);
            lines.borrow_mut().push(json!({ "id": id, "subgraphs": subgraphs.collect::<Vec<_>>() }));
            met.worlds += 1;
        }
        Ok(())
    });
    let lines = lines.into_inner();
    let ids: BTreeSet<&str> = lines.iter().filter_map(|line| line["id"].as_str()).collect();
    let are_several = |line: &serde_json::Value| line["subgraphs"].as_array().is_some_and(|all| all.len() > 1);
    assert!(ids.len() == met.worlds && lines.iter().all(are_several), "{met:?}");
    if let Ok(path) = std::env::var("EQUIVALENCE_WORLDS") {
        let text: Vec<String> = lines.iter().map(|line| line.to_string()).collect();
        std::fs::write(path, text.join("\n")).expect("the file can be written");
    }
}
