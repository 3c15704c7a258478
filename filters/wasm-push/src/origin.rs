use std::path::Path;
use std::process::{Command, Stdio};
use url::Url;

/// Where the source lies, as git knows it of the clone that the modules lie in: the address of the
/// remote `origin`, as one opens it in a browser. None, where there is no git or no clone.
pub(crate) fn source(directory: &Path) -> Option<String> {
    address(&git(directory, &["remote", "get-url", "origin"])?)
}

fn git(directory: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// A remote's address for everybody: over HTTPS, and without a user or a password. None for
/// one that only this machine understands.
fn address(remote: &str) -> Option<String> {
    let public = match remote.split_once("://") {
        Some((scheme @ ("https" | "http"), rest)) => format!("{scheme}://{rest}"),
        Some(("ssh" | "git+ssh" | "git", rest)) => format!("https://{rest}"),
        Some(_) => return None,
        // git@example.org:owner/filters.git
        None => {
            let (host, path) = remote.split_once(':').filter(|(host, _)| !host.contains('/'))?;
            format!("https://{host}/{}", path.trim_start_matches('/'))
        }
    };
    let mut url = Url::parse(&public).ok()?;
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    // What they are for is reached otherwise.
    url.set_query(None);
    url.set_fragment(None);
    if !remote.starts_with("http") {
        url.set_port(None).ok()?;
    }
    let text = url.to_string();
    let text = text.trim_end_matches('/');
    Some(text.strip_suffix(".git").unwrap_or(text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(remote: &str, expected: Option<&str>) {
        assert_eq!(address(remote).as_deref(), expected, "{remote}");
    }

    #[test]
    fn an_address_has_no_credentials() {
        let expected = Some("https://example.org/owner/filters");
        is("https://user:secret@example.org/owner/filters.git", expected);
        is("https://token@example.org/owner/filters", expected);
        is("https://example.org/owner/filters?access_token=secret", expected);
    }

    #[test]
    fn what_is_reached_over_ssh_is_reached_over_https() {
        let expected = Some("https://example.org/owner/filters");
        is("git@example.org:owner/filters.git", expected);
        is("example.org:/owner/filters.git", expected);
        is("ssh://git@example.org:2222/owner/filters.git/", expected);
    }

    #[test]
    fn an_address_keeps_its_port() {
        is("https://example.org:8443/filters", Some("https://example.org:8443/filters"));
    }

    #[test]
    fn what_only_this_machine_understands_is_no_address() {
        is("/srv/filters.git", None);
        is("../filters", None);
        is("file:///srv/filters.git", None);
        is("./a:b", None);
    }

    #[test]
    fn there_is_no_origin_outside_of_a_clone() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(source(directory.path()), None);
    }
}
