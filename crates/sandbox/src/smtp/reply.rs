//! Answers, with enhanced status codes: <https://www.rfc-editor.org/rfc/rfc3463>.

use std::fmt;

/// One or more lines under one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub code: u16,
    lines: Vec<String>,
}

impl Reply {
    pub fn new(code: u16, text: impl Into<String>) -> Self {
        Self { code, lines: vec![text.into()] }
    }

    pub fn lines(code: u16, lines: Vec<String>) -> Self {
        Self { code, lines }
    }

    /// After which the server hangs up.
    pub fn ends(&self) -> bool {
        matches!(self.code, 221 | 421)
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.lines.len().saturating_sub(1);
        self.lines.iter().enumerate().try_for_each(|(at, line)| {
            let mark = if at == last { ' ' } else { '-' };
            write!(f, "{}{mark}{line}\r\n", self.code)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_marked() {
        let lines = ["sandbox", "SIZE 10", "8BITMIME"].map(str::to_owned).to_vec();
        assert_eq!(Reply::lines(250, lines).to_string(), "250-sandbox\r\n250-SIZE 10\r\n250 8BITMIME\r\n");
    }
}
