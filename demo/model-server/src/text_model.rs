//! The generative model: a Markov chain of order 2, learnt from a bundled chapter.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use crate::tokenizer::{self, Token};

const CORPUS: &str = include_str!("../corpus/alice.txt");

/// More tokens than this are never generated for one answer.
pub(crate) const LONGEST_COMPLETION: usize = 1024;

/// A word of the vocabulary; [`BOUNDARY`] is none.
type WordId = u32;

/// Before a paragraph's first token and after its last.
const BOUNDARY: WordId = 0;

/// Which words followed a context, and how often.
type Followers = Vec<(WordId, u32)>;

pub(crate) struct TextModel {
    /// Each with the space before it, if it has one.
    vocabulary: Vec<String>,
    ids: HashMap<String, WordId>,
    after_two: HashMap<[WordId; 2], Followers>,
    after_one: HashMap<WordId, Followers>,
}

/// How to draw the next token.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sampling {
    /// 0 always takes the likeliest word, 1 draws as the corpus does.
    pub(crate) temperature: f64,
    pub(crate) seed: u64,
    pub(crate) max_tokens: usize,
    /// The answer ends before the first of these.
    pub(crate) stop: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Completion {
    /// Joined they are the answer.
    pub(crate) pieces: Vec<&'static str>,
    pub(crate) finish: Finish,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// A paragraph's end, or a stop text.
    Stop,
    /// As many tokens as were allowed.
    Length,
}

impl Finish {
    /// `finish_reason`, as OpenAI names it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
        }
    }
}

impl Completion {
    pub(crate) fn text(&self) -> String {
        self.pieces.concat()
    }
}

impl TextModel {
    /// The model that every server of this process shares.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: LazyLock<TextModel> = LazyLock::new(|| TextModel::train(CORPUS));
        &SHARED
    }

    fn train(corpus: &str) -> Self {
        let mut model = Self {
            vocabulary: vec![String::new()],
            ids: HashMap::new(),
            after_two: HashMap::new(),
            after_one: HashMap::new(),
        };
        // Counted in ordered maps, so that the order of followers is the same in every process.
        let mut pairs: BTreeMap<[WordId; 2], BTreeMap<WordId, u32>> = BTreeMap::new();
        let mut singles: BTreeMap<WordId, BTreeMap<WordId, u32>> = BTreeMap::new();
        for paragraph in corpus.split("\n\n") {
            let mut context = [BOUNDARY; 2];
            let words = tokenizer::tokens(paragraph).map(Token::to_text);
            let words: Vec<WordId> = words.map(|word| model.learn_word(word)).collect();
            for word in words.into_iter().chain([BOUNDARY]) {
                *pairs.entry(context).or_default().entry(word).or_default() += 1;
                *singles.entry(context[1]).or_default().entry(word).or_default() += 1;
                context = [context[1], word];
            }
        }
        model.after_two = pairs.into_iter().map(|(key, next)| (key, ranked(next))).collect();
        model.after_one = singles.into_iter().map(|(key, next)| (key, ranked(next))).collect();
        model
    }

    fn learn_word(&mut self, word: String) -> WordId {
        if let Some(&id) = self.ids.get(&word) {
            return id;
        }
        let id = WordId::try_from(self.vocabulary.len()).expect("the corpus is small");
        self.vocabulary.push(word.clone());
        self.ids.insert(word, id);
        id
    }

    /// Goes on from the prompt's last two words if they stand so in the corpus, else from its last
    /// word, else with a new paragraph.
    pub(crate) fn complete(&'static self, prompt: &str, sampling: &Sampling) -> Completion {
        let mut chance = fastrand::Rng::with_seed(sampling.seed);
        let mut context = self.context_of(prompt);
        let most = sampling.max_tokens.min(LONGEST_COMPLETION);
        let mut completion = Completion { pieces: Vec::new(), finish: Finish::Length };
        while completion.pieces.len() < most {
            let followers = self.followers(context);
            let next = draw(followers, sampling.temperature, &mut chance);
            if next == BOUNDARY {
                completion.finish = Finish::Stop;
                break;
            }
            completion.pieces.push(&self.vocabulary[next as usize]);
            context = [context[1], next];
        }
        cut_at_stop(&mut completion, &sampling.stop);
        completion
    }

    /// The text of token ids, if all of them are in the vocabulary.
    pub(crate) fn decode(&self, ids: &[WordId]) -> Option<String> {
        ids.iter().map(|&id| self.vocabulary.get(id as usize).map(String::as_str)).collect()
    }

    pub(crate) fn vocabulary_size(&self) -> usize {
        self.vocabulary.len()
    }

    fn context_of(&self, prompt: &str) -> [WordId; 2] {
        let mut context = [BOUNDARY; 2];
        for token in tokenizer::tokens(prompt) {
            context = [context[1], self.id_of(token)];
        }
        let ends_a_paragraph =
            |context| self.followers(context).first().is_none_or(|(word, _)| *word == BOUNDARY);
        // The answer should have a word at least.
        if ends_a_paragraph(context) { [BOUNDARY; 2] } else { context }
    }

    fn id_of(&self, token: Token<'_>) -> WordId {
        let known = |text: &str| self.ids.get(text).copied();
        // The prompt's first word has no space before it, while in the corpus it may have.
        known(&token.to_text())
            .or_else(|| known(&format!(" {}", token.word)))
            .or_else(|| known(token.word))
            .unwrap_or(BOUNDARY)
    }

    fn followers(&self, context: [WordId; 2]) -> &[(WordId, u32)] {
        self.after_two
            .get(&context)
            .or_else(|| self.after_one.get(&context[1]))
            .map_or(&[], Vec::as_slice)
    }
}

/// The most frequent first; among equals the one learnt first.
fn ranked(followers: BTreeMap<WordId, u32>) -> Followers {
    let mut ranked: Followers = followers.into_iter().collect();
    ranked.sort_by_key(|&(word, count)| (std::cmp::Reverse(count), word));
    ranked
}

fn draw(followers: &[(WordId, u32)], temperature: f64, chance: &mut fastrand::Rng) -> WordId {
    let Some(&(likeliest, highest)) = followers.first() else { return BOUNDARY };
    if temperature <= 0.0 {
        return likeliest;
    }
    // Relative to the highest count, so that a low temperature can't overflow.
    let weight = |count: u32| (f64::from(count) / f64::from(highest)).powf(1.0 / temperature);
    let mut left = chance.f64() * followers.iter().map(|&(_, count)| weight(count)).sum::<f64>();
    for &(word, count) in followers {
        left -= weight(count);
        if left < 0.0 {
            return word;
        }
    }
    likeliest
}

/// Cuts the answer before the first stop text, which may begin and end inside a token.
fn cut_at_stop(completion: &mut Completion, stop: &[String]) {
    let text = completion.text();
    let Some(mut keep) = stop.iter().filter_map(|stop| text.find(stop.as_str())).min() else {
        return;
    };
    completion.finish = Finish::Stop;
    completion.pieces.retain_mut(|piece| {
        let kept = keep.min(piece.len());
        *piece = &piece[..kept];
        keep -= kept;
        kept > 0
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampling() -> Sampling {
        Sampling { temperature: 1.0, seed: 7, max_tokens: 60, stop: Vec::new() }
    }

    #[test]
    fn the_same_seed_gives_the_same_text() {
        let model = TextModel::shared();
        let first = model.complete("Tell me", &sampling());
        assert_eq!(first, model.complete("Tell me", &sampling()));
        assert_eq!(
            first,
            Box::leak(Box::new(TextModel::train(CORPUS))).complete("Tell me", &sampling())
        );
    }

    #[test]
    fn other_seeds_give_other_texts() {
        let model = TextModel::shared();
        let texts: std::collections::HashSet<String> = (0..20)
            .map(|seed| model.complete("", &Sampling { seed, ..sampling() }).text())
            .collect();
        assert!(texts.len() > 5, "{} different texts of 20", texts.len());
    }

    #[test]
    fn temperature_zero_leaves_nothing_to_chance() {
        let model = TextModel::shared();
        let cold = |seed| Sampling { seed, temperature: 0.0, ..sampling() };
        assert_eq!(model.complete("Alice", &cold(1)), model.complete("Alice", &cold(2)));
    }

    #[test]
    fn goes_on_from_the_words_of_the_prompt() {
        let completion = TextModel::shared().complete("Suddenly the White Rabbit", &sampling());
        let next = completion.pieces[0];
        assert!([" with", " was"].contains(&next), "{next:?}");
    }

    #[test]
    fn answers_a_prompt_in_unknown_words_with_a_new_paragraph() {
        let completion = TextModel::shared().complete("zxcv qwerty", &sampling());
        assert!(!completion.pieces[0].starts_with(' '), "{completion:?}");
    }

    #[test]
    fn generates_no_more_tokens_than_allowed() {
        let few = Sampling { max_tokens: 3, ..sampling() };
        let completion = TextModel::shared().complete("", &few);
        assert_eq!((completion.pieces.len(), completion.finish), (3, Finish::Length));
        let none = TextModel::shared().complete("", &Sampling { max_tokens: 0, ..sampling() });
        assert_eq!((none.pieces.len(), none.finish), (0, Finish::Length));
    }

    #[test]
    fn an_answer_has_as_many_pieces_as_its_text_has_tokens() {
        for seed in 0..50 {
            let sampling = Sampling { seed, max_tokens: LONGEST_COMPLETION, ..sampling() };
            let completion = TextModel::shared().complete("", &sampling);
            assert_eq!(completion.pieces.len(), tokenizer::count(&completion.text()));
        }
    }

    #[test]
    fn the_text_ends_before_a_stop_text_even_inside_a_token() {
        let model = TextModel::shared();
        let whole = model.complete("", &sampling()).text();
        let stop = whole[10..14].to_owned();
        let expected = &whole[..whole.find(&stop).expect("it is in there")];
        let cut = model.complete("", &Sampling { stop: vec![stop], ..sampling() });
        assert_eq!((cut.text().as_str(), cut.finish), (expected, Finish::Stop));
    }

    #[test]
    fn ids_beyond_the_vocabulary_are_no_text() {
        let model = TextModel::shared();
        let size = WordId::try_from(model.vocabulary_size()).expect("small");
        assert_eq!(model.decode(&[size]), None);
        assert!(model.decode(&[size - 1]).is_some());
    }
}
