//! Generative requests.
