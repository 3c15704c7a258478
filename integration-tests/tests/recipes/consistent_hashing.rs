//! envoy/recipes/consistent-hashing: a session's requests go to one server, as long as it is
//! there.

use super::replica::{Replica, server_of};
use http::request::Parts;
use integration_tests::{Answer, Call, Crowd, Gateway, Reply, ShippedConfig, eventually, in_time};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Enough for each of four servers to have some dozens.
const SESSIONS: usize = 200;

const SERVERS: [&str; 10] = [
    "model-v1-a",
    "model-v1-b",
    "model-v1-c",
    "model-v1-d",
    "model-v2-a",
    "model-v2-b",
    "model-large-a",
    "model-large-b",
    "model-large-c",
    "model-large-d",
];

/// The recipe with all of its servers.
struct Stack {
    gateway: Gateway,
    replicas: Vec<Replica>,
}

impl Stack {
    async fn start() -> Self {
        Self::scripted(|_, _, answer| Reply::whole(answer)).await
    }

    async fn scripted(
        reply: impl Fn(&str, &Parts, Answer) -> Reply + Clone + Send + Sync + 'static,
    ) -> Self {
        let mut replicas = Vec::new();
        for name in SERVERS {
            let reply = reply.clone();
            let reply = move |head: &Parts, answer| reply(name, head, answer);
            replicas.push(Replica::scripted(name, reply).await);
        }
        let stack = Self { gateway: gateway_of(&replicas).await, replicas };
        stack.get_ready().await;
        stack
    }

    /// Another Envoy in front of the same servers.
    async fn restart(&mut self) {
        self.gateway = gateway_of(&self.replicas).await;
        self.get_ready().await;
    }

    async fn get_ready(&self) {
        for (model, servers) in [("demo", 6), ("demo-large", 4)] {
            self.settled(model, |found| shares(found).len() == servers).await;
        }
        for replica in &self.replicas {
            replica.forget();
        }
    }

    fn replica(&self, name: &str) -> &Replica {
        self.replicas.iter().find(|replica| replica.name == name).expect("a server")
    }

    /// Which server each session gets.
    async fn servers_of_sessions(&self, model: &str) -> BTreeMap<usize, String> {
        let mut client = self.gateway.http2().await;
        let mut found = BTreeMap::new();
        for session in 0..SESSIONS {
            found.insert(session, server_of(&mut client, in_session(model, session)).await);
        }
        found
    }

    /// Waits until it is so: the worker hears of servers' health up to a second after health
    /// checks have found it out.
    async fn settled(&self, model: &str, is_so: impl Fn(&BTreeMap<usize, String>) -> bool) {
        eventually("what the worker knows of its servers", async || {
            let found = self.servers_of_sessions(model).await;
            let is_answered = found.values().all(|server| SERVERS.contains(&server.as_str()));
            (is_answered && is_so(&found)).then_some(())
        })
        .await;
    }
}

async fn gateway_of(replicas: &[Replica]) -> Gateway {
    let recipe = ShippedConfig::recipe("consistent-hashing");
    replicas.iter().fold(recipe, |it, one| one.in_its_place(it)).start().await
}

/// A chat of no session.
fn chat(model: &str) -> Call {
    Call::post("/v1/chat/completions").json(&json!({"model": model, "messages": []}))
}

fn in_session(model: &str, session: usize) -> Call {
    chat(model).header("x-session-id", format!("session-{session}"))
}

/// How many sessions each server has.
fn shares(servers: &BTreeMap<usize, String>) -> BTreeMap<&str, usize> {
    servers.values().fold(BTreeMap::new(), |mut shares, server| {
        *shares.entry(server.as_str()).or_default() += 1;
        shares
    })
}

/// What becomes of sessions when a server leaves.
#[derive(Debug)]
struct Change {
    /// How many it had.
    before: usize,
    /// How many of those got another server.
    its: usize,
    /// How many that it did not have did.
    others: usize,
    /// How many servers its sessions went to.
    takers: usize,
}

impl Change {
    /// Takes a server out, and lets it come back.
    ///
    /// # Panics
    /// When sessions are not where they were then.
    async fn of_leaving(model: &str, leaving: &str) -> Self {
        let stack = Stack::start().await;
        let before = stack.servers_of_sessions(model).await;
        stack.replica(leaving).says_it_serves(false);
        stack.settled(model, |found| found.values().all(|server| server != leaving)).await;
        let after = stack.servers_of_sessions(model).await;
        stack.replica(leaving).says_it_serves(true);
        stack.settled(model, |found| *found == before).await;

        let moved = before.iter().filter(|(session, server)| after[session] != **server);
        let (its, others): (Vec<_>, Vec<_>) = moved.partition(|(_, server)| *server == leaving);
        let takers: BTreeSet<&str> = its.iter().map(|(session, _)| &*after[session]).collect();
        Self {
            before: shares(&before)[leaving],
            its: its.len(),
            others: others.len(),
            takers: takers.len(),
        }
    }
}

#[tokio::test]
async fn a_session_keeps_its_server_and_sessions_spread() {
    let stack = Stack::start().await;
    for (model, cluster_of) in [("demo@v1", "model-v1"), ("demo-large", "model-large")] {
        let servers = stack.servers_of_sessions(model).await;
        assert_eq!(stack.servers_of_sessions(model).await, servers, "{model}");
        let shares = shares(&servers);
        assert_eq!(shares.len(), 4, "{model} {shares:?}");
        for (server, share) in shares {
            assert!(server.starts_with(cluster_of) && share > SESSIONS / 10, "{server} {share}");
        }
    }
}

/// On Envoy's ring the servers that are left get more places, so some of their own sessions
/// move as well.
#[tokio::test]
async fn on_a_ring_most_sessions_of_other_servers_stay() {
    let change = Change::of_leaving("demo@v1", "model-v1-b").await;
    assert_eq!(change.its, change.before, "all that it had");
    assert!(change.takers > 1, "not all to the same server");
    assert!(change.others < SESSIONS / 4, "{change:?}");
}

#[tokio::test]
async fn with_maglev_nearly_all_sessions_of_other_servers_stay() {
    let change = Change::of_leaving("demo-large", "model-large-b").await;
    assert_eq!(change.its, change.before, "all that it had");
    assert!(change.takers > 1, "not all to the same server");
    assert!(change.others < SESSIONS / 20, "{change:?}");
}

#[tokio::test]
async fn a_session_keeps_its_version_too() {
    let stack = Stack::start().await;
    let labels = [("model", "demo"), ("version", "v2")];
    let counted = || stack.gateway.metric("inference_router_requests_total", &labels);
    let before = counted().await;
    let servers = stack.servers_of_sessions("demo").await;
    assert_eq!(stack.servers_of_sessions("demo").await, servers);
    let with_v2 = servers.values().filter(|server| server.starts_with("model-v2")).count();
    let share = 100 * with_v2 / SESSIONS;
    assert!((15..45).contains(&share), "{share}");
    assert_eq!(shares(&servers).len(), 6, "each of the servers of both versions");
    let times = 2.0 * f64::from(u32::try_from(with_v2).expect("few"));
    assert_eq!(counted().await - before, times);
}

#[tokio::test]
async fn every_envoy_knows_a_session_alike() {
    let mut stack = Stack::start().await;
    let servers = stack.servers_of_sessions("demo").await;
    stack.restart().await;
    assert_eq!(stack.servers_of_sessions("demo").await, servers);
}

#[tokio::test]
async fn a_cookie_names_a_session_where_there_is_no_header() {
    let stack = Stack::start().await;
    let mut client = stack.gateway.http1().await;
    let mut found = BTreeSet::new();
    for session in 0..20 {
        let cookie = format!("theme=dark; session=session-{session}");
        let call = || chat("demo-large").header("cookie", &cookie);
        let server = server_of(&mut client, call()).await;
        for _ in 0..3 {
            assert_eq!(server_of(&mut client, call()).await, server);
        }
        let both = call().header("x-session-id", "session-0");
        let of_header = server_of(&mut client, in_session("demo-large", 0)).await;
        assert_eq!(server_of(&mut client, both).await, of_header, "the header goes before it");
        found.insert(server);
    }
    assert!(found.len() > 1, "{found:?}");
}

#[tokio::test]
async fn without_a_session_any_server_answers() {
    let stack = Stack::start().await;
    let mut client = stack.gateway.http1().await;
    for model in ["demo@v1", "demo-large"] {
        let mut found = BTreeSet::new();
        for _ in 0..100 {
            found.insert(server_of(&mut client, chat(model)).await);
        }
        assert_eq!(found.len(), 4, "{found:?}");
    }
}

#[tokio::test]
async fn a_busy_session_does_not_drown_its_server() {
    let crowd = Crowd::default();
    let held = crowd.clone();
    let stack =
        Stack::scripted(move |_, head, answer| match head.headers.contains_key("x-stays") {
            true => Reply::crowded(answer, &held),
            false => Reply::whole(answer),
        })
        .await;
    let mut requests = Vec::new();
    for _ in 0..12 {
        let mut client = stack.gateway.http1().await;
        let (call, before) = (in_session("demo@v1", 0).header("x-stays", "1"), crowd.inside());
        requests.push(tokio::spawn(async move { client.send(call).await }));
        eventually("one more inside", async || (crowd.inside() > before).then_some(())).await;
    }
    let most = stack.replicas.iter().map(Replica::requests).max().expect("servers");
    // Of 12 each of four has 3; half again more are 4.5, and the last one in may be beyond.
    assert!(most <= 6, "{most} at one server");
    crowd.let_go(requests.len());
    for request in requests {
        assert_eq!(in_time("its answer", request).await.expect("an answer").status, 200);
    }
}

#[tokio::test]
async fn what_fails_at_its_server_is_tried_at_the_next_one() {
    let fails = Arc::new(AtomicBool::new(false));
    let a_fails = Arc::clone(&fails);
    let stack = Stack::scripted(move |name, _, answer| {
        match name == "model-v1-a" && a_fails.load(Ordering::Relaxed) {
            true => Reply::Reset,
            false => Reply::whole(answer),
        }
    })
    .await;
    fails.store(true, Ordering::Relaxed);
    let servers = stack.servers_of_sessions("demo@v1").await;
    assert!(stack.replica("model-v1-a").requests() > 0);
    assert_eq!(shares(&servers).len(), 3, "{servers:?}");
    assert_eq!(stack.servers_of_sessions("demo@v1").await, servers, "and stays there");
}
