//! A worker in a process of its own: this test binary, started again for one test that is ignored else.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// What the worker says stands behind this: the test harness says something too.
pub const SAYS: &str = "> ";

/// The worker's process, ended with this.
pub struct Process {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts the ignored test `name` on the database.
    pub fn start(name: &str, url: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--ignored", "--nocapture"])
            .env("KOPRU_WORKER_DATABASE_URL", url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, input, output }
    }

    /// Gives the worker a line and returns what it says to it.
    pub async fn ask(&mut self, line: &str) -> String {
        self.tell(line).await;
        self.answer().await.expect("the worker lives")
    }

    /// Gives the worker a line.
    pub async fn tell(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// What the worker says next; `None` once it has ended.
    pub async fn answer(&mut self) -> Option<String> {
        while let Some(line) = self.output.next_line().await.unwrap() {
            // Without a line end of its own the harness may say something before it.
            if let Some((_, answer)) = line.split_once(SAYS) {
                return Some(answer.to_owned());
            }
        }
        None
    }

    /// Freezes it, lets it go on, or kills it.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id().expect("it was not waited for")).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }
}

/// The database of a worker; `None` where somebody runs the ignored tests by hand.
pub fn database() -> Option<String> {
    std::env::var_os("KOPRU_WORKER_DATABASE_URL").map(|url| url.into_string().unwrap())
}
