//! What must be known of Protobuf files to check gRPC connectors. This module reads no files: who
//! compiles them implements [`ProtoLoader`].

use crate::platform::base::Name;
use crate::platform::base::span::FileId;

/// Compiles the `.proto` files that a source names.
pub trait ProtoLoader {
    /// Compiles `files`, whose paths are relative to the SDL file `sdl`.
    ///
    /// # Errors
    /// When a file is missing or not valid.
    fn load(&self, sdl: FileId, files: &[Name]) -> Result<Box<dyn ProtoLookup>, ProtoError>;
}

/// Why Protobuf files could not be compiled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProtoError {
    /// Which of the files named, by position.
    pub file: usize,
    /// Whether it does not exist (else it is invalid).
    pub missing: bool,
    /// What is wrong, with the place inside the file.
    pub message: String,
}

/// The services and messages of compiled Protobuf files.
pub trait ProtoLookup {
    /// Full names of all services.
    fn services(&self) -> Vec<String>;
    /// The methods of a service by its full name, if there is such a service.
    fn methods(&self, service: &str) -> Option<Vec<ProtoMethod>>;
    /// The fields of a message by its full name, if it is known and not one of those with a JSON
    /// form of their own (`google.protobuf.Timestamp` and its kin).
    fn fields(&self, message: &str) -> Option<Vec<ProtoField>>;
}

/// A method of a service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProtoMethod {
    /// Its name in the service.
    pub name: String,
    /// The full name of the message it takes.
    pub input: String,
    /// The full name of the message it gives.
    pub output: String,
    /// Whether either side streams.
    pub streaming: bool,
}

/// A field of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProtoField {
    /// As in the `.proto`.
    pub name: String,
    /// In lowerCamelCase.
    pub json_name: String,
    /// The type of one value.
    pub kind: ProtoKind,
    /// `repeated`
    pub repeated: bool,
    /// `map<…>`: its JSON form is an object with any keys.
    pub map: bool,
    /// proto2's `required`
    pub required: bool,
}

/// The type of one value of a field, by its JSON form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProtoKind {
    /// `bool`
    Boolean,
    /// Any number, also in 64 bits.
    Number,
    /// `string`, `bytes`
    String,
    /// An enum.
    Enum,
    /// A message by its full name.
    Message(String),
}
