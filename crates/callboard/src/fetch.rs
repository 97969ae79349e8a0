//! Reads definitions from files and URLs: the rim that the pure loader asks.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use callboard_definition::{Fetch, FetchError};
use callboard_model::document::MAX_BYTES;
use callboard_runner::{Client, Limits, Outgoing};

/// How long a definition may take to arrive.
const URL_TIMEOUT: Duration = Duration::from_secs(10);

/// Files below a folder, and URLs.
#[derive(Debug)]
pub(crate) struct DiskAndWeb {
    /// The folder from which relative paths are read, and how names of files are shown: relative to where the user stands.
    base: PathBuf,
}

impl DiskAndWeb {
    /// Reads relative paths from `base`.
    pub(crate) fn new(base: impl Into<PathBuf>) -> Self {
        Self { base: base.into() }
    }
}

impl Fetch for DiskAndWeb {
    fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError> {
        if is_url(origin) {
            fetch_url(origin).map_err(FetchError::new)
        } else {
            read_file(&self.base.join(origin)).map_err(FetchError::new)
        }
    }
}

/// Whether a definition's place is a URL rather than a path.
pub(crate) fn is_url(origin: &str) -> bool {
    origin.starts_with("http://") || origin.starts_with("https://")
}

/// Reads a file up to the size that is parsed at all, so that a huge one is refused without filling the memory.
fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let meta = std::fs::metadata(path).map_err(|e| in_words(&e))?;
    if meta.is_dir() {
        return Err("it is a folder".to_owned());
    }
    let file = std::fs::File::open(path).map_err(|e| in_words(&e))?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|e| in_words(&e))?;
    Ok(bytes)
}

/// An I/O error without the number of the operating system.
pub(crate) fn in_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase(),
    }
}

/// Fetches a URL. Definitions are loaded before anything runs, so a thread of its own with a small runtime is fine.
pub(crate) fn fetch_url(url: &str) -> Result<Vec<u8>, String> {
    let url = url.to_owned();
    let on_thread = move || -> Result<Vec<u8>, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
        runtime
            .block_on(async { tokio::time::timeout(URL_TIMEOUT, get(&url)).await })
            .unwrap_or_else(|_| Err(format!("no answer within {} s", URL_TIMEOUT.as_secs())))
    };
    std::thread::spawn(on_thread).join().unwrap_or_else(|_| Err("the request ended unexpectedly".to_owned()))
}

async fn get(url: &str) -> Result<Vec<u8>, String> {
    let limits = Limits { body: MAX_BYTES + 1, ..Limits::default().within(URL_TIMEOUT) };
    let uri = url.parse().map_err(|_| "it is no valid URL".to_owned())?;
    let request = Outgoing { method: http::Method::GET, url: uri, headers: http::HeaderMap::new(), body: bytes::Bytes::new() };
    let answer = Client::new().send(request, &limits).await.map_err(|error| error.to_string())?;
    if answer.status != 200 {
        return Err(format!("it answered {}", answer.status));
    }
    Ok(answer.body.to_vec())
}
