//! Paths with other names in them, against their own classification.

use inference_api::dialect::{Call, Operation, PathVersion, RequestLine, classify};

/// What is told is clean text. Where the path names a model, another one can be
/// put there: it is told then, and nothing else changes.
pub fn agrees(line: &RequestLine<'_>, model: &str, version: &str) {
    let Ok(call) = classify(line, &[]) else { return };
    let told = call.path_version.as_ref().map(PathVersion::text);
    for name in call.path_model.iter().chain(told) {
        assert!(!name.is_empty() && !name.contains(char::is_control));
    }
    assert_eq!(call.path_place.is_some(), call.path_model.is_some());
    // Nobody serves such names. Triton means all models by `models/stats`.
    let is_name = |name: &str| !name.is_empty() && !name.contains(char::is_control);
    if is_name(model) && is_name(version) && model != "stats" {
        other_names_agree(line, &call, model, Some(version));
        other_names_agree(line, &call, model, None);
    }
}

fn other_names_agree(line: &RequestLine<'_>, call: &Call<'_>, model: &str, version: Option<&str>) {
    let Some(place) = &call.path_place else { return };
    let path = place.rewrite(line.path, model, version);
    let now = classify(&RequestLine { path: &path, ..*line }, &[]).expect("it is as it was");
    assert_eq!(
        (now.dialect, now.operation, now.body, now.content),
        (call.dialect, call.operation, call.body, call.content),
    );
    assert_eq!(now.path_model.as_deref(), Some(model));
    let told = |call: &Call<'_>| call.path_version.as_ref().map(PathVersion::to_string);
    let expected = match version {
        Some(version) if call.path_version.is_some() => Some(version.to_owned()),
        _ => told(call),
    };
    assert_eq!(told(&now), expected);
    let place = now.path_place.expect("it names a model");
    assert_eq!(place.rewrite(&path, model, version), path, "nothing more to do");
    only_names_differ(line.path, &path, call.operation);
}

/// All other segments, and everything behind the path, are the same.
fn only_names_differ(before: &[u8], after: &[u8], operation: Operation) {
    let end = |path: &[u8]| path.iter().position(|byte| b"?#".contains(byte)).unwrap_or(path.len());
    let (before, behind) = before.split_at(end(before));
    let (after, still_behind) = after.split_at(end(after));
    assert_eq!(behind, still_behind);
    let segments = |path: &[u8]| path.split(|byte| *byte == b'/').map(<[u8]>::to_vec).collect();
    let (before, after): (Vec<_>, Vec<_>) = (segments(before), segments(after));
    assert_eq!(before.len(), after.len(), "a name is one segment");
    // At most the model, the version, and the word before that.
    let differing = before.iter().zip(&after).filter(|(before, after)| before != after);
    assert!(differing.count() <= 3, "{operation:?}");
}
