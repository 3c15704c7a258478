//! Tensors in every dialect: those within their contract go through, and of the
//! others the model server gets nothing.

mod open_inference_grpc;
mod open_inference_rest;
mod own;
mod tensorflow_serving;

use super::refusal::{Refusal, refused};
use super::requests::{iris, scores};
use super::{Call, Client, Stand, json};

/// Two rows.
const ROWS: [f32; 8] = [5.1, 3.5, 1.4, 0.2, 5.1, 3.5, 1.4, 0.2];

/// A row of which not every value is finite.
const NAN: [f32; 4] = [f32::NAN, 1.0, 1.0, 1.0];

/// A call, and why it is refused; nothing, if it isn't.
type Row = (Call, Option<Refusal>);

async fn stand() -> Stand {
    Stand::new(&json!({"contracts": [iris(), scores()]})).await
}

async fn check_all(stand: &Stand, client: &mut Client, rows: Vec<Row>) {
    for (call, expected) in rows {
        stand.check(client, call, expected.as_ref()).await;
    }
}
