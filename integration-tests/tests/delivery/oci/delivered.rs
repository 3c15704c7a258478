use super::push::Push;
use super::stamped::{FILTERS, modules, one_module};
use integration_tests::{
    Answer, Call, OciRegistry, Reply, ShippedConfig, Upstream, WasmFetcher, dist,
};
use serde_json::json;
use std::fs;

#[tokio::test]
async fn every_filter_comes_back_as_it_was_in_both_forms() {
    let registry = OciRegistry::start().await;
    let modules = modules("1.2.3");
    let lines = Push::of(modules.path(), &format!("{}/filters", registry.name())).lines();
    let mut expected = Vec::new();
    for filter in FILTERS {
        for tag in ["1.2.3", "1.2.3-image"] {
            let name = filter.replace('_', "-");
            expected.push((format!("oci://{}/filters/{name}:{tag}", registry.name()), filter));
        }
    }
    let tagged: Vec<_> = lines.iter().map(|line| line.tagged()).collect();
    assert_eq!(tagged, expected.iter().map(|(address, _)| address.clone()).collect::<Vec<_>>());
    for (line, (tagged, filter)) in lines.iter().zip(expected) {
        let module = fs::read(modules.path().join(format!("{filter}.wasm"))).unwrap();
        let pinned = WasmFetcher::default().fetch(&line.address, None).await.unwrap();
        assert!(pinned == module, "{}", line.address);
        let by_tag = WasmFetcher::default().fetch(&tagged, Some(line.sha256())).await.unwrap();
        assert!(by_tag == module, "{tagged}");
    }
}

#[tokio::test]
async fn an_envoy_serves_with_what_was_fetched_in_either_form() {
    let registry = OciRegistry::start().await;
    let modules = one_module("1.2.3");
    let lines = Push::of(modules.path(), &format!("{}/filters", registry.name())).lines();
    assert_eq!(lines.len(), 2);
    for line in lines {
        let server = Upstream::scripted(|_| {
            Reply::whole(Answer::json_value(&json!({"served_by": "the model"})))
        })
        .await;
        let fetched = tempfile::tempdir().unwrap();
        let module = WasmFetcher::default().fetch(&line.address, None).await.unwrap();
        fs::write(fetched.path().join("model_router.wasm"), module).unwrap();
        let gateway = ShippedConfig::recipe("shadow")
            .with("model-v1-a", 9000, server.address())
            .with("model-v2-a", 9000, server.address())
            .replacing(&dist().display().to_string(), &fetched.path().display().to_string())
            .start()
            .await;
        let chat = Call::post("/v1/chat/completions").json(&json!({"model": "demo@v2"}));
        let answer = gateway.http1().await.send(chat).await;
        assert_eq!(answer.json(), json!({"served_by": "the model"}), "{}", line.tag);
        let version = server.last().header_text("x-model-version");
        assert_eq!(version.as_deref(), Some("v2"), "{}", line.tag);
    }
}

#[tokio::test]
async fn pushing_again_changes_nothing() {
    let registry = OciRegistry::start().await;
    let modules = one_module("1.2.3");
    let push = || Push::of(modules.path(), &format!("{}/filters", registry.name()));
    let first = push().lines();
    let again = push().run();
    assert_eq!(again.lines, first);
    assert_eq!(again.told.matches("was there already").count(), 2, "{}", again.told);
}

#[tokio::test]
async fn a_target_directory_of_the_callers_is_left_alone() {
    let registry = OciRegistry::start().await;
    let modules = one_module("1.2.3");
    let push = Push::of(modules.path(), &format!("{}/filters", registry.name()));
    assert_eq!(push.env("CARGO_TARGET_DIR", "of-the-caller").lines().len(), 2);
}

#[tokio::test]
async fn a_tag_that_moves_is_told_with_what_it_was() {
    let registry = OciRegistry::start().await;
    let destination = format!("{}/filters:edge", registry.name());
    let push = |version: &str| {
        let modules = one_module(version);
        Push::of(modules.path(), &destination).with(&["--form", "artifact"]).run()
    };
    let before = push("1.2.3");
    assert!(!before.told.contains("until now"), "{}", before.told);
    let after = push("1.2.4");
    assert_eq!(after.lines[0].tag, "edge");
    let told = format!("edge, which was sha256:{} until now", before.lines[0].sha256());
    assert!(after.told.contains(&told), "{}", after.told);
}

#[tokio::test]
async fn only_what_is_wanted_is_pushed() {
    let registry = OciRegistry::start().await;
    let modules = modules("1.2.3");
    let lines = Push::of(modules.path(), &format!("{}/a/b", registry.name()))
        .with(&["--filter", "model-router", "--filter", "payload-validator", "--form", "image"])
        .lines();
    let pushed: Vec<_> = lines.iter().map(|line| line.tagged()).collect();
    let expected = ["model-router", "payload-validator"]
        .map(|filter| format!("oci://{}/a/b/{filter}:1.2.3-image", registry.name()));
    assert_eq!(pushed, expected);
}
