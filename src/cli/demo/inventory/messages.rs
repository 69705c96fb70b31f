//! The messages of `inventory.proto`, written out so that building needs no `protoc`. A test
//! compares them with the file.

/// `BatchGetStockRequest`
#[derive(Clone, PartialEq, prost::Message)]
pub struct BatchGetStockRequest {
    /// Which articles.
    #[prost(string, repeated, tag = "1")]
    pub skus: Vec<String>,
}

/// `BatchGetStockResponse`
#[derive(Clone, PartialEq, prost::Message)]
pub struct BatchGetStockResponse {
    /// Those that are known.
    #[prost(message, repeated, tag = "1")]
    pub items: Vec<StockLevel>,
}

/// `StockLevel`
#[derive(Clone, PartialEq, prost::Message)]
pub struct StockLevel {
    /// Which article.
    #[prost(string, tag = "1")]
    pub sku: String,
    /// Pieces in all warehouses.
    #[prost(int64, tag = "2")]
    pub on_hand: i64,
    /// Of these, pieces set aside.
    #[prost(int64, tag = "3")]
    pub reserved: i64,
    /// Where they are.
    #[prost(message, repeated, tag = "4")]
    pub warehouses: Vec<WarehouseStock>,
    /// When more will come, if that is known.
    #[prost(message, optional, tag = "5")]
    pub restock_at: Option<Timestamp>,
}

/// `WarehouseStock`
#[derive(Clone, PartialEq, prost::Message)]
pub struct WarehouseStock {
    /// Its name.
    #[prost(string, tag = "1")]
    pub warehouse: String,
    /// Pieces there.
    #[prost(int64, tag = "2")]
    pub on_hand: i64,
}

/// `google.protobuf.Timestamp`
#[derive(Clone, PartialEq, prost::Message)]
pub struct Timestamp {
    /// Since 1970.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// Of the second.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

/// `QuoteShippingRequest`
#[derive(Clone, PartialEq, prost::Message)]
pub struct QuoteShippingRequest {
    /// Where to.
    #[prost(string, tag = "1")]
    pub zip: String,
    /// What.
    #[prost(message, repeated, tag = "2")]
    pub parcels: Vec<Parcel>,
}

/// `Parcel`
#[derive(Clone, PartialEq, prost::Message)]
pub struct Parcel {
    /// Which article.
    #[prost(string, tag = "1")]
    pub sku: String,
    /// Its weight.
    #[prost(int32, tag = "2")]
    pub weight_grams: i32,
}

/// `QuoteShippingResponse`
#[derive(Clone, PartialEq, prost::Message)]
pub struct QuoteShippingResponse {
    /// One a parcel.
    #[prost(message, repeated, tag = "1")]
    pub quotes: Vec<ShippingQuote>,
}

/// `ShippingQuote`
#[derive(Clone, PartialEq, prost::Message)]
pub struct ShippingQuote {
    /// Which article.
    #[prost(string, tag = "1")]
    pub sku: String,
    /// The price, as exact text.
    #[prost(string, tag = "2")]
    pub amount: String,
    /// Its currency.
    #[prost(string, tag = "3")]
    pub currency: String,
    /// How long it takes.
    #[prost(int32, tag = "4")]
    pub days: i32,
    /// How it is sent.
    #[prost(enumeration = "Service", tag = "5")]
    pub service: i32,
}

/// `ShippingQuote.Service`
#[derive(Clone, Copy, PartialEq, Eq, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum Service {
    /// Not said.
    Unspecified = 0,
    /// By road.
    Standard = 1,
    /// By courier.
    Express = 2,
}

/// `ReserveRequest`
#[derive(Clone, PartialEq, prost::Message)]
pub struct ReserveRequest {
    /// Chosen by the caller; repeating it reserves nothing more.
    #[prost(string, tag = "1")]
    pub reference: String,
    /// What.
    #[prost(message, repeated, tag = "2")]
    pub lines: Vec<ReserveLine>,
}

/// `ReserveRequest.Line`
#[derive(Clone, PartialEq, prost::Message)]
pub struct ReserveLine {
    /// Which article.
    #[prost(string, tag = "1")]
    pub sku: String,
    /// How many pieces.
    #[prost(int32, tag = "2")]
    pub quantity: i32,
}

/// `Reservation`
#[derive(Clone, PartialEq, prost::Message)]
pub struct Reservation {
    /// Its id.
    #[prost(string, tag = "1")]
    pub id: String,
    /// As asked.
    #[prost(string, tag = "2")]
    pub reference: String,
    /// Until when the pieces are kept.
    #[prost(message, optional, tag = "3")]
    pub expires_at: Option<Timestamp>,
}
