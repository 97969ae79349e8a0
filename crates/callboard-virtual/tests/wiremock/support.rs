//! A server with a root folder of its own, and a client that sees every byte.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use callboard_virtual::wiremock::{StartError, WireMock, WireMockOptions};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// A server that runs until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) folder: TempDir,
    cancel: CancellationToken,
    runtime: Option<Runtime>,
}

impl Server {
    /// A server with an empty root folder.
    pub(crate) fn empty() -> Self {
        Self::with(&[])
    }

    /// A server with files: names below the root folder and contents.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        Self::start(files).expect("the folder is good")
    }

    /// A server with one stub.
    pub(crate) fn with_stub(stub: &Value) -> Self {
        Self::with(&[("mappings/stub.json", &stub.to_string())])
    }

    /// A server, or why it does not start.
    pub(crate) fn start(files: &[(&str, &str)]) -> Result<Self, StartError> {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, content) in files {
            write(&folder.path().join(name), content);
        }
        let runtime = Runtime::new().expect("a runtime");
        let cancel = CancellationToken::new();
        let options = WireMockOptions { workers: 2, ..WireMockOptions::new(folder.path(), ([127, 0, 0, 1], 0).into()) };
        let server = runtime.block_on(WireMock::bind(options))?;
        let address = server.address();
        runtime.spawn(server.run(cancel.clone()));
        Ok(Self { address, folder, cancel, runtime: Some(runtime) })
    }

    /// Sends a request written as its first line, headers, an empty line and a body.
    pub(crate) fn send(&self, request: &str) -> Answer {
        Answer::parse(&self.bytes(request).expect("an answer"))
    }

    /// All bytes that come back, or how the connection ended.
    pub(crate) fn bytes(&self, request: &str) -> std::io::Result<Vec<u8>> {
        let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
        let mut lines = head.lines();
        let mut text = format!("{} HTTP/1.1\r\n", lines.next().unwrap_or_default());
        for line in lines {
            text.push_str(line);
            text.push_str("\r\n");
        }
        if !head.to_lowercase().contains("\nhost:") {
            text.push_str(&format!("Host: {}\r\n", self.address));
        }
        if !body.is_empty() {
            text.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        text.push_str("Connection: close\r\n\r\n");
        text.push_str(body);
        self.exchange(text.as_bytes())
    }

    /// Sends bytes as they are.
    pub(crate) fn exchange(&self, request: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.write_all(request)?;
        let mut bytes = Vec::new();
        match stream.read_to_end(&mut bytes) {
            // A connection that breaks off after an answer has answered all the same.
            Err(error) if error.kind() == ErrorKind::ConnectionReset && !bytes.is_empty() => Ok(bytes),
            Err(error) => Err(error),
            Ok(_) => Ok(bytes),
        }
    }

    /// A call of the admin API; `body` is JSON or nothing.
    pub(crate) fn admin(&self, method: &str, path: &str, body: &str) -> Answer {
        self.send(&format!("{method} /__admin{path}\nContent-Type: application/json\n\n{body}"))
    }

    /// Posts a stub that must be taken; gives its id.
    pub(crate) fn stub(&self, stub: &Value) -> String {
        let answer = self.admin("POST", "/mappings", &stub.to_string());
        assert_eq!(answer.status, 201, "{stub}: {}", answer.text);
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    /// Posts a stub that must be refused; gives the first error.
    pub(crate) fn refusal(&self, stub: &Value) -> Value {
        let answer = self.admin("POST", "/mappings", &stub.to_string());
        assert_eq!(answer.status, 422, "{stub}: {}", answer.text);
        answer.json()["errors"][0].clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.cancel.cancel();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }
}

/// Writes a file and the folders above it.
pub(crate) fn write(path: &Path, content: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder above")).expect("folders");
    std::fs::write(path, content).expect("a file");
}

/// An answer taken apart.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) reason: String,
    headers: Vec<(String, String)>,
    pub(crate) text: String,
    /// How many chunks the body came in; none when it had a length.
    pub(crate) chunks: Option<usize>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.lines();
        let mut first = lines.next().expect("a status line").splitn(3, ' ').skip(1);
        let status = first.next().and_then(|code| code.parse().ok()).expect("a status");
        let reason = first.next().unwrap_or_default().to_owned();
        let headers: Vec<(String, String)> =
            lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let is_chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        let (body, chunks) = if is_chunked { unchunked(&bytes[end + 4..]) } else { (bytes[end + 4..].to_vec(), None) };
        Self { status, reason, headers, text: String::from_utf8_lossy(&body).into_owned(), chunks }
    }

    /// The values of a header, joined; "" when there is none.
    pub(crate) fn header(&self, name: &str) -> String {
        let values: Vec<&str> = self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect();
        values.join(" | ")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

fn unchunked(mut bytes: &[u8]) -> (Vec<u8>, Option<usize>) {
    let mut body = Vec::new();
    let mut chunks = 0;
    while let Some(end) = bytes.windows(2).position(|window| window == b"\r\n") {
        let size = usize::from_str_radix(&String::from_utf8_lossy(&bytes[..end]), 16).expect("a chunk's size");
        if size == 0 {
            break;
        }
        body.extend_from_slice(&bytes[end + 2..end + 2 + size]);
        bytes = &bytes[end + 2 + size + 2..];
        chunks += 1;
    }
    (body, Some(chunks))
}
