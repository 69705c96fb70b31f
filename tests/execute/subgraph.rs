//! A subgraph that answers documents from data, for pages that start from subgraphs' schemas.
//!
//! Documents are validated against the subgraph's own schema first, so a plan that asks for what a
//! subgraph does not have fails its page.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use pleach::graph::language::ast::{Directive, Field, Selection, TypeDefinition};
use pleach::sources::contract::{Call, CallContext, FetchRequest, Source, SourceError};
use pleach::sources::rows::scan::scan_graphql;
use pleach::sources::rows::slot::Rows;
use serde_json::{Map, Value, json};

use super::subgraph_schema::SubgraphSchema;

/// A subgraph with its data: root types hold fields, other types lists of entities. An object
/// `{"error": "…"}` is a null with that error; `{"lookup": ["Product"], "by": {"input.id": "id"}}` is the
/// entity whose field `id` is what the argument `input` has under `id`; `{"arguments": true}` is a text
/// that repeats the arguments.
pub struct Subgraph {
    pub name: String,
    pub delay: Duration,
    pub calls: super::Calls,
    /// Answer nothing but this failure.
    pub failure: Option<SourceError>,
    pub data: Value,
    pub schema: Arc<SubgraphSchema>,
}

// === impl Subgraph ===

impl Source for Subgraph {
    fn name(&self) -> &str {
        &self.name
    }

    fn fetch<'a>(&'a self, request: &'a FetchRequest, _: &'a CallContext) -> BoxFuture<'a, Result<Rows, SourceError>> {
        let Call::Graphql { document, variables, .. } = &request.call else { panic!("subgraphs speak GraphQL") };
        let sent: Value = serde_json::from_slice(variables).expect("variables are JSON");
        self.calls.lock().unwrap().push((self.name.clone(), sent.clone()));
        Box::pin(async move {
            tokio::time::sleep(self.delay).await;
            if let Some(failure) = &self.failure {
                return Err(failure.clone());
            }
            let variables = sent.as_object().cloned().unwrap_or_default();
            let body = self.answer(document, variables);
            Ok(scan_graphql(&Bytes::from(body.to_string()), &request.shape, &request.expected)?)
        })
    }
}

impl Subgraph {
    fn is(&self, name: &str, condition: &str) -> bool {
        let implements = |ty: &TypeDefinition| ty.interfaces.iter().any(|interface| &*interface.value == condition);
        let member = |ty: &TypeDefinition| ty.members.iter().any(|member| &*member.value == name);
        name == condition
            || self.schema.types.get(name).is_some_and(implements)
            || self.schema.types.get(condition).is_some_and(member)
    }

    fn answer(&self, text: &str, variables: Map<String, Value>) -> Value {
        let document = self
            .schema
            .api
            .validate(text, 10_000)
            .unwrap_or_else(|problems| panic!("{} was sent {text}: {problems:?}", self.name));
        let variables = self.schema.api.coerce_variables(&document, None, variables).expect("variables fit");
        let operation = &document.tree.operations[0];
        let root = match operation.kind.as_str() {
            "mutation" => "Mutation",
            _ => "Query",
        };
        let mut run = Run { subgraph: self, variables, errors: Vec::new(), path: Vec::new() };
        let object = self.data.get(root).cloned().unwrap_or_else(|| json!({}));
        let data = run.object(&object, root, &[&operation.selections]);
        match run.errors.is_empty() {
            true => json!({ "data": data }),
            false => json!({ "data": data, "errors": run.errors }),
        }
    }

    /// The entity that has what the representation says, with the representation's own fields.
    fn entity(&self, representation: &Value) -> Value {
        let name = representation["__typename"].as_str().expect("a type name");
        let fields = representation.as_object().expect("an object");
        let agrees = |entity: &&Value| {
            let mut known = fields.iter().filter(|(key, _)| *key != "__typename" && entity.get(key).is_some());
            known.clone().next().is_some() && known.all(|(key, value)| entity.get(key) == Some(value))
        };
        let Some(found) = self.data[name].as_array().and_then(|all| all.iter().find(agrees)) else {
            return Value::Null;
        };
        let mut entity = representation.clone();
        for (key, value) in found.as_object().into_iter().flatten() {
            entity[key] = value.clone();
        }
        entity
    }
}

struct Run<'a> {
    subgraph: &'a Subgraph,
    variables: Map<String, Value>,
    errors: Vec<Value>,
    path: Vec<Value>,
}

impl Run<'_> {
    fn object(&mut self, object: &Value, declared: &str, selections: &[&[Selection]]) -> Value {
        let name = object["__typename"].as_str().unwrap_or(declared).to_owned();
        let mut fields: Vec<(String, Vec<&Field>)> = Vec::new();
        for selections in selections {
            self.collect(&name, selections, &mut fields);
        }
        let mut answer = Map::new();
        for (key, nodes) in fields {
            let field = &*nodes[0].name.value;
            self.path.push(key.clone().into());
            let value = match field {
                "__typename" => Value::from(&*name),
                "_entities" => self.entities(&nodes),
                _ => {
                    let ty = self.subgraph.schema.types.get(&name);
                    let def = ty.and_then(|ty| ty.fields.iter().find(|def| &*def.name.value == field));
                    let inner = def.map(|def| def.ty.name().value.to_string()).unwrap_or_default();
                    let value = object.get(field).cloned().unwrap_or(Value::Null);
                    let value = self.computed(value, nodes[0]);
                    self.value(&value, &inner, &nodes)
                }
            };
            self.path.pop();
            answer.insert(key, value);
        }
        Value::Object(answer)
    }

    fn collect<'s>(&self, name: &str, selections: &'s [Selection], into: &mut Vec<(String, Vec<&'s Field>)>) {
        for selection in selections {
            match selection {
                Selection::Field(field) if self.wanted(&field.directives) => {
                    let key = field.alias.as_ref().unwrap_or(&field.name.value).to_string();
                    match into.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, nodes)) => nodes.push(field),
                        None => into.push((key, vec![field])),
                    }
                }
                Selection::InlineFragment { on, directives, selections, .. }
                    if self.wanted(directives) && on.as_ref().is_none_or(|on| self.subgraph.is(name, &on.value)) =>
                {
                    self.collect(name, selections, into);
                }
                _ => {}
            }
        }
    }

    fn wanted(&self, directives: &[Directive]) -> bool {
        directives.iter().all(|directive| {
            let value = directive.argument("if").and_then(|value| value.to_input().to_json(&self.variables));
            match &*directive.name {
                "include" => value == Some(Value::Bool(true)),
                "skip" => value != Some(Value::Bool(true)),
                _ => true,
            }
        })
    }

    fn entities(&mut self, nodes: &[&Field]) -> Value {
        let argument = &nodes[0].arguments[0].value;
        let representations = argument.to_input().to_json(&self.variables).expect("representations");
        let entities =
            representations.as_array().expect("a list").iter().map(|one| self.subgraph.entity(one)).collect();
        self.value(&Value::Array(entities), "_Entity", nodes)
    }

    /// What depends on the field's arguments.
    fn computed(&self, value: Value, node: &Field) -> Value {
        let arguments = node.arguments.iter().filter_map(|argument| {
            Some((argument.name.value.to_string(), argument.value.to_input().to_json(&self.variables)?))
        });
        let arguments = Value::Object(arguments.collect());
        match (value.get("arguments"), value.get("lookup"), value.get("by")) {
            (Some(_), ..) => arguments.to_string().into(),
            (_, Some(Value::Array(types)), Some(Value::Object(by))) => {
                let sought = by.iter().filter_map(|(path, field)| {
                    let value = arguments.pointer(&format!("/{}", path.replace('.', "/")))?;
                    Some((field.as_str()?, value))
                });
                let sought: Vec<(&str, &Value)> = sought.collect();
                types.iter().find_map(|ty| self.found(ty.as_str()?, &sought)).unwrap_or(Value::Null)
            }
            _ => value,
        }
    }

    fn found(&self, ty: &str, sought: &[(&str, &Value)]) -> Option<Value> {
        let agrees = |entity: &&Value| {
            !sought.is_empty() && sought.iter().all(|(field, value)| entity.get(field) == Some(*value))
        };
        let mut found = self.subgraph.data.get(ty)?.as_array()?.iter().find(agrees)?.clone();
        if found.get("error").is_none() {
            found["__typename"] = ty.into();
        }
        Some(found)
    }

    fn value(&mut self, value: &Value, declared: &str, nodes: &[&Field]) -> Value {
        match value {
            Value::Array(items) => {
                let mut answer = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    self.path.push(index.into());
                    answer.push(self.value(item, declared, nodes));
                    self.path.pop();
                }
                Value::Array(answer)
            }
            Value::Object(fields) => match (fields.get("error"), nodes[0].selections.is_some()) {
                (Some(message), _) => {
                    self.errors.push(json!({"message": message, "path": self.path}));
                    Value::Null
                }
                (None, true) => {
                    let selections: Vec<&[Selection]> =
                        nodes.iter().filter_map(|node| node.selections.as_deref()).collect();
                    self.object(value, declared, &selections)
                }
                (None, false) => value.clone(),
            },
            other => other.clone(),
        }
    }
}
