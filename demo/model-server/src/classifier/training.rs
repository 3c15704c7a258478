//! Training at start, on seeded examples: a fraction of a second, and no model file to ship.

use smartcore::ensemble::random_forest_regressor::RandomForestRegressorParameters;
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::logistic_regression::{LogisticRegression, LogisticRegressionParameters};

use super::Forest;
use crate::features::FEATURES;

pub(super) const TREES: usize = 100;
const EXAMPLES: usize = 1_000;
const EXAMPLES_SEED: u64 = 42;

/// Of the four features a tree looks at two per split, the usual square root.
const FEATURES_PER_SPLIT: usize = 2;

/// Keeps the slope finite: the examples can be separated without error.
const REGULARISATION: f64 = 0.1;

/// A forest whose trees are regressions on 0 and 1: splitting by variance is splitting by Gini
/// impurity there, and a leaf's mean is the share of its positive examples. (smartcore's classifier
/// answers the majority's class only, no probability.)
pub(super) fn forest(seed: u64) -> Forest {
    let (rows, labels) = examples();
    let parameters = RandomForestRegressorParameters::default()
        .with_n_trees(TREES)
        .with_m(FEATURES_PER_SPLIT)
        .with_seed(seed);
    Forest::fit(&rows, &labels, parameters).expect("there is a label for each row")
}

/// The weights and the bias.
pub(super) fn logistic_regression() -> ([f64; FEATURES], f64) {
    let (rows, labels) = examples();
    let classes: Vec<u32> = labels.iter().map(|&label| u32::from(label > 0.5)).collect();
    let parameters = LogisticRegressionParameters::default().with_alpha(REGULARISATION);
    let model = LogisticRegression::fit(&rows, &classes, parameters).expect("both classes occur");
    let weights = std::array::from_fn(|column| *model.coefficients().get((0, column)));
    (weights, *model.intercept().get((0, 0)))
}

/// Rows of uniform chance in [0, 1), and 1 for each whose first two features add up to more than 1.
fn examples() -> (DenseMatrix<f64>, Vec<f64>) {
    let mut chance = fastrand::Rng::with_seed(EXAMPLES_SEED);
    let rows: Vec<Vec<f64>> =
        (0..EXAMPLES).map(|_| (0..FEATURES).map(|_| chance.f64()).collect()).collect();
    let labels = rows.iter().map(|row| if row[0] + row[1] > 1.0 { 1.0 } else { 0.0 }).collect();
    (DenseMatrix::from_2d_vec(&rows).expect("rows are equally long"), labels)
}
