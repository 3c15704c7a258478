//! The gateway as its clients and its operator see it.

mod admin;
mod grpc;
mod http;
mod seen;

use std::sync::Mutex;
use std::time::Duration;

use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

pub use grpc::{Call, Connection, metadata};
pub use http::{HttpAnswer, RequestBody};
pub use seen::Seen;

/// No call may take longer: then it hangs.
pub const CALL_DEADLINE: Duration = Duration::from_secs(20);

/// Says which replica answered.
const SERVED_BY: &str = "x-served-by";
/// Says which version of the model answered.
const SERVED_VERSION: &str = "x-served-version";
/// Says which filter refused a request, and by which rule.
pub const REJECTED: &str = "x-inference-rejected";
/// Says which tenant a request comes from.
const TENANT: &str = "x-tenant-id";
/// Says how urgent a request is.
pub const PRIORITY: &str = "x-priority";
/// Makes the demo's model server wait before it answers, in milliseconds.
pub const DELAY: &str = "x-demo-delay-ms";

/// Who answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedBy {
    pub replica: String,
    pub version: String,
}

/// A gateway, and what this client has seen of it.
#[derive(Debug)]
pub struct Gateway {
    address: String,
    admin: String,
    http: Client<HttpConnector, RequestBody>,
    seen: Mutex<Seen>,
}

impl Gateway {
    /// The gateway and its admin interface, each at `host:port`.
    pub fn new(address: &str, admin: &str) -> Self {
        Self {
            address: address.to_owned(),
            admin: admin.to_owned(),
            http: Client::builder(TokioExecutor::new()).build_http(),
            seen: Mutex::default(),
        }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// What was sent so far, and what came back.
    pub fn seen(&self) -> Seen {
        self.with_seen(|seen| seen.clone())
    }

    fn with_seen<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().expect("nobody panics while counting"))
    }
}

impl ServedBy {
    /// None if the answer does not come from a model server of the demo.
    fn read<'h>(header: impl Fn(&str) -> Option<&'h str>) -> Option<Self> {
        Some(Self {
            replica: header(SERVED_BY)?.to_owned(),
            version: header(SERVED_VERSION)?.to_owned(),
        })
    }
}
