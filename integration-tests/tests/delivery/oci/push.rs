use integration_tests::repository;
use serde_json::{Value, json};
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A call of scripts/push-oci, of which nothing depends on who runs the tests.
pub(super) struct Push {
    command: Command,
    docker: TempDir,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Pushed {
    pub(super) status: Option<i32>,
    /// What it wrote for programs.
    pub(super) lines: Vec<Line>,
    /// What it wrote for people.
    pub(super) told: String,
}

/// A line for programs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Line {
    /// `oci://…@sha256:…`
    pub(super) address: String,
    pub(super) tag: String,
}

impl Push {
    /// The modules of this directory, to `REGISTRY/REPOSITORY[:TAG]`.
    pub(super) fn of(modules: &Path, destination: &str) -> Self {
        let docker = tempfile::tempdir().unwrap();
        let mut command = Command::new(repository().join("scripts/push-oci"));
        // Those of the cargo that runs the tests: the one that the script runs would think that
        // everything has to be built again.
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("CARGO_") && name != "CARGO_HOME" {
                command.env_remove(&*name);
            }
        }
        command
            .arg(destination)
            .arg("--from")
            .arg(modules)
            .env("DOCKER_CONFIG", docker.path())
            .stdin(Stdio::null());
        Self { command, docker }
    }

    pub(super) fn with(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    pub(super) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// With this as Docker's configuration.
    pub(super) fn docker_config(self, config: &Value) -> Self {
        fs::write(self.docker.path().join("config.json"), config.to_string()).unwrap();
        self
    }

    /// With this login in Docker's configuration.
    pub(super) fn login(self, registry: &str, user: &str, password: &str) -> Self {
        let login = json!({"username": user, "password": password});
        self.docker_config(&json!({"auths": {registry: login}}))
    }

    pub(super) fn run(mut self) -> Pushed {
        let output = self.command.output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        Pushed {
            status: output.status.code(),
            lines: stdout.lines().map(Line::read).collect(),
            told: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What it wrote for programs, when all went well.
    pub(super) fn lines(self) -> Vec<Line> {
        let pushed = self.run();
        assert_eq!(pushed.status, Some(0), "{}", pushed.told);
        pushed.lines
    }
}

impl Pushed {
    /// Why nothing was pushed: one line, the last one.
    pub(super) fn refusal(&self, status: i32) -> &str {
        assert_eq!(self.status, Some(status), "{}", self.told);
        assert_eq!(self.lines, []);
        let last = self.told.lines().last().and_then(|line| line.strip_prefix("push-oci: "));
        last.unwrap_or_else(|| panic!("no reason: {}", self.told))
    }
}

impl Line {
    fn read(line: &str) -> Self {
        let (address, tag) = line.split_once(' ').unwrap();
        Self { address: address.to_owned(), tag: tag.to_owned() }
    }

    /// The digest, as a WasmPlugin's `sha256` has it.
    pub(super) fn sha256(&self) -> &str {
        self.address.split_once("@sha256:").unwrap().1
    }

    /// The address without the digest, with the tag.
    pub(super) fn tagged(&self) -> String {
        format!("{}:{}", self.address.split_once('@').unwrap().0, self.tag)
    }
}
