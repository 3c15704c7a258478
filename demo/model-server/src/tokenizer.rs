//! The text model's own tokens: a word or a mark, with the space before it.

/// Cuts a text into tokens. Joined again they are the text, with every run of white space made one
/// space and none left at the ends.
pub(crate) fn tokens(text: &str) -> Tokens<'_> {
    Tokens { rest: text, first: true }
}

/// How many tokens a text has: what `usage` counts.
pub(crate) fn count(text: &str) -> usize {
    tokens(text).count()
}

/// One token: `spaced` if white space stood before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'t> {
    pub(crate) spaced: bool,
    pub(crate) word: &'t str,
}

impl Token<'_> {
    /// The token as it stands in a text.
    pub(crate) fn to_text(self) -> String {
        if self.spaced { format!(" {}", self.word) } else { self.word.to_owned() }
    }
}

pub(crate) struct Tokens<'t> {
    rest: &'t str,
    first: bool,
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        let trimmed = self.rest.trim_start();
        let spaced = !self.first && trimmed.len() < self.rest.len();
        let length = token_length(trimmed)?;
        let (word, rest) = trimmed.split_at(length);
        self.rest = rest;
        self.first = false;
        Some(Token { spaced, word })
    }
}

/// Bytes of the token that `text` begins with: a run of letters and digits, in which an apostrophe
/// between two of them counts as one (`she'll`), or else a single character.
fn token_length(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    if !first.is_alphanumeric() {
        return Some(first.len_utf8());
    }
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let inside_a_word =
            character == '\'' && characters.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        if !character.is_alphanumeric() && !inside_a_word {
            return Some(at);
        }
    }
    Some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        tokens(text).map(|token| token.word).collect()
    }

    #[test]
    fn words_and_marks_are_tokens() {
        assert_eq!(
            words("\"Oh dear!\" (she said)"),
            ["\"", "Oh", "dear", "!", "\"", "(", "she", "said", ")"]
        );
    }

    #[test]
    fn an_apostrophe_belongs_to_a_word_only_inside_it() {
        assert_eq!(words("'tis she'll cats'"), ["'", "tis", "she'll", "cats", "'"]);
    }

    #[test]
    fn joining_the_tokens_gives_the_text_back() {
        let text = "First, she tried to look down (it was dark); then: \"thump! thump!\"";
        assert_eq!(tokens(text).map(Token::to_text).collect::<String>(), text);
    }

    #[test]
    fn white_space_is_one_space_inside_and_nothing_at_the_ends() {
        let joined: String = tokens(" \n down,\t\n down \u{3000}").map(Token::to_text).collect();
        assert_eq!(joined, "down, down");
    }

    #[test]
    fn a_text_of_white_space_has_no_tokens() {
        assert_eq!(count(""), 0);
        assert_eq!(count(" \n\t"), 0);
    }

    #[test]
    fn characters_of_several_bytes_are_never_cut() {
        assert_eq!(words("naïve – 東京 🐇🐇"), ["naïve", "–", "東京", "🐇", "🐇"]);
    }
}
