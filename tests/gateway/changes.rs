//! Every mutation of the demo: what it changes is read back, and who may not change does not.

use serde_json::{Value, json};

use crate::harness::Demo;

const KETTLE: &str = "7a1c0000-0000-4000-8000-000000000001";

async fn changed(demo: &Demo, mutation: &str) -> Value {
    demo.ask_as(&demo.token(), &format!("mutation {{ {mutation} }}")).await.data()
}

#[tokio::test]
async fn a_product_is_changed_and_read_back_with_what_other_systems_know() {
    let demo = Demo::start().await;
    let data = changed(
        &demo,
        &format!(
            "updateProduct(id: \"{KETTLE}\", patch: {{ price: \"70.00\", weightGrams: 2000 }}) {{
               name price {{ amount }} weightGrams stock {{ available }} shippingQuote(zip: \"20095\") {{ service }} }}"
        ),
    )
    .await;
    let expected = json!({
        "name": "Gooseneck kettle", "price": { "amount": "70.00" }, "weightGrams": 2000,
        "stock": { "available": 36 }, "shippingQuote": { "service": "STANDARD" },
    });
    assert_eq!(data["updateProduct"], expected);
    let read = demo.ask(&format!("{{ product(id: \"{KETTLE}\") {{ price {{ amount }} }} }}")).await.data();
    assert_eq!(read["product"]["price"]["amount"], "70.00");
}

#[tokio::test]
async fn a_review_is_written_in_the_caller_s_name() {
    let demo = Demo::start().await;
    let data = changed(
        &demo,
        &format!(
            "addReview(input: {{ productId: \"{KETTLE}\", rating: 4, body: \"Pours well\" }}) {{
               rating author {{ id name }} product {{ name }} }}"
        ),
    )
    .await;
    let expected = json!({
        "rating": 4, "author": { "id": "u1001", "name": "Ada Birkholt" }, "product": { "name": "Gooseneck kettle" },
    });
    assert_eq!(data["addReview"], expected);
    let latest = demo.ask("{ latestReviews(first: 1) { body } }").await.data();
    assert_eq!(latest["latestReviews"][0]["body"], "Pours well");
    let anonymous = demo
        .post(
            &json!({ "query": "mutation { addReview(input: { productId: \"x\", rating: 1, body: \"\" }) { id } }" }),
            &[("x-user-id", "u1002")],
        )
        .await;
    assert_eq!(anonymous.codes(), ["UNAUTHORIZED_FIELD_OR_TYPE"]);
}

#[tokio::test]
async fn users_register_once_and_get_addresses() {
    let demo = Demo::start().await;
    let register = "mutation { registerUser(input: { clientRef: \"c1\", name: \"New Here\", email: \"New@Example.com\" }) { id name status } }";
    let first = demo.ask(register).await.data();
    assert_eq!(
        (&first["registerUser"]["name"], &first["registerUser"]["status"]),
        (&json!("New Here"), &json!("ACTIVE"))
    );
    assert_eq!(demo.ask(register).await.data(), first, "a repeated call makes one user");
    let again = register.replace("c1", "c2");
    let taken = demo.ask(&again).await;
    assert_eq!(taken.codes(), ["CONFLICT"]);
    assert_eq!(taken.errors()[0]["message"], "This e-mail address is registered already");

    let address = "addAddress(input: { label: \"Boat\", lines: [\"Berth 4\"], city: \"Kiel\", zip: \"24103\", country: \"de\" }) { label country isDefault }";
    let data = changed(&demo, address).await;
    assert_eq!(data["addAddress"], json!({ "label": "Boat", "country": "DE", "isDefault": false }));
    let bad = demo.ask_as(&demo.token(), &format!("mutation {{ {} }}", address.replace("\"de\"", "\"Germany\""))).await;
    assert_eq!((bad.codes(), &bad.json()["data"]), (vec!["BAD_USER_INPUT".to_owned()], &Value::Null));
}

#[tokio::test]
async fn stock_is_reserved_and_orders_are_cancelled() {
    let demo = Demo::start().await;
    let reserve =
        "reserveStock(input: { reference: \"r1\", lines: [{ sku: \"KIT-KETTLE\", quantity: 6 }] }) { reference }";
    assert_eq!(changed(&demo, reserve).await["reserveStock"], json!({ "reference": "r1" }));
    let stock = demo.ask(&format!("{{ product(id: \"{KETTLE}\") {{ stock {{ available onHand }} }} }}")).await.data();
    assert_eq!(stock["product"]["stock"], json!({ "available": 30, "onHand": 39 }));

    let place = format!(
        "placeOrder(input: {{ clientRef: \"x\", currency: \"EUR\", lines: [{{ productId: \"{KETTLE}\", quantity: 1 }}] }}) {{ id }}"
    );
    let id = changed(&demo, &place).await["placeOrder"]["id"].as_str().expect("an id").to_owned();
    let cancel = format!("cancelOrder(id: \"{id}\") {{ status customer {{ name }} }}");
    let expected = json!({ "status": "CANCELLED", "customer": { "name": "Ada Birkholt" } });
    assert_eq!(changed(&demo, &cancel).await["cancelOrder"], expected);
    let again = demo.ask_as(&demo.token(), &format!("mutation {{ {cancel} }}")).await;
    assert_eq!(again.codes(), ["NOT_CANCELLABLE"]);
}

#[tokio::test]
async fn mutations_of_one_operation_run_one_after_the_other() {
    let demo = Demo::start().await;
    let place = |quantity: u32| {
        format!(
            "placeOrder(input: {{ clientRef: \"same\", currency: \"EUR\", lines: [{{ productId: \"{KETTLE}\", quantity: {quantity} }}] }}) {{ total {{ amount }} }}"
        )
    };
    let patch = |alias: &str, name: &str| {
        format!("{alias}: updateProduct(id: \"{KETTLE}\", patch: {{ name: \"{name}\" }}) {{ name }}")
    };
    let data = changed(&demo, &format!("{} {} {}", patch("a", "one"), patch("b", "two"), patch("c", "three"))).await;
    assert_eq!(data, json!({ "a": { "name": "one" }, "b": { "name": "two" }, "c": { "name": "three" } }));
    let token = demo.token();
    let reply = demo.ask_as(&token, &format!("mutation {{ first: {} second: {} }}", place(1), place(2))).await;
    assert_eq!(reply.codes(), ["ORDER_REFUSED"]);
    assert_eq!(reply.errors()[0]["path"], json!(["second"]));
    let newest =
        demo.ask_as(&token, "{ me { orders(first: 1) { edges { node { total { amount } } } } } }").await.data();
    assert_eq!(newest["me"]["orders"]["edges"][0]["node"]["total"]["amount"], "64.90", "the first one was placed");
}

#[tokio::test]
async fn who_may_not_change_does_not() {
    let demo = Demo::start().await;
    let update = format!("mutation {{ updateProduct(id: \"{KETTLE}\", patch: {{ name: \"stolen\" }}) {{ name }} }}");
    for token in [None, Some(demo.token_of("u1001", "users:read"))] {
        let reply = match &token {
            None => demo.ask(&update).await,
            Some(token) => demo.ask_as(token, &update).await,
        };
        assert_eq!((reply.status, reply.codes()), (200, vec!["UNAUTHORIZED_FIELD_OR_TYPE".to_owned()]));
        assert_eq!(reply.json()["data"], json!({ "updateProduct": null }));
    }
    let name = demo.ask(&format!("{{ product(id: \"{KETTLE}\") {{ name }} }}")).await.data();
    assert_eq!(name["product"]["name"], "Gooseneck kettle");
}
