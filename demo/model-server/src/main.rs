//! The model server as a program: settings from the environment, one line at start, signals.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use model_server::{Settings, healthcheck};
use tokio::signal::unix::{SignalKind, signal};

/// Serves a small model over every inference API that the gateway reads
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Program {
    #[command(flatten)]
    settings: Settings,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Exits with 0 if a server answers SERVING to grpc.health.v1, else with 1
    Healthcheck {
        /// HOST:PORT of the server [default: 127.0.0.1 and GRPC_PORT]
        #[arg(long)]
        address: Option<String>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let program = Program::parse();
    let outcome = match program.command {
        None => serve(program.settings).await,
        Some(Command::Healthcheck { address }) => {
            let local = || format!("127.0.0.1:{}", program.settings.grpc_port);
            let address = address.unwrap_or_else(local);
            healthcheck::check(&address).await.map_err(|problem| format!("{address}: {problem}"))
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("model-server: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: Settings) -> Result<(), String> {
    // Before anything else, so that a signal during training is not lost.
    let no_signals = |reason| format!("can't wait for signals: {reason}");
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;

    let server = model_server::start(settings).await.map_err(|problem| problem.to_string())?;
    println!("model-server {server}");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    server.shut_down().await;
    Ok(())
}
