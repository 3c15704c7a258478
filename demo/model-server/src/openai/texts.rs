//! The four ways in which OpenAI's API takes one or several texts.

use serde::Deserialize;

use crate::refusal::Refusal;
use crate::text_model::TextModel;

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "must be a text, a list of texts, or token ids in one of these ways")]
pub(super) enum Texts {
    One(String),
    Several(Vec<String>),
    OneOfTokens(Vec<u32>),
    SeveralOfTokens(Vec<Vec<u32>>),
}

impl Texts {
    /// # Errors
    /// No text at all, more than `most`, or token ids that the vocabulary does not have.
    pub(super) fn read(self, place: &str, most: usize) -> Result<Vec<String>, Refusal> {
        let texts = match self {
            Self::One(text) => vec![text],
            Self::Several(texts) => texts,
            Self::OneOfTokens(ids) => vec![decode(place, &ids)?],
            Self::SeveralOfTokens(lists) => {
                lists.iter().map(|ids| decode(place, ids)).collect::<Result<_, _>>()?
            }
        };
        if texts.is_empty() || texts.len() > most {
            let problem = format!("must be from 1 to {most} texts, there are {}", texts.len());
            return Err(Refusal::malformed(place, problem));
        }
        Ok(texts)
    }
}

fn decode(place: &str, ids: &[u32]) -> Result<String, Refusal> {
    let model = TextModel::shared();
    model.decode(ids).ok_or_else(|| {
        let last = model.vocabulary_size() - 1;
        Refusal::malformed(place, format!("token ids are from 0 to {last} in this model"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Vec<String>, String> {
        let texts: Texts = serde_json::from_str(json).map_err(|problem| problem.to_string())?;
        texts.read("input", 2).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn takes_texts_and_token_ids_one_or_several() {
        assert_eq!(read(r#""a b""#), Ok(vec!["a b".to_owned()]));
        assert_eq!(read(r#"["a", "b"]"#), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(read("[1, 2]"), Ok(vec!["Alice was".to_owned()]));
        assert_eq!(read("[[1], [1, 2]]"), Ok(vec!["Alice".to_owned(), "Alice was".to_owned()]));
    }

    #[test]
    fn refuses_none_and_too_many() {
        assert_eq!(read("[]"), Err("input: must be from 1 to 2 texts, there are 0".to_owned()));
        assert!(read(r#"["a", "b", "c"]"#).is_err());
    }

    #[test]
    fn refuses_what_is_no_text() {
        for json in ["1", "null", "{}", "[true]", "[-1]", r#"["a", 1]"#] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn refuses_token_ids_that_the_model_does_not_have() {
        assert!(read("[4294967295]").is_err());
    }
}
