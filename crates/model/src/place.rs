use std::fmt;

use serde::{Deserialize, Serialize};

use crate::NodeUri;

/// Where a node stands in its cluster. Names count as they are written, letter by letter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The datacenter as the snitch names it.
    pub datacenter: String,
    /// The rack as the snitch names it.
    pub rack: String,
}

impl Place {
    /// What lies between a node here and a peer there. Racks of the same name in two datacenters
    /// are two racks.
    pub fn crossing(&self, peer: &Self) -> Crossing {
        if self.datacenter != peer.datacenter {
            Crossing::OtherDatacenter
        } else if self.rack != peer.rack {
            Crossing::SameDatacenter
        } else {
            Crossing::SameRack
        }
    }
}

impl From<&NodeUri> for Place {
    fn from(uri: &NodeUri) -> Self {
        Self {
            datacenter: uri.datacenter.clone(),
            rack: uri.rack.clone(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.datacenter, self.rack)
    }
}

/// What is known of a peer's place relative to this node's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Crossing {
    /// The same rack of the same datacenter.
    SameRack,
    /// The same datacenter, another rack.
    SameDatacenter,
    /// Another datacenter.
    OtherDatacenter,
    /// One of the two places is not known, or sources contradict each other.
    Unknown,
}

impl Crossing {
    /// Every value, from the nearest peer to the one that nothing is known of.
    pub const ALL: [Self; 4] = [
        Self::SameRack,
        Self::SameDatacenter,
        Self::OtherDatacenter,
        Self::Unknown,
    ];

    /// The words for tables and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SameRack => "same rack",
            Self::SameDatacenter => "same datacenter",
            Self::OtherDatacenter => "other datacenter",
            Self::Unknown => "unknown place",
        }
    }
}

impl fmt::Display for Crossing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(datacenter: &str, rack: &str) -> Place {
        Place {
            datacenter: datacenter.into(),
            rack: rack.into(),
        }
    }

    #[test]
    fn a_rack_of_the_same_name_in_another_datacenter_is_another_rack() {
        let own = place("dc1", "r1");
        for (peer, crossing) in [
            (place("dc1", "r1"), Crossing::SameRack),
            (place("dc1", "r2"), Crossing::SameDatacenter),
            (place("dc2", "r1"), Crossing::OtherDatacenter),
            (place("DC1", "r1"), Crossing::OtherDatacenter),
        ] {
            assert_eq!(own.crossing(&peer), crossing, "{peer}");
            assert_eq!(peer.crossing(&own), crossing, "{peer}");
        }
    }
}
