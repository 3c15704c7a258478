//! Every API of the model server, asked over real sockets.

mod caller;

mod health;
mod life_cycle;
mod limits;
mod open_inference_grpc;
mod open_inference_rest;
mod openai_chat;
mod openai_texts;
mod prediction;
mod program;
mod reflection;
mod tensorflow_serving;
