//! Forms, against multer and a reader that has the whole body.

use super::changes::{change, changed, cuts};
use super::oracle;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A boundary, and what looks like it and is not.
fn boundary() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec!["b", "-", "--", "bb", "----formdata-undici-051408030991"])
            .prop_map(str::to_owned),
        "[-a-z0-9'()+_,./:=?]{1,70}",
    ]
}

/// Text with as much of the boundary in it as there may be.
fn near_boundary(boundary: &str) -> impl Strategy<Value = String> + use<> {
    let dashed = format!("--{boundary}");
    let mut shorter = dashed.clone();
    shorter.pop();
    let piece = prop_oneof![
        3 => Just(format!("\r\n{shorter}")),
        1 => Just(format!("x{dashed}")),
        1 => Just(format!(" {dashed}--")),
        1 => Just(format!("\r\n-{boundary}")),
        2 => select(vec!["\r", "\n", "\r\n", "-", "--", "\r\n--", " ", "gpt", "é"]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// A form as a client writes it, by the rules.
fn form() -> impl Strategy<Value = (String, Vec<u8>)> {
    boundary()
        .prop_flat_map(|boundary| {
            let names = vec!["model", "model", "\"model\"", "models", "\"file\"", "\"a[]\""];
            let headers = select(vec![
                "",
                "Content-Type: text/plain; charset=utf-8\r\n",
                "content-type:text/plain\r\n",
                "Content-Transfer-Encoding: binary\r\n",
                "X-Other: é\r\n",
            ]);
            let field = (select(names), headers, near_boundary(&boundary)).prop_map(
                |(name, headers, value)| {
                    let disposition = format!("Content-Disposition: form-data; name={name}");
                    format!("{headers}{disposition}\r\n\r\n{value}").into_bytes()
                },
            );
            let filename = select(vec!["a.wav", "a;b", "a\\\"b", "a%22b", "é", ""]);
            let file = (filename, vec(any::<u8>(), 0..200)).prop_map(|(filename, bytes)| {
                let head = format!(
                    "Content-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\n\
                 Content-Type: audio/wav\r\n\r\n"
                );
                [head.into_bytes(), bytes].concat()
            });
            let part = prop_oneof![field, file];
            let end = select(vec!["", "\r\n", "\r\nepilogue"]);
            (Just(boundary), vec(part, 0..5), end)
        })
        .prop_map(|(boundary, parts, end)| {
            let start = format!("--{boundary}\r\n").into_bytes();
            let parts = parts.into_iter().flat_map(|part| [start.clone(), part, b"\r\n".to_vec()]);
            let last = format!("--{boundary}--{end}").into_bytes();
            (boundary.clone(), parts.chain([last]).collect::<Vec<_>>().concat())
        })
}

/// Forms of the pieces that they are made of, most of them in their places; the
/// boundary is `b`.
fn form_salad() -> impl Strategy<Value = Vec<u8>> {
    let line_break = || prop_oneof![30 => Just("\r\n"), 1 => select(vec!["\n", "\r", "", " \r\n"])];
    let disposition = prop_oneof![
        Just("Content-Disposition: form-data; name=model".to_owned()),
        vec(
            select(vec![
                "; name=model",
                "; name=\"model\"",
                "; name=x",
                "; name=\"mod",
                "el\"",
                "; name*=x",
                ";",
                "name=",
                "model",
                "; filename=\"",
                "; filename=y",
                "; filename=\"; name=model\"",
                "; filename=\"\\\\\"; name=x",
                "\"",
                "\\",
                "\\\"",
                "%6d",
                " ",
                "=",
            ]),
            0..5,
        )
        .prop_map(|pieces| format!("content-disposition: form-data{}", pieces.concat())),
    ];
    let other = select(vec![
        "Content-Type: text/plain",
        "Content-Type: text/plain; charset=\"utf-8\"",
        "content-type: text/plain; charset=latin-1",
        "Content-Type: multipart/mixed",
        "Content-Transfer-Encoding: binary",
        "Content-Transfer-Encoding: base64",
        "x: é",
        "",
        " folded",
        "x : y",
        "\0: y",
        "x",
    ]);
    let header = prop_oneof![3 => disposition, 1 => other.prop_map(str::to_owned)];
    let value = select(vec![
        "--b", "--", "-", "b", "\r\n", "\r", "\n", "\n--b", "\r--b", "\r\n--b", "gpt", "é", " ",
        "\0",
    ]);
    let line = (header, line_break()).prop_map(|(header, end)| header + end);
    let part = ((line_break(), vec(line, 0..3), line_break()), (vec(value, 0..4), line_break()))
        .prop_map(|((start, lines, blank), (value, end))| {
            format!("{start}{}{blank}{}{end}--b", lines.concat(), value.concat())
        });
    let start = prop_oneof![30 => Just("--b"), 1 => select(vec!["", "\r\n--b", "--"])];
    let end = prop_oneof![9 => Just("--"), 1 => select(vec!["", "-", "--\r\n", "\r\n", " --"])];
    (start, vec(part, 0..4), end)
        .prop_map(|(start, parts, end)| [start, &parts.concat(), end].concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4000,
        // What fails once becomes a unit test with a name.
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_model_of_a_form_is_its_field(
        form in form(),
        changes in vec(change(), 0..2),
        cuts in cuts(),
        model in "[a-z/:é]{1,20}",
    ) {
        let (boundary, body) = form;
        oracle::identity::form_agrees(&boundary, &body, &cuts, &model);
        oracle::identity::form_agrees(&boundary, &changed(body, &changes), &cuts, &model);
    }

    #[test]
    fn forms_are_read_as_by_multer(form in form(), cuts in cuts()) {
        let (boundary, body) = form;
        oracle::multipart::agrees(&boundary, &body, &cuts);
    }

    #[test]
    fn changed_forms_are_judged_as_by_a_reader_that_has_the_whole_body(
        form in form(),
        changes in vec(change(), 1..4),
        cuts in cuts(),
    ) {
        let (boundary, body) = form;
        oracle::multipart::agrees(&boundary, &changed(body, &changes), &cuts);
    }

    #[test]
    fn pieces_of_forms_are_judged_as_by_a_reader_that_has_the_whole_body(
        body in form_salad(),
        cuts in cuts(),
    ) {
        oracle::multipart::agrees("b", &body, &cuts);
    }
}
