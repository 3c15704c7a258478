//! Balancing per request: the calls of one connection reach every replica.

use anyhow::anyhow;

use super::{Stage, sentence};
use crate::band::Band;
use crate::gateway::Call;
use crate::report::{Check, Observation};
use crate::tally::Tally;

const CALLS: u32 = 90;

pub async fn observe(stage: &Stage<'_>) -> Observation {
    let replicas = &stage.options.replicas;
    let fair = Band::of(CALLS, 1.0 / replicas.len() as f64);
    let check = Check::new(
        format!("{CALLS} unary Predict calls of version v1, one after the other, by one client"),
        format!(
            "1 TCP connection; each of the {} replicas answers at least {} calls",
            replicas.len(),
            fair.fewest()
        ),
    );
    match call(stage).await {
        Ok((answers, connections)) => judge(check, replicas, fair.fewest(), &answers, connections),
        Err(error) => check.failed(&error),
    }
}

/// Which replica answered each call, and how many connections it took.
async fn call(stage: &Stage<'_>) -> anyhow::Result<(Vec<String>, usize)> {
    let connection = stage.gateway.connection()?;
    let mut answers = Vec::new();
    for _ in 0..CALLS {
        let served = connection.predict(Call::new().of_version("v1")).await;
        answers.push(served.map_err(|status| anyhow!(sentence(&status)))?.replica);
    }
    Ok((answers, connection.times_opened()))
}

fn judge(
    mut check: Check,
    replicas: &[String],
    fewest: u32,
    answers: &[String],
    connections: usize,
) -> Observation {
    let tally: Tally = answers.iter().collect();
    check.require(connections == 1, || format!("{connections} connections"));
    for replica in replicas {
        let count = tally.of(replica);
        check.require(count >= fewest.max(1), || format!("{replica} answered {count} calls"));
    }
    for stranger in tally.names().filter(|name| !replicas.iter().any(|known| known == name)) {
        check.require(false, || format!("{stranger} answered, which does not serve v1"));
    }
    let changes = answers.windows(2).filter(|pair| pair[0] != pair[1]).count();
    check.seen(format!(
        "{connections} TCP connection; {tally}; the replica changed {changes} times from one call \
         to the next"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(answers: &[&str], connections: usize) -> Observation {
        let replicas = ["a", "b"].map(str::to_owned);
        let answers: Vec<String> = answers.iter().map(|&name| name.to_owned()).collect();
        judge(Check::new("", ""), &replicas, 2, &answers, connections)
    }

    #[test]
    fn one_connection_over_all_replicas_is_as_expected() {
        assert!(judged(&["a", "b", "b", "a"], 1).is_as_expected());
    }

    #[test]
    fn a_second_connection_is_not() {
        assert!(!judged(&["a", "b", "b", "a"], 2).is_as_expected());
    }

    #[test]
    fn a_replica_that_hardly_answers_is_not() {
        assert!(!judged(&["a", "b", "a", "a"], 1).is_as_expected());
        assert!(!judged(&["a", "a", "a", "a"], 1).is_as_expected());
    }

    #[test]
    fn an_answer_from_elsewhere_is_not() {
        assert!(!judged(&["a", "b", "b", "a", "v2"], 1).is_as_expected());
    }
}
