use super::push::Push;
use super::stamped::one_module;
use integration_tests::OciRegistry;
use tokio::net::TcpSocket;

#[tokio::test]
async fn a_registry_that_is_not_there_is_told() {
    let modules = one_module("1.2.3");
    // It doesn't listen, and nobody else gets the port before it is dropped.
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = taken.local_addr().unwrap();
    let pushed = Push::of(modules.path(), &format!("{address}/filters")).run();
    let refusal = pushed.refusal(1);
    assert!(refusal.starts_with(&format!("{address} can't be reached (")), "{refusal}");
    assert!(refusal.contains("refused"), "{refusal}");
}

#[tokio::test]
async fn modules_that_are_not_built_are_told() {
    let nothing = tempfile::tempdir().unwrap();
    let pushed = Push::of(nothing.path(), "registry.invalid/filters").run();
    assert!(pushed.refusal(1).ends_with("run ./scripts/build modules"), "{}", pushed.told);
}

#[tokio::test]
async fn a_wrong_call_has_a_status_of_its_own() {
    let modules = one_module("1.2.3");
    let push = |destination: &str| Push::of(modules.path(), destination);
    let unknown = push("registry.invalid/filters").with(&["--filter", "router"]).run();
    assert!(unknown.refusal(2).contains("there is no filter `router`"), "{}", unknown.told);
    let nowhere = push("filters").run();
    assert!(nowhere.refusal(2).contains("it names no repository"), "{}", nowhere.told);
}

#[tokio::test]
async fn an_authority_that_is_not_trusted_is_refused_until_it_is() {
    let registry = OciRegistry::with_tls().await;
    let modules = one_module("1.2.3");
    let destination = format!("{}/filters", registry.certified_name());
    let push = || Push::of(modules.path(), &destination).with(&["--tls"]);
    let refused = push().run();
    let refusal = refused.refusal(1);
    assert!(refusal.contains("an authority that this machine doesn't trust"), "{refusal}");
    let trusted = push().env("SSL_CERT_FILE", registry.authority()).lines();
    assert_eq!(trusted.len(), 2);
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let registry = OciRegistry::with_tls().await;
    let modules = one_module("1.2.3");
    let pushed = Push::of(modules.path(), &format!("{}/filters", registry.name()))
        .with(&["--tls"])
        .env("SSL_CERT_FILE", registry.authority())
        .run();
    assert!(pushed.refusal(1).contains("a certificate for another name"), "{}", pushed.told);
}

#[tokio::test]
async fn a_registry_without_tls_is_told_when_tls_is_asked_for() {
    let registry = OciRegistry::start().await;
    let modules = one_module("1.2.3");
    let pushed =
        Push::of(modules.path(), &format!("{}/filters", registry.name())).with(&["--tls"]).run();
    assert!(pushed.refusal(1).contains("--plain-http is for"), "{}", pushed.told);
}
