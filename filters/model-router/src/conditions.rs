//! What must be true of a request for a rule, or for a cluster, to be chosen.

use crate::config::{self, Protocol, ValueMatch};
use crate::cookies::cookie;
use crate::names::is_token;
use filter_kit::{Headers, Problems};
use ipnet::IpNet;
use std::net::IpAddr;

/// Conditions that have to hold together.
#[derive(Debug)]
pub(crate) struct Conditions(Vec<Condition>);

#[derive(Debug)]
enum Condition {
    Header(ValueTest),
    Cookie(ValueTest),
    Tenant(Vec<String>),
    PathPrefix(String),
    Source(Vec<IpNet>),
    Protocol(Protocol),
}

#[derive(Debug)]
struct ValueTest {
    name: String,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Any,
    OneOf(Vec<String>),
    Prefix(String),
}

/// What conditions look at.
#[derive(Debug, Default)]
pub(crate) struct Circumstances {
    pub(crate) headers: Headers,
    /// A tenant that the configuration knows.
    pub(crate) tenant: Option<String>,
    pub(crate) source: Option<IpAddr>,
    pub(crate) is_grpc: bool,
}

/// What it takes to understand a condition beside itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vocabulary<'c> {
    /// The header that holds the version of a prompt template.
    pub(crate) prompt_version_header: &'c str,
    pub(crate) tenants: Option<&'c config::Tenants>,
}

impl Conditions {
    /// What these conditions mean; writes down what is wrong with them.
    pub(crate) fn new(
        written: Vec<config::Condition>,
        vocabulary: Vocabulary<'_>,
        path: &str,
        problems: &mut Problems,
    ) -> Self {
        if written.is_empty() {
            problems.add(path, "is empty, must hold at least one condition");
        }
        let conditions = written.into_iter().enumerate();
        let conditions = conditions.map(|(position, condition)| {
            Condition::new(condition, vocabulary, &format!("{path}[{position}]"), problems)
        });
        Self(conditions.collect())
    }

    /// Whether all of them hold.
    pub(crate) fn hold(&self, circumstances: &Circumstances) -> bool {
        self.0.iter().all(|condition| condition.holds(circumstances))
    }

    /// Whether any of them looks at the client's address.
    pub(crate) fn want_source(&self) -> bool {
        self.0.iter().any(|condition| matches!(condition, Condition::Source(_)))
    }
}

impl Condition {
    fn new(
        written: config::Condition,
        vocabulary: Vocabulary<'_>,
        path: &str,
        problems: &mut Problems,
    ) -> Self {
        let prompt_version = vocabulary.prompt_version_header;
        match written {
            config::Condition::Header(test) => {
                let mut test = ValueTest::new(test, &format!("{path}.header"), problems);
                test.name.make_ascii_lowercase();
                Self::Header(test)
            }
            config::Condition::Cookie(test) => {
                Self::Cookie(ValueTest::new(test, &format!("{path}.cookie"), problems))
            }
            config::Condition::Tenant(names) => {
                check_tenants(&names, vocabulary.tenants, &format!("{path}.tenant"), problems);
                Self::Tenant(names)
            }
            config::Condition::PathPrefix(prefix) => {
                if !prefix.starts_with('/') {
                    problems.add(format!("{path}.path_prefix"), "must begin with a `/`");
                }
                Self::PathPrefix(prefix)
            }
            config::Condition::Source(networks) => {
                Self::Source(parse_networks(&networks, &format!("{path}.source"), problems))
            }
            config::Condition::PromptVersion(versions) => {
                check_not_empty(&versions, &format!("{path}.prompt_version"), problems);
                let values = Values::OneOf(versions);
                Self::Header(ValueTest { name: prompt_version.to_ascii_lowercase(), values })
            }
            config::Condition::Protocol(protocol) => Self::Protocol(protocol),
        }
    }

    fn holds(&self, circumstances: &Circumstances) -> bool {
        let Circumstances { headers, tenant, source, is_grpc } = circumstances;
        match self {
            Self::Header(test) => headers.all(&test.name).any(|value| test.values.fit(value)),
            Self::Cookie(test) => {
                cookie(headers, test.name.as_bytes()).is_some_and(|value| test.values.fit(value))
            }
            Self::Tenant(names) => tenant.as_ref().is_some_and(|tenant| names.contains(tenant)),
            Self::PathPrefix(prefix) => {
                headers.first(":path").is_some_and(|path| path.starts_with(prefix.as_bytes()))
            }
            Self::Source(networks) => {
                source.is_some_and(|address| networks.iter().any(|net| net.contains(&address)))
            }
            Self::Protocol(Protocol::Grpc) => *is_grpc,
            Self::Protocol(Protocol::Http) => !is_grpc,
        }
    }
}

impl ValueTest {
    fn new(written: ValueMatch, path: &str, problems: &mut Problems) -> Self {
        let ValueMatch { name, one_of, prefix } = written;
        if name.is_empty() || !name.bytes().all(is_token) {
            problems.add(format!("{path}.name"), "must be a header's or cookie's name");
        }
        let values = match (one_of.is_empty(), prefix) {
            (true, None) => Values::Any,
            (false, None) => Values::OneOf(one_of),
            (true, Some(prefix)) => Values::Prefix(prefix),
            (false, Some(_)) => {
                problems.add(path, "has both `one_of` and `prefix`, must have at most one");
                Values::Any
            }
        };
        Self { name, values }
    }
}

impl Values {
    fn fit(&self, value: &[u8]) -> bool {
        let value = value.trim_ascii();
        match self {
            Self::Any => true,
            Self::OneOf(values) => values.iter().any(|wanted| wanted.as_bytes() == value),
            Self::Prefix(prefix) => value.starts_with(prefix.as_bytes()),
        }
    }
}

fn check_tenants(
    names: &[String],
    tenants: Option<&config::Tenants>,
    path: &str,
    problems: &mut Problems,
) {
    check_not_empty(names, path, problems);
    for name in names {
        if !tenants.is_some_and(|known| known.list.iter().any(|tenant| tenant.name == *name)) {
            problems.add(path, format!("`{name}` is not among the tenants"));
        }
    }
}

fn check_not_empty(values: &[String], path: &str, problems: &mut Problems) {
    if values.is_empty() {
        problems.add(path, "is empty, must hold at least one value");
    }
}

fn parse_networks(written: &[String], path: &str, problems: &mut Problems) -> Vec<IpNet> {
    check_not_empty(written, path, problems);
    let parse = |text: &String| {
        let network = text.parse::<IpNet>();
        let network = network.or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        if network.is_err() {
            let text = format!("`{text}` is no address and no network like `10.0.0.0/8`");
            problems.add(path, text);
        }
        network.ok()
    };
    written.iter().filter_map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn understood(when: Value) -> (Conditions, Vec<String>) {
        let tenants = serde_json::from_value(json!({"list": [{"name": "acme"}, {"name": "ops"}]}));
        let tenants: config::Tenants = tenants.unwrap();
        let vocabulary =
            Vocabulary { prompt_version_header: "X-Prompt-Version", tenants: Some(&tenants) };
        let mut problems = Problems::default();
        let written = serde_json::from_value(when).unwrap();
        let conditions = Conditions::new(written, vocabulary, "when", &mut problems);
        (conditions, problems.iter().map(ToString::to_string).collect())
    }

    fn hold(when: Value, circumstances: &Circumstances) -> bool {
        let (conditions, problems) = understood(when);
        assert_eq!(problems, [""; 0]);
        conditions.hold(circumstances)
    }

    fn request() -> Circumstances {
        let headers = [
            (":path", "/v1/chat/completions?x=1"),
            ("x-beta", "no"),
            ("x-beta", " yes "),
            ("cookie", "a=1; cohort=canary-7"),
            ("x-prompt-version", "8"),
        ];
        Circumstances {
            headers: headers.into_iter().collect(),
            tenant: Some("acme".to_owned()),
            source: Some([10, 1, 2, 3].into()),
            is_grpc: false,
        }
    }

    #[test]
    fn each_condition_holds_for_what_it_describes_and_for_nothing_else() {
        let cases = [
            (json!({"header": {"name": "X-Beta"}}), true),
            (json!({"header": {"name": "x-beta", "one_of": ["yes"]}}), true),
            (json!({"header": {"name": "x-beta", "one_of": ["ye", "YES"]}}), false),
            (json!({"header": {"name": "x-beta", "prefix": "y"}}), true),
            (json!({"header": {"name": "x-gamma"}}), false),
            (json!({"cookie": {"name": "cohort", "prefix": "canary-"}}), true),
            (json!({"cookie": {"name": "Cohort"}}), false),
            (json!({"tenant": ["ops", "acme"]}), true),
            (json!({"tenant": ["ops"]}), false),
            (json!({"path_prefix": "/v1/chat"}), true),
            (json!({"path_prefix": "/v2"}), false),
            (json!({"source": ["192.168.0.0/16", "10.0.0.0/8"]}), true),
            (json!({"source": ["10.1.2.3"]}), true),
            (json!({"source": ["10.1.2.4", "::/0"]}), false),
            (json!({"prompt_version": ["7", "8"]}), true),
            (json!({"prompt_version": ["80"]}), false),
            (json!({"protocol": "http"}), true),
            (json!({"protocol": "grpc"}), false),
        ];
        for (condition, expected) in cases {
            assert_eq!(hold(json!([condition]), &request()), expected, "{condition}");
        }
    }

    #[test]
    fn all_of_them_have_to_hold() {
        let one = json!({"tenant": ["acme"]});
        assert!(hold(json!([one, {"protocol": "http"}]), &request()));
        assert!(!hold(json!([one, {"protocol": "grpc"}]), &request()));
    }

    #[test]
    fn a_request_comes_over_one_protocol() {
        let grpc = Circumstances { is_grpc: true, ..request() };
        assert!(hold(json!([{"protocol": "grpc"}]), &grpc));
        assert!(!hold(json!([{"protocol": "http"}]), &grpc));
    }

    #[test]
    fn what_is_not_known_of_a_request_is_not_so() {
        let nothing = Circumstances::default();
        for condition in [
            json!({"tenant": ["acme"]}),
            json!({"source": ["0.0.0.0/0"]}),
            json!({"path_prefix": "/"}),
            json!({"header": {"name": "x-beta"}}),
        ] {
            assert!(!hold(json!([condition]), &nothing), "{condition}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_condition() {
        let (_, problems) = understood(json!([
            {"header": {"name": "no spaces"}},
            {"cookie": {"name": "c", "one_of": ["a"], "prefix": "b"}},
            {"tenant": ["nobody"]},
            {"tenant": []},
            {"path_prefix": "v1"},
            {"source": ["10.0.0.0/33", "here"]},
            {"prompt_version": []},
        ]));
        assert_eq!(
            problems,
            [
                "when[0].header.name: must be a header's or cookie's name",
                "when[1].cookie: has both `one_of` and `prefix`, must have at most one",
                "when[2].tenant: `nobody` is not among the tenants",
                "when[3].tenant: is empty, must hold at least one value",
                "when[4].path_prefix: must begin with a `/`",
                "when[5].source: `10.0.0.0/33` is no address and no network like `10.0.0.0/8`",
                "when[5].source: `here` is no address and no network like `10.0.0.0/8`",
                "when[6].prompt_version: is empty, must hold at least one value",
            ]
        );
        assert_eq!(understood(json!([])).1, ["when: is empty, must hold at least one condition"]);
    }
}
