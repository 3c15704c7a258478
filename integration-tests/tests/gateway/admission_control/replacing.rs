//! Configurations that are replaced and workers that die while requests are here.

use super::leaks::{ROOM, assert_all_is_free, assert_room, both, chain, config, stand, to};
use super::{Stand, admission, any_chat, begin, ended, rule_of, wait_for_crowd};
use integration_tests::{Gateway, WasmFilter, eventually};

#[tokio::test]
async fn a_configuration_is_replaced_while_requests_are_here() {
    let (stand, crowd) = stand(chain()).await;
    let calls = both(&stand).await.map(|client| begin(client, any_chat()));
    wait_for_crowd(&crowd, ROOM).await;
    let mut more = config();
    more["limits"][0]["in_flight"]["max"] = (ROOM + 1).into();
    replace(&stand, &admission(&more)).await;
    // Those of the old configuration count for the new one.
    let third = begin(stand.gateway.http1().await, any_chat());
    wait_for_crowd(&crowd, ROOM + 1).await;
    let answer = stand.gateway.http2().await.send(any_chat()).await;
    assert_eq!(rule_of(&answer).as_deref(), Some("in_flight"));
    crowd.let_go(ROOM + 1);
    for call in calls.into_iter().chain([third]) {
        assert_eq!(ended(call).await.status, 200);
    }
    assert_room(&stand, &crowd, ROOM + 1).await;
    stand.wait_for_in_flight("gpu", 0).await;
}

async fn replace(stand: &Stand, filter: &WasmFilter) {
    let version = stand.gateway.replace_filter(filter).to_string();
    let name = "extension_config_discovery.http_filter.discovered.version_text";
    eventually("the new configuration", async || {
        let live = stand.gateway.admin().text_stat(name).await;
        (live.as_deref() == Some(&version)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_worker_dies_with_all_its_requests() {
    let filter = WasmFilter::named("crashing").configured(&config()).reloading();
    let (stand, crowd) = stand(Gateway::builder().wasm(&filter)).await;
    let calls = both(&stand)
        .await
        .map(|mut client| tokio::spawn(async move { client.try_send(any_chat()).await }));
    wait_for_crowd(&crowd, ROOM).await;
    let mut client = stand.gateway.http2().await;
    assert_eq!(client.send(any_chat().header("x-panic", "yes")).await.status, 503);
    crowd.let_go(ROOM);
    for call in calls {
        // Cut off, or answered with an error: nobody can say what they are entitled to.
        if let Ok(answer) = call.await.expect("no panic") {
            assert_eq!(answer.status, 503);
        }
    }
    // The dead can't give back what they held. Their lease runs out.
    eventually("a place", async || (client.send(to("early")).await.status == 200).then_some(()))
        .await;
    assert_all_is_free(&stand, &crowd).await;
    let alarms = stand.gateway.stop();
    assert!(alarms.iter().any(|alarm| alarm.contains("the client asked for it")), "{alarms:?}");
}
