//! `examples/rest`

use serde_json::json;

use crate::harness::{Played, ask, assert_clean, environment, serve};

const CONFIG: &str = "examples/rest/pleach.yaml";

#[test]
fn has_no_findings() {
    assert_clean(CONFIG, &environment([("LIBRARY_URL", "http://127.0.0.1:1".to_owned())]));
}

#[tokio::test]
async fn books_and_authors_are_joined_in_as_few_calls_as_there_are_authors() {
    let library = Played::folder("examples/rest/api").await;
    let server = serve(CONFIG, environment([("LIBRARY_URL", library.url())])).await;
    let answer = ask(server.address(), "{ books { id title year author { name born } } }", &[]).await;
    let lindt = json!({ "name": "Ursula Lindt", "born": 1929 });
    assert_eq!(
        answer["data"]["books"],
        json!([
            { "id": "1", "title": "The Left Branch", "year": 1969, "author": lindt },
            { "id": "2", "title": "Espalier", "year": 1974, "author": lindt },
            { "id": "3", "title": "A Hedge in Winter", "year": 1988, "author": { "name": "Theo Marsh", "born": 1951 } },
            { "id": "4", "title": "Grafting for Beginners", "year": 2001, "author": { "name": "Ines Calvo", "born": null } }
        ]),
        "{answer:#}"
    );
    assert_eq!(library.asked(), ["/authors/11.json", "/authors/12.json", "/authors/13.json", "/books.json"]);
}

#[tokio::test]
async fn what_several_places_need_is_read_once() {
    let library = Played::folder("examples/rest/api").await;
    let server = serve(CONFIG, environment([("LIBRARY_URL", library.url())])).await;
    let query = "{ books { author { name } } book(id: 3) { author { born } } again: book(id: 3) { title } }";
    let answer = ask(server.address(), query, &[]).await;
    assert_eq!(answer["data"]["book"], json!({ "author": { "born": 1951 } }), "{answer:#}");
    assert_eq!(answer["data"]["again"], json!({ "title": "A Hedge in Winter" }), "{answer:#}");
    let once = ["/authors/11.json", "/authors/12.json", "/authors/13.json", "/books.json", "/books/3.json"];
    assert_eq!(library.asked(), once);
}

#[tokio::test]
async fn a_book_that_is_not_there_is_null() {
    let library = Played::folder("examples/rest/api").await;
    let server = serve(CONFIG, environment([("LIBRARY_URL", library.url())])).await;
    let answer =
        ask(server.address(), "{ one: book(id: 3) { title author { name } } none: book(id: 9) { title } }", &[]);
    let one = json!({ "title": "A Hedge in Winter", "author": { "name": "Theo Marsh" } });
    assert_eq!(answer.await, json!({ "data": { "one": one, "none": null } }));
    let hidden = ask(server.address(), "{ books { authorId } }", &[]).await;
    assert_eq!(hidden["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{hidden:#}");
}
