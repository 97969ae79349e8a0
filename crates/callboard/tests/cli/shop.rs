//! The shop, running inside the test, and its project.

use std::collections::BTreeMap;

use callboard_shop::{Shop, ShopOptions};
use tokio_util::sync::CancellationToken;

use crate::project::Project;

/// The six services on free ports; they stop with the test.
pub(crate) struct RunningShop {
    addresses: BTreeMap<String, String>,
    _stop: tokio_util::sync::DropGuard,
}

impl RunningShop {
    /// All six.
    pub(crate) async fn start() -> Self {
        Self::start_with(ShopOptions::default()).await
    }

    /// As the options say.
    pub(crate) async fn start_with(options: ShopOptions) -> Self {
        let shop = Shop::bind(options).await.expect("free ports");
        let addresses = shop.addresses();
        let cancel = CancellationToken::new();
        tokio::spawn(shop.run(cancel.clone()));
        Self { addresses, _stop: cancel.drop_guard() }
    }

    /// The base URL of a service.
    pub(crate) fn url(&self, service: &str) -> &str {
        &self.addresses[service]
    }

    /// The shop's project, with the addresses of this shop.
    pub(crate) fn project(&self) -> Project {
        let project = Project::with(callboard_shop::files());
        project.write("callboard.toml", self.settings());
        project.write(".gitignore", ".callboard/\n");
        project
    }

    fn settings(&self) -> String {
        let text = callboard_shop::files().iter().find(|(path, _)| *path == "callboard.toml").expect("the shop has settings").1;
        let services = text.split("[environments.").next().expect("a first part");
        let place = |(name, url): (&String, &String)| format!("[environments.local.services.{name}]\nserver = \"{url}\"\n\n");
        services.to_owned() + &self.addresses.iter().map(place).collect::<String>()
    }
}
