//! The list of subgraphs that Rover's `supergraph compose` reads.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::Deserialize;

use crate::app::config::load::{Environment, read_yaml};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{FileId, SourceMap, Span};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoverFile {
    federation_version: Option<serde_json::Value>,
    subgraphs: IndexMap<String, RoverSubgraph>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoverSubgraph {
    routing_url: Option<String>,
    schema: RoverSchema,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoverSchema {
    file: Option<String>,
    sdl: Option<String>,
    subgraph_url: Option<String>,
    #[serde(default)]
    introspection_headers: IndexMap<String, String>,
}

/// One subgraph of the list.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) sdl: Sdl,
}

/// Where a subgraph's SDL is.
#[derive(Debug)]
pub(super) enum Sdl {
    File(PathBuf),
    Text(String),
    /// Asked of the subgraph itself, with these headers.
    Remote(String, IndexMap<String, String>),
}

/// Reads the list in `file`; paths in it are relative to `folder`. `${env.NAME}`, as Rover has it,
/// and `${NAME}` are replaced from `environment` in addresses, file names and header values.
///
/// # Errors
/// `SUBGRAPH_LIST_INVALID` at the place of the mistake, `UNSUPPORTED_FEDERATION_VERSION`.
pub(super) fn read(
    files: &SourceMap,
    file: FileId,
    folder: &Path,
    environment: &Environment,
) -> Result<Vec<Listed>, Vec<Diagnostic>> {
    let whole = Span::new(file, 0, 0);
    let invalid = |message: String| Diagnostic::error("SUBGRAPH_LIST_INVALID", message).at(whole);
    // Rover writes `${env.NAME}`, which is no name where configurations are read: so nothing is
    // replaced there, and everything here.
    let list: RoverFile = match read_yaml(files, file, None, "SUBGRAPH_LIST_INVALID") {
        Ok(Some(list)) => list,
        Ok(None) => return Err(vec![invalid("the list is empty; it needs `subgraphs`".into())]),
        Err(mistake) => return Err(vec![mistake]),
    };
    let mut mistakes = Vec::new();
    if let Some(version) = list.federation_version.as_ref().filter(|version| !is_version_2(version)) {
        let message = format!("federation_version {version} is not supported; only version 2 is");
        mistakes.push(Diagnostic::error("UNSUPPORTED_FEDERATION_VERSION", message).at(whole));
    }
    let mut expand = |text: String| match expanded(&text, environment) {
        Ok(text) => text,
        Err(name) => {
            mistakes.push(invalid(format!("the environment has no variable {name}")));
            text
        }
    };
    let mut listed = Vec::new();
    let mut unclear = Vec::new();
    for (name, RoverSubgraph { routing_url, schema }) in list.subgraphs {
        let subgraph_url = schema.subgraph_url.map(&mut expand);
        let sdl = match (schema.file, schema.sdl, subgraph_url.clone()) {
            (Some(file), None, None) => Sdl::File(folder.join(expand(file))),
            (None, Some(text), None) => Sdl::Text(text),
            (None, None, Some(url)) => {
                let headers = schema.introspection_headers.into_iter();
                Sdl::Remote(url, headers.map(|(name, value)| (name, expand(value))).collect())
            }
            _ => {
                let message = format!("subgraphs.{name}.schema needs exactly one of file, sdl and subgraph_url");
                unclear.push(invalid(message));
                continue;
            }
        };
        let url = routing_url.map(&mut expand).or(subgraph_url).unwrap_or_default();
        listed.push(Listed { name, url, sdl });
    }
    mistakes.append(&mut unclear);
    if mistakes.is_empty() { Ok(listed) } else { Err(mistakes) }
}

/// `text` with every reference to a variable replaced.
///
/// # Errors
/// The name of a variable that is not there.
fn expanded(text: &str, environment: &Environment) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, behind)) = after.split_once('}') else { break };
        let name = name.strip_prefix("env.").unwrap_or(name);
        out += before;
        out += environment.get(name).ok_or(name)?;
        rest = behind;
    }
    Ok(out + rest)
}

/// `2`, `"2"`, `"2.11.0"`, `"=2.11.0"`.
fn is_version_2(version: &serde_json::Value) -> bool {
    let text = match version {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let text = text.trim_start_matches('=').trim_start_matches('v');
    text == "2" || text.starts_with("2.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(text: &str) -> Result<Vec<Listed>, String> {
        let mut files = SourceMap::new();
        let file = files.add("supergraph.yaml", text);
        let environment = [("HOST".to_owned(), "h:1".to_owned())].into();
        read(&files, file, Path::new("dir"), &environment)
            .map_err(|found| found.iter().map(|finding| finding.render(&files)).collect())
    }

    #[test]
    fn reads_what_rover_reads() {
        let list = listed(
            "federation_version: =2.11.0\nsubgraphs:\n  a:\n    routing_url: http://${env.HOST}/a\n    schema:\n      file: ./a.graphql\n  b:\n    schema:\n      subgraph_url: http://${HOST}/b\n      introspection_headers: { x-host: \"at ${env.HOST}\" }\n",
        )
        .expect("good");
        assert_eq!(list.iter().map(|one| &*one.url).collect::<Vec<_>>(), ["http://h:1/a", "http://h:1/b"]);
        assert!(matches!(&list[0].sdl, Sdl::File(path) if path == Path::new("dir/./a.graphql")));
        assert!(
            matches!(&list[1].sdl, Sdl::Remote(url, headers) if url == "http://h:1/b" && headers["x-host"] == "at h:1")
        );
    }

    #[test]
    fn mistakes_are_told() {
        assert!(listed("").expect_err("empty").contains("SUBGRAPH_LIST_INVALID"));
        assert!(listed("federation_version: 1\nsubgraphs: {}").expect_err("v1").contains("federation_version 1"));
        let both = listed("subgraphs:\n  a:\n    schema: { file: x, sdl: y }\n").expect_err("two places");
        assert!(both.contains("exactly one"), "{both}");
        let unset =
            listed("subgraphs:\n  a:\n    routing_url: ${env.NONE}\n    schema: { file: x }\n").expect_err("unset");
        assert!(unset.contains("no variable NONE"), "{unset}");
        let unknown = listed("subgraphs:\n  a:\n    url: x\n    schema: { file: x }\n").expect_err("unknown key");
        assert!(unknown.starts_with("supergraph.yaml:3:5:"), "{unknown}");
    }
}
