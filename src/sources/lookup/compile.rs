//! A plan's document, read once: what is selected of each type, and by which lookups it can be had.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use crate::graph::federation::lookup::FilledArgument;
use crate::graph::language::ast::{Argument, Field, OperationDefinition, Selection, ValueKind, VariableDefinition};
use crate::graph::language::selection_map::SelectionMap;
use crate::graph::language::{minified, parse};
use crate::platform::base::Name;
use crate::sources::contract::SourceError;

use super::known::{Kinds, Lookups, TypeLookups};

/// A document that asks for entities.
#[derive(Debug)]
pub(super) struct Compiled {
    /// Variables that are not representations: the name and `$name:Type=default`.
    pub(super) variables: Vec<(Name, String)>,
    /// By response key.
    pub(super) lists: HashMap<Name, List>,
    /// What aliases, and so their variables, begin with; no other variable does.
    pub(super) prefix: String,
}

/// One list of entities.
#[derive(Debug)]
pub(super) struct List {
    /// The variable that has the representations.
    pub(super) variable: Name,
    /// The list as the plan asks for it.
    field: Field,
    /// By the name of an object type that can be looked up.
    pub(super) types: HashMap<Name, Selected>,
}

/// What is selected of one type.
#[derive(Debug)]
pub(super) struct Selected {
    pub(super) ty: Name,
    pub(super) fields: Vec<SelectedField>,
    /// Each once, though several fields may need it.
    pub(super) filled: Vec<Filled>,
    pub(super) lookups: Vec<Lookup>,
}

/// A field, to be written with its required arguments.
#[derive(Debug)]
pub(super) struct SelectedField {
    /// The key in the answer.
    pub(super) key: Name,
    /// `Type.field`
    pub(super) coordinate: String,
    /// `alias:name`
    name: String,
    /// `a:1,b:2`
    arguments: String,
    /// Indices into [`Selected::filled`].
    pub(super) required: Vec<usize>,
    /// What stands after the arguments.
    tail: String,
    /// Variables of the document that it uses.
    pub(super) variables: BTreeSet<Name>,
    /// Those that decide whether it is included.
    pub(super) conditions: BTreeSet<Name>,
}

/// An argument that is filled from a representation.
#[derive(Debug)]
pub(super) struct Filled {
    pub(super) argument: Name,
    /// Its variable's name, without the alias: `_id`.
    pub(super) suffix: String,
    pub(super) ty: Name,
    pub(super) has_default: bool,
    pub(super) value: SelectionMap,
}

/// A way to look an object up.
#[derive(Debug)]
pub(super) struct Lookup {
    pub(super) path: Vec<Name>,
    pub(super) arguments: Vec<Filled>,
}

struct Compiler<'l> {
    lookups: &'l Lookups,
}

/// Reads a document that asks for entities of a subgraph with `lookups`.
///
/// # Errors
/// When it is none, a fault of ours.
pub(super) fn compile(document: &str, lookups: &Lookups) -> Result<Compiled, SourceError> {
    let parsed = parse::executable_text(document).ok();
    let compiled = parsed.as_ref().and_then(|parsed| parsed.operations.first()).and_then(|operation| {
        let lists = Compiler { lookups }.lists(operation)?;
        let is_list = |name: &Name| lists.values().any(|list| list.variable == *name);
        let others = operation.variables.iter().filter(|variable| !is_list(&variable.name.value));
        let variables = others.map(|variable| (variable.name.value.clone(), declaration(variable))).collect();
        Some(Compiled { variables, prefix: prefix(&operation.variables), lists })
    });
    compiled.ok_or_else(|| SourceError::new("INTERNAL", "the plan's document does not ask for entities"))
}

fn declaration(variable: &VariableDefinition) -> String {
    let default = variable.default.as_ref().map(|value| format!("={}", value.to_input())).unwrap_or_default();
    format!("${}:{}{default}", variable.name.value, variable.ty)
}

fn prefix(variables: &[VariableDefinition]) -> String {
    let mut prefix = String::from("e");
    while variables.iter().any(|variable| variable.name.value.starts_with(&prefix)) {
        prefix.insert(0, '_');
    }
    prefix
}

// === impl Compiler ===

impl Compiler<'_> {
    fn lists(&self, operation: &OperationDefinition) -> Option<HashMap<Name, List>> {
        let lists = operation.selections.iter().map(|selection| {
            let Selection::Field(field) = selection else { return None };
            let ValueKind::Variable(variable) = &field.arguments.first()?.value.kind else { return None };
            let selections = field.selections.as_deref()?;
            let types =
                self.lookups.types.iter().map(|(ty, lookups)| (ty.clone(), self.selected(ty, lookups, selections)));
            Some((key(field), List { variable: variable.clone(), field: field.clone(), types: types.collect() }))
        });
        lists.collect()
    }

    fn selected(&self, ty: &Name, lookups: &TypeLookups, selections: &[Selection]) -> Selected {
        let mut names = BTreeSet::new();
        let ways = lookups.lookups.iter().map(|way| Lookup {
            path: way.path.clone(),
            arguments: way.arguments.iter().map(|argument| filled(argument, format!("_{}", argument.name))).collect(),
        });
        let ways: Vec<Lookup> = ways.collect();
        names.extend(ways.iter().flat_map(|way| &way.arguments).map(|argument| argument.suffix.clone()));
        let mut selected = Selected { ty: ty.clone(), fields: Vec::new(), filled: Vec::new(), lookups: ways };
        let mut known: HashMap<Name, Vec<usize>> = HashMap::new();
        for field in of_type(&self.lookups.kinds, ty, selections) {
            let name = &field.name.value;
            let required = known.entry(name.clone()).or_insert_with(|| {
                let arguments = lookups.required.get(name).map(Vec::as_slice).unwrap_or_default();
                let new = arguments.iter().map(|argument| {
                    let mut suffix = format!("_{name}_{}", argument.name);
                    while !names.insert(suffix.clone()) {
                        suffix.push('_');
                    }
                    filled(argument, suffix)
                });
                let first = selected.filled.len();
                selected.filled.extend(new);
                (first..selected.filled.len()).collect()
            });
            selected.fields.push(SelectedField::of(ty, field, required.clone()));
        }
        selected
    }
}

fn filled(argument: &FilledArgument, suffix: String) -> Filled {
    let FilledArgument { name, ty, has_default, value } = argument.clone();
    Filled { argument: name, suffix, ty, has_default, value }
}

fn key(field: &Field) -> Name {
    field.alias.clone().unwrap_or_else(|| field.name.value.clone())
}

/// The fields selected of objects of type `ty`.
fn of_type<'d>(kinds: &Kinds, ty: &str, selections: &'d [Selection]) -> Vec<&'d Field> {
    let mut fields = Vec::new();
    for selection in selections {
        match selection {
            Selection::Field(field) => fields.push(field),
            Selection::InlineFragment { on, selections, .. } => {
                if on.as_ref().is_none_or(|on| kinds.is(ty, &on.value)) {
                    fields.extend(of_type(kinds, ty, selections));
                }
            }
            // Plans name no fragments.
            Selection::FragmentSpread { .. } => {}
        }
    }
    fields
}

// === impl Filled ===

impl Filled {
    /// Whether it must not be null.
    pub(super) fn is_non_null(&self) -> bool {
        self.ty.ends_with('!')
    }
}

// === impl List ===

impl List {
    /// Writes the list with what is selected of objects of these types, and notes its variables.
    pub(super) fn write(&self, out: &mut String, kinds: &Kinds, types: &BTreeSet<&str>, used: &mut BTreeSet<Name>) {
        let fits = |selection: &&Selection| match selection {
            Selection::InlineFragment { on: Some(on), .. } => types.iter().any(|ty| kinds.is(ty, &on.value)),
            _ => true,
        };
        let selections = self.field.selections.iter().flatten().filter(fits).cloned().collect();
        let field = Field { selections: Some(selections), ..self.field.clone() };
        minified::name(out, &field);
        minified::arguments(out, &field.arguments);
        minified::tail(out, &field);
        variables_of(&field, used);
    }
}

// === impl SelectedField ===

impl SelectedField {
    fn of(ty: &str, field: &Field, required: Vec<usize>) -> Self {
        let (mut name, mut arguments, mut tail) = (String::new(), String::new(), String::new());
        minified::name(&mut name, field);
        for argument in &field.arguments {
            let before = if arguments.is_empty() { "" } else { "," };
            let _ = write!(arguments, "{before}{}:{}", argument.name.value, argument.value.to_input());
        }
        minified::tail(&mut tail, field);
        let (mut variables, mut conditions) = (BTreeSet::new(), BTreeSet::new());
        variables_of(field, &mut variables);
        field.directives.iter().for_each(|include| variables_of_arguments(&include.arguments, &mut conditions));
        let coordinate = format!("{ty}.{}", field.name.value);
        Self { key: key(field), coordinate, name, arguments, required, tail, variables, conditions }
    }

    /// Writes the field with some more arguments, such as `size:$e0_size`.
    pub(super) fn write(&self, out: &mut String, more: &[String]) {
        out.push_str(&self.name);
        let own = Some(self.arguments.as_str()).filter(|own| !own.is_empty());
        let all: Vec<&str> = own.into_iter().chain(more.iter().map(String::as_str)).collect();
        if !all.is_empty() {
            let _ = write!(out, "({})", all.join(","));
        }
        out.push_str(&self.tail);
    }
}

fn variables_of(field: &Field, into: &mut BTreeSet<Name>) {
    variables_of_arguments(&field.arguments, into);
    field.directives.iter().for_each(|directive| variables_of_arguments(&directive.arguments, into));
    field.selections.iter().flatten().for_each(|selection| variables_of_selection(selection, into));
}

fn variables_of_selection(selection: &Selection, into: &mut BTreeSet<Name>) {
    match selection {
        Selection::Field(field) => variables_of(field, into),
        Selection::InlineFragment { directives, selections, .. } => {
            directives.iter().for_each(|directive| variables_of_arguments(&directive.arguments, into));
            selections.iter().for_each(|selection| variables_of_selection(selection, into));
        }
        Selection::FragmentSpread { .. } => {}
    }
}

fn variables_of_arguments(arguments: &[Argument], into: &mut BTreeSet<Name>) {
    for argument in arguments {
        argument.value.to_input().for_each_variable(&mut |name| {
            into.insert(name.clone());
        });
    }
}
