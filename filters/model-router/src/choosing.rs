//! Which version a request gets, once it is known what it means.

use crate::catalogue::{Model, Version};
use crate::conditions::Circumstances;
use crate::config::Mode;
use crate::identity::Meant;
use crate::rejection::Rejection;
use crate::split::Caller;
use crate::tenants::Grant;
use filter_kit::Notes;
use log::Level;
use std::borrow::Cow;

/// Where a request goes, and why.
#[derive(Debug)]
pub(crate) struct Choice<'c> {
    pub(crate) model: &'c Model,
    pub(crate) version: &'c Version,
    /// The version's position.
    pub(crate) position: usize,
    pub(crate) reason: Reason<'c>,
}

/// Why a version was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason<'c> {
    /// The request names it.
    Named,
    /// It stands in for the one that the request names.
    Fallback,
    /// A rule of this name.
    Rule(&'c str),
    /// The weights, for a caller who is known and gets the same each time.
    Sticky,
    /// The weights, by chance.
    Weight,
}

impl<'c> Reason<'c> {
    /// What stands in the access log.
    pub(crate) fn word(self) -> Cow<'c, str> {
        match self {
            Self::Named => "named".into(),
            Self::Fallback => "fallback".into(),
            Self::Rule(name) => format!("rule:{name}").into(),
            Self::Sticky => "sticky".into(),
            Self::Weight => "weight".into(),
        }
    }
}

/// Who asks, and under which circumstances.
#[derive(Debug)]
pub(crate) struct Asking {
    pub(crate) caller: Caller,
    /// Why the weights would decide: the caller is known, or it is by chance.
    pub(crate) by_weight: Reason<'static>,
    pub(crate) circumstances: Circumstances,
}

/// The version that the request gets: the one that it names; else that of the
/// first rule that holds; else one by weight.
///
/// # Errors
/// When the tenant may not use it.
pub(crate) fn choose<'c>(
    model: &'c Model,
    meant: Meant,
    asking: &Asking,
    grant: &Grant,
    notes: &mut Notes,
) -> Result<Choice<'c>, Rejection> {
    let allowed = |position: usize| grant.allows(meant.model, position);
    let picked = match meant.version {
        Some(word) => {
            let reason = if word.is_fallback { Reason::Fallback } else { Reason::Named };
            Some((word.version, reason)).filter(|(position, _)| allowed(*position))
        }
        None => by_rule(model, &asking.circumstances, allowed, notes).or_else(|| {
            model.draw(asking.caller, allowed).map(|position| (position, asking.by_weight))
        }),
    };
    let forbidden = || Rejection::Forbidden { model: model.name.clone() };
    let (position, reason) = picked.ok_or_else(forbidden)?;
    let version = model.version(position).ok_or_else(forbidden)?;
    Ok(Choice { model, version, position, reason })
}

/// The version of the first rule that holds and is to be obeyed.
fn by_rule<'c>(
    model: &'c Model,
    circumstances: &Circumstances,
    allowed: impl Fn(usize) -> bool,
    notes: &mut Notes,
) -> Option<(usize, Reason<'c>)> {
    let holds = |rule: &&crate::catalogue::Rule| {
        allowed(rule.version) && rule.conditions.hold(circumstances)
    };
    for rule in model.rules.iter().filter(holds) {
        notes.count(&rule.matched);
        if rule.mode == Mode::Enforce {
            return Some((rule.version, Reason::Rule(&rule.name)));
        }
        let version = model.version(rule.version).map_or("", |version| &version.name);
        let text = format!("{}: rule {} would choose version {version}", model.name, rule.name);
        notes.log(Level::Info, text);
        notes.fact("inference.reported_rule", rule.name.as_str());
    }
    None
}
