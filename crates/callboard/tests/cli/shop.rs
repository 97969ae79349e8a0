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

    /// The shop's project, with the addresses of this shop in its settings and definitions.
    pub(crate) fn project(&self) -> Project {
        let project = Project::empty();
        for (path, content) in callboard_shop::files() {
            project.write(path, self.here(content));
        }
        project.write(".gitignore", ".callboard/\n");
        project
    }

    /// A text with the addresses of this shop in the place of the usual ones.
    fn here(&self, text: &str) -> String {
        let usual = |index: u16| format!("http://127.0.0.1:{}", callboard_shop::BASE_PORT + index);
        let services = (0..).zip(callboard_shop::SERVICES);
        services.fold(text.to_owned(), |text, (index, service)| text.replace(&usual(index), &self.addresses[service]))
    }
}
