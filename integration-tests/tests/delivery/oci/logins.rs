use super::push::{Push, Pushed};
use super::stamped::one_module;
use integration_tests::{Answer, OciRegistry, Reply, Upstream};
use serde_json::json;
use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const USER: &str = OciRegistry::USER;
const PASSWORD: &str = OciRegistry::PASSWORD;

/// What becomes of a push to a registry that asks for a login.
async fn pushed(login: impl FnOnce(Push, &str) -> Push) -> Pushed {
    let registry = OciRegistry::with_login().await;
    let modules = one_module("1.2.3");
    login(Push::of(modules.path(), &format!("{}/filters", registry.name())), &registry.name()).run()
}

#[tokio::test]
async fn a_login_of_dockers_is_used() {
    let pushed = pushed(|push, registry| push.login(registry, USER, PASSWORD)).await;
    assert_eq!(pushed.lines.len(), 2, "{}", pushed.told);
}

#[tokio::test]
async fn a_credential_helper_is_asked() {
    let directory = tempfile::tempdir().unwrap();
    let helper = directory.path().join("docker-credential-tests");
    // As Docker's do: the registry comes on the standard input.
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = get ] && read -r registry || [ \"$registry\" ] && \
         printf '{{\"ServerURL\": \"%s\", \"Username\": \"{USER}\", \"Secret\": \"{PASSWORD}\"}}' \
         \"$registry\"\n"
    );
    fs::write(&helper, script).unwrap();
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", directory.path().display(), env::var("PATH").unwrap());
    let pushed = pushed(|push, registry| {
        push.docker_config(&json!({"credHelpers": {registry: "tests"}})).env("PATH", path)
    })
    .await;
    assert_eq!(pushed.lines.len(), 2, "{}", pushed.told);
}

#[tokio::test]
async fn a_helper_that_is_not_there_is_told() {
    let pushed = pushed(|push, registry| {
        push.docker_config(&json!({"credHelpers": {registry: "of-nobody"}}))
    })
    .await;
    assert!(pushed.refusal(1).contains("can't be run"), "{}", pushed.told);
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_shown() {
    let wrong = "openbarley";
    let pushed = pushed(|push, registry| push.login(registry, USER, wrong)).await;
    let refusal = pushed.refusal(1);
    assert!(refusal.contains("doesn't let this login push to filters/model-router"), "{refusal}");
    assert!(!pushed.told.contains(wrong), "{}", pushed.told);
}

#[tokio::test]
async fn who_has_no_login_is_told_to_log_in() {
    let pushed = pushed(|push, _| push).await;
    let refusal = pushed.refusal(1);
    assert!(refusal.contains("without a login: docker login 127.0.0.1:"), "{refusal}");
}

#[tokio::test]
async fn an_identity_token_is_refused_and_not_shown() {
    let token = "eyJhbGciOi";
    let pushed = pushed(|push, registry| {
        push.docker_config(&json!({"auths": {registry: {"identitytoken": token}}}))
    })
    .await;
    let refusal = pushed.refusal(1);
    assert!(refusal.contains("identity token"), "{refusal}");
    assert!(!pushed.told.contains(token), "{}", pushed.told);
}

// The script waits for the registry, which runs beside it in this process.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_a_token_service_refuses_is_not_shown() {
    let registry = Upstream::scripted(|head| {
        if head.uri.path() == "/token" {
            return Reply::whole(Answer::status(401).body(format!("{USER}:{PASSWORD} is nobody")));
        }
        let host = head.headers["host"].to_str().unwrap();
        let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"tests\"");
        Reply::whole(Answer::status(401).header("www-authenticate", challenge))
    })
    .await;
    let address = registry.address().to_string();
    let modules = one_module("1.2.3");
    let push = Push::of(modules.path(), &format!("{address}/filters"));
    let pushed = push.login(&address, USER, PASSWORD).run();
    assert!(pushed.refusal(1).contains("doesn't let this login push"), "{}", pushed.told);
    assert!(!pushed.told.contains(PASSWORD), "{}", pushed.told);
    let asked = registry.last();
    assert!(asked.path.starts_with("/token?scope=repository"), "{}", asked.path);
}
