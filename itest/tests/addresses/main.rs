//! Real nodes that have other addresses than one of IPv4 each: a cluster on IPv6 alone, and one whose
//! nodes dial each other at private addresses within their datacenter.

mod ipv6;
mod private;
mod rows;
