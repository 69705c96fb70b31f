//! The walk over the API schema.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::graph::federation::ids::{FieldId, LabelId, SubgraphId, TypeId, TypeSet};
use crate::graph::federation::supergraph::Supergraph;
use crate::graph::language::ast::{OperationKind, TypeKind};
use crate::graph::liveness::{Arrival, Reach, Reason, StateId};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::id::IdVec;
use crate::platform::base::span::Span;

use super::contexts::{Contexts, Filled};
use super::labels::outcomes;
use super::partial;
use super::sample::{Step, operation};

const UNSATISFIABLE: &str = "SATISFIABILITY_ERROR";
const MISMATCHED: &str = "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES";
const PARTIAL: &str = "PARTIAL_ABSTRACT_FIELD";
const TOO_MANY: &str = "MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED";

/// How many states one validation may look at.
const MAX_STATES: usize = 1_000_000;

crate::id_type!(
    /// A place of the walk.
    PlaceId
);

/// Checks that every operation over the API schema can be answered.
///
/// `spans` tells where a coordinate (`Type.field`) is written, with a remark for each place.
pub fn check(graph: &Supergraph, spans: &dyn Fn(&str) -> Vec<(Span, String)>) -> Vec<Diagnostic> {
    let mut findings = Findings { graph, spans, found: Vec::new(), reported: HashSet::new() };
    for drawn in outcomes(graph) {
        let roots = [(OperationKind::Query, graph.query), (OperationKind::Subscription, graph.subscription)];
        for (kind, root) in roots.into_iter().filter_map(|(kind, root)| Some((kind, root?))) {
            findings.take(Walk::from(graph, (kind, root), &drawn, Aim::DeadEnds));
        }
        if let Some(root) = graph.mutation {
            mutations(graph, root, &drawn, &mut findings);
        }
        if graph.fields.ids().any(|field| may_disagree(graph, field)) {
            let roots = roots.into_iter().chain([(OperationKind::Mutation, graph.mutation)]);
            for (kind, root) in roots.filter_map(|(kind, root)| Some((kind, root?))) {
                findings.take(Walk::from(graph, (kind, root), &drawn, Aim::Disagreement));
            }
        }
    }
    findings.found
}

/// A mutation field is called once, in one subgraph: at least one must lead to everything below.
fn mutations(graph: &Supergraph, root: TypeId, drawn: &BTreeSet<LabelId>, findings: &mut Findings<'_>) {
    for &field in graph.types[root].field_order.iter().filter(|&&field| !graph.fields[field].inaccessible) {
        let mut best: Option<Walk<'_>> = None;
        let starts: Vec<Vec<Arrival>> = {
            let probe = Walk::new(graph, OperationKind::Mutation, drawn, Aim::DeadEnds);
            probe.reach.root_arrivals(root).into_iter().map(|arrival| vec![arrival]).collect()
        };
        for arrivals in starts {
            let mut walk = Walk::new(graph, OperationKind::Mutation, drawn, Aim::DeadEnds);
            let start = walk.places.push(Place { before: None, step: Step::Type(root) });
            let state = walk.reach.settled(root, arrivals);
            let filled = walk.contexts.below(&mut walk.reach, state, root, &Filled::new());
            walk.field(state, field, start, &filled);
            walk.run();
            // A subgraph that does not have the field says nothing about it, except if none has.
            let better = best.as_ref().is_none_or(|best| walk.rank(field) < best.rank(field));
            if better {
                best = Some(walk);
            }
        }
        if let Some(walk) = best {
            findings.take(walk);
        }
    }
}

/// What a walk looks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aim {
    /// What cannot be had: the fewer ways lead to an object, the less can be had of it.
    DeadEnds,
    /// Subgraphs that share a field and have no type for it in common: the more ways lead to an
    /// object, the more of them can be asked.
    Disagreement,
}

struct Walk<'g> {
    kind: OperationKind,
    aim: Aim,
    reach: Reach<'g>,
    contexts: Contexts,
    places: IdVec<PlaceId, Place>,
    /// How each type was arrived at already.
    seen: HashMap<TypeId, Vec<(Vec<Arrival>, Filled)>>,
    open: Vec<(TypeId, Vec<Arrival>, PlaceId, Filled)>,
    /// How each abstract type was arrived at already.
    judged: HashSet<(TypeId, Vec<Arrival>)>,
    defects: Vec<Defect>,
    /// What composes, but not every operation can have.
    partial: Vec<Defect>,
    exceeded: bool,
}

struct Place {
    before: Option<PlaceId>,
    step: Step,
}

struct Defect {
    code: &'static str,
    place: PlaceId,
    field: Option<FieldId>,
    ty: TypeId,
    reasons: Vec<String>,
}

struct Findings<'a> {
    graph: &'a Supergraph,
    spans: &'a dyn Fn(&str) -> Vec<(Span, String)>,
    found: Vec<Diagnostic>,
    reported: HashSet<(&'static str, TypeId, Option<FieldId>)>,
}

// === impl Walk ===

impl<'g> Walk<'g> {
    fn new(graph: &'g Supergraph, kind: OperationKind, drawn: &BTreeSet<LabelId>, aim: Aim) -> Self {
        let drawn = drawn.clone();
        Self {
            kind,
            aim,
            reach: Reach::new(graph, move |label| drawn.contains(&label)),
            contexts: Contexts::of(graph),
            places: IdVec::new(),
            seen: HashMap::new(),
            open: Vec::new(),
            judged: HashSet::new(),
            defects: Vec::new(),
            partial: Vec::new(),
            exceeded: false,
        }
    }

    /// The whole walk from a root type.
    fn from(graph: &'g Supergraph, (kind, root): (OperationKind, TypeId), drawn: &BTreeSet<LabelId>, aim: Aim) -> Self {
        let mut walk = Self::new(graph, kind, drawn, aim);
        let arrivals = walk.reach.root_arrivals(root);
        let start = walk.places.push(Place { before: None, step: Step::Type(root) });
        walk.open.push((root, arrivals, start, Filled::new()));
        walk.run();
        walk
    }

    /// Breadth first, so that samples are short.
    fn run(&mut self) {
        let mut next = 0;
        while next < self.open.len() {
            let (ty, arrivals, place, filled) = self.open[next].clone();
            next += 1;
            if self.is_covered(ty, &arrivals, &filled) {
                continue;
            }
            if self.reach.len() > MAX_STATES {
                self.exceeded = true;
                return;
            }
            let graph = self.reach.graph();
            let state = self.reach.settled(ty, arrivals);
            if !self.reach.is_revealed(state) {
                let reasons = vec![Reason::Opaque { ty: graph.types[ty].name.clone() }.to_string()];
                self.dead_end(Defect { code: UNSATISFIABLE, place, field: None, ty, reasons });
                continue;
            }
            let filled = self.contexts.below(&mut self.reach, state, ty, &filled);
            for &field in graph.types[ty].field_order.iter().filter(|&&field| !graph.fields[field].inaccessible) {
                self.field(state, field, place, &filled);
            }
        }
        self.open.clear();
    }

    /// Whether the type was arrived at in a way that shows no less.
    fn is_covered(&mut self, ty: TypeId, arrivals: &[Arrival], filled: &Filled) -> bool {
        let seen = self.seen.entry(ty).or_default();
        let within = |few: &[Arrival], many: &[Arrival]| few.iter().all(|arrival| many.contains(arrival));
        let covers = |(known, with): &(Vec<Arrival>, Filled)| match self.aim {
            Aim::DeadEnds => within(known, arrivals) && with.is_subset(filled),
            Aim::Disagreement => within(arrivals, known) && filled.is_subset(with),
        };
        if seen.iter().any(covers) {
            return true;
        }
        seen.push((arrivals.to_vec(), filled.clone()));
        false
    }

    fn field(&mut self, state: StateId, field: FieldId, before: PlaceId, filled: &Filled) {
        let graph = self.reach.graph();
        let (ty, inner) = (graph.fields[field].parent, graph.fields[field].ty.inner);
        let mut arrivals = self.reach.advance(state, field);
        let unfilled = self.contexts.unfilled(graph, field, filled);
        arrivals.retain(|arrival| unfilled.iter().all(|(subgraph, _)| *subgraph != arrival.subgraph));
        let place = self.places.push(Place { before: Some(before), step: Step::Field(field) });
        if arrivals.is_empty() {
            let explained = self.reach.explain(state, field);
            let mut reasons: Vec<String> = explained.iter().map(Reason::to_string).collect();
            reasons.extend(unfilled.into_iter().map(|(_, reason)| reason));
            self.dead_end(Defect { code: UNSATISFIABLE, place, field: Some(field), ty, reasons });
            return;
        }
        if !graph.types[inner].is_composite() {
            return;
        }
        match self.aim {
            Aim::DeadEnds => self.abstract_fields(inner, &arrivals, place),
            Aim::Disagreement => self.defects.extend(mismatch(graph, field, place, &arrivals)),
        }
        let relied_upon = self.relied_upon(inner, &arrivals);
        for (class, arrivals) in self.reach.classes(inner, &arrivals) {
            let is_excluded = relied_upon.as_ref().is_some_and(|types| !types.contains(class));
            if graph.types[class].inaccessible || is_excluded {
                continue;
            }
            let place = match class == inner {
                true => place,
                false => self.places.push(Place { before: Some(place), step: Step::Type(class) }),
            };
            self.open.push((class, arrivals, place, filled.clone()));
        }
    }

    fn dead_end(&mut self, defect: Defect) {
        if self.aim == Aim::DeadEnds {
            self.defects.push(defect);
        }
    }

    /// Where a union can come from several subgraphs whose members differ, only the common members can
    /// be relied upon: the planner leaves out what is asked of others.
    fn relied_upon(&self, declared: TypeId, arrivals: &[Arrival]) -> Option<TypeSet> {
        let graph = self.reach.graph();
        let is_union = graph.types[declared].kind == TypeKind::Union;
        (is_union && self.aim == Aim::DeadEnds).then(|| common_types(graph, yielded(arrivals)))?
    }

    fn abstract_fields(&mut self, declared: TypeId, arrivals: &[Arrival], before: PlaceId) {
        if !self.judged.insert((declared, arrivals.to_vec())) || self.reach.len() > MAX_STATES {
            return;
        }
        for partial in partial::fields(&mut self.reach, declared, arrivals) {
            let place = self.places.push(Place { before: Some(before), step: Step::Field(partial.field) });
            let (field, reasons) = (Some(partial.field), partial.reasons);
            self.partial.push(Defect { code: PARTIAL, place, field, ty: declared, reasons });
        }
    }

    /// No defects are best; not even having `field` is worst.
    fn rank(&self, field: FieldId) -> (bool, usize) {
        let absent = |defect: &Defect| defect.field == Some(field) && self.steps(defect.place).len() == 1;
        (self.defects.iter().any(absent), self.defects.len())
    }

    fn steps(&self, place: PlaceId) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut at = Some(place);
        while let Some(place) = at {
            at = self.places[place].before;
            if at.is_some() {
                steps.push(self.places[place].step);
            }
        }
        steps.reverse();
        steps
    }
}

/// The types as which these arrivals yield an object.
fn yielded(arrivals: &[Arrival]) -> impl Iterator<Item = (TypeId, SubgraphId)> + '_ {
    arrivals.iter().map(|arrival| (arrival.local, arrival.subgraph))
}

/// The runtime types that all of these local types have; none if one of them is no object's.
fn common_types(graph: &Supergraph, mut locals: impl Iterator<Item = (TypeId, SubgraphId)>) -> Option<TypeSet> {
    let possible = |(ty, subgraph)| Some(&graph.local(ty, subgraph)?.possible);
    let first = possible(locals.next()?)?.clone();
    locals.try_fold(first, |common, local| Some(common.intersection(possible(local)?)))
}

/// Whether the subgraphs of a field, taken together, have no runtime type in common.
fn may_disagree(graph: &Supergraph, field: FieldId) -> bool {
    let field = &graph.fields[field];
    let providers = field.providers.iter().map(|&id| &graph.providers[id]);
    let locals = providers.map(|provider| (provider.local_type.inner, provider.subgraph));
    graph.types[field.ty.inner].is_abstract()
        && field.providers.len() > 1
        && common_types(graph, locals).is_some_and(|common| common.is_empty())
}

/// Subgraphs that share a field of an abstract type must agree on at least one runtime type.
fn mismatch(graph: &Supergraph, field: FieldId, place: PlaceId, arrivals: &[Arrival]) -> Option<Defect> {
    if !graph.types[graph.fields[field].ty.inner].is_abstract() {
        return None;
    }
    let common = common_types(graph, yielded(arrivals))?;
    let mut reasons = BTreeSet::new();
    for arrival in arrivals {
        let possible = &graph.local(arrival.local, arrival.subgraph)?.possible;
        let names: Vec<_> = possible.iter().map(|id| format!("`{}`", graph.types[id].name)).collect();
        let names = if names.is_empty() { "no type".into() } else { names.join(", ") };
        reasons.insert(format!("subgraph \"{}\" can yield {names}", graph.subgraphs[arrival.subgraph].name));
    }
    let disjoint = reasons.len() > 1 && common.is_empty();
    let ty = graph.fields[field].parent;
    disjoint.then(|| Defect { code: MISMATCHED, place, field: Some(field), ty, reasons: reasons.into_iter().collect() })
}

// === impl Findings ===

impl Findings<'_> {
    fn take(&mut self, walk: Walk<'_>) {
        for defect in walk.defects.iter().chain(&walk.partial) {
            // One sample for each thing that is wrong is enough.
            if self.reported.insert((defect.code, defect.ty, defect.field)) {
                self.report(&walk, defect);
            }
        }
        if walk.exceeded && !self.found.iter().any(|finding| finding.code == TOO_MANY) {
            let message =
                format!("more than {MAX_STATES} ways through the graph: giving up the check that all can be answered");
            self.found.push(Diagnostic::error(TOO_MANY, message));
        }
    }

    fn report(&mut self, walk: &Walk<'_>, defect: &Defect) {
        let graph = self.graph;
        let subject = match defect.field {
            Some(field) => graph.coordinate(field),
            None => graph.types[defect.ty].name.to_string(),
        };
        let sample = operation(graph, walk.kind, &walk.steps(defect.place));
        let why = defect.reasons.iter().map(|reason| format!("\n- {reason}")).collect::<String>();
        let message = match defect.code {
            MISMATCHED => {
                format!("the subgraphs that share `{subject}` have no runtime type in common:{why}\nfor:\n{sample}")
            }
            PARTIAL => format!(
                "`{subject}` cannot be had of all objects at once, only within type conditions:{why}\nfor:\n{sample}"
            ),
            _ => format!("`{subject}` cannot be answered by the subgraphs:{why}\nfor:\n{sample}"),
        };
        let mut finding = match defect.code {
            PARTIAL => Diagnostic::warning(defect.code, message),
            code => Diagnostic::error(code, message),
        };
        for (span, note) in (self.spans)(&subject) {
            finding = finding.label(span, note);
        }
        self.found.push(finding);
    }
}
