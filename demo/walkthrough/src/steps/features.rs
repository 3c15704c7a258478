//! An input that the model can't take: the client's fault, and said so.

use tonic::Code;

use super::{Stage, sentence};
use crate::gateway::Call;
use crate::report::{Check, Observation};

pub async fn observe(stage: &Stage<'_>) -> Observation {
    let mut check = Check::new(
        "Predict with 3 features; the model has 4",
        "INVALID_ARGUMENT, and a text that names what is wrong",
    );
    let connection = match stage.gateway.connection() {
        Ok(connection) => connection,
        Err(error) => return check.failed(&error),
    };
    match connection.predict(Call::new().with_features(&[0.1, 0.2, 0.3])).await {
        Ok(served) => {
            check.require(false, || "the call was answered");
            check.seen(format!("an answer from {}", served.replica))
        }
        Err(status) => {
            check.require(status.code() == Code::InvalidArgument, || "another status");
            let names_it =
                ["features", "4", "3"].iter().all(|part| status.message().contains(part));
            check.require(names_it, || "the text does not name the field and both counts");
            check.seen(sentence(&status))
        }
    }
}
