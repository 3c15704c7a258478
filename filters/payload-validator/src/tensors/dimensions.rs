use crate::config::Dimension;
use core::fmt;
use filter_kit::Problems;
use inference_api::tensor::{MAX_RANK, Shape};

/// How long each dimension of a shape may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dimensions(Vec<Length>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Any,
    Exactly(i64),
    Within(i64, i64),
}

impl Dimensions {
    pub(super) fn new(written: &[Dimension], path: &str, problems: &mut Problems) -> Self {
        if written.len() > MAX_RANK {
            let text = format!("has more than {MAX_RANK} dimensions");
            problems.add(format!("{path}.shape"), text);
        }
        let length = |(position, dimension): (usize, &Dimension)| match *dimension {
            Dimension::Length(-1) => Length::Any,
            Dimension::Length(length) if length >= 0 => Length::Exactly(length),
            Dimension::Length(length) => {
                let text = format!("is {length}, must be a length, or -1 for any");
                problems.add(format!("{path}.shape[{position}]"), text);
                Length::Any
            }
            Dimension::Range(bounds) => {
                if bounds.min > bounds.max {
                    let text = format!("is larger than `max`, which is {}", bounds.max);
                    problems.add(format!("{path}.shape[{position}].min"), text);
                }
                Length::Within(bounds.min.into(), bounds.max.into())
            }
        };
        Self(written.iter().enumerate().map(length).collect())
    }

    /// Whether a tensor may have this shape.
    pub(super) fn accept(&self, shape: &Shape) -> bool {
        shape.rank() == self.0.len()
            && self.0.iter().zip(shape.dimensions()).all(|(length, found)| length.accepts(*found))
    }

    /// Whether a tensor that only has a number of elements, and no shape, may have
    /// so many: the dimensions' least and largest products are around it, and the
    /// dimensions that are fixed divide it.
    pub(super) fn accept_elements(&self, elements: u64) -> bool {
        let bounds = self.0.iter().map(Length::bounds);
        let (least, largest) = bounds.fold((1_u64, 1_u64), |(least, largest), (low, high)| {
            (least.saturating_mul(low), largest.saturating_mul(high))
        });
        let fixed = self.0.iter().filter_map(Length::fixed).fold(1_u64, u64::saturating_mul);
        (least..=largest).contains(&elements) && (fixed == 0 || elements.is_multiple_of(fixed))
    }
}

impl Length {
    fn accepts(self, found: i64) -> bool {
        match self {
            Self::Any => found >= 0,
            Self::Exactly(length) => found == length,
            Self::Within(least, largest) => (least..=largest).contains(&found),
        }
    }

    const fn fixed(&self) -> Option<u64> {
        match *self {
            Self::Exactly(length) => Some(length.unsigned_abs()),
            Self::Any | Self::Within(..) => None,
        }
    }

    fn bounds(&self) -> (u64, u64) {
        match *self {
            Self::Any => (0, u64::MAX),
            Self::Exactly(length) => (length.unsigned_abs(), length.unsigned_abs()),
            Self::Within(least, largest) => (least.unsigned_abs(), largest.unsigned_abs()),
        }
    }
}

impl fmt::Display for Dimensions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[")?;
        for (place, length) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            match length {
                Length::Any => write!(out, "{comma}any")?,
                Length::Exactly(length) => write!(out, "{comma}{length}")?,
                Length::Within(least, largest) => write!(out, "{comma}{least} to {largest}")?,
            }
        }
        out.write_str("]")
    }
}
