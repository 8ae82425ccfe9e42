//! How a connection ended, in the words of the wire.

/// How a connection ended; the strongest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    Unknown,
    Attempt,
    Blocked,
    Allowed,
}

impl Action {
    pub const ALL: [Action; 4] = [
        Action::Unknown,
        Action::Attempt,
        Action::Blocked,
        Action::Allowed,
    ];

    pub fn parse(word: &str) -> Option<Action> {
        Action::ALL.into_iter().find(|a| a.word() == word)
    }

    pub fn word(self) -> &'static str {
        match self {
            Action::Unknown => "unknown",
            Action::Attempt => "attempt",
            Action::Blocked => "blocked",
            Action::Allowed => "allowed",
        }
    }
}
