//! Forms (`multipart/form-data`), read as they come.
//!
//! A form that carries a file names its model in a field beside it.
//! [`FieldReader`] catches that field while the body goes by; files pass at the
//! speed of memory.
//!
//! What the gateway reads must be what the model server will read, and those have
//! readers of their own: `python-multipart` (Starlette, so vLLM and what else is
//! written with `FastAPI`), Go's `mime/multipart`, `cpp-httplib` (llama.cpp,
//! whisper.cpp), Netty (`TorchServe`). So what one of them reads in another way than the
//! rest is an error here, though some of it is within the RFCs:
//!
//! | what | who differs |
//! |---|---|
//! | anything before the first boundary | skipped, or an error |
//! | blanks behind a boundary | a boundary to Go and new releases of `python-multipart`, data to old ones |
//! | a boundary with more behind it (`--boundaryX`) | a boundary to the RFC, data to Go and `python-multipart` |
//! | a boundary behind LF or CR alone | a boundary to Netty (LF) and Werkzeug (both), data to the rest |
//! | a boundary right behind a part's headers | a boundary to Go, data to the rest |
//! | lines of headers that end with LF, or are folded | read by Go, an error elsewhere |
//! | `content-disposition` twice | the first or the last one counts |
//! | `name` twice, `name*`, one inside a quoted file name | the first, the last, none; `cpp-httplib` does not see the quotes |
//! | backslashes, percent signs and semicolons in a name | escapes or not |
//! | another charset than UTF-8 | heeded or not |
//! | a transfer encoding, a `multipart/*` inside a part | decoded or not |
//! | a body that ends before its last boundary | an error, or as good as complete |
//!
//! Behind the last boundary none of them reads on, whatever follows. A boundary in
//! the middle of a line is data to all of them, as it is to the RFC.
//!
//! Source: RFC 7578; RFC 2046, section 5.1.1.

mod boundary;
mod error;
mod field;
mod headers;
mod parameters;
mod reader;

pub use boundary::{Boundary, BoundaryError};
pub use error::{MultipartError, MultipartErrorKind};
pub use field::{Field, Found, FoundValue};
pub use reader::{FieldLimits, FieldReader};

#[cfg(test)]
mod tests;
