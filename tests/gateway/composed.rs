//! Graphs that were described elsewhere: a list of subgraphs, and a supergraph in a file.

use std::path::Path;

use serde_json::Value;

use pleach::app::graph::{self, Origin};
use pleach::app::settings::{Base, Overrides, Settings};
use pleach::cli::demo::settings;
use pleach::cli::demo::token::{SCOPES, SUBJECT};
use pleach::graph::compose::Contract;
use pleach::platform::base::span::SourceMap;
use pleach::platform::net::{HttpClient, HttpClientConfig};

use crate::harness::{Demo, Pleach};

/// Over all five systems.
const QUERIES: [&str; 3] = [
    "{ me { name email addresses { city } orders(first: 3) { edges { node { total { amount } lines { quantity product { name } } } } } } }",
    "{ products(first: 12) { edges { node { sku price { amount } stock { available } shippingQuote(zip: \"20095\") { days }
       category { name parent { name } } averageRating reviews(first: 2) { edges { node { rating author { name } } } } } } } }",
    "{ latestReviews(first: 4) { title author { name } product { name stock { onHand } } } users(first: 3) { totalCount edges { node { name } } } }",
];

/// A second Pleach before the same systems, of another origin.
async fn beside(demo: &Demo, origin: Origin) -> Result<Pleach, pleach::app::server::StartError> {
    let Settings { base, environment, .. } = settings(&demo.systems, &demo.issuer, 0);
    Pleach::start(Settings { base, environment, overrides: Overrides { origin: Some(origin), ..Overrides::default() } })
        .await
}

async fn assert_same_answers(demo: &Demo, other: &Pleach) {
    let token = demo.token_of(SUBJECT, SCOPES);
    for query in QUERIES {
        let (expected, answer) = (demo.ask_as(&token, query).await.data(), other.ask_as(&token, query).await.data());
        assert_eq!(answer, expected);
    }
}

fn copy_schema(demo: &Demo, to: &Path) {
    for entry in std::fs::read_dir(demo.systems.schema()).expect("a folder").flatten() {
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
    }
}

const LIST: &str = "
federation_version: =2.11.0
subgraphs:
  users: { schema: { file: ./users.graphql } }
  catalogue: { schema: { file: ./catalogue.graphql } }
  orders: { schema: { file: ./orders.graphql } }
  inventory: { schema: { file: ./inventory.graphql } }
  reviews:
    routing_url: ${env.REVIEWS_URL}
    schema:
      subgraph_url: ${env.REVIEWS_URL}
";

#[tokio::test]
async fn a_list_of_subgraphs_is_served_with_sdl_from_files_and_from_a_running_service() {
    let demo = Demo::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    copy_schema(&demo, folder.path());
    let list = folder.path().join("supergraph.yaml");
    std::fs::write(&list, LIST).expect("written");
    let calls = demo.systems.reviews.calls();
    let other = beside(&demo, Origin::Subgraphs(list)).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(demo.systems.reviews.calls(), calls + 1, "the service was asked for its SDL");
    assert_same_answers(&demo, &other).await;
}

#[tokio::test]
async fn a_service_that_does_not_tell_its_sdl_is_named() {
    let demo = Demo::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    copy_schema(&demo, folder.path());
    let list = folder.path().join("supergraph.yaml");
    std::fs::write(&list, LIST).expect("written");
    demo.systems.reviews.stop();
    let error = beside(&demo, Origin::Subgraphs(list)).await.err().expect("it does not start").to_string();
    assert!(error.contains("SUBGRAPH_UNREACHABLE") && error.contains("\"reviews\""), "{error}");
}

#[tokio::test]
async fn a_supergraph_that_was_composed_and_written_serves_the_same_answers() {
    let demo = Demo::start().await;
    let client = HttpClient::new(&HttpClientConfig::default());
    let environment = demo.systems.environment();
    let composed = graph::load(
        SourceMap::new(),
        &Origin::Schema(demo.systems.schema()),
        &Contract::default(),
        &[],
        &environment,
        &client,
    )
    .await;
    let composed = composed.unwrap_or_else(|unloaded| panic!("{:?}", unloaded.findings));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("supergraph.graphql");
    std::fs::write(&file, &*composed.sdl).expect("written");
    // Connectors name it, as they do beside the SDL files.
    std::fs::copy(demo.systems.schema().join("inventory.proto"), folder.path().join("inventory.proto"))
        .expect("copied");
    let other = beside(&demo, Origin::Supergraph(file)).await.unwrap_or_else(|error| panic!("{error}"));
    assert_same_answers(&demo, &other).await;
    let introspect = "{ __schema { types { name fields { name type { name kind } } } } }";
    let types = |data: Value| data["__schema"]["types"].as_array().expect("types").len();
    assert_eq!(types(other.ask(introspect).await.data()), types(demo.ask(introspect).await.data()));
}

#[tokio::test]
async fn a_configuration_file_names_what_is_served_relative_to_itself() {
    let demo = Demo::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("graph")).expect("a folder");
    copy_schema(&demo, &folder.path().join("graph"));
    let file = folder.path().join("pleach.yaml");
    std::fs::write(&file, "listen: { address: 127.0.0.1:0 }\ngraph: { schema: graph }\n").expect("written");
    let settings =
        Settings { base: Base::File(file), overrides: Overrides::default(), environment: demo.systems.environment() };
    let other = Pleach::start(settings).await.unwrap_or_else(|error| panic!("{error}"));
    let query = "{ products(first: 3) { edges { node { name stock { available } } } } }";
    assert_eq!(other.ask(query).await.data(), demo.ask(query).await.data());
}
