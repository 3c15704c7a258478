//! Text embeddings: a hashed bag of words, of length one.

use crate::tokenizer;

pub(crate) const DEFAULT_DIMENSIONS: usize = 256;
pub(crate) const MOST_DIMENSIONS: usize = 4096;

/// A vector of length one: texts that share words point in similar directions. Each word adds 1 or
/// -1 at one place, both given by its hash, so that collisions cancel out on average.
///
/// `None` for a text without a word, which has no direction.
pub(crate) fn embed(text: &str, dimensions: usize) -> Option<Vec<f32>> {
    let mut vector = vec![0.0_f32; dimensions];
    for token in tokenizer::tokens(text) {
        let hash = fnv1a(token.word.to_lowercase().as_bytes());
        let place = usize::try_from(hash % dimensions as u64).expect("below the dimensions");
        vector[place] += if hash >> 63 == 0 { 1.0 } else { -1.0 };
    }
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        return Some(vector.into_iter().map(|x| x / length).collect());
    }
    // Two words may have cancelled each other out: any direction is as good as another then.
    (tokenizer::count(text) > 0).then(|| {
        vector[0] = 1.0;
        vector
    })
}

/// 64-bit FNV-1a: the same in every process, unlike the standard library's hasher.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn similarity(a: &str, b: &str) -> f32 {
        let embed = |text| embed(text, DEFAULT_DIMENSIONS).expect("it has words");
        embed(a).iter().zip(embed(b)).map(|(x, y)| x * y).sum()
    }

    #[test]
    fn every_vector_has_length_one() {
        for dimensions in [1, 2, 3, 256, MOST_DIMENSIONS] {
            let vector =
                embed("the white rabbit and the hatter", dimensions).expect("it has words");
            let length: f32 = vector.iter().map(|x| x * x).sum();
            assert!((length - 1.0).abs() < 1e-5, "{dimensions}: {length}");
        }
    }

    #[test]
    fn texts_that_share_words_are_closer() {
        let near = similarity("the white rabbit ran", "a White Rabbit ran past");
        let far = similarity("the white rabbit ran", "orange marmalade on toast");
        assert!(near > far + 0.3, "{near} {far}");
    }

    #[test]
    fn a_text_without_words_has_no_direction() {
        assert_eq!(embed(" \n ", 8), None);
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
