//! A plan told in words, and as JSON for tools.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::gateway::operation::guards::GuardId;
use crate::graph::federation::ids::TypeSet;
use crate::graph::federation::supergraph::{BatchCaps, SubgraphKind, Supergraph};
use crate::platform::base::Name;
use crate::sources::contract::Wanted;
use crate::sources::rows::shape::SiteId;

use super::model::{
    ContextSource, ContextVariable, EntityInput, Fetch, FetchEstimate, FetchId, Plan, RepresentationField,
    RepresentationType, RepresentationValue, Request,
};
use super::render::{step, type_names};

/// The plan as numbered steps, for somebody who never saw one.
pub fn explain(supergraph: &Supergraph, plan: &Plan) -> String {
    let mut text = String::new();
    match plan.fetches.len() {
        0 => text.push_str("No upstream call is needed.\n"),
        steps => {
            let plural = |count: u64, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
            let _ = writeln!(
                text,
                "{}, about {}. Cost {} (no plan costs less than {}).",
                plural(steps as u64, "step"),
                plural(plan.estimate.calls, "upstream call"),
                plan.estimate.cost,
                plan.estimate.lower_bound,
            );
        }
    }
    for (id, fetch) in plan.fetches.iter_enumerated() {
        text.push('\n');
        explain_fetch(supergraph, plan, id, fetch, &mut text);
    }
    text
}

fn explain_fetch(supergraph: &Supergraph, plan: &Plan, id: FetchId, fetch: &Fetch, text: &mut String) {
    let steps: Vec<String> = fetch.after.iter().map(|&before| step(before).to_string()).collect();
    let when = match steps[..] {
        [] => "at once".to_owned(),
        _ => format!("after step{} {}", if steps.len() == 1 { "" } else { "s" }, steps.join(", ")),
    };
    let _ = writeln!(text, "{}. {} — {when}", step(id), system(supergraph, fetch));
    let _ = writeln!(text, "   why: {}", fetch.reason);
    if !fetch.serves.is_empty() {
        let _ = writeln!(text, "   gives: {}", fetch.serves.join("; "));
    }
    let _ = writeln!(text, "   cost: {}", cost(fetch));
    if fetch.guard != GuardId::ALWAYS {
        let _ = writeln!(text, "   only if: {}", plan.guards.describe(fetch.guard));
    }
    for input in &fetch.inputs {
        let _ = writeln!(text, "   for each: {}", place(supergraph, plan, input));
        if input.guard != fetch.guard {
            let _ = writeln!(text, "     if: {}", plan.guards.describe(input.guard));
        }
        let _ = writeln!(text, "     send: {}", sent(supergraph, plan, input));
        for context in &input.contexts {
            let _ = writeln!(text, "     with ${}: {}", context.name, given(supergraph, plan, context));
        }
        let _ = writeln!(text, "     calls: {}", batching(supergraph, input));
    }
    match &fetch.request {
        Request::Graphql { document, conditions, .. } => {
            for (name, guard) in conditions {
                let _ = writeln!(text, "   where ${name}: {}", plan.guards.describe(*guard));
            }
            let _ = writeln!(text, "   ask: {document}");
        }
        Request::Connector { connector, arguments, wanted, .. } => {
            let shown: Vec<String> = arguments.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            let name = &supergraph.connectors[*connector].id;
            let _ = writeln!(text, "   call: {name}({}) {}", shown.join(", "), wanted_text(wanted));
        }
    }
}

/// A fetch's part of the cost.
fn cost(fetch: &Fetch) -> String {
    let FetchEstimate { cost, calls, rows, latency_ms, is_on_longest_chain } = fetch.estimate;
    let plural = |count: u64, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let latency = if is_on_longest_chain { "on the longest chain" } else { "beside a longer chain" };
    format!("{cost} ({}, {}, {latency_ms} ms {latency})", plural(calls, "call"), plural(rows, "row"))
}

/// The plan as a Mermaid flowchart: a box for each step, an arrow to what waits for it.
pub fn explain_mermaid(supergraph: &Supergraph, plan: &Plan) -> String {
    let mut text = String::from("flowchart TD\n");
    let _ = writeln!(
        text,
        "  plan([\"cost {} (at least {}), {} upstream calls\"])",
        plan.estimate.cost, plan.estimate.lower_bound, plan.estimate.calls
    );
    for (id, fetch) in plan.fetches.iter_enumerated() {
        let title = format!("{}. {}", step(id), system(supergraph, fetch));
        let mut lines = vec![title, fetch.reason.to_string(), format!("cost {}", cost(fetch))];
        if fetch.guard != GuardId::ALWAYS {
            lines.push(format!("only if {}", plan.guards.describe(fetch.guard)));
        }
        let lines: Vec<String> = lines.iter().map(|line| mermaid_text(line)).collect();
        let _ = writeln!(text, "  s{}[\"{}\"]", step(id), lines.join("<br/>"));
    }
    for (id, fetch) in plan.fetches.iter_enumerated() {
        let arrow = if fetch.guard == GuardId::ALWAYS { "-->" } else { "-.->" };
        if fetch.after.is_empty() {
            let _ = writeln!(text, "  plan {arrow} s{}", step(id));
        }
        for &before in &fetch.after {
            let _ = writeln!(text, "  s{} {arrow} s{}", step(before), step(id));
        }
    }
    text
}

/// Text inside a quoted label; what Mermaid or HTML would read as their own is written as an entity.
fn mermaid_text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => safe.push_str("#quot;"),
            '#' => safe.push_str("#35;"),
            '<' => safe.push_str("#lt;"),
            '>' => safe.push_str("#gt;"),
            '&' => safe.push_str("#amp;"),
            '`' => safe.push('\''),
            c => safe.push(c),
        }
    }
    safe
}

/// The system behind a fetch.
fn system(supergraph: &Supergraph, fetch: &Fetch) -> String {
    let subgraph = &supergraph.subgraphs[fetch.subgraph];
    match &subgraph.kind {
        SubgraphKind::Graphql { .. } => format!("{} (GraphQL)", subgraph.name),
        SubgraphKind::Native => format!("{} (in process)", subgraph.name),
        SubgraphKind::Connector(connector) => {
            format!("{} (connector {})", subgraph.service, supergraph.connectors[*connector].id)
        }
    }
}

fn place(supergraph: &Supergraph, plan: &Plan, input: &EntityInput) -> String {
    let names: Vec<Name> = type_names(supergraph, &input.types);
    let more = names.len().saturating_sub(3);
    let mut shown = names.iter().take(3).map(|name| &**name).collect::<Vec<_>>().join(", ");
    if more > 0 {
        let _ = write!(shown, " and {more} more");
    }
    let mut place = format!("{shown} at {}", plan.sites[input.site].path);
    let ways: Vec<String> = ways_in(supergraph, plan, input);
    if !ways.is_empty() {
        let _ = write!(place, ", {}", ways.join(", or "));
    }
    place
}

/// Which of a site's objects an input is about; empty if it is all of them.
fn ways_in(supergraph: &Supergraph, plan: &Plan, input: &EntityInput) -> Vec<String> {
    let condition = |(site, types): &(SiteId, TypeSet)| {
        let names = type_names(supergraph, types);
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();
        format!("{} at {}", names.join(" or "), plan.sites[*site].path)
    };
    let way = |way: &Vec<(SiteId, TypeSet)>| {
        format!("within {}", way.iter().map(condition).collect::<Vec<_>>().join(" and "))
    };
    input.within.iter().map(way).collect()
}

fn sent(supergraph: &Supergraph, plan: &Plan, input: &EntityInput) -> String {
    let mut parts = Vec::new();
    match &input.representation.typename {
        RepresentationType::None => {}
        RepresentationType::Fixed(name) => parts.push(format!("__typename: {name}")),
        RepresentationType::Runtime => parts.push("__typename".to_owned()),
    }
    parts.extend(input.representation.fields.iter().map(|field| field_text(supergraph, plan, field)));
    format!("{{ {} }}", parts.join(", "))
}

/// Where the value of a context comes from: the last that stands above an object counts.
fn given(supergraph: &Supergraph, plan: &Plan, context: &ContextVariable) -> String {
    let source = |source: &ContextSource| {
        let fields: Vec<String> = source.value.iter().map(|field| field_text(supergraph, plan, field)).collect();
        let path = &plan.sites[source.site].path;
        format!("{} at {}", fields.join(" or "), if path.is_empty() { "the root" } else { path })
    };
    let sources: Vec<String> = context.sources.iter().map(source).collect();
    match &sources[..] {
        [one] => one.clone(),
        several => format!("the nearest of {}", several.join(", ")),
    }
}

fn field_text(supergraph: &Supergraph, plan: &Plan, field: &RepresentationField) -> String {
    let mut text = field.name.to_string();
    if let RepresentationValue::Object(below) = &field.value {
        let below: Vec<String> = below.iter().map(|field| field_text(supergraph, plan, field)).collect();
        let _ = write!(text, " {{ {} }}", below.join(", "));
    }
    if let Some(on) = &field.on
        && !matches!(field.value, RepresentationValue::Typename)
    {
        let names: Vec<Name> = type_names(supergraph, on);
        let _ = write!(text, " (of {})", names.iter().map(|name| &**name).collect::<Vec<_>>().join(", "));
    }
    if field.guard != GuardId::ALWAYS {
        let _ = write!(text, " (if {})", plan.guards.describe(field.guard));
    }
    text
}

fn batching(supergraph: &Supergraph, input: &EntityInput) -> String {
    match supergraph.entries[input.entry].batch {
        BatchCaps::One { concurrency } => format!("one for each object, {concurrency} at a time"),
        BatchCaps::Batch { max: u32::MAX } => "one for all objects".to_owned(),
        BatchCaps::Batch { max } => format!("one for up to {max} objects"),
    }
}

fn wanted_text(wanted: &[Wanted]) -> String {
    if wanted.is_empty() {
        return String::new();
    }
    let parts: Vec<String> = wanted
        .iter()
        .map(|field| {
            let on = field.on.as_ref().map(|on| format!("... on {on} ")).unwrap_or_default();
            format!("{on}{} {}", field.name, wanted_text(&field.fields)).trim_end().to_owned()
        })
        .collect();
    format!("{{ {} }}", parts.join(" "))
}

/// The plan as JSON: the same facts as [`explain`].
pub fn explain_json(supergraph: &Supergraph, plan: &Plan) -> Value {
    let fetches: Vec<Value> = plan
        .fetches
        .iter_enumerated()
        .map(|(id, fetch)| {
            let inputs: Vec<Value> = fetch
                .inputs
                .iter()
                .map(|input| {
                    json!({
                        "path": &*plan.sites[input.site].path,
                        "types": type_names(supergraph, &input.types).iter().map(|name| name.to_string()).collect::<Vec<_>>(),
                        "within": ways_in(supergraph, plan, input),
                        "representation": sent(supergraph, plan, input),
                        "contexts": input
                            .contexts
                            .iter()
                            .map(|context| json!({
                                "variable": &*context.name,
                                "from": given(supergraph, plan, context),
                            }))
                            .collect::<Vec<_>>(),
                        "calls": batching(supergraph, input),
                    })
                })
                .collect();
            let mut step_json = json!({
                "step": step(id),
                "service": &*supergraph.subgraphs[fetch.subgraph].service,
                "subgraph": &*supergraph.subgraphs[fetch.subgraph].name,
                "after": fetch.after.iter().map(|&before| step(before)).collect::<Vec<_>>(),
                "condition": (fetch.guard != GuardId::ALWAYS).then(|| plan.guards.describe(fetch.guard)),
                "reason": &*fetch.reason,
                "gives": fetch.serves.iter().map(|name| name.to_string()).collect::<Vec<_>>(),
                "cost": {
                    "total": fetch.estimate.cost,
                    "calls": fetch.estimate.calls,
                    "rows": fetch.estimate.rows,
                    "latencyMs": fetch.estimate.latency_ms,
                    "onLongestChain": fetch.estimate.is_on_longest_chain,
                },
                "inputs": inputs,
            });
            match &fetch.request {
                Request::Graphql { document, .. } => step_json["document"] = json!(&**document),
                Request::Connector { connector, arguments, wanted, .. } => {
                    step_json["connector"] = json!(&*supergraph.connectors[*connector].id);
                    let shown = arguments.iter().map(|(name, value)| format!("{name}: {value}"));
                    step_json["arguments"] = json!(shown.collect::<Vec<_>>());
                    step_json["wanted"] = json!(wanted_text(wanted));
                }
            }
            step_json
        })
        .collect();
    json!({
        "cost": plan.estimate.cost,
        "lowerBound": plan.estimate.lower_bound,
        "calls": plan.estimate.calls,
        "steps": fetches,
    })
}
