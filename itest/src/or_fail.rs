use std::fmt::Display;

/// Ends the test where a step of its preparation does not succeed.
pub trait OrFail<T> {
    /// The value, or a panic that says what was being done and why it failed.
    #[track_caller]
    fn or_fail(self, doing: &str) -> T;
}

impl<T, E: Display> OrFail<T> for Result<T, E> {
    fn or_fail(self, doing: &str) -> T {
        match self {
            Ok(value) => value,
            Err(error) => panic!("{doing}: {error}"),
        }
    }
}

impl<T> OrFail<T> for Option<T> {
    fn or_fail(self, doing: &str) -> T {
        match self {
            Some(value) => value,
            None => panic!("{doing}: nothing came of it"),
        }
    }
}
