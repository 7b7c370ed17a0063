//! The domain of Postil.
