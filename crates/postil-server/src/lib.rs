//! The server of Postil.
