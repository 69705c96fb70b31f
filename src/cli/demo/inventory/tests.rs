use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::{Value, json};
use tonic::Code;
use tonic::transport::Channel;

use super::codec::ProstCodec;
use super::messages::*;
use super::{Warehouse, router};
use crate::cli::demo::server::Server;

fn proto() -> DescriptorPool {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/schema");
    DescriptorPool::from_file_descriptor_set(protox::compile(["inventory.proto"], [schema]).unwrap()).unwrap()
}

/// What a reader of `inventory.proto` sees in our bytes.
fn seen(message: &impl Message, name: &str) -> Value {
    let descriptor = proto().get_message_by_name(&format!("inventory.v1.{name}")).unwrap();
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()).unwrap();
    assert_eq!(dynamic.unknown_fields().count(), 0);
    serde_json::to_value(dynamic).unwrap()
}

#[test]
fn messages_are_those_of_the_proto_file() {
    let stock = BatchGetStockResponse {
        items: vec![StockLevel {
            sku: "A".into(),
            on_hand: 3,
            reserved: 1,
            warehouses: vec![WarehouseStock { warehouse: "north".into(), on_hand: 3 }],
            restock_at: Some(Timestamp { seconds: 0, nanos: 5 }),
        }],
    };
    assert_eq!(
        seen(&stock, "BatchGetStockResponse"),
        json!({ "items": [{
            "sku": "A", "onHand": "3", "reserved": "1", "restockAt": "1970-01-01T00:00:00.000000005Z",
            "warehouses": [{ "warehouse": "north", "onHand": "3" }],
        }] })
    );
    let quote = ShippingQuote {
        sku: "A".into(),
        amount: "4.10".into(),
        currency: "EUR".into(),
        days: 2,
        service: Service::Express as i32,
    };
    assert_eq!(
        seen(&QuoteShippingResponse { quotes: vec![quote] }, "QuoteShippingResponse"),
        json!({ "quotes": [{ "sku": "A", "amount": "4.10", "currency": "EUR", "days": 2, "service": "EXPRESS" }] })
    );
    let parcels = vec![Parcel { sku: "A".into(), weight_grams: 7 }];
    assert_eq!(
        seen(&QuoteShippingRequest { zip: "1".into(), parcels }, "QuoteShippingRequest"),
        json!({ "zip": "1", "parcels": [{ "sku": "A", "weightGrams": 7 }] })
    );
    let lines = vec![ReserveLine { sku: "A".into(), quantity: 2 }];
    assert_eq!(
        seen(&ReserveRequest { reference: "o".into(), lines }, "ReserveRequest"),
        json!({ "reference": "o", "lines": [{ "sku": "A", "quantity": 2 }] })
    );
    let expires_at = Some(Timestamp { seconds: 60, nanos: 0 });
    assert_eq!(
        seen(&Reservation { id: "r".into(), reference: "o".into(), expires_at }, "Reservation"),
        json!({ "id": "r", "reference": "o", "expiresAt": "1970-01-01T00:01:00Z" })
    );
    let skus = vec!["A".into()];
    assert_eq!(seen(&BatchGetStockRequest { skus }, "BatchGetStockRequest"), json!({ "skus": ["A"] }));
}

struct Client {
    server: Server,
    channel: Channel,
}

impl Client {
    async fn new() -> Self {
        let server = Server::start(router(Warehouse::seeded().unwrap())).await.unwrap();
        let channel = Channel::from_shared(format!("http://{}", server.address())).unwrap();
        Self { channel: channel.connect().await.unwrap(), server }
    }

    async fn call<I, O>(&self, method: &str, message: I) -> Result<O, tonic::Status>
    where
        I: Message + 'static,
        O: Message + Default + 'static,
    {
        let mut client = tonic::client::Grpc::new(self.channel.clone());
        client.ready().await.unwrap();
        let path = format!("/inventory.v1.Inventory/{method}").parse().unwrap();
        let answer = client.unary(tonic::Request::new(message), path, ProstCodec::<O, I>::default()).await?;
        Ok(answer.into_inner())
    }

    async fn stock(&self, sku: &str) -> StockLevel {
        let request = BatchGetStockRequest { skus: vec![sku.into(), "no such thing".into()] };
        let mut response: BatchGetStockResponse = self.call("BatchGetStock", request).await.unwrap();
        assert_eq!(response.items.len(), 1);
        response.items.remove(0)
    }

    async fn reserve(&self, reference: &str, sku: &str, quantity: i32) -> Result<Reservation, tonic::Status> {
        let lines = vec![ReserveLine { sku: sku.into(), quantity }];
        self.call("Reserve", ReserveRequest { reference: reference.into(), lines }).await
    }
}

#[tokio::test]
async fn reserves_once_a_reference_and_never_more_than_there_is() {
    let client = Client::new().await;
    let before = client.stock("KIT-KETTLE").await;
    let first = client.reserve("order-1", "KIT-KETTLE", 2).await.unwrap();
    assert_eq!(client.reserve("order-1", "KIT-KETTLE", 2).await.unwrap(), first);
    let after = client.stock("KIT-KETTLE").await;
    assert_eq!((after.reserved, after.on_hand), (before.reserved + 2, before.on_hand));
    assert_eq!(client.reserve("order-2", "KIT-KETTLE", 1_000).await.unwrap_err().code(), Code::FailedPrecondition);
    assert_eq!(client.reserve("order-3", "NOTHING", 1).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(client.reserve("order-4", "KIT-KETTLE", 0).await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(client.server.calls(), 7);
}

#[tokio::test]
async fn quotes_by_weight_and_zone() {
    let client = Client::new().await;
    let parcels =
        vec![Parcel { sku: "light".into(), weight_grams: 500 }, Parcel { sku: "heavy".into(), weight_grams: 5_000 }];
    let request = QuoteShippingRequest { zip: "20095".into(), parcels };
    let QuoteShippingResponse { quotes } = client.call("QuoteShipping", request).await.unwrap();
    let facts: Vec<_> = quotes.iter().map(|quote| (quote.amount.as_str(), quote.days, quote.service())).collect();
    assert_eq!(facts, [("5.70", 1, Service::Express), ("14.70", 2, Service::Standard)]);
    let request = QuoteShippingRequest { zip: "x".into(), parcels: Vec::new() };
    let refused = client.call::<_, QuoteShippingResponse>("QuoteShipping", request).await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn other_methods_are_unimplemented() {
    let client = Client::new().await;
    let refused = client.call::<_, BatchGetStockResponse>("WatchStock", BatchGetStockRequest::default()).await;
    assert_eq!(refused.unwrap_err().code(), Code::Unimplemented);
}
