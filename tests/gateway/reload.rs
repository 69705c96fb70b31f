//! Files change under load; nothing is dropped, and mistakes change nothing.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use pleach::app::config::tree::Config;
use pleach::app::settings::{Base, Overrides, Settings};
use pleach::cli::demo::server::Server as Upstream;

use crate::harness::{Client, Pleach, post, until, upstream, variables};
use crate::record;

const HEAD: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
  @link(url: "https://specs.pleach.dev/connect/v0.1", import: ["@source", "@connect"])
"#;

const LISTEN: &str = "listen: { address: 127.0.0.1:0 }\n";

/// A Pleach that is started from files, as an operator does.
struct Files {
    pleach: Arc<Pleach>,
    folder: TempDir,
    /// One permit lets one call of `slow` go.
    slow: Arc<Semaphore>,
    api: Upstream,
}

fn word(word: &str) -> String {
    format!(
        "{HEAD}
        @source(name: \"api\", http: {{ baseURL: \"{{$env.API}}\" }})
        type Query {{
          word: String @connect(selection: \"$('{word}')\")
          slow: String @connect(source: \"api\", http: {{ GET: \"/slow\" }}, selection: \"$('{word}, slowly')\")
        }}"
    )
}

// === impl Files ===

impl Files {
    async fn start() -> Self {
        let slow = Arc::new(Semaphore::new(0));
        let wait = slow.clone();
        let api = upstream(Router::new().route(
            "/slow",
            get(move || async move {
                wait.acquire().await.expect("it stays open").forget();
                axum::Json(json!({}))
            }),
        ))
        .await;
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("schema")).expect("a folder");
        write(&folder.path().join("schema/words.graphql"), &word("one"));
        let config = folder.path().join("pleach.yaml");
        write(&config, &Self::config(""));
        let settings = Settings {
            base: Base::File(config),
            overrides: Overrides::default(),
            environment: variables(&[("API", format!("http://{}", api.address()))]),
        };
        let pleach = Pleach::start(settings).await.unwrap_or_else(|error| panic!("{error}"));
        Self { pleach: Arc::new(pleach), folder, slow, api }
    }

    fn config(more: &str) -> String {
        format!("{LISTEN}graph: {{ watch: 40ms }}\n{more}")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        write(&self.path(name), text);
    }

    async fn word(&self) -> Value {
        self.pleach.ask("{ word }").await.data()["word"].take()
    }

    async fn until_word(&self, expected: &str) {
        until(&format!("the word is {expected}"), async || self.word().await == expected).await;
    }

    /// What was logged about this graph's files.
    fn logged(&self, part: &str) -> Vec<String> {
        let own = self.folder.path().to_string_lossy().into_owned();
        record::logged(&own).into_iter().filter(|line| line.contains(part)).collect()
    }
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_clients_notice_nothing_of_a_reload_but_its_outcome() {
    let files = Files::start().await;
    let over = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..200)
        .map(|_| {
            let (pleach, over) = (files.pleach.clone(), over.clone());
            tokio::spawn(async move {
                let mut words: Vec<String> = Vec::new();
                loop {
                    let last = over.load(Ordering::Relaxed);
                    let reply = pleach.ask("{ word }").await;
                    assert_eq!(reply.status, 200);
                    let word = reply.data()["word"].as_str().expect("a word").to_owned();
                    if words.last() != Some(&word) {
                        words.push(word);
                    }
                    if last {
                        return words;
                    }
                }
            })
        })
        .collect();
    for next in ["two", "three"] {
        files.write("schema/words.graphql", &word(next));
        files.until_word(next).await;
    }
    over.store(true, Ordering::Relaxed);
    let steps = ["one", "two", "three"];
    for client in clients {
        let words = client.await.expect("no request failed");
        let place = |word: &String| steps.iter().position(|step| step == word).expect("one of them");
        assert!(words.is_sorted_by_key(place), "never back to an older graph: {words:?}");
        assert_eq!(words.last().map(String::as_str), Some("three"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_have_begun_end_on_the_graph_they_began_on() {
    let files = Files::start().await;
    let begun: Vec<_> = (0..200)
        .map(|_| {
            let pleach = files.pleach.clone();
            tokio::spawn(async move { pleach.ask("{ word slow }").await.data() })
        })
        .collect();
    until("all have begun", async || files.api.calls() == 200).await;
    files.write("schema/words.graphql", &word("two"));
    files.until_word("two").await;
    files.slow.add_permits(200);
    for request in begun {
        assert_eq!(request.await.expect("answered"), json!({ "word": "one", "slow": "one, slowly" }));
    }
}

#[tokio::test]
async fn a_faulty_file_changes_nothing_is_logged_with_its_place_and_can_be_mended() {
    let files = Files::start().await;
    files.write("schema/words.graphql", &word("two").replace("word: String", "word: Strin"));
    until("the mistake is logged", async || !files.logged("Strin").is_empty()).await;
    let line = files.logged("Strin").remove(0);
    assert!(line.starts_with("ERROR") && line.contains("words.graphql:"), "{line}");
    assert_eq!(files.word().await, "one");
    files.write("schema/words.graphql", &word("three"));
    files.until_word("three").await;
}

#[tokio::test]
async fn a_file_that_comes_or_goes_is_a_subgraph_that_comes_or_goes() {
    let files = Files::start().await;
    let more = format!("{HEAD} type Query {{ more: String @connect(selection: \"$('more')\") }}");
    files.write("schema/more.graphql", &more);
    until("it is there", async || files.pleach.ask("{ word more }").await.errors().is_empty()).await;
    std::fs::remove_file(files.path("schema/more.graphql")).expect("removed");
    until("it is gone", async || files.pleach.ask("{ more }").await.codes() == ["GRAPHQL_VALIDATION_FAILED"]).await;
    assert_eq!(files.word().await, "one");
}

#[tokio::test]
async fn a_file_that_is_still_being_written_is_left_alone() {
    let files = Files::start().await;
    let text = format!("# {}\n{}", "x".repeat(2_000), word("two"));
    for end in (0..text.len()).step_by(200) {
        files.write("schema/words.graphql", &text[..end]);
        assert_eq!(files.word().await, "one");
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    files.write("schema/words.graphql", &text);
    files.until_word("two").await;
    assert_eq!(files.logged("words.graphql"), [""; 0], "no half of a file was read");
}

#[tokio::test]
async fn a_changed_limit_takes_effect_and_a_changed_address_is_told_to_wait() {
    let files = Files::start().await;
    let two = "{ a: word b: word }";
    files.pleach.ask(two).await.data();
    files.write("pleach.yaml", &Files::config("limits: { aliases: 1 }\n"));
    until("the limit holds", async || files.pleach.ask(two).await.codes() == ["MAX_ALIASES_LIMIT"]).await;
    let before = record::logged("section=http").len();
    files.write("pleach.yaml", &Files::config("http: { compression: off }\n"));
    until("the limit is gone", async || files.pleach.ask(two).await.errors().is_empty()).await;
    assert!(record::logged("section=http").len() > before, "what needs a start is told");
}

#[tokio::test]
async fn a_faulty_configuration_changes_nothing() {
    let files = Files::start().await;
    files.write("pleach.yaml", &Files::config("limits: { aliases: 1, dephts: 3 }\n"));
    until("the mistake is logged", async || !files.logged("dephts").is_empty()).await;
    assert_eq!(files.pleach.ask("{ a: word b: word }").await.data(), json!({ "a": "one", "b": "one" }));
    files.write("pleach.yaml", &Files::config(""));
    files.write("schema/words.graphql", &word("two"));
    files.until_word("two").await;
}

/// Counts calls that were given up.
struct Watch(Arc<Semaphore>, bool);

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.1 {
            self.0.add_permits(1);
        }
    }
}

#[tokio::test]
async fn when_a_client_leaves_its_query_is_cancelled_and_its_mutation_runs_to_its_end() {
    let (go, gone, done) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let state = (go.clone(), gone.clone(), done.clone());
    let api = upstream(Router::new().fallback(async move || {
        let mut watch = Watch(state.1, false);
        state.0.acquire().await.expect("it stays open").forget();
        watch.1 = true;
        state.2.add_permits(1);
        axum::Json(json!({ "text": "done" }))
    }))
    .await;
    let sdl = format!(
        "{HEAD}
        @source(name: \"api\", http: {{ baseURL: \"{{$env.API}}\" }})
        type Query {{ read: String @connect(source: \"api\", http: {{ GET: \"/read\" }}, selection: \"$.text\") }}
        type Mutation {{
          write: String @connect(source: \"api\", http: {{ POST: \"/write\", body: \"a: 1\" }}, selection: \"$.text\")
        }}"
    );
    let environment = [("API", format!("http://{}", api.address()))];
    let mut config = Config::default();
    config.limits.in_flight = 1;
    let pleach = Pleach::of(&[("api.graphql", &sdl)], &environment, config).await;
    let leave = async |query: &str, calls: u64| {
        let request = post(&pleach.url(), &json!({ "query": query }), &[]);
        let asking = tokio::spawn(async move { Client::new().send(request).await });
        until("the call has begun", async || api.calls() == calls).await;
        asking.abort();
        let _ = asking.await;
    };
    leave("{ read }", 1).await;
    until("the query's call is given up", async || gone.available_permits() == 1).await;
    leave("mutation { write }", 2).await;
    // Time enough to be given up, if it were.
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!((gone.available_permits(), done.available_permits()), (1, 0));
    assert_eq!(pleach.ask("{ read }").await.status, 503, "what still runs counts as in flight");
    go.add_permits(1);
    until("the mutation's call ends", async || done.available_permits() == 1).await;
    assert_eq!(gone.available_permits(), 1);
    go.add_permits(1);
    until("its place is free again", async || pleach.ask("{ __typename }").await.status == 200).await;
}

#[test]
fn a_configuration_that_appears_later_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("schema")).expect("a folder");
    write(&folder.path().join("schema/words.graphql"), &word("one"));
    let mut pleach = Command::new(env!("CARGO_BIN_EXE_pleach"));
    pleach.args(["serve", "--port", "0"]).env("API", "http://127.0.0.1:9").current_dir(folder.path());
    let mut pleach = pleach.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("pleach runs");
    let errors = BufReader::new(pleach.stderr.take().expect("piped"));
    let (sender, lines) = std::sync::mpsc::channel();
    let reading =
        std::thread::spawn(move || errors.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let until_line = |part: &str| {
        let mut seen = Vec::new();
        while let Ok(line) = lines.recv_timeout(Duration::from_secs(30)) {
            if line.contains(part) {
                return Ok(());
            }
            seen.push(line);
        }
        Err(format!("{part:?} is not logged: {seen:#?}"))
    };
    let noticed = until_line("serving http://")
        .and_then(|()| {
            write(&folder.path().join("pleach.yaml"), "graph: { introspektion: on }\n");
            until_line("introspektion")
        })
        .and_then(|()| {
            write(&folder.path().join("pleach.yaml"), "graph: { introspection: on }\n");
            until_line("reloaded")
        });
    pleach.kill().and_then(|()| pleach.wait()).expect("it ends");
    drop(reading.join());
    noticed.unwrap_or_else(|reason| panic!("{reason}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_in_use_are_planned_before_a_reloaded_graph_takes_traffic() {
    let files = Files::start().await;
    let gateway = files.pleach.server.gateway();
    // Asked for once, once with a mistake, and more than once.
    files.pleach.ask("{ word again: word }").await.data();
    files.pleach.ask("{ wrod }").await;
    files.pleach.ask("query Twice { word }").await.data();
    files.pleach.ask("query Twice { word }").await.data();
    let mut known = gateway.snapshot();
    let mut planned_after = async |change: &dyn Fn()| {
        change();
        until("another graph is in service", async || !Arc::ptr_eq(&known, &gateway.snapshot())).await;
        known = gateway.snapshot();
        known.plan_count().await
    };
    assert_eq!(planned_after(&|| files.write("schema/words.graphql", &word("two"))).await, 1);
    assert_eq!(files.pleach.ask("query Twice { word }").await.data(), json!({ "word": "two" }));
    files.pleach.ask("query Twice { word }").await.data();
    assert_eq!(planned_after(&|| files.write("pleach.yaml", &Files::config("plan: { warm_up: 0 }\n"))).await, 0);
}
