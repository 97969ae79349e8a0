//! A project in a temporary folder, and the binary run inside it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};

/// No command of these tests may take longer.
const DEADLINE: Duration = Duration::from_secs(60);

/// A folder with files, removed at the end of the test.
pub(crate) struct Project {
    folder: TempDir,
}

impl Project {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A folder with these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let project = Self::empty();
        for (path, content) in files {
            project.write(path, content);
        }
        project
    }

    /// Writes a file; its folders are made.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder can be made");
        std::fs::write(path, content).expect("a file can be written");
    }

    /// The absolute path of a file.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// The content of a file.
    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Copies a folder of the source tree, with all that is in it.
    pub(crate) fn copy(&self, from: &Path, to: &str) {
        for entry in std::fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
            let path = entry.expect("a readable folder").path();
            let name = format!("{to}/{}", path.file_name().expect("a name").to_string_lossy());
            if path.is_dir() { self.copy(&path, &name) } else { self.write(&name, std::fs::read(&path).expect("readable")) }
        }
    }

    /// The command, to be run in this folder in a clean environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_callboard"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.folder.path()).env("TMPDIR", self.folder.path());
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("LC_ALL", "C.UTF-8").env("COLUMNS", "120");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Runs `callboard` to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Outcome {
        finish(self.command(arguments), arguments).await
    }

    /// Runs `callboard` with variables in its environment.
    pub(crate) async fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Outcome {
        let mut command = self.command(arguments);
        command.envs(variables.iter().copied());
        finish(command, arguments).await
    }

    /// Starts `callboard` and lets it go on.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::of(self.command(arguments), &arguments.join(" "))
    }

    /// Runs git in this folder.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = std::process::Command::new("git")
            .args(["-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"])
            .args(["-c", "init.defaultBranch=main", "-c", "core.hooksPath="])
            .args(arguments)
            .current_dir(self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("HOME", self.folder.path())
            .output()
            .expect("git is installed");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Commits all files.
    pub(crate) fn commit(&self) {
        if !self.path(".git").exists() {
            self.git(&["init", "--quiet"]);
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "All"]);
    }
}

/// Waits for something that must come.
pub(crate) async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, what).await.expect("it comes in time")
}

async fn finish(mut command: Command, arguments: &[&str]) -> Outcome {
    let line = format!("callboard {}", arguments.join(" "));
    let child = command.spawn().expect("the binary starts");
    let ended = tokio::time::timeout(DEADLINE, child.wait_with_output()).await;
    let output = ended.unwrap_or_else(|_| panic!("`{line}` did not end")).expect("the output is read");
    Outcome {
        code: output.status.code().unwrap_or_else(|| panic!("`{line}` ended by a signal: {}", output.status)),
        stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        line,
    }
    .without_panic()
}

/// A command that goes on.
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    command: String,
}

impl Running {
    /// Starts a command.
    pub(crate) fn of(mut command: Command, shown: &str) -> Self {
        let mut child = command.spawn().expect("the binary starts");
        let stdout = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
        Self { child, stdout, command: shown.to_owned() }
    }

    /// The next line of stdout.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = String::new();
        in_time(self.stdout.read_line(&mut line)).await.expect("stdout is read");
        line.trim_end().to_owned()
    }

    /// Sends a signal such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().expect("the process is there").to_string();
        let status = std::process::Command::new("kill").args(["-s", name, &id]).status().expect("kill is there");
        assert!(status.success());
    }

    /// Waits for the end.
    pub(crate) async fn end(self) -> Outcome {
        let Self { child, mut stdout, command } = self;
        let mut rest = String::new();
        let read = tokio::io::AsyncReadExt::read_to_string(&mut stdout, &mut rest);
        let both = async { tokio::join!(child.wait_with_output(), read) };
        let (output, read) = tokio::time::timeout(DEADLINE, both).await.unwrap_or_else(|_| panic!("`{command}` did not end"));
        read.expect("stdout is read");
        let output = output.expect("stderr is read");
        Outcome {
            code: output.status.code().unwrap_or_else(|| panic!("`{command}` ended by a signal: {}", output.status)),
            stdout: rest,
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
            line: format!("callboard {command}"),
        }
        .without_panic()
    }
}

/// How a command ended, and what it said.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    line: String,
}

impl Outcome {
    /// No input may make the program panic.
    fn without_panic(self) -> Self {
        for text in ["panicked", "RUST_BACKTRACE", "bug of Callboard"] {
            assert!(!self.stderr.contains(text), "{self}");
        }
        self
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// Asserts that stderr says all of this.
    #[track_caller]
    pub(crate) fn says(&self, texts: &[&str]) -> &Self {
        for text in texts {
            assert!(self.stderr.contains(text), "stderr does not say {text:?}\n{self}");
        }
        self
    }

    /// Stdout as JSON: nothing but one value.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("stdout is no JSON: {error}\n{self}"))
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "$ {}\nexit code {}\n--- stdout\n{}\n--- stderr\n{}", self.line, self.code, self.stdout, self.stderr)
    }
}

/// A path in the source tree.
pub(crate) fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The strings at `key` of each member of a JSON list.
pub(crate) fn texts(list: &Value, key: &str) -> Vec<String> {
    let members = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    members.iter().map(|member| member[key].as_str().unwrap_or_else(|| panic!("no text at {key}: {member}")).to_owned()).collect()
}
