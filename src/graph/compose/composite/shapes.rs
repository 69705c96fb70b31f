//! Whether a selection map yields what an argument takes.

use crate::graph::compose::reads::constants;
use crate::graph::language::ast::{FieldDefinition, InputValueDefinition, TypeExpr, TypeKind};
use crate::graph::language::selection_map::{Below, ListItem, ObjectField, Path, Selected, SelectionMap, Step};
use crate::platform::base::Name;
use crate::platform::base::span::Span;

use super::types::Types;

/// Compares selection maps with types.
pub struct Shapes<'a> {
    /// What values are taken from.
    pub outputs: &'a Types<'a>,
    /// What values are made for.
    pub inputs: &'a Types<'a>,
    /// What is wrong, and where.
    pub problems: Vec<(Span, String)>,
    /// Fields that are read: their type's name, the field, and where.
    pub read: Vec<(Name, &'a FieldDefinition, Span)>,
}

// === impl Shapes ===

impl<'a> Shapes<'a> {
    /// Nothing compared yet.
    pub fn new(outputs: &'a Types<'a>, inputs: &'a Types<'a>) -> Self {
        Self { outputs, inputs, problems: Vec::new(), read: Vec::new() }
    }

    /// Whether `map`, for an object of type `root`, yields values of type `wanted`. `at` is the
    /// place of what the specification does not let be written.
    pub fn compare(&mut self, root: &str, map: &SelectionMap, wanted: &TypeExpr, at: Span) {
        for alternative in &map.alternatives {
            match alternative {
                Selected::Object(fields) => {
                    self.object(root, fields, wanted, at, map.alternatives.len() > 1);
                }
                Selected::Path { path, below } => {
                    let Some((given, span)) = self.path(root, path) else { continue };
                    match below {
                        None => self.leaf(&given, wanted, span),
                        Some(Below::Object(fields)) if given.is_list() => {
                            let inside = fields.first().map_or(span, |field| field.name.span);
                            self.problem(inside, "a list is read with brackets: `[{ … }]`".into());
                        }
                        Some(Below::Object(fields)) => {
                            self.object(&given.name().value, fields, wanted, span, map.alternatives.len() > 1);
                        }
                        Some(Below::List(item)) => self.item(&given, item, wanted, span),
                    }
                }
            }
        }
    }

    fn problem(&mut self, at: Span, message: String) {
        self.problems.push((at, message));
    }

    /// The type at the end of a path.
    fn path(&mut self, root: &str, path: &Path) -> Option<(TypeExpr, Span)> {
        let mut here: Name = root.into();
        if let Some(on) = &path.on {
            here = self.narrowed(&here, &on.value, on.span)?;
        }
        let last = path.steps.len() - 1;
        for (index, step) in path.steps.iter().enumerate() {
            let field = self.step(&here, step)?;
            if index == last && step.on.is_none() {
                return Some((field.ty.clone(), step.field.span));
            }
            if field.ty.is_list() {
                let message = format!("\"{here}.{}\" is a list, which is read with brackets: `[…]`", step.field.value);
                self.problem(step.field.span, message);
                return None;
            }
            here = field.ty.name().value.clone();
            if let Some(on) = &step.on {
                here = self.narrowed(&here, &on.value, on.span)?;
            }
        }
        let end = path.steps.last()?.on.clone()?;
        let span = end.span;
        Some((TypeExpr::Named(end), span))
    }

    fn narrowed(&mut self, from: &Name, to: &Name, at: Span) -> Option<Name> {
        let (from_types, to_types) = (self.outputs.possible(from), self.outputs.possible(to));
        if to_types.iter().any(|ty| from_types.contains(ty)) {
            return Some(to.clone());
        }
        self.problem(at, format!("\"{from}\" is never a \"{to}\""));
        None
    }

    fn step(&mut self, on: &Name, step: &Step) -> Option<&'a FieldDefinition> {
        let Some(field) = self.outputs.field(on, &step.field.value) else {
            self.problem(step.field.span, format!("\"{on}\" has no field \"{}\"", step.field.value));
            return None;
        };
        self.read.push((on.clone(), field, step.field.span));
        if let Some(twice) = constants::repeated(&step.arguments) {
            self.problem(twice.span, format!("the argument \"{}\" is given twice", twice.value));
        }
        for argument in &step.arguments {
            let Some(known) = field.arguments.iter().find(|known| known.name.value == argument.name.value) else {
                let message = format!("\"{on}.{}\" has no argument \"{}\"", field.name.value, argument.name.value);
                self.problem(argument.name.span, message);
                continue;
            };
            if let Some(problem) = constants::problem(self.outputs, &known.ty, &argument.value) {
                self.problem(argument.value.span, problem);
            }
        }
        let given = |known: &InputValueDefinition| step.arguments.iter().any(|own| own.name.value == known.name.value);
        for missing in field.arguments.iter().filter(|known| is_mandatory(known) && !given(known)) {
            let message = format!("\"{on}.{}\" needs its argument \"{}\"", field.name.value, missing.name.value);
            self.problem(step.field.span, message);
        }
        Some(field)
    }

    fn leaf(&mut self, given: &TypeExpr, wanted: &TypeExpr, at: Span) {
        if self.outputs.is_composite(&given.name().value) {
            let message = format!("\"{}\" has fields: say what is made of them, as in `.{{ … }}`", given.name().value);
            self.problem(at, message);
        } else if given.name().value != wanted.name().value || depth(given) != depth(wanted) {
            self.problem(at, format!("\"{given}\" is read here, where \"{wanted}\" is wanted"));
        }
    }

    fn object(&mut self, on: &str, fields: &[ObjectField], wanted: &TypeExpr, at: Span, one_of_several: bool) {
        let name = &wanted.name().value;
        if wanted.is_list() || self.inputs.kind(name) != Some(TypeKind::InputObject) {
            let place = fields.first().map_or(at, |field| field.name.span);
            return self.problem(place, format!("an object is made here, where \"{wanted}\" is wanted"));
        }
        if let Some(twice) = constants::repeated_name(fields.iter().map(|field| &field.name)) {
            self.problem(twice.span, format!("the field \"{}\" is made twice", twice.value));
        }
        for field in fields {
            match self.inputs.inputs(name).find(|known| known.name.value == field.name.value) {
                Some(input) => self.compare(on, &field.value, &input.ty, field.name.span),
                None => {
                    let message = format!("\"{name}\" has no field \"{}\"", field.name.value);
                    self.problem(field.name.span, message);
                }
            }
        }
        let given = |known: &InputValueDefinition| fields.iter().any(|own| own.name.value == known.name.value);
        let missing: Vec<_> =
            self.inputs.inputs(name).filter(|known| is_mandatory(known) && !given(known) && !one_of_several).collect();
        for missing in missing {
            self.problem(at, format!("\"{name}\" needs its field \"{}\"", missing.name.value));
        }
    }

    fn item(&mut self, given: &TypeExpr, item: &ListItem, wanted: &TypeExpr, at: Span) {
        let (Some(given_item), Some(wanted_item)) = (item_of(given), item_of(wanted)) else {
            let message = format!("\"{given}\" is read as a list here, where \"{wanted}\" is wanted");
            return self.problem(at, message);
        };
        match item {
            ListItem::List(item) => self.item(given_item, item, wanted_item, at),
            ListItem::Value(_) if given_item.is_list() => {
                self.problem(at, format!("\"{given}\" is a list of lists, which is read with two brackets"));
            }
            ListItem::Value(map) => self.compare(&given_item.name().value, map, wanted_item, at),
        }
    }
}

fn is_mandatory(input: &InputValueDefinition) -> bool {
    input.ty.is_non_null() && input.default.is_none()
}

/// How many lists a type is.
fn depth(ty: &TypeExpr) -> usize {
    match ty {
        TypeExpr::Named(_) => 0,
        TypeExpr::NonNull(of) => depth(of),
        TypeExpr::List(of) => 1 + depth(of),
    }
}

fn item_of(ty: &TypeExpr) -> Option<&TypeExpr> {
    match ty {
        TypeExpr::Named(_) => None,
        TypeExpr::NonNull(of) => item_of(of),
        TypeExpr::List(of) => Some(of),
    }
}
