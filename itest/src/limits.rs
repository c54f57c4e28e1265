use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::OrFail;

/// Lets this process, and the programs that it starts from now on, open as many descriptors as
/// the system allows at all.
pub fn allow_many_descriptors() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let limit = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Nofile, limit).or_fail("raising the limit of descriptors");
}
