//! Who may use what.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn with_tenants(changes: &Value) -> Rc<ModelRouter> {
    let mut tenants = json!({
        "list": [
            {"name": "acme", "models": ["demo@v2", "iris"]},
            {"name": "labs", "models": ["demo@stable", "demo@v3"]},
            {"name": "ops"},
            {"name": "nobody", "models": []},
        ],
    });
    tenants.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    router(json!({
        "models": [
            {"name": "demo", "labels": {"stable": "v1"}, "versions": [
                {"name": "v1", "cluster": "demo-v1", "weight": 50},
                {"name": "v2", "cluster": "demo-v2", "weight": 50},
                {"name": "v3", "cluster": "demo-v3"},
            ], "rules": [
                {"name": "beta", "when": [{"header": {"name": "x-beta"}}], "version": "v3"},
                {"name": "ops", "when": [{"tenant": ["ops"]}], "version": "v3"},
            ]},
            {"name": "iris", "versions": [{"name": "3", "cluster": "iris"}]},
        ],
        "tenants": tenants,
    }))
}

fn of(tenant: &str, model: &str) -> Trial {
    Trial::chat(&json!({"model": model})).header("x-tenant-id", tenant)
}

#[test]
fn a_tenant_gets_what_it_may_use_and_nothing_else() {
    let router = with_tenants(&json!({}));
    for chance in [0, 1, u64::MAX, u64::MAX >> 1, 1 << 40] {
        let demo = of("acme", "demo").drawing(chance);
        assert_eq!(placement(demo.through(&router)), placed("demo", "v2", "demo-v2"));
        let demo = of("labs", "demo").drawing(chance);
        assert_eq!(placement(demo.through(&router)), placed("demo", "v1", "demo-v1"));
    }
    assert_eq!(placement(of("acme", "iris").through(&router)), placed("iris", "3", "iris"));
    for (tenant, model) in
        [("acme", "demo@v1"), ("labs", "iris"), ("labs", "demo@v2"), ("nobody", "demo")]
    {
        let refused = refusal(of(tenant, model).through(&router));
        let rule = "model-router;forbidden_model".to_owned();
        assert_eq!(refused, (403, GrpcCode::PermissionDenied, rule), "{tenant} {model}");
    }
}

#[test]
fn a_rule_chooses_among_what_the_tenant_may_use() {
    let router = with_tenants(&json!({}));
    let beta = |tenant: &str| of(tenant, "demo").header("x-beta", "1");
    assert_eq!(placement(beta("labs").through(&router)), placed("demo", "v3", "demo-v3"));
    assert_eq!(placement(beta("acme").through(&router)), placed("demo", "v2", "demo-v2"));
    assert_eq!(placement(of("ops", "demo").through(&router)), placed("demo", "v3", "demo-v3"));
}

#[test]
fn who_is_not_known_is_refused_unless_told_otherwise() {
    let strangers = || {
        [
            Trial::chat(&json!({"model": "demo@v1"})),
            of("stranger", "demo@v1"),
            of("", "demo@v1"),
            Trial::chat(&json!({"model": "demo@v1"})).header("x-tenant-id", b"\xff".to_vec()),
        ]
    };
    for request in strangers() {
        let refused = refusal(request.through(&with_tenants(&json!({}))));
        let rule = "model-router;unknown_tenant".to_owned();
        assert_eq!(refused, (403, GrpcCode::PermissionDenied, rule));
        let open = with_tenants(&json!({"on_unknown": "allow"}));
        assert_eq!(placement(request.through(&open)), placed("demo", "v1", "demo-v1"));
    }
    let twice = of("acme", "iris").header("x-tenant-id", "ops");
    assert_eq!(refused_by(twice.through(&with_tenants(&json!({})))), "model-router;bad_header");
}

#[test]
fn the_header_can_be_another() {
    let router = with_tenants(&json!({"header": "X-Team"}));
    let request = Trial::chat(&json!({"model": "iris"})).header("x-team", "acme");
    assert_eq!(placement(request.through(&router)), placed("iris", "3", "iris"));
}

#[test]
fn health_needs_no_tenant() {
    let health = Trial::grpc("/grpc.health.v1.Health/Check", b"");
    let through = health.through(&with_tenants(&json!({})));
    assert_eq!(through.forwarded(), Forwarded::default());
}
