//! The file beside the database by which a database is known that was put back from a backup.
//!
//! Database and file hold the same random word, which is replaced in both again and again. A database that was put back
//! holds an earlier one. Between the two writings the file holds the words of before and after, so that a crash
//! is not taken for a restore.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// `DATABASE.mark`.
#[derive(Debug)]
pub(crate) struct MarkFile(PathBuf);

impl MarkFile {
    pub(crate) fn beside(database: &Path) -> Self {
        Self(database.with_added_extension("mark"))
    }

    /// Whether the database, which holds that word, is another one than was left here. One that was never marked is
    /// none, unless another one was.
    pub(crate) fn misses(&self, word: Option<&str>) -> io::Result<bool> {
        let file = match fs::read_to_string(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(word.is_some()),
            file => file?,
        };
        Ok(word.is_none_or(|word| !file.lines().any(|line| line == word)))
    }

    /// On the disk when this returns; whenever the machine fails, the file holds these words or those of before.
    pub(crate) fn write(&self, words: &[&str]) -> io::Result<()> {
        let draft = self.0.with_added_extension("new");
        let mut file = File::create(&draft)?;
        file.write_all(words.join("\n").as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, &self.0)?;
        let folder = self.0.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_known_by_the_words_in_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let mark = MarkFile::beside(&folder.path().join("kopru.db"));
        assert!(!mark.misses(None).unwrap(), "a new one");
        assert!(mark.misses(Some("a")).unwrap(), "brought without its file");
        mark.write(&["a", "b"]).unwrap();
        for (word, misses) in [(Some("a"), false), (Some("b"), false), (Some("c"), true), (None, true)] {
            assert_eq!(mark.misses(word).unwrap(), misses, "{word:?}");
        }
        mark.write(&["b"]).unwrap();
        assert!(mark.misses(Some("a")).unwrap());
    }
}
