//! What an operation would cost, before anything is fetched: the GraphQL cost directives
//! specification, with weights from `@cost` and list sizes from `@listSize`.

use serde_json::{Map, Value};

use crate::gateway::exchange::error::GraphqlError;
use crate::gateway::operation::guards::Bits;
use crate::gateway::operation::model::{FieldSelection, Operation, SelectionKind, SelectionSet};
use crate::graph::federation::supergraph::{FieldDef, InputDef, ListSize, Supergraph, TypeDef};
use crate::graph::language::ast::OperationKind;
use crate::graph::language::value::InputValue;
use crate::platform::base::Name;

use super::config::LimitsConfig;

/// Base cost of each root field of a mutation: writes are dearer than reads.
const MUTATION_WEIGHT: u64 = 10;

/// Refuses an operation of this cost if that is more than the budget.
///
/// # Errors
/// `COST_ESTIMATED_TOO_EXPENSIVE`, with both numbers.
pub fn check(cost: u64, limits: &LimitsConfig) -> Result<(), GraphqlError> {
    if cost <= limits.complexity {
        return Ok(());
    }
    let message = format!("The operation costs {cost}; the limit is {}", limits.complexity);
    Err(GraphqlError::new("COST_ESTIMATED_TOO_EXPENSIVE", message)
        .with("number", cost)
        .with("limit", limits.complexity))
}

/// The estimated cost of an operation with these variables. Fields behind a false condition and
/// fields the caller may not see cost nothing; of alternatives by type the dearest counts.
pub fn estimate(
    supergraph: &Supergraph,
    operation: &Operation,
    variables: &Map<String, Value>,
    assumed_list_size: u32,
) -> u64 {
    let wanted = operation.guards.evaluate(|name| variables.get(name) == Some(&Value::Bool(true)));
    let estimator = Estimator { supergraph, variables, wanted, assumed: u64::from(assumed_list_size) };
    let fields = estimator.selections(&operation.root, &Sized::default());
    match operation.kind {
        OperationKind::Mutation => {
            fields.saturating_add(MUTATION_WEIGHT.saturating_mul(operation.root.items.len() as u64))
        }
        _ => fields,
    }
}

struct Estimator<'a> {
    supergraph: &'a Supergraph,
    variables: &'a Map<String, Value>,
    wanted: Bits,
    assumed: u64,
}

/// List sizes that a field says about lists below it (`sizedFields`).
#[derive(Clone, Default)]
struct Sized {
    fields: Vec<Name>,
    size: u64,
}

// === impl Estimator ===

impl Estimator<'_> {
    fn selections(&self, set: &SelectionSet, sized: &Sized) -> u64 {
        // Fields of different runtime types exclude each other; those that apply to all add up.
        let parent = &self.supergraph.types[set.parent];
        let mut for_all: u64 = 0;
        let mut by_type: std::collections::BTreeMap<_, u64> = std::collections::BTreeMap::new();
        for item in &set.items {
            let SelectionKind::Field(field) = &item.kind else { continue };
            if field.denied.is_some() || !self.wanted[item.guard.0 as usize] {
                continue;
            }
            let cost = self.field(field, sized);
            if !parent.is_abstract() || parent.possible.is_subset(&item.on) {
                for_all = for_all.saturating_add(cost);
            } else {
                for ty in item.on.iter() {
                    let sum = by_type.entry(ty).or_default();
                    *sum = sum.saturating_add(cost);
                }
            }
        }
        for_all.saturating_add(by_type.values().copied().max().unwrap_or(0))
    }

    fn field(&self, field: &FieldSelection, sized: &Sized) -> u64 {
        let def = &self.supergraph.fields[field.field];
        let result = &self.supergraph.types[def.ty.inner];
        let default_weight = i32::from(result.is_composite());
        let own = def.cost.or(result.cost).unwrap_or(default_weight);
        let given = |argument: &InputDef| {
            let (_, value) = field.arguments.iter().find(|(name, _)| *name == argument.name)?;
            match self.supergraph.types[argument.ty.inner].inputs.is_empty() {
                true => Some(self.input(argument, &Value::Null)),
                false => Some(self.input(argument, &value.to_json(self.variables)?)),
            }
        };
        let arguments: i64 = def.arguments.iter().filter_map(given).fold(0, i64::saturating_add);
        let (size, below) = self.sizes(field, def, sized);
        let children = field.selections.as_ref().map_or(0, |set| self.selections(set, &below));
        let each = u64::try_from(own).unwrap_or(0).saturating_add(children);
        each.saturating_mul(size).saturating_add(u64::try_from(arguments).unwrap_or(0))
    }

    /// What a given argument or input field weighs: itself, or else its type, and for each input
    /// object what its given fields weigh.
    fn input(&self, input: &InputDef, value: &Value) -> i64 {
        let ty = &self.supergraph.types[input.ty.inner];
        let own = i64::from(input.cost.or(ty.cost).unwrap_or(0));
        own.saturating_add(self.input_fields(ty, value))
    }

    fn input_fields(&self, ty: &TypeDef, value: &Value) -> i64 {
        match value {
            Value::Array(items) => items.iter().map(|item| self.input_fields(ty, item)).fold(0, i64::saturating_add),
            Value::Object(fields) => {
                let given = |input: &InputDef| Some(self.input(input, fields.get(&*input.name)?));
                ty.inputs.iter().filter_map(given).fold(0, i64::saturating_add)
            }
            _ => 0,
        }
    }

    /// How many items the field yields, and what it says about lists below it.
    fn sizes(&self, field: &FieldSelection, def: &FieldDef, sized: &Sized) -> (u64, Sized) {
        let said = def.list_size.as_ref().map(|list_size| self.list_size(field, def, list_size));
        match (&def.list_size, said) {
            (Some(list_size), Some(size)) if !list_size.sized_fields.is_empty() => {
                (1, Sized { fields: list_size.sized_fields.clone(), size })
            }
            (_, Some(size)) if def.ty.is_list() => (size, Sized::default()),
            _ if !def.ty.is_list() => (1, Sized::default()),
            _ if sized.fields.contains(&def.name) => (sized.size, Sized::default()),
            _ => (self.assumed, Sized::default()),
        }
    }

    fn list_size(&self, field: &FieldSelection, def: &FieldDef, list_size: &ListSize) -> u64 {
        let slicing = list_size.slicing_arguments.iter().filter_map(|name| self.slicing_argument(field, def, name));
        slicing.max().or(list_size.assumed.map(u64::from)).unwrap_or(self.assumed)
    }

    fn slicing_argument(&self, field: &FieldSelection, def: &FieldDef, name: &Name) -> Option<u64> {
        let given = field.arguments.iter().find(|(given, _)| given == name).map(|(_, value)| value);
        let default = || {
            def.arguments.iter().find(|argument| argument.name == *name).and_then(|argument| argument.default.as_ref())
        };
        let number = |value: &InputValue| match value {
            InputValue::Int(text) => text.parse::<i64>().ok(),
            InputValue::Variable(name) => self.variables.get(&**name)?.as_i64(),
            _ => None,
        };
        let value = given.and_then(number).or_else(|| default().and_then(number))?;
        Some(u64::try_from(value).unwrap_or(0))
    }
}
