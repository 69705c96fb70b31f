//! The messages and methods that `.proto` files describe.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use prost_reflect::{DescriptorPool, MethodDescriptor};
use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver};

/// Everything some `.proto` files describe, imports included.
#[derive(Clone, Debug)]
pub struct Descriptors {
    pool: DescriptorPool,
}

/// A unary method.
#[derive(Clone, Debug)]
pub struct Method {
    pub(super) descriptor: MethodDescriptor,
    pub(super) path: http::uri::PathAndQuery,
}

/// Why `.proto` files could not be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProtoError {
    /// A file, or one it imports, is not there.
    #[error("{0}")]
    NotFound(String),
    /// A file is wrong; the text starts with its place.
    #[error("{0}")]
    Invalid(String),
}

/// Why a method cannot be called.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MethodError {
    /// The text is not `package.Service/Method`.
    #[error("\"{0}\" is not of the form package.Service/Method")]
    Form(String),
    /// No such service.
    #[error("no service \"{service}\"; known: {}", known.join(", "))]
    Service {
        /// What was asked for.
        service: String,
        /// What there is.
        known: Vec<String>,
    },
    /// No such method.
    #[error("{service} has no method \"{method}\"; it has {}", known.join(", "))]
    Method {
        /// The service.
        service: String,
        /// What was asked for.
        method: String,
        /// What there is.
        known: Vec<String>,
    },
    /// It streams.
    #[error("{0} is a streaming method; only unary ones can be called here")]
    Streaming(String),
}

/// Files that were looked for. Clones tell the same.
#[derive(Clone, Debug, Default)]
pub struct FilesRead(Arc<Mutex<BTreeSet<PathBuf>>>);

// === impl FilesRead ===

impl FilesRead {
    /// All of them, in order.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn add(&self, path: PathBuf) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path);
    }
}

/// Notes what is opened.
struct Noting {
    files: IncludeFileResolver,
    root: PathBuf,
    read: FilesRead,
}

impl FileResolver for Noting {
    fn resolve_path(&self, path: &Path) -> Option<String> {
        self.files.resolve_path(path)
    }

    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        // These are part of the compiler, and seldom lie beside the others.
        if !name.starts_with("google/protobuf/") {
            self.read.add(self.root.join(name));
        }
        self.files.open_file(name)
    }
}

// === impl Descriptors ===

impl Descriptors {
    /// Compiles `files`, looked up in `folder` and then in `include`; imports likewise. Each file
    /// that is looked for is added to `read`, whether it is there or not.
    ///
    /// # Errors
    /// When a file is missing or wrong.
    pub fn compile<'a>(
        folder: &Path,
        include: &[PathBuf],
        files: impl IntoIterator<Item = &'a str>,
        read: &FilesRead,
    ) -> Result<Self, ProtoError> {
        let mut resolver = ChainFileResolver::new();
        for root in std::iter::once(folder).chain(include.iter().map(PathBuf::as_path)) {
            let files = IncludeFileResolver::new(root.to_owned());
            resolver.add(Noting { files, root: root.to_owned(), read: read.clone() });
        }
        resolver.add(GoogleFileResolver::new());
        let mut compiler = Compiler::with_file_resolver(resolver);
        for file in files {
            compiler.open_file(Path::new(file)).map_err(|error| proto_error(&error))?;
        }
        Ok(Self { pool: compiler.descriptor_pool() })
    }

    /// The unary method `package.Service/Method`.
    ///
    /// # Errors
    /// When there is none, or it streams.
    pub fn method(&self, call: &str) -> Result<Method, MethodError> {
        let form = || MethodError::Form(call.to_owned());
        let (service_name, method_name) = call.split_once('/').ok_or_else(form)?;
        let service = self.pool.get_service_by_name(service_name).ok_or_else(|| MethodError::Service {
            service: service_name.to_owned(),
            known: self.pool.services().map(|service| service.full_name().to_owned()).collect(),
        })?;
        let descriptor = service.methods().find(|method| method.name() == method_name).ok_or_else(|| {
            let known = service.methods().map(|method| method.name().to_owned()).collect();
            MethodError::Method { service: service_name.to_owned(), method: method_name.to_owned(), known }
        })?;
        if descriptor.is_client_streaming() || descriptor.is_server_streaming() {
            return Err(MethodError::Streaming(call.to_owned()));
        }
        let path = format!("/{service_name}/{method_name}").parse().map_err(|_| form())?;
        Ok(Method { descriptor, path })
    }

    pub(super) fn pool(&self) -> &DescriptorPool {
        &self.pool
    }
}

// === impl Method ===

impl Method {
    /// `package.Service`
    pub fn service(&self) -> &str {
        self.descriptor.parent_service().full_name()
    }

    /// The method's own name.
    pub fn name(&self) -> &str {
        self.descriptor.name()
    }

    /// The request message's type.
    pub fn input(&self) -> prost_reflect::MessageDescriptor {
        self.descriptor.input()
    }

    /// The answer message's type.
    pub fn output(&self) -> prost_reflect::MessageDescriptor {
        self.descriptor.output()
    }
}

/// protox names the file and, in its details, the place.
fn proto_error(error: &protox::Error) -> ProtoError {
    let text = match error.file() {
        Some(file) if !error.to_string().contains(file) => format!("{file}: {error}"),
        _ => error.to_string(),
    };
    if error.is_file_not_found() { ProtoError::NotFound(text) } else { ProtoError::Invalid(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(files: &[(&str, &str)]) -> Result<Descriptors, ProtoError> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Descriptors::compile(folder.path(), &[], ["a.proto"], &FilesRead::default())
    }

    const STOCK: &str =
        "syntax = \"proto3\"; package a; import \"b.proto\"; import \"google/protobuf/timestamp.proto\";
        message Get { string sku = 1; google.protobuf.Timestamp at = 2; }
        service Stock { rpc GetStock(Get) returns (b.Item); rpc Watch(Get) returns (stream b.Item); }";
    const ITEM: &str = "syntax = \"proto3\"; package b; message Item { int64 on_hand = 1; }";

    #[test]
    fn finds_unary_methods_across_imports() {
        let descriptors = compile(&[("a.proto", STOCK), ("b.proto", ITEM)]).unwrap();
        let method = descriptors.method("a.Stock/GetStock").unwrap();
        assert_eq!((method.path.as_str(), method.output().full_name()), ("/a.Stock/GetStock", "b.Item"));
        let error = |call: &str| descriptors.method(call).unwrap_err().to_string();
        assert_eq!(error("a.Stock/GetStok"), "a.Stock has no method \"GetStok\"; it has GetStock, Watch");
        assert_eq!(error("a.Stok/GetStock"), "no service \"a.Stok\"; known: a.Stock");
        assert_eq!(error("a.Stock/Watch"), "a.Stock/Watch is a streaming method; only unary ones can be called here");
        assert_eq!(error("GetStock"), "\"GetStock\" is not of the form package.Service/Method");
    }

    #[test]
    fn tells_missing_files_from_wrong_ones() {
        assert!(matches!(compile(&[]), Err(ProtoError::NotFound(_))));
        assert!(matches!(compile(&[("a.proto", STOCK)]), Err(ProtoError::NotFound(text)) if text.contains("b.proto")));
        assert!(
            matches!(compile(&[("a.proto", "message {")]), Err(ProtoError::Invalid(text)) if text.contains("a.proto"))
        );
    }
}
