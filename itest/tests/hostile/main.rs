//! What somebody hostile on the network can try against an agent: refused, counted, named in the log,
//! and of no consequence for anybody else. All the while a good link goes on echoing.

mod bytes;
mod certificates;
mod crowd;
mod downgrade;
mod link;
mod path;
mod scene;
