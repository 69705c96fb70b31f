//! Executes operations as the GraphQL specification says, §6: `CollectFields`, `ExecuteField`,
//! `CompleteValue` and "Handling Execution Errors". What a field's value is, is the resolvers'
//! business.

use pleach::graph::language::ast::{Directive, ExecutableDocument, Field, Selection};
use serde_json::{Map, Value as Json};

/// A value as a resolver gives it.
pub enum Resolved<O> {
    Null,
    Error(String),
    Leaf(Json),
    Object(O),
    List(Vec<Resolved<O>>),
}

/// A type, as far as completion needs it: outermost first, whether each list is non-null.
pub struct Nullability {
    pub lists: Vec<bool>,
    pub non_null: bool,
}

/// Resolvers over one schema.
pub trait Schema {
    /// An object's identity.
    type Object;
    /// The object's type.
    fn type_name(&self, object: &Self::Object) -> String;
    /// Whether objects of a type fulfil a type condition.
    fn fulfils(&self, type_name: &str, condition: &str) -> bool;
    /// A field's type and its value.
    fn resolve(
        &self,
        object: &Self::Object,
        field: &str,
        arguments: &Map<String, Json>,
    ) -> (Nullability, Resolved<Self::Object>);
}

/// A step of a path: a response name or a position.
pub type Path = Vec<Json>;

/// The outcome of an execution.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Null when an error reached the root.
    pub data: Json,
    /// Every error there was, also beneath values that became null.
    pub errors: Vec<(Path, String)>,
    /// Where a null stands because of errors.
    pub nulled: Vec<Path>,
}

struct Execution<'a, S> {
    schema: &'a S,
    document: &'a ExecutableDocument,
    variables: &'a Map<String, Json>,
    path: Path,
    errors: Vec<(Path, String)>,
    nulled: Vec<Path>,
}

/// Executes the only operation of a document from a root object.
pub fn execute<S: Schema>(
    schema: &S,
    document: &ExecutableDocument,
    variables: &Map<String, Json>,
    root: &S::Object,
) -> Outcome {
    let mut execution =
        Execution { schema, document, variables, path: Vec::new(), errors: Vec::new(), nulled: Vec::new() };
    let data = execution.selection_set(root, &[&*document.operations[0].selections]);
    if data.is_none() {
        execution.nulled.push(Vec::new());
    }
    Outcome { data: data.unwrap_or(Json::Null), errors: execution.errors, nulled: execution.nulled }
}

// === impl Execution ===

impl<'a, S: Schema> Execution<'a, S> {
    /// `None` if a non-null field of it is null.
    fn selection_set(&mut self, object: &S::Object, sets: &[&'a [Selection]]) -> Option<Json> {
        let type_name = self.schema.type_name(object);
        let mut groups: Vec<(String, Vec<&'a Field>)> = Vec::new();
        sets.iter().for_each(|set| self.collect(&type_name, set, &mut groups));
        let mut complete = true;
        let mut answer = Map::new();
        for (key, fields) in groups {
            self.path.push(key.as_str().into());
            match self.field(object, &type_name, &fields) {
                Some(value) => drop(answer.insert(key, value)),
                None => complete = false,
            }
            self.path.pop();
        }
        complete.then_some(Json::Object(answer))
    }

    fn collect(&self, type_name: &str, set: &'a [Selection], groups: &mut Vec<(String, Vec<&'a Field>)>) {
        for selection in set {
            match selection {
                Selection::Field(field) if self.included(&field.directives) => {
                    let key = field.alias.as_ref().unwrap_or(&field.name.value);
                    match groups.iter_mut().find(|(known, _)| **known == **key) {
                        Some((_, fields)) => fields.push(field),
                        None => groups.push((key.to_string(), vec![field])),
                    }
                }
                Selection::InlineFragment { on, directives, selections, .. }
                    if self.included(directives)
                        && on.as_ref().is_none_or(|on| self.schema.fulfils(type_name, &on.value)) =>
                {
                    self.collect(type_name, selections, groups);
                }
                Selection::FragmentSpread { name, directives } if self.included(directives) => {
                    let fragment = self.document.fragments.iter().find(|fragment| fragment.name.value == name.value);
                    let fragment = fragment.expect("the document is valid");
                    if self.schema.fulfils(type_name, &fragment.on.value) {
                        self.collect(type_name, &fragment.selections, groups);
                    }
                }
                _ => {}
            }
        }
    }

    fn included(&self, directives: &[Directive]) -> bool {
        directives.iter().all(|directive| {
            let argument = directive.argument("if").expect("`if` is required");
            let value = argument.to_input().to_json(self.variables) == Some(Json::Bool(true));
            match &*directive.name {
                "include" => value,
                "skip" => !value,
                other => panic!("@{other} is not known"),
            }
        })
    }

    fn field(&mut self, object: &S::Object, type_name: &str, fields: &[&'a Field]) -> Option<Json> {
        let name = &*fields[0].name.value;
        if name == "__typename" {
            return Some(type_name.into());
        }
        let mut arguments = Map::new();
        for argument in &fields[0].arguments {
            if let Some(value) = argument.value.to_input().to_json(self.variables) {
                arguments.insert(argument.name.value.to_string(), value);
            }
        }
        let (nullability, value) = self.schema.resolve(object, name, &arguments);
        self.complete(&nullability, 0, value, fields)
    }

    /// `None` if the value is null and may not be.
    fn complete(
        &mut self,
        ty: &Nullability,
        level: usize,
        value: Resolved<S::Object>,
        fields: &[&'a Field],
    ) -> Option<Json> {
        let non_null = ty.lists.get(level).copied().unwrap_or(ty.non_null);
        let completed = match value {
            Resolved::Null if !non_null => return Some(Json::Null),
            Resolved::Null => {
                self.errors.push((self.path.clone(), "null where none may be".into()));
                None
            }
            Resolved::Error(message) => {
                self.errors.push((self.path.clone(), message));
                None
            }
            Resolved::Leaf(value) => Some(value),
            Resolved::Object(object) => {
                let sets: Vec<&'a [Selection]> =
                    fields.iter().filter_map(|field| field.selections.as_deref()).collect();
                self.selection_set(&object, &sets)
            }
            Resolved::List(items) => {
                let mut complete = true;
                let mut answer = Vec::new();
                for (index, item) in items.into_iter().enumerate() {
                    self.path.push(index.into());
                    match self.complete(ty, level + 1, item, fields) {
                        Some(item) => answer.push(item),
                        None => complete = false,
                    }
                    self.path.pop();
                }
                complete.then_some(Json::Array(answer))
            }
        };
        if completed.is_none() && !non_null {
            self.nulled.push(self.path.clone());
            return Some(Json::Null);
        }
        completed
    }
}
