//! `PROTO_NOT_FOUND`, `PROTO_INVALID`, `GRPC_METHOD_NOT_FOUND`, `GRPC_STREAMING_UNSUPPORTED`,
//! `GRPC_MESSAGE_MISMATCH`: calls against the Protobuf files of their source.

use crate::graph::connect::model::{GrpcRequest, GrpcSource, RequestSpec, SourceProtocol};
use crate::graph::connect::proto::{ProtoField, ProtoKind, ProtoLookup, ProtoMethod};
use crate::graph::connect::read::ConnectorDraft;
use crate::graph::connect::text::{did_you_mean, inside, key_inside};
use crate::graph::mapping::{Kinds, ObjectShape, Reference, Shape};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Span;

use super::Context;

/// How deep messages are followed.
const MAX_DEPTH: usize = 16;

/// Each call exists, answers once, and is sent a message of its type.
pub fn check(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    for (index, source) in context.sources.iter().enumerate() {
        let Some(SourceProtocol::Grpc(grpc)) = source.spec.as_ref().map(|spec| &spec.protocol) else { continue };
        let protos = load(context, grpc, source.span, findings);
        for connector in context.connectors.iter().filter(|connector| connector.spec.source == Some(index)) {
            let RequestSpec::Grpc(request) = &connector.spec.request else { continue };
            let Some((service, method)) = request.call.value.split_once('/') else {
                let message = format!("\"{}\" is not a call; write package.Service/Method", request.call.value);
                findings.push(Diagnostic::error("GRPC_METHOD_NOT_FOUND", message).at(request.call.span));
                continue;
            };
            if let Some(protos) = &protos {
                let mut call = Call { context, protos: &**protos, connector, request, findings };
                call.check(service, method);
            }
        }
    }
}

fn load(
    context: &Context<'_>,
    source: &GrpcSource,
    span: Span,
    findings: &mut Vec<Diagnostic>,
) -> Option<Box<dyn ProtoLookup>> {
    let files: Vec<Name> = source.proto.iter().map(|file| file.value.clone()).collect();
    match context.protos?.load(span.file, &files) {
        Ok(protos) => Some(protos),
        Err(error) => {
            let code = if error.missing { "PROTO_NOT_FOUND" } else { "PROTO_INVALID" };
            let place = source.proto.get(error.file).map_or(span, |file| file.span);
            findings.push(Diagnostic::error(code, error.message).at(place));
            None
        }
    }
}

struct Call<'c, 'a> {
    context: &'c Context<'a>,
    protos: &'c dyn ProtoLookup,
    connector: &'c ConnectorDraft<'a>,
    request: &'c GrpcRequest,
    findings: &'c mut Vec<Diagnostic>,
}

// === impl Call ===

impl Call<'_, '_> {
    fn check(&mut self, service: &str, method: &str) {
        let call = &self.request.call;
        let place = |start: usize, length: usize| inside(self.context.files, call.span, start..start + length);
        let Some(methods) = self.protos.methods(service) else {
            let services = self.protos.services();
            let hint = did_you_mean(service, services.iter().map(|name| &**name));
            let message = format!("there is no service {service}{hint}");
            let finding = Diagnostic::error("GRPC_METHOD_NOT_FOUND", message).at(place(0, service.len()));
            self.findings.push(finding.help(format!("services: {}", services.join(", "))));
            return;
        };
        let at = place(service.len() + 1, method.len());
        let Some(found) = methods.iter().find(|known| known.name == method) else {
            let hint = did_you_mean(method, methods.iter().map(|known| &*known.name));
            let message = format!("{service} has no method \"{method}\"{hint}");
            self.findings.push(Diagnostic::error("GRPC_METHOD_NOT_FOUND", message).at(at));
            return;
        };
        if found.streaming {
            let message = format!("{service}/{method} streams; only calls with one answer are supported");
            self.findings.push(Diagnostic::error("GRPC_STREAMING_UNSUPPORTED", message).at(at));
        }
        self.message(found);
        self.answer(found);
    }

    /// The selection reads fields that the answer has.
    fn answer(&mut self, method: &ProtoMethod) {
        let spec = &self.connector.spec;
        if spec.implicit || !self.connector.selection_known || spec.paginate.is_some() {
            return;
        }
        if let Some(input) = spec.selection.value.references().input {
            self.reads(&method.output, &input, spec.selection.span, MAX_DEPTH);
        }
    }

    fn reads(&mut self, name: &str, reference: &Reference, literal: Span, depth: usize) {
        let Some(fields) = self.protos.fields(name).filter(|_| depth > 0) else { return };
        for (key, below) in &reference.keys {
            match fields.iter().find(|field| field.json_name == **key) {
                Some(ProtoField { kind: ProtoKind::Message(inner), map: false, .. }) => {
                    self.reads(inner, below, literal, depth - 1);
                }
                Some(_) => {}
                None => {
                    let hint = did_you_mean(key, fields.iter().map(|field| &*field.json_name));
                    let message = format!("{name} has no field \"{key}\"{hint}");
                    let span = key_inside(self.context.files, literal, below.range());
                    self.findings.push(Diagnostic::error("GRPC_MESSAGE_MISMATCH", message).at(span));
                }
            }
        }
    }

    fn message(&mut self, method: &ProtoMethod) {
        let Some(message) = &self.request.message else { return self.arguments(method) };
        if let Some(object) = message.value.output().object() {
            self.object(&method.input, object, message.span, MAX_DEPTH);
        }
    }

    /// Without `message` the arguments are sent.
    fn arguments(&mut self, method: &ProtoMethod) {
        let (Some(field), Some(fields)) = (self.connector.field, self.protos.fields(&method.input)) else { return };
        for argument in &field.arguments {
            let name = &*argument.name.value;
            if !fields.iter().any(|field| field.json_name == name || field.name == name) {
                let hint = did_you_mean(name, fields.iter().map(|field| &*field.json_name));
                let message = format!("{} has no field \"{name}\"{hint}", method.input);
                let finding = Diagnostic::error("GRPC_MESSAGE_MISMATCH", message).at(argument.name.span);
                self.findings.push(finding.help("without message the arguments are sent as they are"));
            }
        }
    }

    fn object(&mut self, name: &str, object: &ObjectShape, literal: Span, depth: usize) {
        let Some(fields) = self.protos.fields(name).filter(|_| depth > 0) else { return };
        for given in &object.fields {
            let known = fields.iter().find(|field| field.json_name == *given.name || field.name == *given.name);
            let Some(field) = known else {
                let hint = did_you_mean(&given.name, fields.iter().map(|field| &*field.json_name));
                let message = format!("{name} has no field \"{}\"{hint}", given.name);
                let span = inside(self.context.files, literal, given.range.clone());
                self.findings.push(Diagnostic::error("GRPC_MESSAGE_MISMATCH", message).at(span));
                continue;
            };
            if !expected(field).or(Kinds::NULL).intersects(given.shape.kinds()) {
                let message =
                    format!("{name}.{} is {}, the mapping yields {}", field.name, shown(field), given.shape.kinds());
                let span = inside(self.context.files, literal, given.value_range.clone());
                self.findings.push(Diagnostic::error("GRPC_MESSAGE_MISMATCH", message).at(span));
                continue;
            }
            if let (ProtoKind::Message(inner), false) = (&field.kind, field.map) {
                let element = if field.repeated { given.shape.element() } else { given.shape.clone() };
                if let Shape::Object(object) | Shape::Selected(object) = &element {
                    self.object(inner, object, literal, depth - 1);
                }
            }
        }
        let is_given = |field: &&ProtoField| {
            object.open || object.fields.iter().any(|given| field.json_name == *given.name || field.name == *given.name)
        };
        for missing in fields.iter().filter(|field| field.required && !is_given(field)) {
            let message = format!("{name}.{} is required and is not given", missing.name);
            self.findings.push(Diagnostic::error("GRPC_MESSAGE_MISMATCH", message).at(literal));
        }
    }
}

/// The kinds of JSON values a field takes.
fn expected(field: &ProtoField) -> Kinds {
    if field.repeated && !field.map {
        return Kinds::ARRAY;
    }
    match &field.kind {
        _ if field.map => Kinds::OBJECT,
        ProtoKind::Boolean => Kinds::BOOLEAN,
        // ProtoJSON takes numbers as text, and enums as numbers.
        ProtoKind::Number | ProtoKind::Enum => Kinds::NUMBER.or(Kinds::STRING),
        ProtoKind::String => Kinds::STRING,
        // Well-known types have scalar forms.
        ProtoKind::Message(_) => Kinds::ANY,
    }
}

fn shown(field: &ProtoField) -> String {
    let kind = match &field.kind {
        ProtoKind::Boolean => "a boolean",
        ProtoKind::Number => "a number",
        ProtoKind::String => "a string",
        ProtoKind::Enum => "an enum",
        ProtoKind::Message(name) => name,
    };
    if field.repeated { format!("a list ({kind})") } else { kind.to_owned() }
}
