//! Pages of a list (connect language §5.5): which records a client asks for, which calls give
//! them, and the Relay connection made of them. Pure.

mod cursor;
mod pager;
mod window;

pub use cursor::{BadCursor, CursorKey};
pub use pager::{EXACT, Page, PageError};
pub(super) use pager::{Pager, Reply};
pub(super) use window::Window;
