use super::*;
use filter_kit::{GrpcCode, ReplyKind};

fn request() -> Message {
    Message::request(None)
}

fn forward() -> Verdict {
    Verdict::Forward(Edits::none())
}

fn watch() -> Verdict {
    Verdict::Forward(Edits::none().watch())
}

fn reply() -> Reply {
    Reply {
        kind: ReplyKind::Refusal,
        status: 404,
        grpc: GrpcCode::NotFound,
        headers: Vec::new(),
        body: Vec::new(),
        reason: String::new(),
    }
}

impl Message {
    /// What comes of the headers or the trailers.
    fn told(&mut self, verdict: Verdict, part: Part) -> Deed {
        self.decide(verdict, part).err().unwrap_or_else(|| self.deed())
    }

    /// What comes of a body callback of this size.
    fn given(&mut self, size: usize, verdict: Verdict, part: Part) -> Deed {
        self.arrive(size).unwrap();
        self.decide_up_to(size, verdict, part).err().unwrap_or_else(|| self.deed())
    }

    fn holding(mut self, size: usize) -> Self {
        assert_eq!(self.told(Verdict::Hold, Part::Open), Deed::Pause);
        assert_eq!(self.given(size, Verdict::Hold, Part::Open), Deed::Pause);
        self
    }
}

#[test]
fn a_held_message_shows_each_byte_once() {
    let mut message = request().holding(10);
    assert_eq!(message.arrive(25), Some(Unseen { start: 10, end: 25 }));
    assert_eq!(message.given(25, Verdict::Hold, Part::Open), Deed::Pause);
    assert_eq!(message.arrive(25), Some(Unseen { start: 25, end: 25 }));
}

#[test]
fn headers_of_an_empty_body_go_on_though_its_end_is_watched() {
    let mut message = Message::request(Some(0));
    assert_eq!(message.told(watch(), Part::Open), Deed::Continue);
    assert_eq!(message.given(0, forward(), Part::Last), Deed::Continue);
}

#[test]
fn a_forwarded_message_is_shown_only_to_who_watches() {
    let mut message = request();
    assert_eq!(message.told(forward(), Part::Open), Deed::Continue);
    assert!(!message.shows_body());
    assert_eq!(message.arrive(9), None);

    let mut message = request().holding(4);
    assert_eq!(message.given(4, watch(), Part::Open), Deed::Continue);
    assert_eq!(message.arrive(9), Some(Unseen { start: 0, end: 9 }), "new chunks alone");
    assert_eq!(message.given(9, watch(), Part::Open), Deed::Continue);
    assert_eq!(message.given(9, forward(), Part::Open), Deed::Continue);
    assert!(!message.shows_body(), "it may stop watching");
}

#[test]
fn who_watches_can_still_break_it_off() {
    let mut message = request();
    assert_eq!(message.told(watch(), Part::Open), Deed::Continue);
    assert_eq!(message.given(9, Verdict::Reply(reply()), Part::Open), Deed::Reply(reply()));
    assert!(!message.shows_body());
}

#[test]
fn nothing_is_watched_after_the_end() {
    let mut message = request();
    assert_eq!(message.told(watch(), Part::Last), Deed::Continue);
    assert!(!message.shows_body());
}

#[test]
fn the_last_bytes_that_were_announced_wait_for_the_end() {
    for last in [watch(), forward()] {
        let mut message = Message::request(Some(10));
        assert_eq!(message.told(watch(), Part::Open), Deed::Continue);
        assert_eq!(message.given(6, watch(), Part::Open), Deed::Continue);
        assert_eq!(message.given(4, watch(), Part::Open), Deed::Pause);
        assert_eq!(message.arrive(4), Some(Unseen { start: 4, end: 4 }), "they are held");
        assert_eq!(message.given(4, last, Part::Last), Deed::Continue);
    }
    let mut message = Message::request(Some(10)).holding(6);
    let edits = Edits::none().splice(0..1, "x").watch();
    assert_eq!(message.given(10, Verdict::Forward(edits.clone()), Part::Open), Deed::Pause);
    assert_eq!(
        message.given(10, watch(), Part::Last),
        Deed::Edit { edits, held: 10, then: Then::Continue }
    );
}

#[test]
fn nothing_waits_for_the_end_of_what_is_not_watched() {
    let mut message = Message::request(Some(10)).holding(6);
    assert_eq!(message.given(10, forward(), Part::Open), Deed::Continue);
    let mut message = Message::request(Some(10));
    assert_eq!(message.told(watch(), Part::Open), Deed::Continue);
    assert_eq!(message.given(10, watch(), Part::Open), Deed::Pause);
    assert_eq!(message.given(10, forward(), Part::Open), Deed::Continue, "it stops watching");
}

#[test]
fn edits_are_made_once_while_the_headers_are_here() {
    let edits = Edits::none().set("a", "b").watch();
    let mut message = request();
    let deed = message.told(Verdict::Forward(edits.clone()), Part::Open);
    assert_eq!(deed, Deed::Edit { edits: edits.clone(), held: 0, then: Then::Continue });
    assert_eq!(message.given(5, watch(), Part::Open), Deed::Continue);
    let late = message.given(5, Verdict::Forward(edits), Part::Open);
    assert_eq!(late, Deed::Fault(Fault::EditedTooLate));
}

#[test]
fn a_body_is_edited_only_as_far_as_it_was_shown() {
    let edit = |start, end| Edits::none().splice(start..end, "x");
    let edited = |edits: &Edits, mut message: Message, size| {
        message.given(size, Verdict::Forward(edits.clone()), Part::Open)
    };
    for edits in [edit(0, 10), edit(10, 10), edit(2, 4).splice(4..5, "y").watch()] {
        let deed = edited(&edits, request().holding(4), 10);
        assert_eq!(deed, Deed::Edit { edits, held: 10, then: Then::Continue });
    }
    assert_eq!(
        edited(&edit(0, 0), request(), 0),
        Deed::Edit { edits: edit(0, 0), held: 0, then: Then::Continue }
    );
    assert_eq!(edited(&edit(9, 11), request(), 10), Deed::Fault(Fault::EditedUnseen));
    let twice = edit(2, 4).splice(3..5, "y");
    assert_eq!(edited(&twice, request(), 10), Deed::Fault(Fault::EditedTwice));
    let mut gone = request().holding(10);
    assert_eq!(gone.given(12, watch(), Part::Open), Deed::Continue);
    assert_eq!(edited(&edit(0, 1), gone, 10), Deed::Fault(Fault::EditedTooLate));
}

#[test]
fn without_a_body_there_is_nothing_to_edit() {
    for part in [Part::Open, Part::Last] {
        let edits = Edits::none().splice(0..0, "x");
        let deed = request().told(Verdict::Forward(edits), part);
        assert_eq!(deed, Deed::Fault(Fault::EditedUnseen));
    }
}

#[test]
fn a_response_never_becomes_longer() {
    let edits = |text: &str| Edits::none().splice(0..2, "").splice(5..6, text);
    let decided = |edits| Message::response().given(10, Verdict::Forward(edits), Part::Last);
    assert_eq!(
        decided(edits("abc")),
        Deed::Edit { edits: edits("abc"), held: 10, then: Then::Continue }
    );
    assert_eq!(decided(edits("abcd")), Deed::Fault(Fault::GrewAResponse));
}

#[test]
fn what_comes_in_one_callback_goes_on_together() {
    let pieces = |last: Verdict| {
        let mut message = request();
        message.arrive(20);
        let edits = Edits::none().splice(0..10, "x").watch();
        assert_eq!(message.decide_up_to(10, Verdict::Forward(edits), Part::Open), Ok(()));
        message.decide_up_to(20, last, Part::Open).err().unwrap_or_else(|| message.deed())
    };
    let edits = Edits::none().splice(0..10, "x").watch();
    assert_eq!(pieces(watch()), Deed::Edit { edits, held: 20, then: Then::Continue });
    assert_eq!(pieces(Verdict::Reply(reply())), Deed::Reply(reply()), "none of it went on");
}

#[test]
fn a_verdict_that_would_hang_the_request_is_a_fault() {
    assert_eq!(request().told(Verdict::Hold, Part::Last), Deed::Fault(Fault::HeldAtTheEnd));
    let mut message = request();
    assert_eq!(message.told(watch(), Part::Open), Deed::Continue);
    assert_eq!(message.given(5, Verdict::Hold, Part::Open), Deed::Fault(Fault::HeldTooLate));
    assert!(!message.shows_body());
}

#[test]
fn a_message_without_headers_is_never_shown() {
    assert!(!Message::default().shows_body());
}

#[test]
fn a_request_waits_until_it_is_woken_whatever_comes_of_it() {
    let mut message = request();
    assert_eq!(message.told(Verdict::Wait(Edits::none()), Part::Open), Deed::Pause);
    assert!(message.waits());
    assert_eq!(message.arrive(10), None);
    assert!(!message.shows_trailers());
    assert_eq!(message.told(Verdict::Wait(Edits::none()), Part::Open), Deed::Pause);
    assert_eq!(message.told(forward(), Part::Open), Deed::Continue);
    assert!(!message.waits());
}

#[test]
fn what_waits_is_changed_at_once_and_then_no_more() {
    let mut message = request().holding(10);
    let edits = || Edits::none().set("a", "b").splice(2..3, "x");
    let deed = message.given(10, Verdict::Wait(edits()), Part::Last);
    assert_eq!(deed, Deed::Edit { edits: edits(), held: 10, then: Then::Pause });
    assert_eq!(
        message.told(Verdict::Forward(edits()), Part::Open),
        Deed::Fault(Fault::EditedTooLate)
    );
}

#[test]
fn neither_a_response_nor_what_went_on_can_wait() {
    let wait = || Verdict::Wait(Edits::none());
    assert_eq!(Message::response().told(wait(), Part::Open), Deed::Fault(Fault::ResponseWaits));
    let mut message = request();
    assert_eq!(message.told(watch(), Part::Open), Deed::Continue);
    assert_eq!(message.given(1, wait(), Part::Open), Deed::Fault(Fault::HeldTooLate));
}

#[test]
fn trailers_alone_can_be_watched() {
    let mut message = Message::response();
    let verdict = Verdict::Forward(Edits::none().watch_trailers());
    assert_eq!(message.told(verdict, Part::Open), Deed::Continue);
    assert_eq!(message.arrive(10), None);
    assert!(message.shows_trailers());
    assert_eq!(message.told(forward(), Part::Last), Deed::Continue);
    assert!(!message.shows_trailers());
}

#[test]
fn a_chunk_that_goes_by_can_be_changed_where_it_was_just_shown() {
    let mut message = Message::response();
    assert_eq!(message.told(watch(), Part::Open), Deed::Continue);
    assert_eq!(message.given(10, watch(), Part::Open), Deed::Continue);
    let changed = |range| Verdict::Forward(Edits::none().watch().splice(range, "longer"));
    let Deed::Rewrite { splices, held } = message.given(5, changed(12..13), Part::Open) else {
        panic!("no rewrite");
    };
    assert_eq!((splices[0].range.clone(), held), (2..3, 5), "counted from the chunk's start");
    assert_eq!(
        message.given(5, changed(14..16), Part::Open),
        Deed::Fault(Fault::EditedTooLate),
        "a part of it is gone"
    );
    let mut message = Message::response();
    assert_eq!(message.told(watch(), Part::Open), Deed::Continue);
    assert_eq!(message.given(5, changed(4..6), Part::Open), Deed::Fault(Fault::EditedUnseen));
}

#[test]
fn changes_to_the_pieces_of_a_chunk_are_made_together() {
    let mut message = Message::response();
    assert_eq!(message.told(watch(), Part::Open), Deed::Continue);
    let changed = |range| Verdict::Forward(Edits::none().watch().splice(range, ""));
    assert!(message.arrive(20).is_some());
    assert!(message.decide_up_to(10, changed(8..10), Part::Open).is_ok());
    assert!(message.decide_up_to(20, changed(10..12), Part::Open).is_ok());
    let Deed::Rewrite { splices, held } = message.deed() else { panic!("no rewrite") };
    assert_eq!((splices.len(), held), (2, 20));
}

#[test]
fn a_request_that_goes_by_is_not_changed() {
    let mut message = request();
    assert_eq!(message.told(watch(), Part::Open), Deed::Continue);
    let changed = Verdict::Forward(Edits::none().watch().splice(0..1, ""));
    assert_eq!(message.given(5, changed, Part::Open), Deed::Fault(Fault::EditedTooLate));
}

#[test]
fn trailers_bring_no_chunk_that_could_be_changed() {
    let mut message = Message::response();
    assert_eq!(message.told(watch(), Part::Open), Deed::Continue);
    assert_eq!(message.given(5, watch(), Part::Open), Deed::Continue);
    let kept_back = Verdict::Forward(Edits::none().splice(5..5, "the tail"));
    assert_eq!(message.decide_at_trailers(kept_back), Err(Deed::Fault(Fault::EditedTooLate)));
}

#[test]
fn trailers_are_removed_when_they_are_there_and_not_before() {
    let removing = || Edits::none().remove_trailer("x-end");
    for verdict in [Verdict::Forward(removing()), Verdict::Wait(removing())] {
        let fault = Deed::Fault(Fault::RemovedUnseen);
        assert_eq!(request().told(verdict.clone(), Part::Open), fault);
        assert_eq!(request().given(1, verdict.clone(), Part::Last), fault);
        assert_eq!(request().decide_at_trailers(verdict), Ok(()));
    }
}
