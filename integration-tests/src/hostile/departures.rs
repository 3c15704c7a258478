//! Clients and model servers that go away in the middle.

use super::{BEHAVIOUR, Subject, Trial};
use crate::{RawHttp1, whole};
use http_body_util::BodyExt;

/// HTTP/1.1 clients that close the connection at various points of the request.
pub async fn clients_that_leave_while_they_send(subject: Subject) {
    let trial = Trial::of(subject).await;
    let bytes = trial.subject.json.http1_bytes();
    let mut read = 0;
    for length in (1..bytes.len()).step_by(9) {
        let mut connection = RawHttp1::connect(trial.gateway.address()).await;
        connection.write(&bytes[..length]).await;
        read += u64::try_from(length).expect("64 bits");
        let counter = "http.gateway.downstream_cx_rx_bytes_total";
        trial.gateway.wait_for_stat(counter, |count| count >= read).await;
    }
    trial.assert_idle().await;
    trial.finish().await;
}

/// HTTP/2 clients that reset a stream or close the connection, with none, some
/// or all of the body sent.
pub async fn clients_that_cancel_streams(subject: Subject) {
    let trial = Trial::of(subject).await;
    let mut staying = trial.gateway.http2().await;
    for call in [&trial.subject.json, &trial.subject.grpc] {
        let body = call.body_bytes();
        for sent in [0, 1, body.len() / 2, body.len()] {
            let hanging = call.clone().header(BEHAVIOUR, "hang");
            for leaves in [false, true] {
                let mut leaving = trial.gateway.http2().await;
                let client = if leaves { &mut leaving } else { &mut staying };
                let (mut sender, answer) = client.open(hanging.clone());
                let answer = tokio::spawn(answer);
                if sent > 0 {
                    sender.send_data(body.slice(..sent)).await.expect("an open stream");
                }
                let active = "http.gateway.downstream_rq_active";
                trial.gateway.wait_for_stat(active, |count| count == 1).await;
                if leaves {
                    leaving.leave();
                }
                // A request whose answer nobody waits for is reset.
                answer.abort();
                drop(sender);
                trial.assert_idle().await;
            }
        }
    }
    trial.finish().await;
}

/// Clients that leave when they have seen the beginning of the answer.
pub async fn clients_that_leave_while_they_are_answered(subject: Subject) {
    let trial = Trial::of(subject).await;
    for call in [&trial.subject.json, &trial.subject.grpc] {
        let stalling = call.clone().header(BEHAVIOUR, "stall");
        let [http1, http2] = trial.clients().await;
        for mut client in [http1, http2] {
            let mut answer = client.begin(stalling.clone()).await;
            let begun = crate::in_time("the first bytes", answer.body_mut().frame()).await;
            assert_eq!(begun.expect("a body").expect("no error").data_ref().unwrap(), "begun");
            drop(answer);
            client.leave();
        }
    }
    trial.assert_idle().await;
    trial.finish().await;
}

/// Model servers that reset the connection or the stream before they answer, or
/// in the middle of it.
pub async fn model_servers_that_break_off(subject: Subject) {
    let trial = Trial::of(subject).await;
    for call in [&trial.subject.json, &trial.subject.grpc] {
        let [mut http1, mut http2] = trial.clients().await;
        for client in [&mut http1, &mut http2] {
            let answer = client.send(call.clone().header(BEHAVIOUR, "reset")).await;
            match answer.grpc_status() {
                Some(status) => assert_eq!(status, 14, "{answer:?}"),
                None => assert_eq!(answer.status, 503, "{answer:?}"),
            }
            let answer = client.begin(call.clone().header(BEHAVIOUR, "cut off")).await;
            assert_eq!(answer.status(), 200);
            let broken = crate::in_time("the break", whole(answer)).await;
            assert!(broken.is_err(), "an answer that is only a part looks whole: {broken:?}");
        }
    }
    trial.assert_idle().await;
    trial.finish().await;
}
