//! The program as a shell sees it.

use std::net::TcpListener;
use std::process::{Command, Output};

fn walkthrough(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_walkthrough")).args(arguments).output().unwrap()
}

#[test]
fn a_stack_that_is_not_there_is_named_and_is_no_success() {
    // The listener is gone at the end of this line, so nobody listens there.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let output = walkthrough(&["--gateway", &nobody, "--admin", &nobody, "--wait-up-to", "0"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&format!("{nobody}/ready")) && said.contains("refused"), "{said}");
    assert!(output.stdout.is_empty(), "there is no result");
}

#[test]
fn a_step_that_does_not_exist_is_refused_and_the_others_are_listed() {
    let output = walkthrough(&["--only", "juggling"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("juggling") && said.contains("unknown-model"), "{said}");
}
