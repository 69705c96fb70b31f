//! The `.proto` files that SDL files name: compiled once, for the checks of composing and for the
//! calls afterwards.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;

use prost_reflect::{Cardinality, FieldDescriptor, Kind};

use crate::graph::connect::{self, ProtoField, ProtoKind, ProtoLoader, ProtoLookup, ProtoMethod};
use crate::platform::base::Name;
use crate::platform::base::span::FileId;

use super::descriptors::{Descriptors, FilesRead, ProtoError};

/// Where SDL files lie, and what was compiled for them.
#[derive(Debug, Default)]
pub struct ProtoFiles {
    folders: HashMap<FileId, PathBuf>,
    compiled: Mutex<HashMap<(PathBuf, Vec<Name>), Descriptors>>,
    read: FilesRead,
}

// === impl ProtoFiles ===

impl ProtoFiles {
    /// No SDL file is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says in which folder an SDL file lies; `.proto` paths are relative to it.
    pub fn add(&mut self, sdl: FileId, folder: impl Into<PathBuf>) {
        self.folders.insert(sdl, folder.into());
    }

    /// The files looked for so far, imports included, whether they were there or not.
    pub fn read(&self) -> Vec<PathBuf> {
        self.read.paths()
    }

    /// Compiles `files` of the SDL file `sdl`, or gives what was compiled before.
    ///
    /// # Errors
    /// When a file is missing or wrong; the position is that of the file named.
    pub fn descriptors(&self, sdl: FileId, files: &[Name]) -> Result<Descriptors, (usize, ProtoError)> {
        let folder = self.folders.get(&sdl).cloned().unwrap_or_default();
        let key = (folder, files.to_vec());
        if let Some(known) = self.lock().get(&key) {
            return Ok(known.clone());
        }
        let compile = |files: &[Name]| Descriptors::compile(&key.0, &[], files.iter().map(|file| &**file), &self.read);
        let descriptors = compile(files).map_err(|error| {
            // The first file that fails alone is the one to look at.
            let wrong = files.iter().position(|file| compile(std::slice::from_ref(file)).is_err());
            (wrong.unwrap_or(0), error)
        })?;
        self.lock().insert(key, descriptors.clone());
        Ok(descriptors)
    }

    /// A panic elsewhere leaves the map whole.
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(PathBuf, Vec<Name>), Descriptors>> {
        self.compiled.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl ProtoLoader for ProtoFiles {
    fn load(&self, sdl: FileId, files: &[Name]) -> Result<Box<dyn ProtoLookup>, connect::ProtoError> {
        match self.descriptors(sdl, files) {
            Ok(descriptors) => Ok(Box::new(descriptors)),
            Err((file, error)) => Err(connect::ProtoError {
                file,
                missing: matches!(error, ProtoError::NotFound(_)),
                message: error.to_string(),
            }),
        }
    }
}

impl ProtoLookup for Descriptors {
    fn services(&self) -> Vec<String> {
        self.pool().services().map(|service| service.full_name().to_owned()).collect()
    }

    fn methods(&self, service: &str) -> Option<Vec<ProtoMethod>> {
        let methods = self.pool().get_service_by_name(service)?;
        let method = |method: prost_reflect::MethodDescriptor| ProtoMethod {
            name: method.name().to_owned(),
            input: method.input().full_name().to_owned(),
            output: method.output().full_name().to_owned(),
            streaming: method.is_client_streaming() || method.is_server_streaming(),
        };
        Some(methods.methods().map(method).collect())
    }

    fn fields(&self, message: &str) -> Option<Vec<ProtoField>> {
        if message.starts_with("google.protobuf.") {
            return None;
        }
        Some(self.pool().get_message_by_name(message)?.fields().map(|field| proto_field(&field)).collect())
    }
}

fn proto_field(field: &FieldDescriptor) -> ProtoField {
    let kind = match field.kind() {
        Kind::Bool => ProtoKind::Boolean,
        Kind::String | Kind::Bytes => ProtoKind::String,
        Kind::Enum(_) => ProtoKind::Enum,
        Kind::Message(message) => ProtoKind::Message(message.full_name().to_owned()),
        _ => ProtoKind::Number,
    };
    ProtoField {
        name: field.name().to_owned(),
        json_name: field.json_name().to_owned(),
        kind,
        repeated: field.is_list(),
        map: field.is_map(),
        required: field.cardinality() == Cardinality::Required,
    }
}
