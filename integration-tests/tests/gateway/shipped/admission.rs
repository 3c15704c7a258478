//! Who may use how much of the demo's gateway.

use super::{Stack, as_tenant};
use admission_control::metrics::USED;

#[tokio::test]
async fn a_trial_tenant_may_send_ten_requests_at_once_and_others_more() {
    let stack = Stack::start().await;
    let mut client = stack.gateway.http2().await;
    let mut admitted = 0;
    let refused = loop {
        let answer = client.send(as_tenant("trial")).await;
        if answer.status != 200 {
            break answer;
        }
        admitted += 1;
    };
    // One more comes back in each second.
    assert!((10..20).contains(&admitted), "{admitted}");
    let rule = refused.header_text("x-inference-rejected");
    assert_eq!(rule.as_deref(), Some("admission-control;request_quota"));
    assert_eq!(
        (refused.status.as_u16(), refused.header_text("retry-after")),
        (429, Some("1".into()))
    );
    for _ in 0..30 {
        assert_eq!(client.send(as_tenant("paying")).await.status, 200);
    }
    // What is not let in has cost no tokens.
    let tokens = f64::from(2 * (admitted + 30));
    let of_limit = [("limit", "tokens")];
    stack.gateway.wait_for_metric(USED.name, &of_limit, |used| used == tokens).await;
}
