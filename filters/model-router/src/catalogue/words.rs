use crate::config::{ModelConfig, UnknownVersion};
use crate::names::check_name;
use filter_kit::Problems;
use hashbrown::HashMap;

/// What a version's name in a request stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// The version's position.
    pub(crate) version: usize,
    /// Whether it stands in for one that is not there.
    pub(crate) is_fallback: bool,
}

/// Everything that a version of one model can be called.
#[derive(Debug, Default)]
pub(super) struct Words {
    known: HashMap<String, Word>,
    /// What any other word stands for.
    unknown: Option<Word>,
}

impl Words {
    /// The words of a model; writes down what is wrong with its labels and with
    /// what takes the place of what.
    pub(super) fn new(config: &ModelConfig, path: &str, problems: &mut Problems) -> Self {
        let mut words = Self::default();
        for (version, named) in config.versions.iter().enumerate() {
            words.known.insert(named.name.clone(), Word { version, is_fallback: false });
        }
        let versions = words.known.clone();
        for (label, name) in &config.labels {
            let path = format!("{path}.labels.{label}");
            check_name(&path, label, problems);
            match versions.get(name) {
                Some(word) => words.add(label, *word, &path, problems),
                None => problems.add(path, format!("there is no version `{name}`")),
            }
        }
        let current = words.known.clone();
        for (gone, next) in &config.retired {
            let path = format!("{path}.retired.{gone}");
            check_name(&path, gone, problems);
            match follow(next, config, &current) {
                Ok(word) => words.add(gone, word, &path, problems),
                Err(text) => problems.add(path, text),
            }
        }
        if let UnknownVersion::Use(name) = &config.unknown_version {
            match words.known.get(name) {
                Some(word) => words.unknown = Some(Word { is_fallback: true, ..*word }),
                None => {
                    let path = format!("{path}.unknown_version.use");
                    problems.add(path, format!("there is no version `{name}`"));
                }
            }
        }
        words
    }

    /// What a word stands for that an operator wrote.
    pub(super) fn known(&self, word: &str) -> Option<Word> {
        self.known.get(word).copied()
    }

    /// What a word stands for that a client wrote.
    pub(super) fn find(&self, word: &str) -> Option<Word> {
        self.known(word).or(self.unknown)
    }

    fn add(&mut self, word: &str, target: Word, path: &str, problems: &mut Problems) {
        if self.known.insert(word.to_owned(), target).is_some() {
            problems.add(path, format!("`{word}` is a version or label as well"));
        }
    }
}

/// The version at the end of a chain of retired ones.
fn follow(
    first: &str,
    config: &ModelConfig,
    current: &HashMap<String, Word>,
) -> Result<Word, String> {
    let mut name = first;
    // A chain that visits more than there are goes in a circle.
    for _ in 0..=config.retired.len() {
        if let Some(word) = current.get(name) {
            return Ok(Word { is_fallback: true, ..*word });
        }
        match config.retired.get(name) {
            Some(next) => name = next,
            None => return Err(format!("there is no version `{name}`")),
        }
    }
    Err("leads in a circle".to_owned())
}
