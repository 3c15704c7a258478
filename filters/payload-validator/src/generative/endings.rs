//! What is decided at the end of a container, a word or a number.

use super::check::Check;
use super::frame::{Container, Frame, pointer};
use super::marks::Marks;
use super::scalar::{MOST_BYTES, Shown};
use super::shape::{
    Clash, Counter, Least, Need, Number, Object, Others, Parameter, Setting, Words,
};
use super::wording;
use crate::rules::Rule;
use crate::violation::{Findings, Violation};

impl Check {
    /// The innermost container ends.
    pub(super) fn close(&mut self, findings: &mut Findings) {
        let Some(frame) = self.frames.pop() else { return };
        match frame.container {
            Container::Array(array) => {
                if array.least == Least::One && frame.begun == 0 {
                    let found = || ("an empty array".to_owned(), "at least 1 element".to_owned());
                    self.add(Rule::FieldValue, findings, found);
                }
            }
            Container::Object(_) if self.frames.is_empty() => self.body = Some(frame.marks),
            Container::Object(object) => {
                let (characters, of) = frame.pending;
                if frame.marks.has_any(of) {
                    self.add_text(characters, findings);
                }
                self.needs(object, frame.marks, findings);
                for clash in object.clashes {
                    self.clash(clash, frame.marks, findings);
                }
                if frame.marks.has_any(Marks::IMAGE) {
                    let excess = self.tally.count(Counter::Images, &self.rules);
                    self.exceeds(excess, findings);
                }
                self.lend(frame.marks.among(object.lent));
            }
        }
    }

    /// The object around takes these marks over.
    fn lend(&mut self, marks: Marks) {
        let is_object = |frame: &&mut Frame| matches!(frame.container, Container::Object(_));
        if !marks.is_none()
            && let Some(around) = self.frames.iter_mut().rev().find(is_object)
        {
            around.marks = around.marks.and(marks);
        }
    }

    pub(super) fn needs(&self, object: &Object, marks: Marks, findings: &mut Findings) {
        for Need { of, any, member, rule } in object.needs {
            if (of.is_none() || marks.has_any(*of)) && !marks.has_any(*any) {
                self.missing(*rule, member, findings);
            }
        }
    }

    /// The object that stands here lacks a member.
    pub(super) fn missing(&self, rule: Rule, member: &str, findings: &mut Findings) {
        findings.add(rule, || {
            let field = format!("{}/{member}", pointer(&self.frames));
            Violation::new(rule, field, "missing or null", "it is required")
        });
    }

    fn clash(&self, clash: &Clash, marks: Marks, findings: &mut Findings) {
        if marks.has_any(clash.these) && marks.has_any(clash.with) {
            findings.add(clash.rule, || {
                let field = format!("{}/{}", pointer(&self.frames), clash.member);
                Violation::new(clash.rule, field, clash.found, clash.allowed)
            });
        }
    }

    /// A role or a type ends.
    pub(super) fn word(&mut self, words: &'static Words, findings: &mut Findings) {
        let text = self.scalar.text();
        let known = words.known.iter().find(|(known, _)| text == Some(*known));
        let roles = self.rules.config.allowed_roles.as_deref();
        let broken = match (words.others, roles) {
            (Others::BreakRole, Some(roles)) => {
                let is_allowed = roles.iter().any(|role| Some(role.as_str()) == text);
                (!is_allowed).then_some(Rule::Role)
            }
            (Others::BreakRole, None) => known.is_none().then_some(Rule::Role),
            (Others::Break(rule), _) => known.is_none().then_some(rule),
            (Others::Pass, _) => None,
        };
        if let Some(rule) = broken {
            self.add(rule, findings, || {
                let allowed = match (words.others, roles) {
                    (Others::BreakRole, Some(roles)) => {
                        wording::either(roles.iter().map(String::as_str))
                    }
                    _ => wording::words(words),
                };
                ("another word".to_owned(), allowed)
            });
        }
        self.mark(known.map_or(Marks::OF_OTHER, |(_, marks)| *marks));
    }

    /// A parameter ends.
    pub(super) fn parameter(&mut self, parameter: &Parameter, findings: &mut Findings) {
        let Some(number) = self.scalar.number() else {
            let most = || format!("a number of at most {MOST_BYTES} bytes");
            self.add(Rule::FieldValue, findings, || ("something else".to_owned(), most()));
            // Whatever a server reads in it may be beyond each limit.
            self.add(Rule::FieldRange, findings, || ("something else".to_owned(), most()));
            if parameter.setting == Some(Setting::Tokens) && self.rules.config.max_tokens.is_some()
            {
                self.add(Rule::MaxTokens, findings, || ("something else".to_owned(), most()));
            }
            return;
        };
        if parameter.number == Number::Integer && number.fract() != 0.0 {
            self.add(Rule::FieldValue, findings, || {
                (Shown(number).to_string(), "an integer".to_owned())
            });
        }
        let (least, most) = self.rules.range(parameter);
        if !(least..=most).contains(&number) {
            self.add(Rule::FieldRange, findings, || {
                let allowed = match most {
                    f64::MAX => format!("at least {least}"),
                    _ => format!("{least} to {most}"),
                };
                (Shown(number).to_string(), allowed)
            });
        }
        if parameter.setting == Some(Setting::Tokens) {
            let excesses = self.tally.ask(number, &self.rules);
            excesses.into_iter().for_each(|excess| self.exceeds(excess, findings));
        }
    }
}
