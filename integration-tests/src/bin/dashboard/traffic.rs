//! Clients of several kinds, who come when they come, whether others were answered or not.

use crate::phases::{Phase, Phases};
use integration_tests::{Call, Client};
use proto::prediction::PredictRequest;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

/// How much longer servers take in their slow phase.
const SLOWER: Duration = Duration::from_millis(350);
/// After so long a client who does not wait for the end of an answer leaves.
const PATIENCE: Duration = Duration::from_millis(120);

/// A kind of request.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// A chat whose answer is streamed.
    Chat,
    /// The same, but its client leaves in the middle.
    ImpatientChat,
    /// A gRPC call.
    Predict,
    /// One of a class for which there is little room.
    Batch,
    /// A tensor that the model can't take.
    Mistake,
    /// For a model that isn't there.
    Unknown,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Chat, Self::ImpatientChat, Self::Predict, Self::Batch, Self::Mistake, Self::Unknown];

    /// How many come in a second, on average.
    const fn per_second(self, phase: Phase) -> f64 {
        match (self, phase) {
            (Self::Chat, Phase::Burst) => 110.0,
            (Self::Chat, _) => 10.0,
            (Self::Predict, Phase::Burst) => 120.0,
            (Self::Predict, _) => 30.0,
            (Self::Batch, _) => 8.0,
            (Self::ImpatientChat | Self::Mistake | Self::Unknown, _) => 1.0,
        }
    }

    fn call(self) -> Call {
        match self {
            Self::Chat | Self::ImpatientChat => chat("demo"),
            Self::Unknown => chat("unicorn"),
            Self::Predict => Call::grpc(
                "/prediction.PredictionService/Predict",
                &PredictRequest { features: vec![0.9, 0.8, 0.1, 0.1], model_name: "demo".into() },
            ),
            Self::Batch => infer(4).header("x-priority", "batch"),
            Self::Mistake => infer(5),
        }
    }
}

fn chat(model: &str) -> Call {
    let body: Value = json!({
        "model": model,
        "messages": [{"role": "user", "content": "Tell me about the rabbit."}],
        "max_tokens": 48,
        "stream": true,
        "stream_options": {"include_usage": true},
    });
    Call::post("/v1/chat/completions").json(&body)
}

fn infer(columns: usize) -> Call {
    let tensor = json!({
        "name": "features", "datatype": "FP32", "shape": [1, columns], "data": vec![0.5; columns],
    });
    Call::post("/v2/models/demo/infer").json(&json!({"inputs": [tensor]}))
}

/// Sends all of it. How much later a request was sent than it should have been, at most.
pub(crate) async fn send(gateway: SocketAddr, phases: Phases) -> Duration {
    let began = Instant::now();
    let mut chance = fastrand::Rng::with_seed(1);
    let mut due: Vec<(Duration, Kind)> =
        Kind::ALL.map(|kind| (gap(kind, Phase::Usual, &mut chance), kind)).into();
    let (mut clients, mut late) = (JoinSet::new(), Duration::ZERO);
    loop {
        due.sort_by_key(|(at, _)| *at);
        let (at, kind) = due[0];
        if at >= phases.whole() {
            break;
        }
        sleep_until(began + at).await;
        late = late.max(began.elapsed().saturating_sub(at));
        let phase = phases.at(at);
        clients.spawn(exchange(gateway, kind, phase));
        while clients.try_join_next().is_some() {}
        due[0].0 = at + gap(kind, phase, &mut chance);
    }
    while clients.join_next().await.is_some() {}
    late
}

/// The time to the next client who knows nothing of the one before: a Poisson process.
fn gap(kind: Kind, phase: Phase, chance: &mut fastrand::Rng) -> Duration {
    Duration::from_secs_f64(-(1.0 - chance.f64()).ln() / kind.per_second(phase))
}

/// One request, on a connection of its own. Whatever becomes of it is to be seen in the metrics.
async fn exchange(gateway: SocketAddr, kind: Kind, phase: Phase) {
    let mut call = kind.call();
    if phase == Phase::Slow {
        call = call.header(model_server::DELAY_HEADER, SLOWER.as_millis().to_string());
    }
    let mut client = Client::http2(gateway).await;
    match kind {
        Kind::ImpatientChat => {
            let answer = client.begin(call).await;
            sleep(PATIENCE).await;
            drop(answer);
            client.leave();
        }
        _ => _ = client.try_send(call).await,
    }
}
