//! The predictive model: the probability that `x0 + x1 > 1`, learnt from examples.

mod training;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use smartcore::ensemble::random_forest_regressor::RandomForestRegressor;
use smartcore::linalg::basic::matrix::DenseMatrix;

use crate::features::{FEATURES, Features};

/// Version 2 is the other kind of model, so that callers can tell which one answered.
const LOGISTIC_VERSION: i64 = 2;

/// A trained model. The same version is the same model in every process: training is seeded.
pub(crate) enum Classifier {
    Forest(Forest),
    Logistic { weights: [f64; FEATURES], bias: f64 },
}

/// Trees that each answer the share of positive examples in the leaf that a row falls into; their
/// mean is the probability.
pub(crate) type Forest = RandomForestRegressor<f64, f64, DenseMatrix<f64>, Vec<f64>>;

impl Classifier {
    /// The model of this version, trained on first use and then shared within the process.
    pub(crate) fn for_version(number: i64) -> Arc<Self> {
        static TRAINED: LazyLock<Mutex<HashMap<i64, Arc<Classifier>>>> =
            LazyLock::new(Mutex::default);
        let mut trained = TRAINED.lock().unwrap_or_else(PoisonError::into_inner);
        let classifier = trained.entry(number).or_insert_with(|| Arc::new(Self::train(number)));
        Arc::clone(classifier)
    }

    fn train(number: i64) -> Self {
        if number == LOGISTIC_VERSION {
            let (weights, bias) = training::logistic_regression();
            return Self::Logistic { weights, bias };
        }
        Self::Forest(training::forest(number.unsigned_abs()))
    }

    /// The probability of the positive class for each row, from 0 to 1.
    pub(crate) fn probabilities(&self, rows: &[Features]) -> Vec<f32> {
        match self {
            Self::Forest(_) if rows.is_empty() => Vec::new(),
            Self::Forest(forest) => predict(forest, rows),
            Self::Logistic { weights, bias } => {
                rows.iter().map(|row| logistic(weights, *bias, row)).collect()
            }
        }
    }
}

/// Names the kind of model, for people.
impl fmt::Display for Classifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forest(_) => write!(f, "a random forest of {} trees", training::TREES),
            Self::Logistic { .. } => f.write_str("a logistic regression"),
        }
    }
}

fn predict(forest: &Forest, rows: &[Features]) -> Vec<f32> {
    let rows: Vec<Vec<f64>> = rows.iter().map(|row| row.as_f64().to_vec()).collect();
    let matrix = DenseMatrix::from_2d_vec(&rows).expect("rows are never empty and equally long");
    let means = forest.predict(&matrix).expect("the forest is trained on as many columns");
    means.into_iter().map(|mean| mean.clamp(0.0, 1.0) as f32).collect()
}

fn logistic(weights: &[f64; FEATURES], bias: f64, row: &Features) -> f32 {
    let logit: f64 = weights.iter().zip(row.as_f64()).map(|(weight, x)| weight * x).sum::<f64>();
    (1.0 / (1.0 + (-(logit + bias)).exp())) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(x0: f32, x1: f32) -> Features {
        Features::read("features", &[x0, x1, 0.3, 0.7]).expect("four numbers")
    }

    #[test]
    fn every_version_learnt_the_rule() {
        for version in [1, 2, 3] {
            let classifier = Classifier::for_version(version);
            let probabilities = classifier.probabilities(&[row(0.9, 0.8), row(0.1, 0.2)]);
            assert!(probabilities[0] > 0.9, "v{version}: {probabilities:?}");
            assert!(probabilities[1] < 0.1, "v{version}: {probabilities:?}");
        }
    }

    #[test]
    fn is_right_on_rows_it_has_not_seen() {
        let mut chance = fastrand::Rng::with_seed(99);
        for version in [1, 2] {
            let classifier = Classifier::for_version(version);
            let rows: Vec<_> = (0..500).map(|_| (chance.f32(), chance.f32())).collect();
            let features: Vec<_> = rows.iter().map(|&(x0, x1)| row(x0, x1)).collect();
            let right = classifier
                .probabilities(&features)
                .iter()
                .zip(&rows)
                .filter(|(probability, (x0, x1))| (**probability > 0.5) == (x0 + x1 > 1.0))
                .count();
            assert!(right > 465, "v{version}: right on {right} of 500");
        }
    }

    #[test]
    fn training_twice_gives_the_same_model() {
        let rows: Vec<_> = (0..50).map(|i| row(i as f32 / 50.0, 0.5)).collect();
        let (first, second) = (Classifier::train(1), Classifier::train(1));
        assert_eq!(first.probabilities(&rows), second.probabilities(&rows));
    }

    #[test]
    fn versions_one_and_two_are_different_models() {
        let rows: Vec<_> = (0..50).map(|i| row(i as f32 / 50.0, 0.5)).collect();
        let (one, two) = (Classifier::for_version(1), Classifier::for_version(2));
        assert_ne!(one.probabilities(&rows), two.probabilities(&rows));
    }

    #[test]
    fn no_rows_give_no_probabilities() {
        for version in [1, 2] {
            assert!(Classifier::for_version(version).probabilities(&[]).is_empty());
        }
    }
}
