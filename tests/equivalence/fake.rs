//! A subgraph that resolves what it declares, from the world's data.
//!
//! It is a strict one: a document that is not valid for it, a field it must not be asked for, and
//! a representation that is not what it needs are faults.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use pleach::sources::contract::{Call, CallContext, FetchRequest, Source, SourceError};
use pleach::sources::rows::scan::scan_graphql;
use pleach::sources::rows::slot::Rows;
use serde_json::{Map, Value as Json, json};

use super::interpret::{self, Nullability, Resolved, Schema};
use super::oracle;
use super::subgraph_schema::SubgraphSchema;
use super::world::*;

/// A subgraph of a world.
pub struct Fake {
    pub world: Arc<World>,
    pub sub: Sub,
    pub schema: Arc<SubgraphSchema>,
    pub delay: Duration,
    /// What the gateway did wrong, shared by all subgraphs.
    pub faults: Arc<Mutex<Vec<String>>>,
}

/// An object as a subgraph has it at hand.
#[derive(Clone)]
pub struct Known {
    ty: TypeIndex,
    nth: usize,
    /// What the gateway said about it.
    representation: Option<Json>,
    /// External fields that the path here provides.
    provided: FieldSet,
}

// === impl Fake ===

impl Source for Fake {
    fn name(&self) -> &str {
        NAMES[self.sub]
    }

    fn fetch<'a>(&'a self, request: &'a FetchRequest, _: &'a CallContext) -> BoxFuture<'a, Result<Rows, SourceError>> {
        Box::pin(async move {
            tokio::time::sleep(self.delay).await;
            let Call::Graphql { document, variables, .. } = &request.call else { panic!("subgraphs speak GraphQL") };
            let variables: Map<String, Json> = serde_json::from_slice(variables).expect("variables are an object");
            let answer = self.answer(document, variables);
            if self.world.failing == Some(self.sub) {
                return Err(SourceError::new("SUBREQUEST_HTTP_ERROR", "down"));
            }
            Ok(scan_graphql(&Bytes::from(answer.to_string()), &request.shape, &request.expected)?)
        })
    }
}

impl Fake {
    fn answer(&self, text: &str, variables: Map<String, Json>) -> Json {
        let document = match self.schema.api.validate(text, 100_000) {
            Ok(document) => document,
            Err(problems) => {
                self.fault(format!("was sent an invalid document: {text}: {problems:?}"));
                return json!({"data": null});
            }
        };
        let sent = Json::Object(variables.clone());
        let variables = match self.schema.api.coerce_variables(&document, None, variables) {
            Ok(variables) => variables,
            Err(problem) => {
                self.fault(format!("was sent variables that do not fit: {text} {sent}: {problem}"));
                return json!({"data": null});
            }
        };
        let root = Known { ty: 0, nth: 0, representation: None, provided: Vec::new() };
        let outcome = interpret::execute(self, &document.tree, &variables, &root);
        let errors: Vec<Json> =
            outcome.errors.iter().map(|(path, message)| json!({"message": message, "path": path})).collect();
        match errors.is_empty() {
            true => json!({"data": outcome.data}),
            false => json!({"data": outcome.data, "errors": errors}),
        }
    }

    fn fault(&self, what: String) {
        self.faults.lock().unwrap().push(format!("{}: {what}", NAMES[self.sub]));
    }

    fn entity(&self, representation: &Json) -> Resolved<Known> {
        let fault = |what: &str| {
            self.fault(format!("{what}: {representation}"));
            Resolved::Null
        };
        let name = representation["__typename"].as_str().unwrap_or_default();
        let here = &self.world.subgraphs[self.sub];
        let named = self.world.named(name);
        let (local, types) = match named {
            Some(Named::Object(ty)) => (here.types.get(&ty), vec![ty]),
            Some(Named::Interface(index)) => {
                let members = &self.world.interfaces[index].members;
                let keyed = members.first().filter(|_| here.keyed.contains(&index));
                (here.opaque.get(&index).or_else(|| here.types.get(keyed?)), members.clone())
            }
            _ => (None, Vec::new()),
        };
        let Some(local) = local else { return fault("a representation of an unknown type") };
        for (key, _) in representation.as_object().into_iter().flatten() {
            let in_key = local.keys.iter().any(|(set, _)| set.iter().any(|one| one.name == *key));
            // An interface's key, sent for objects of a known type, says nothing of their requirements.
            let may_require = !matches!(named, Some(Named::Interface(index)) if !here.opaque.contains_key(&index));
            let required =
                may_require && local.fields.values().any(|field| field.requires.iter().any(|one| one.name == *key));
            if key != "__typename" && !in_key && !required {
                return fault("a representation with more than is needed");
            }
        }
        let given = |selected: &Selected| representation.get(&selected.name).is_some_and(|value| !value.is_null());
        let known = local.keys.iter().find(|(key, resolvable)| *resolvable && key.iter().all(given));
        let Some((key, _)) = known else { return fault("a representation without a key") };
        let sent = project(&self.world, representation, key);
        let mut instances = types.iter().flat_map(|&ty| (0..self.world.data[ty].len()).map(move |nth| (ty, nth)));
        let found = instances.find(|&instance| oracle::project(&self.world, instance, key) == sent);
        let Some((ty, nth)) = found else { return fault("a representation of nothing") };
        if self.world.unknown.contains(&(self.sub, ty, nth)) {
            return Resolved::Null;
        }
        Resolved::Object(Known { ty, nth, representation: Some(representation.clone()), provided: Vec::new() })
    }

    /// A field made of what the representation says.
    fn make(&self, object: &Known, set: &FieldSet) -> Resolved<Known> {
        let required = object.representation.as_ref().map(|representation| project(&self.world, representation, set));
        match required {
            Some(Some(required)) => Resolved::Leaf(oracle::made_of(&required)),
            // The gateway leaves out what failed; then the answer does not matter.
            _ if self.world.may_fail() => Resolved::Null,
            _ => {
                let sent = &object.representation;
                self.fault(format!("no {} in {sent:?}", self.world.field_set(set)));
                Resolved::Null
            }
        }
    }

    fn resolved(&self, value: Data, provided: &FieldSet) -> Resolved<Known> {
        match value {
            Data::Null => Resolved::Null,
            Data::Error => Resolved::Error("a resolver failed".into()),
            Data::Leaf(leaf) => Resolved::Leaf(leaf),
            Data::List(items) => Resolved::List(items.into_iter().map(|item| self.resolved(item, provided)).collect()),
            Data::Object(ty, nth) => {
                let applies = |selected: &&Selected| selected.on.is_none_or(|on| on == ty);
                let provided = provided.iter().filter(applies).cloned().collect();
                Resolved::Object(Known { ty, nth, representation: None, provided })
            }
        }
    }
}

impl Schema for Fake {
    type Object = Known;

    fn type_name(&self, object: &Known) -> String {
        match self.world.opaque(self.sub, object.ty) {
            Some(index) => self.world.interfaces[index].name.clone(),
            None => self.world.types[object.ty].name.clone(),
        }
    }

    fn fulfils(&self, type_name: &str, condition: &str) -> bool {
        let here = &self.world.subgraphs[self.sub];
        let Some(Named::Object(ty)) = self.world.named(type_name) else {
            return type_name == condition || condition == "_Entity";
        };
        match self.world.named(condition) {
            Some(Named::Object(other)) => other == ty,
            Some(Named::Interface(index)) => here.interfaces[&index].0.contains(&ty),
            Some(Named::Union(index)) => here.unions[&index].contains(&ty),
            _ => condition == "_Entity",
        }
    }

    fn resolve(&self, object: &Known, name: &str, arguments: &Map<String, Json>) -> (Nullability, Resolved<Known>) {
        if name == "_entities" {
            let representations = arguments["representations"].as_array().expect("a list");
            let entities = representations.iter().map(|one| self.entity(one)).collect();
            return (Nullability { lists: vec![true], non_null: false }, Resolved::List(entities));
        }
        let field = self.world.field(object.ty, name).expect("the document is valid");
        let local = self.world.local_field(self.sub, object.ty, name).expect("the document is valid");
        let provided = object.provided.iter().find(|selected| selected.name == name);
        let coordinate = format!("{}.{name}", self.world.types[object.ty].name);
        if local.external && provided.is_none() {
            self.fault(format!("was asked for {coordinate}, which is external"));
        }
        if local.overridden {
            self.fault(format!("was asked for {coordinate}, which has moved away"));
        }
        let ty = if field.looser_in == Some(self.sub) { field.ty.clone().nullable() } else { field.ty.clone() };
        let argument = arguments.get("n").and_then(Json::as_i64);
        let value = match local.requires.is_empty() {
            // The gateway has null where something failed further up; then the answer does not matter.
            true if !field.context.is_empty() => match arguments.get("v") {
                None | Some(Json::Null) if self.world.may_fail() => Resolved::Error("told nothing".into()),
                given => Resolved::Leaf(oracle::told(given.unwrap_or(&Json::Null))),
            },
            true => {
                let mut below = local.provides.clone();
                below.extend(provided.iter().flat_map(|selected| selected.below.iter().cloned()));
                self.resolved(oracle::value(&self.world, (object.ty, object.nth), name, argument), &below)
            }
            false if self.world.is_null(object.ty, object.nth, name) => Resolved::Null,
            false => self.make(object, &local.requires),
        };
        (Nullability { lists: ty.lists, non_null: ty.non_null }, value)
    }
}

/// The fields of a set as a representation gives them; nothing if one is missing.
fn project(world: &World, representation: &Json, set: &FieldSet) -> Option<Json> {
    let mut object = Map::new();
    let of_type = |on: TypeIndex| representation["__typename"] == world.types[on].name.as_str();
    for selected in set.iter().filter(|selected| selected.on.is_none_or(of_type)) {
        let value = representation.get(&selected.name)?;
        object.insert(selected.name.clone(), project_value(world, value, &selected.below)?);
    }
    Some(Json::Object(object))
}

fn project_value(world: &World, value: &Json, below: &FieldSet) -> Option<Json> {
    match value {
        Json::Array(items) => items.iter().map(|item| project_value(world, item, below)).collect(),
        Json::Object(_) => project(world, value, below),
        leaf => Some(leaf.clone()),
    }
}
