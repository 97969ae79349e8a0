//! Whose file it is: globs of `callboard.toml` against paths.
//!
//! Paths are relative to the project's folder, with `/`; files outside of it begin with `../`.

use callboard_model::ServiceName;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// A glob that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("`owns = [\"{glob}\"]` of `{service}` is not a glob")]
pub struct OwnershipError {
    /// Whose glob.
    pub service: ServiceName,
    /// The glob.
    pub glob: String,
    /// What is wrong with it.
    #[source]
    pub source: globset::Error,
}

/// Which service owns which files.
#[derive(Debug, Default)]
pub struct Ownership {
    set: GlobSet,
    /// Service and glob as written, for each glob of the set.
    owners: Vec<(ServiceName, String)>,
}

impl Ownership {
    /// Compiles globs. `*` stays within a folder, `**` does not; a folder stands for all in it.
    pub fn new<'a>(globs: impl IntoIterator<Item = (&'a ServiceName, &'a [String])>) -> Result<Self, OwnershipError> {
        let mut builder = GlobSetBuilder::new();
        let mut owners = Vec::new();
        for (service, written) in globs.into_iter().flat_map(|(service, globs)| globs.iter().map(move |glob| (service, glob))) {
            for pattern in patterns(written) {
                let glob = GlobBuilder::new(&pattern).literal_separator(true).build();
                builder.add(glob.map_err(|source| error(service, written, source))?);
                owners.push((service.clone(), written.clone()));
            }
        }
        let set = builder.build().map_err(|source| error(&ServiceName::new("?"), "?", source))?;
        Ok(Self { set, owners })
    }

    /// The services that own a file, each with the glob that says so.
    pub fn owners(&self, path: &str) -> Vec<(&ServiceName, &str)> {
        let mut found: Vec<(&ServiceName, &str)> = Vec::new();
        for (service, glob) in self.set.matches(path).into_iter().map(|i| &self.owners[i]) {
            if !found.iter().any(|(known, _)| *known == service) {
                found.push((service, glob));
            }
        }
        found
    }
}

fn error(service: &ServiceName, glob: &str, source: globset::Error) -> OwnershipError {
    OwnershipError { service: service.clone(), glob: glob.to_owned(), source }
}

/// The glob itself, and all that is in it, should it name a folder.
fn patterns(written: &str) -> Vec<String> {
    let glob = written.strip_prefix("./").unwrap_or(written).trim_end_matches('/');
    if glob.is_empty() || glob == "." {
        return vec!["**".to_owned()];
    }
    match glob.strip_suffix("/**") {
        // The folder itself changes where it is a submodule or a link.
        Some(folder) if !folder.is_empty() => vec![glob.to_owned(), folder.to_owned()],
        _ if glob.ends_with('*') => vec![glob.to_owned()],
        _ => vec![glob.to_owned(), format!("{glob}/**")],
    }
}

/// A path of a repository as seen from the project's folder in it. Both are relative to the repository, with `/`.
pub fn from_project(project: &str, path: &str) -> String {
    let folder: Vec<&str> = project.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let parts: Vec<&str> = path.split('/').collect();
    let shared = folder.iter().zip(&parts).take_while(|(a, b)| a == b).count();
    let ups = std::iter::repeat_n("..", folder.len() - shared);
    ups.chain(parts[shared..].iter().copied()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners(globs: &[&str], path: &str) -> Vec<String> {
        let service = ServiceName::new("orders");
        let globs: Vec<String> = globs.iter().map(|g| (*g).to_owned()).collect();
        let ownership = Ownership::new([(&service, globs.as_slice())]).expect("globs");
        ownership.owners(path).into_iter().map(|(_, glob)| glob.to_owned()).collect()
    }

    #[test]
    fn a_folder_stands_for_all_in_it_and_a_star_stays_in_its_folder() {
        assert_eq!(owners(&["services/orders/**"], "services/orders/src/main.rs"), ["services/orders/**"]);
        assert_eq!(owners(&["services/orders/**"], "services/orders"), ["services/orders/**"]);
        assert_eq!(owners(&["./services/orders/"], "services/orders/a/b"), ["./services/orders/"]);
        assert_eq!(owners(&["../orders"], "../orders/a"), ["../orders"]);
        assert!(owners(&["services/*.rs"], "services/a/b.rs").is_empty());
        assert!(owners(&["services/order"], "services/orders/a").is_empty());
    }

    #[test]
    fn a_broken_glob_says_whose() {
        let service = ServiceName::new("orders");
        let error = Ownership::new([(&service, ["a[".to_owned()].as_slice())]).expect_err("not a glob");
        assert_eq!(error.to_string(), "`owns = [\"a[\"]` of `orders` is not a glob");
    }

    #[test]
    fn paths_are_seen_from_the_project() {
        assert_eq!(from_project("", "a/b"), "a/b");
        assert_eq!(from_project("examples/shop", "examples/shop/src/a.rs"), "src/a.rs");
        assert_eq!(from_project("examples/shop", "examples/other/a.rs"), "../other/a.rs");
        assert_eq!(from_project("examples/shop", "Cargo.lock"), "../../Cargo.lock");
    }
}
