//! Texts of objects whose members are known, in any order, some of them twice,
//! and some of them something else.

use super::json_texts::json_text;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

pub type Texts = BoxedStrategy<Vec<u8>>;

/// An object of these members, or now and then something else.
pub fn object(members: Vec<(&'static str, Texts)>) -> Texts {
    let member = proptest::strategy::Union::new(members.into_iter().map(|(name, value)| {
        let key = format!("\"{name}\":").into_bytes();
        value.prop_map(move |value| [key.clone(), value].concat()).boxed()
    }));
    or_other(vec(member, 0..6).prop_map(|members| [&b"{"[..], &members.join(&b','), b"}"].concat()))
}

/// An array of these, or now and then something else.
pub fn array(element: Texts) -> Texts {
    or_other(
        vec(element, 0..4)
            .prop_map(|elements| [&b"["[..], &elements.join(&b", "[..]), b"]"].concat()),
    )
}

/// One of these texts, or now and then something else.
pub fn one_of(texts: &'static [&'static str]) -> Texts {
    or_other(select(texts).prop_map(|text| text.as_bytes().to_vec()))
}

pub fn words() -> Texts {
    one_of(&[r#""""#, r#""a""#, r#""two words""#, r#""é\n\"\ud83d\ude00""#, "null"])
}

pub fn numbers() -> Texts {
    one_of(&["0", "7", "120", "9007199254740991", "9007199254740992", "-1", "1.5", "1e2", "null"])
}

fn or_other(texts: impl Strategy<Value = Vec<u8>> + 'static) -> Texts {
    prop_oneof![
        40 => texts,
        1 => json_text(),
        1 => Just(b"null".to_vec()),
        1 => Just(br#""text""#.to_vec()),
        1 => Just(b"{}".to_vec()),
    ]
    .boxed()
}
