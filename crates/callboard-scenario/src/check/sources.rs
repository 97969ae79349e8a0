//! Source descriptions against the services of the system.

use callboard_model::suggest::did_you_mean_or_list;

use super::Checker;
use crate::ast::SourceKind;
use crate::{codes, resolve};

impl Checker<'_> {
    pub(super) fn sources(&mut self) {
        for source in self.file.sources.iter().filter(|source| source.kind() == SourceKind::OpenApi) {
            if resolve::service(source, self.file, self.document.origin(), self.system).is_some() {
                continue;
            }
            let names = self.system.services().iter().map(|service| service.name.as_str());
            let help = did_you_mean_or_list(&source.name, names.collect::<Vec<_>>());
            let message = format!("no service of the project is `{}`, and none has the definition `{}`", source.name, source.url);
            self.error(codes::UNKNOWN_SERVICE, &source.pointer.join("name"), message, help);
        }
    }
}
