//! Configuration and rules, as promtool sees them.

use integration_tests::promtool;

fn assert_passes(arguments: &[&str]) {
    let output = promtool(arguments);
    let printed = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&printed));
}

#[test]
fn the_configuration_is_one_that_prometheus_takes() {
    assert_passes(&["check", "config", "prometheus.yml"]);
}

#[test]
fn rules_record_what_they_are_named_after() {
    assert_passes(&["test", "rules", "rules_test.yml"]);
}

#[test]
fn each_alert_fires_when_it_must_and_only_then() {
    assert_passes(&["test", "rules", "alerts_test.yml"]);
}
