//! docker-compose.yaml, as it is written: what each container may. That it comes up, and works, is
//! tested with a Docker engine (`scripts/test compose`).

use integration_tests::repository;
use serde_json::Value;
use std::fs;

/// The services by their names, anchors and merges resolved.
fn services() -> Vec<(String, Value)> {
    let text = fs::read_to_string(repository().join("docker-compose.yaml")).expect("a file");
    let mut file: yaml_serde::Value = yaml_serde::from_str(&text).expect("YAML");
    // Once for what merges, once for what is merged by that.
    for _ in 0..2 {
        file.apply_merge().expect("mappings to merge");
    }
    let file: Value = yaml_serde::from_value(file).expect("keys that are text");
    let services = file["services"].as_object().expect("services");
    assert!(services.len() > 5, "only {services:?}");
    services.clone().into_iter().collect()
}

/// That of the one image that is built here.
fn dockerfile() -> String {
    fs::read_to_string(repository().join("demo/model-server/Dockerfile")).expect("a file")
}

/// The strings in the list of that name, if there is one.
fn list<'s>(service: &'s Value, name: &str) -> Vec<&'s str> {
    let entries = service[name].as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().map(|entry| entry.as_str().expect("text")).collect()
}

#[test]
fn no_container_has_powers_that_it_does_not_need() {
    for (name, service) in services() {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(list(&service, "cap_drop"), ["ALL"], "{name}");
        assert_eq!(list(&service, "security_opt"), ["no-new-privileges:true"], "{name}");
        for power in ["cap_add", "privileged", "pid", "network_mode", "ipc", "devices"] {
            assert_eq!(service[power], Value::Null, "{name} has {power}");
        }
    }
}

#[test]
fn nobody_is_root() {
    let built_here = dockerfile().lines().find_map(|line| {
        line.strip_prefix("USER ").map(|user| user.split(':').next().unwrap_or(user).to_owned())
    });
    for (name, service) in services() {
        let user = match service["build"].is_null() {
            true => service["user"]
                .as_str()
                .map(|user| user.split(':').next().unwrap_or(user).to_owned()),
            false => built_here.clone(),
        };
        let user: u32 =
            user.unwrap_or_else(|| panic!("{name} has no user")).parse().expect("a number");
        assert_ne!(user, 0, "{name}");
    }
}

#[test]
fn what_is_mounted_from_here_can_not_be_written() {
    let mut mounts = 0;
    for (name, service) in services() {
        for mount in list(&service, "volumes") {
            assert!(mount.starts_with("./") && mount.ends_with(":ro"), "{name}: {mount}");
            mounts += 1;
        }
    }
    assert!(mounts > 3, "{mounts}");
}

#[test]
fn ports_are_published_on_loopback_alone() {
    for (name, service) in services() {
        for port in list(&service, "ports") {
            assert!(port.starts_with("127.0.0.1:${DEMO_"), "{name}: {port}");
        }
    }
}

#[test]
fn memory_processes_processors_and_logs_have_a_bound() {
    for (name, service) in services() {
        for bound in ["mem_limit", "pids_limit", "cpus"] {
            // Envoy's processors are limited by its number of workers.
            let is_bound = !service[bound].is_null() || (name == "envoy" && bound == "cpus");
            assert!(is_bound, "{name} has no {bound}");
        }
        assert!(service["logging"]["options"]["max-size"].is_string(), "{name}'s log has no bound");
    }
}

#[test]
fn who_depends_on_somebody_waits_until_it_is_healthy() {
    let services = services();
    let mut waits = 0;
    for (name, service) in &services {
        let dependencies = service["depends_on"].as_object().cloned().unwrap_or_default();
        for (other, how) in dependencies {
            assert_eq!(how["condition"], "service_healthy", "{name} on {other}");
            let (_, other) = services.iter().find(|(name, _)| *name == other).expect("a service");
            let is_checked = match other["build"].is_null() {
                true => !other["healthcheck"].is_null(),
                false => dockerfile().contains("\nHEALTHCHECK "),
            };
            assert!(is_checked, "{name} waits for one that nobody looks after");
            waits += 1;
        }
    }
    assert!(waits > 4, "{waits}");
}

#[test]
fn images_are_pinned() {
    for (name, service) in services() {
        if service["build"].is_null() {
            let image = service["image"].as_str().expect("an image");
            let (_, tag) = image.split_once(':').unwrap_or_else(|| panic!("{name}: {image}"));
            assert!(tag.contains('.') && tag != "latest", "{name}: {image}");
        }
    }
}

#[test]
fn only_the_observability_profile_adds_services() {
    let with_profiles: Vec<String> = services()
        .into_iter()
        .filter(|(_, service)| !service["profiles"].is_null())
        .map(|(name, service)| {
            assert_eq!(list(&service, "profiles"), ["observability"], "{name}");
            name
        })
        .collect();
    assert_eq!(with_profiles, ["grafana", "prometheus"]);
}
