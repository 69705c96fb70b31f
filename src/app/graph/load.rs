//! Reading and composing.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::config::load::Environment;
use crate::graph::compose::{ComposeOptions, Contract, SubgraphInput, compose};
use crate::graph::federation::supergraph::Supergraph;
use crate::graph::language::ast::{Definition, Document};
use crate::graph::language::{parse, print};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{FileId, SourceMap, Span};
use crate::platform::net::HttpClient;
use crate::sources::grpc::ProtoFiles;
use crate::sources::native::NativeSubgraph;

use super::origin::Origin;
use super::remote;
use super::rover::{self, Sdl};

/// A graph, ready to be served.
#[derive(Debug)]
pub struct Graph {
    /// The graph itself.
    pub supergraph: Arc<Supergraph>,
    /// Its text, in the form of the join specification.
    pub sdl: Arc<str>,
    /// Every file that was read; findings point into them.
    pub files: SourceMap,
    /// The Protobuf files that connectors name.
    pub protos: ProtoFiles,
    /// Warnings and hints.
    pub findings: Vec<Diagnostic>,
    /// Files and folders whose change changes the graph.
    pub watched: Vec<PathBuf>,
    /// Where each subgraph is declared, by its name.
    pub declared: HashMap<Name, Span>,
}

/// Why there is no graph.
#[derive(Debug)]
pub struct Unloaded {
    /// Every file that was read; findings point into them.
    pub files: SourceMap,
    /// What stands against it, and what else was found.
    pub findings: Vec<Diagnostic>,
    /// Files and folders whose change may mend it.
    pub watched: Vec<PathBuf>,
}

/// Reads what `origin` names, adds native subgraphs, composes, and hides what the contract hides.
/// Findings about files are added to `files`, which may hold others already.
///
/// # Errors
/// Everything that stands against the graph.
pub async fn load(
    files: SourceMap,
    origin: &Origin,
    contract: &Contract,
    natives: &[NativeSubgraph],
    environment: &Environment,
    client: &HttpClient,
) -> Result<Graph, Unloaded> {
    let mut reader = Reader {
        files,
        protos: ProtoFiles::new(),
        inputs: Vec::new(),
        findings: Vec::new(),
        watched: Vec::new(),
        declared: HashMap::new(),
        environment,
        client,
    };
    let supergraph = match origin {
        Origin::Schema(folder) => reader.folder(folder).map(|()| None),
        Origin::Subgraphs(list) => reader.list(list).await.map(|()| None),
        Origin::Supergraph(path) => reader.read(path, None).map(|file| {
            reader.protos.add(file, folder_of(path));
            Some(file)
        }),
        Origin::Texts(texts) => {
            for text in texts {
                let file = reader.files.add(format!("{}.graphql", text.name), text.sdl.as_str());
                reader.input(&text.name, &text.url, file, Span::new(file, 0, 0));
            }
            Some(None)
        }
    };
    let supergraph = supergraph.flatten();
    if supergraph.is_some() && !natives.is_empty() {
        let message = "native schemas cannot be added to a supergraph that was composed elsewhere";
        reader.findings.push(Diagnostic::error("CONFIG_INVALID", message));
    }
    for native in natives {
        match native.sdl().await {
            Ok(sdl) => {
                let file = reader.files.add(format!("{} (native schema)", native.subgraph()), sdl);
                reader.input(native.subgraph(), "", file, Span::new(file, 0, 0));
            }
            Err(error) => reader.findings.push(Diagnostic::error("NATIVE_SCHEMA_INVALID", error.to_string())),
        }
    }
    let natives: Vec<Name> = natives.iter().map(|native| native.subgraph().clone()).collect();
    let Reader { files, protos, inputs, findings, watched, declared, .. } = reader;
    if findings.iter().any(Diagnostic::is_error) {
        return Err(Unloaded { files, findings, watched });
    }
    // Should composing panic, a changed file can still mend it.
    let still_watched = watched.clone();
    let work = Work { files, protos, inputs, findings, watched, declared, natives, contract: contract.clone() };
    let done = tokio::task::spawn_blocking(move || work.build(supergraph)).await;
    done.unwrap_or_else(|panic| {
        let finding = Diagnostic::error("INTERNAL", format!("composing failed, a defect in Pleach: {panic}"));
        Err(Unloaded { files: SourceMap::new(), findings: vec![finding], watched: still_watched })
    })
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().map(Path::to_path_buf).unwrap_or_default()
}

struct Reader<'a> {
    files: SourceMap,
    protos: ProtoFiles,
    inputs: Vec<SubgraphInput>,
    findings: Vec<Diagnostic>,
    watched: Vec<PathBuf>,
    declared: HashMap<Name, Span>,
    environment: &'a Environment,
    client: &'a HttpClient,
}

// === impl Reader ===

impl Reader<'_> {
    fn input(&mut self, name: &str, url: &str, file: FileId, declared: Span) {
        self.declared.insert(name.into(), declared);
        self.inputs.push(SubgraphInput { name: name.into(), url: url.into(), file });
    }

    /// Reads a file that is named at `named`.
    fn read(&mut self, path: &Path, named: Option<Span>) -> Option<FileId> {
        self.watched.push(path.to_path_buf());
        match std::fs::read_to_string(path) {
            Ok(text) => Some(self.files.add(path.display().to_string(), text)),
            Err(error) => {
                let finding = Diagnostic::error("FILE_UNREADABLE", format!("{}: {error}", path.display()));
                self.findings.push(match named {
                    Some(span) => finding.at(span),
                    None => finding,
                });
                None
            }
        }
    }

    /// Each SDL file of the folder is a subgraph, named like the file.
    fn folder(&mut self, folder: &Path) -> Option<()> {
        self.watched.push(folder.to_path_buf());
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                let finding = Diagnostic::error("FILE_UNREADABLE", format!("{}: {error}", folder.display()));
                self.findings.push(finding.help("name the folder of SDL files with --schema, or graph.schema"));
                return None;
            }
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        paths.retain(|path| has_extension(path, &["graphql", "graphqls", "gql"]));
        for path in &paths {
            let Some(file) = self.read(path, None) else { continue };
            self.protos.add(file, folder);
            let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            self.input(&name, "", file, Span::new(file, 0, 0));
        }
        if paths.is_empty() {
            let message = format!("{}: no SDL files (*.graphql) in this folder", folder.display());
            self.findings.push(Diagnostic::error("FILE_UNREADABLE", message));
        }
        Some(())
    }

    async fn list(&mut self, path: &Path) -> Option<()> {
        let folder = folder_of(path);
        let list = self.read(path, None)?;
        let listed = match rover::read(&self.files, list, &folder, self.environment) {
            Ok(listed) => listed,
            Err(mistakes) => {
                self.findings.extend(mistakes);
                return None;
            }
        };
        for subgraph in listed {
            let file = match subgraph.sdl {
                Sdl::File(path) => match self.read(&path, Some(subgraph.sdl_span)) {
                    Some(file) => {
                        self.protos.add(file, folder_of(&path));
                        file
                    }
                    None => continue,
                },
                Sdl::Text(text) => {
                    let file = self.files.add(format!("{} (in {})", subgraph.name, path.display()), text);
                    self.protos.add(file, &folder);
                    file
                }
                Sdl::Remote(url, headers) => match remote::sdl(self.client, &url, &headers).await {
                    Ok(sdl) => self.files.add(format!("{} (from {url})", subgraph.name), sdl),
                    Err(reason) => {
                        let message = format!("the SDL of subgraph \"{}\" at {url}: {reason}", subgraph.name);
                        self.findings.push(Diagnostic::error("SUBGRAPH_UNREACHABLE", message).at(subgraph.sdl_span));
                        continue;
                    }
                },
            };
            self.input(&subgraph.name, &subgraph.url, file, subgraph.span);
        }
        Some(())
    }
}

fn has_extension(path: &Path, known: &[&str]) -> bool {
    path.is_file() && path.extension().is_some_and(|own| known.iter().any(|known| own == *known))
}

/// What is left when everything has been read: computing.
struct Work {
    files: SourceMap,
    protos: ProtoFiles,
    inputs: Vec<SubgraphInput>,
    findings: Vec<Diagnostic>,
    watched: Vec<PathBuf>,
    declared: HashMap<Name, Span>,
    natives: Vec<Name>,
    contract: Contract,
}

// === impl Work ===

impl Work {
    /// Composes the subgraphs, or reads the supergraph if it is one.
    fn build(mut self, supergraph: Option<FileId>) -> Result<Graph, Unloaded> {
        let built = match supergraph {
            Some(file) => self.read_supergraph(file),
            None => self.compose(),
        };
        let Self { files, protos, findings, mut watched, declared, natives, .. } = self;
        watched.extend(protos.read());
        match built {
            Some((mut supergraph, sdl)) => {
                supergraph.mount_natives(&natives);
                Ok(Graph { supergraph: Arc::new(supergraph), sdl, files, protos, findings, watched, declared })
            }
            None => Err(Unloaded { files, findings, watched }),
        }
    }

    fn compose(&mut self) -> Option<(Supergraph, Arc<str>)> {
        let options = ComposeOptions { protos: Some(&self.protos), unsatisfiable: false };
        let composition = compose(&self.files, &self.inputs, &options);
        self.findings.extend(composition.diagnostics);
        let composed = composition.supergraph?;
        if self.contract.is_empty() {
            return Some((composed.supergraph, composed.sdl.into()));
        }
        self.restrict(composed.document)
    }

    fn read_supergraph(&mut self, file: FileId) -> Option<(Supergraph, Arc<str>)> {
        let (document, mistakes) = parse::type_system(&self.files, file);
        self.findings.extend(mistakes);
        if self.findings.iter().any(Diagnostic::is_error) {
            return None;
        }
        self.declared.extend(graphs(&document));
        if !self.contract.is_empty() {
            return self.restrict(document);
        }
        let supergraph = self.model(&document)?;
        Some((supergraph, self.files.file(file)?.text.clone()))
    }

    /// Hides what the contract hides.
    fn restrict(&mut self, document: Document) -> Option<(Supergraph, Arc<str>)> {
        match self.contract.apply(document) {
            Ok((document, warnings)) => {
                self.findings.extend(warnings);
                let supergraph = self.model(&document)?;
                Some((supergraph, print::document(&document).into()))
            }
            Err(mistakes) => {
                self.findings.extend(mistakes);
                None
            }
        }
    }

    fn model(&mut self, document: &Document) -> Option<Supergraph> {
        match Supergraph::from_document(document, &self.files) {
            Ok(supergraph) => Some(supergraph),
            Err(mistakes) => {
                self.findings.extend(mistakes);
                None
            }
        }
    }
}

/// Where a supergraph declares its subgraphs: the values of its enum of graphs.
fn graphs(document: &Document) -> Vec<(Name, Span)> {
    let types = document.definitions.iter().filter_map(|definition| match definition {
        Definition::Type(ty) => Some(ty),
        _ => None,
    });
    let values = types.flat_map(|ty| &ty.values);
    let named = values.filter_map(|value| {
        let graph = value.directives.iter().find(|directive| &*directive.name == "join__graph")?;
        Some((graph.argument("name")?.as_str()?.into(), value.name.span))
    });
    named.collect()
}
