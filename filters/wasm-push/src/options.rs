use crate::destination::Destination;
use crate::forms::Form;
use crate::pushing::Transport;
use crate::report;
use clap::Parser;
use clap::error::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;

/// Pushes the filters' modules to an OCI registry, for Istio and Envoy Gateway.
#[derive(Debug, Parser)]
#[command(name = "push-oci")]
pub(crate) struct Options {
    /// Where to: a filter goes to REGISTRY/REPOSITORY/FILTER, with this tag or else its version.
    #[arg(value_name = "REGISTRY/REPOSITORY[:TAG]")]
    pub(crate) destination: Destination,

    /// Only this filter, such as model-router; may be repeated.
    #[arg(long = "filter", value_name = "NAME")]
    pub(crate) filters: Vec<String>,

    /// Only this form.
    #[arg(long, value_name = "FORM")]
    form: Option<Form>,

    /// Where the source lies, if not where the module or else git's remote `origin` says.
    #[arg(long, value_name = "URL")]
    pub(crate) source: Option<String>,

    /// Speak HTTP without TLS: the default for a registry on this machine.
    #[arg(long, conflicts_with = "tls")]
    plain_http: bool,

    /// Speak TLS with a registry on this machine too.
    #[arg(long)]
    tls: bool,

    /// The directory with the modules, and with the texts of their licences.
    #[arg(long, value_name = "DIRECTORY", default_value = "dist", overrides_with = "from")]
    pub(crate) from: PathBuf,
}

impl Options {
    /// The forms that are wanted.
    pub(crate) fn forms(&self) -> impl Iterator<Item = Form> + use<> {
        let wanted = self.form;
        Form::ALL.into_iter().filter(move |form| wanted.is_none_or(|wanted| wanted == *form))
    }

    /// How to speak with the registry.
    pub(crate) fn transport(&self) -> Transport {
        if self.plain_http || (!self.tls && self.destination.is_loopback()) {
            Transport::PlainHttp
        } else {
            Transport::Tls
        }
    }
}

/// What the command line says.
///
/// # Errors
/// With the program's exit status, when it was called wrongly or asked for help.
pub(crate) fn read() -> Result<Options, ExitCode> {
    Options::try_parse().map_err(|error| {
        if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
            report::say(&error.to_string());
            return ExitCode::SUCCESS;
        }
        report::say(&format!("push-oci: {}; see --help", in_one_line(&error)));
        ExitCode::from(2)
    })
}

/// What is wrong, without clap's hints.
fn in_one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let wrong: Vec<&str> =
        text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    let wrong = wrong.join(" ");
    wrong.strip_prefix("error: ").unwrap_or(&wrong).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn options(arguments: &[&str]) -> Options {
        let arguments = [&["push-oci"], arguments].concat();
        Options::try_parse_from(arguments).unwrap()
    }

    #[test]
    fn the_script_explains_every_option() {
        let script = include_str!("../../../scripts/push-oci");
        let command = Options::command();
        let options: Vec<_> = command.get_arguments().filter_map(|it| it.get_long()).collect();
        assert!(options.len() > 4, "{options:?}");
        for option in options.into_iter().filter(|option| *option != "help") {
            assert!(script.contains(&format!("\n  --{option} ")), "--{option}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_unless_something_else_is_said() {
        let transport = |arguments: &[&str]| options(arguments).transport();
        assert_eq!(transport(&["127.0.0.1:5000/filters"]), Transport::PlainHttp);
        assert_eq!(transport(&["localhost:5000/filters"]), Transport::PlainHttp);
        assert_eq!(transport(&["localhost:5000/filters", "--tls"]), Transport::Tls);
        assert_eq!(transport(&["registry.example/filters"]), Transport::Tls);
        assert_eq!(transport(&["registry.example/filters", "--plain-http"]), Transport::PlainHttp);
    }

    #[test]
    fn both_forms_are_pushed_unless_one_is_named() {
        let forms = |arguments: &[&str]| options(arguments).forms().collect::<Vec<_>>();
        assert_eq!(forms(&["registry.example/filters"]), Form::ALL);
        assert_eq!(forms(&["registry.example/filters", "--form", "image"]), [Form::Image]);
    }

    #[test]
    fn a_wrong_call_is_told_in_one_line() {
        let told = |arguments: &[&str]| {
            let arguments = [&["push-oci"], arguments].concat();
            in_one_line(&Options::try_parse_from(arguments).unwrap_err())
        };
        assert_eq!(
            told(&[]),
            "the following required arguments were not provided: <REGISTRY/REPOSITORY[:TAG]>"
        );
        assert_eq!(
            told(&["registry.example/filters", "--form", "tar"]),
            "invalid value 'tar' for '--form <FORM>' [possible values: artifact, image]"
        );
    }
}
