//! Protobuf files of a folder.

use std::path::PathBuf;

use pleach::graph::connect::{ProtoError, ProtoField, ProtoKind, ProtoLoader, ProtoLookup, ProtoMethod};
use pleach::platform::base::Name;
use pleach::platform::base::span::FileId;
use prost_reflect::{Cardinality, DescriptorPool, Kind};

/// Compiles the files of a folder.
pub struct Folder(pub PathBuf);

struct Compiled(DescriptorPool);

impl ProtoLoader for Folder {
    fn load(&self, _sdl: FileId, files: &[Name]) -> Result<Box<dyn ProtoLookup>, ProtoError> {
        for (index, file) in files.iter().enumerate() {
            if !self.0.join(&**file).exists() {
                return Err(ProtoError { file: index, missing: true, message: format!("there is no file {file}") });
            }
        }
        let paths = files.iter().map(|file| self.0.join(&**file));
        let set = protox::compile(paths, [&self.0]).map_err(|error| ProtoError {
            file: 0,
            missing: false,
            message: error.to_string(),
        })?;
        let pool = DescriptorPool::from_file_descriptor_set(set).map_err(|error| ProtoError {
            file: 0,
            missing: false,
            message: error.to_string(),
        })?;
        Ok(Box::new(Compiled(pool)))
    }
}

impl ProtoLookup for Compiled {
    fn services(&self) -> Vec<String> {
        self.0.services().map(|service| service.full_name().to_owned()).collect()
    }

    fn methods(&self, service: &str) -> Option<Vec<ProtoMethod>> {
        let service = self.0.get_service_by_name(service)?;
        let methods = service.methods().map(|method| ProtoMethod {
            name: method.name().to_owned(),
            input: method.input().full_name().to_owned(),
            output: method.output().full_name().to_owned(),
            streaming: method.is_client_streaming() || method.is_server_streaming(),
        });
        Some(methods.collect())
    }

    fn fields(&self, message: &str) -> Option<Vec<ProtoField>> {
        let message = self.0.get_message_by_name(message).filter(|known| !known.full_name().starts_with("google."))?;
        let fields = message.fields().map(|field| ProtoField {
            name: field.name().to_owned(),
            json_name: field.json_name().to_owned(),
            kind: match field.kind() {
                Kind::Bool => ProtoKind::Boolean,
                Kind::String | Kind::Bytes => ProtoKind::String,
                Kind::Enum(_) => ProtoKind::Enum,
                Kind::Message(inner) => ProtoKind::Message(inner.full_name().to_owned()),
                _ => ProtoKind::Number,
            },
            repeated: field.is_list(),
            map: field.is_map(),
            required: field.cardinality() == Cardinality::Required,
        });
        Some(fields.collect())
    }
}
