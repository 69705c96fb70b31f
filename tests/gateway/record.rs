//! What Pleach told about itself: the upstream calls of each request, and its log.

use std::collections::HashMap;
use std::fmt::{Debug, Write};
use std::sync::{LazyLock, Mutex, Once};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

static CALLS: LazyLock<Mutex<HashMap<String, u64>>> = LazyLock::new(Mutex::default);
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
static START: Once = Once::new();

/// Begins to record; again is once.
pub fn start() {
    START.call_once(|| {
        let subscriber = tracing_subscriber::registry().with(Recorder);
        tracing::subscriber::set_global_default(subscriber).expect("nobody else records");
    });
}

/// How many calls of sources the request of this id led to.
pub fn upstream_calls(request_id: &str) -> u64 {
    let calls = CALLS.lock().expect("no panic");
    *calls.get(request_id).unwrap_or_else(|| panic!("no calls were recorded for the request {request_id:?}"))
}

/// Lines logged at `info` or above that contain `part`.
pub fn logged(part: &str) -> Vec<String> {
    LINES.lock().expect("no panic").iter().filter(|line| line.contains(part)).cloned().collect()
}

struct Recorder;

/// Kept with the span of a request.
struct RequestId(String);

#[derive(Default)]
struct Fields {
    request_id: Option<String>,
    calls: Option<u64>,
    line: String,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let (Some(request_id), Some(span)) = (fields.request_id, context.span(id)) {
            span.extensions_mut().replace(RequestId(request_id));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        let Some(calls) = fields.calls else { return };
        let Some(span) = context.span(id) else { return };
        if let Some(RequestId(request_id)) = span.extensions().get::<RequestId>() {
            CALLS.lock().expect("no panic").insert(request_id.clone(), calls);
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() > Level::INFO {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        LINES.lock().expect("no panic").push(format!("{}{}", event.metadata().level(), fields.line));
    }
}

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "pleach.upstream.calls" {
            self.calls = Some(value);
        }
        let _ = write!(self.line, " {}={value}", field.name());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.record_u64(field, value.unsigned_abs());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "pleach.request.id" {
            self.request_id = Some(value.to_owned());
        }
        let _ = write!(self.line, " {}={value}", field.name());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.line, " {}={value:?}", field.name());
    }
}
