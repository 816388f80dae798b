//! What goes wrong on the way to a vendor.

/// What becomes of a vendor's next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The vendor has too much to do: it carries nothing out, and asks for a pause.
    Busy,
    /// The call arrives, the connection breaks, and nothing is carried out.
    LostBefore,
    /// The call is carried out, and the connection breaks before the answer.
    LostAfter,
    /// The call is carried out, and nothing is answered for as long as anybody waits.
    Silence,
}
