//! The steps of planning, in order.

use std::collections::HashMap;

use crate::gateway::operation::guards::Guards;
use crate::gateway::operation::model::{Operation, Selection};
use crate::graph::federation::ids::{ConnectorId, SubgraphId, TypeId};
use crate::graph::federation::supergraph::Supergraph;
use crate::graph::language::ast::OperationKind;
use crate::platform::base::id::IdVec;
use crate::sources::rows::shape::RowShape;

use super::classes::Classes;
use super::constraints;
use super::error::{PlanError, PlanOptions};
use super::explain::explain;
use super::fixpoint::Liveness;
use super::graph::Graph;
use super::interned::Interned;
use super::layout::{Layouts, Numbering};
use super::model::{Estimate, Fetch, FetchId, Plan, Request};
use super::mutations;
use super::output_program::OutputProgram;
use super::render::{Part, Renderer};
use super::search;
use super::shapes;
use super::sites::Expansion;
use super::verify;

/// Finds the cheapest plan. Pure: equal inputs give equal plans, byte for byte.
///
/// Fails with [`PlanError::Unsatisfiable`] if no subgraphs together can answer, and with
/// [`PlanError::TooComplex`] beyond the limits of `options`.
pub fn plan(supergraph: &Supergraph, operation: &Operation, options: &PlanOptions) -> Result<Plan, PlanError> {
    let root = supergraph
        .root(operation.kind)
        .ok_or_else(|| PlanError::Unsupported("the schema has no root type for this operation".into()))?;
    let classes = Classes::new(supergraph, operation);
    let in_order = mutations::in_order(operation);
    let mut planner = Planner {
        supergraph,
        operation,
        options,
        classes: &classes,
        root,
        layouts: Layouts::new(),
        guards: operation.guards.clone(),
    };
    let parts = match operation.kind {
        OperationKind::Query => planner.query()?,
        OperationKind::Mutation => mutations::plan(&mut planner, &in_order)?,
        OperationKind::Subscription => {
            return Err(PlanError::Unsupported("subscriptions are not served by this gateway".into()));
        }
    };
    let plan = planner.assemble(&parts)?;
    if cfg!(debug_assertions) {
        let faults = verify::verify(supergraph, operation, &plan);
        assert!(faults.is_empty(), "the plan is wrong: {faults:?}\n{}", explain(supergraph, &plan));
    }
    Ok(plan)
}

/// What planning one operation carries along.
pub struct Planner<'a> {
    /// What it is planned against.
    pub supergraph: &'a Supergraph,
    /// What is planned.
    pub operation: &'a Operation,
    /// The settings.
    pub options: &'a PlanOptions,
    /// Types planned alike.
    pub classes: &'a Classes<'a>,
    /// The root type.
    pub root: TypeId,
    /// The layouts so far.
    pub layouts: Layouts,
    /// The operation's guards and the plan's.
    pub guards: Guards,
}

// === impl Planner ===

impl<'a> Planner<'a> {
    fn query(&mut self) -> Result<Vec<Part<'a>>, PlanError> {
        let operation = self.operation;
        Ok(vec![self.part(&operation.root.items, None)?])
    }

    /// Plans some root fields, from one subgraph only if given.
    pub fn part(&mut self, items: &'a [Selection], only_root: Option<SubgraphId>) -> Result<Part<'a>, PlanError> {
        let most = self.supergraph.subgraphs.len().max(1);
        let mut allowance = 1;
        loop {
            let mut graph = self.expand(items, only_root, allowance)?;
            let live = Liveness::settle(&mut graph);
            let wanted = match constraints::settle(&mut graph, &live) {
                Ok(wanted) => wanted,
                // A longer chain of keys or requirements may help.
                Err(_) if graph.was_cut && allowance < most => {
                    allowance += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let Some(solution) = search::search(&graph, &live, &wanted) else {
                return Err(PlanError::Unsatisfiable(vec!["its fields wait for each other".into()]));
            };
            if solution.dag.calls.len() > self.options.max_fetches {
                return Err(PlanError::TooComplex(format!("more than {} upstream calls", self.options.max_fetches)));
            }
            return Ok(Part { graph, solution });
        }
    }

    fn expand(
        &mut self,
        items: &'a [Selection],
        only_root: Option<SubgraphId>,
        allowance: usize,
    ) -> Result<Graph<'a>, PlanError> {
        let graph = Graph::new(self.supergraph, self.operation, self.options, self.classes, only_root, allowance);
        Expansion::new(graph, self.root, &mut self.layouts, &mut self.guards).run(items)
    }

    fn assemble(mut self, parts: &[Part<'_>]) -> Result<Plan, PlanError> {
        let mut numbering = Numbering::default();
        let mut output = OutputProgram {
            supergraph: self.supergraph,
            operation: self.operation,
            layouts: &mut self.layouts,
            numbering: &mut numbering,
        }
        .compile();
        let mut renderer = Renderer::new(&self.layouts, &mut numbering, &mut self.guards, parts);
        let mut before: Vec<FetchId> = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let ends = renderer.part(index, part, &before);
            if !ends.is_empty() {
                before = ends;
            }
        }
        let mut fetches: IdVec<FetchId, Fetch> = renderer.fetches;
        if fetches.len() > self.options.max_fetches {
            return Err(PlanError::TooComplex(format!("more than {} upstream calls", self.options.max_fetches)));
        }
        let mut interned = Interned::new(&numbering.sites, &fetches);
        for fetch in fetches.iter_mut() {
            let mut shape = (*fetch.shape).clone();
            match &mut shape {
                RowShape::Root(object) => shapes::seal(object, &numbering),
                RowShape::Lists(lists) => lists.iter_mut().for_each(|list| shapes::seal(&mut list.object, &numbering)),
            }
            interned.mark(&mut shape);
            fetch.shape = shape.into();
        }
        interned.mark_output(&mut output);
        if self.operation.kind == OperationKind::Query {
            share_reads(&mut fetches);
        }
        let sum = |of: fn(&Part<'_>) -> u64| parts.iter().map(of).sum();
        let estimate = Estimate {
            cost: sum(|part| part.solution.cost.total),
            lower_bound: sum(|part| part.solution.lower_bound),
            calls: sum(|part| part.solution.cost.calls),
        };
        Ok(Plan {
            kind: self.operation.kind,
            guards: self.guards.into(),
            sites: numbering.sites.into(),
            fetches: fetches.into(),
            output,
            estimate,
        })
    }
}

/// Marks the calls of connectors that a query calls in several places. What a mutation reads may
/// have been written in between.
fn share_reads(fetches: &mut IdVec<FetchId, Fetch>) {
    let mut places: HashMap<ConnectorId, usize> = HashMap::new();
    for fetch in fetches.iter() {
        if let Request::Connector { connector, .. } = &fetch.request {
            *places.entry(*connector).or_default() += 1;
        }
    }
    for fetch in fetches.iter_mut() {
        if let Request::Connector { connector, shared, .. } = &mut fetch.request {
            *shared = places.get(connector).is_some_and(|&places| places > 1);
        }
    }
}
