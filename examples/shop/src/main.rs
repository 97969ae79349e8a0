//! Starts the shop and keeps it up until Ctrl-C.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;

use callboard_shop::{BASE_PORT, Mutant, Shop, ShopOptions};
use clap::Parser;
use tokio_util::sync::CancellationToken;

/// A small shop of six services: catalog, customers, cart, orders, payments and shipping.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// A service that is not started; may be given several times
    #[arg(long, value_name = "NAME")]
    without: Vec<String>,
    /// Where orders finds payments when it runs elsewhere, such as a virtual service; the shop's own one is not started then
    #[arg(long, value_name = "URL")]
    payments_url: Option<String>,
    /// The port of the first service, the others count up; 0 takes any free ports
    #[arg(long, value_name = "P", default_value_t = BASE_PORT)]
    base_port: u16,
    /// The address to listen on
    #[arg(long, value_name = "ADDR", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Start a shop with a known defect, to see whether tests find it; see --list-mutants
    #[arg(long, value_name = "NAME", hide_possible_values = true)]
    mutant: Option<Mutant>,
    /// List the known defects, and do nothing else
    #[arg(long)]
    list_mutants: bool,
}

impl From<Arguments> for ShopOptions {
    fn from(arguments: Arguments) -> Self {
        let elsewhere: BTreeMap<String, String> =
            arguments.payments_url.into_iter().map(|url| ("payments".to_owned(), url)).collect();
        Self {
            host: arguments.host,
            base_port: Some(arguments.base_port),
            without: arguments.without,
            elsewhere,
            mutant: arguments.mutant,
        }
    }
}

fn list_mutants() -> ExitCode {
    let mut stdout = std::io::stdout().lock();
    for mutant in Mutant::all() {
        let _ = writeln!(stdout, "{:<34} {}", mutant.name(), mutant.what());
    }
    ExitCode::SUCCESS
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.list_mutants {
        return list_mutants();
    }
    let shop = match Shop::bind(arguments.into()).await {
        Ok(shop) => shop,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            return ExitCode::from(3);
        }
    };
    let mut stdout = std::io::stdout().lock();
    for (service, url) in shop.addresses() {
        // A closed stdout does not stop the shop.
        let _ = writeln!(stdout, "{service:<10} {url}");
    }
    let _ = stdout.flush();
    drop(stdout);
    run_until_told(shop).await;
    ExitCode::SUCCESS
}

/// Ctrl-C or, on Unix, SIGTERM.
async fn run_until_told(shop: Shop) {
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    tokio::spawn(async move {
        told().await;
        stop.cancel();
    });
    shop.run(cancel).await;
}

#[cfg(unix)]
async fn told() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! { _ = tokio::signal::ctrl_c() => (), _ = terminate.recv() => () }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn told() {
    drop(tokio::signal::ctrl_c().await);
}
