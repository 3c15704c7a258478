//! envoy/recipes/access-log: what is written of a request, and of which requests.

mod members;
mod recipe;
mod sampling;
mod secrecy;
