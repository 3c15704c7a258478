//! The program itself: its line, its exit codes, its signals.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Output, Stdio};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_model-server"));
    command.env_clear().stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A running program that does not outlive its test.
struct Running(Child);

impl Running {
    /// Also answers the address from its line.
    fn start(environment: &[(&str, &str)]) -> (Self, String) {
        let mut child =
            program().env("GRPC_PORT", "0").envs(environment.to_vec()).spawn().expect("it starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line.trim().rsplit(' ').next().expect("an address").to_owned();
        (Self(child), address)
    }

    fn terminate(mut self) -> Option<i32> {
        let id = self.0.id().to_string();
        let killed = Command::new("kill").args(["-TERM", &id]).status().expect("kill is there");
        assert!(killed.success());
        self.0.wait().expect("it ends").code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn health_check(address: &str) -> Output {
    program().args(["healthcheck", "--address", address]).output().expect("it runs")
}

#[test]
fn its_health_check_tells_a_serving_server_from_none() {
    let (server, address) = Running::start(&[]);
    assert_eq!(health_check(&address).status.code(), Some(0));
    server.terminate();
    let after = health_check(&address);
    assert_eq!(after.status.code(), Some(1));
    let line = String::from_utf8(after.stderr).expect("UTF-8");
    assert!(line.starts_with(&format!("model-server: {address}: not reachable")), "{line}");
}

#[test]
fn its_health_check_finds_the_local_server_by_the_environment() {
    let (server, address) = Running::start(&[]);
    let (_, port) = address.rsplit_once(':').expect("a port");
    let check = program().arg("healthcheck").env("GRPC_PORT", port).output().expect("it runs");
    assert_eq!(check.status.code(), Some(0), "{check:?}");
    server.terminate();
}

#[test]
fn a_terminated_server_exits_with_success() {
    let (server, _) = Running::start(&[("MODEL_VERSION", "v2")]);
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn a_port_in_use_is_one_line_and_exit_code_one() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = taken.local_addr().expect("bound").port();
    let output = program().env("GRPC_PORT", port.to_string()).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let line = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(
        line.starts_with(&format!("model-server: port {port} (GRPC_PORT) is in use")),
        "{line}"
    );
    assert_eq!(line.lines().count(), 1, "{line}");
}

#[test]
fn the_environment_names_the_model() {
    let mut child = program()
        .envs([("GRPC_PORT", "0"), ("MODEL_NAME", "scorer"), ("REPLICA_NAME", "a")])
        .spawn()
        .map(Running)
        .expect("it starts");
    let mut line = String::new();
    let stdout = child.0.stdout.take().expect("piped");
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    assert!(
        line.starts_with("model-server scorer@v1 as a: a random forest of 100 trees"),
        "{line}"
    );
}

#[test]
fn a_wrong_setting_is_named() {
    let output = program().env("LATENCY_MS", "soon").output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(text.contains("--latency-ms"), "{text}");
}
