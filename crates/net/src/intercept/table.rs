//! What the table holds, apart from how nftables spells it.

use std::collections::BTreeSet;

use super::Rules;

/// The table's name; its family is `inet`.
pub(super) const TABLE: &str = "ringlock";
/// The version that rules are marked with.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The whole table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    /// In the order of [`Chain`].
    pub(super) chains: Vec<Chain>,
    /// In the order of their chains, and within a chain in the order that the kernel goes by.
    pub(super) rules: Vec<Rule>,
}

/// A base chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chain {
    Inbound,
    Outbound,
    GuardInput,
    GuardOutput,
}

/// One rule: all conditions, then the verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) chain: Chain,
    pub(super) conditions: Vec<Condition>,
    pub(super) verdict: Verdict,
}

/// What a packet must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// It came in by another interface than loopback.
    FromNetwork,
    /// It goes out by another interface than loopback.
    ToNetwork,
    /// Its destination is an address of this network namespace.
    ToLocalAddress,
    /// It does not carry this mark.
    Unmarked(u32),
    /// Of FIN, SYN, RST and ACK it has SYN alone.
    OpensConnection,
    /// Its TCP destination port, as it is now.
    ToPort(BTreeSet<u16>),
    /// The destination of its connection was not translated (`IPS_DST_NAT` is not set).
    Untranslated,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The destination port becomes this one, the address stays.
    ToPort(u16),
    /// The destination becomes this port on loopback.
    ToLoopback(u16),
    /// The sender gets a TCP reset.
    Reset,
}

impl Table {
    /// Interception in force.
    pub(super) fn installed(rules: &Rules) -> Self {
        use Condition::{
            FromNetwork, OpensConnection, ToLocalAddress, ToNetwork, ToPort, Unmarked,
        };
        let dialled = ToPort(rules.ports.iter().copied().collect());
        let arriving = [
            FromNetwork,
            ToLocalAddress,
            OpensConnection,
            dialled.clone(),
        ];
        let leaving = [ToNetwork, Unmarked(rules.mark), OpensConnection, dialled];
        let rule = |chain, conditions: &[_], verdict| Rule {
            chain,
            conditions: conditions.to_vec(),
            verdict,
        };
        let to_agent = Verdict::ToPort(rules.inbound_port);
        let to_agent_here = Verdict::ToLoopback(rules.outbound_port);
        Self {
            chains: Chain::ALL.to_vec(),
            rules: vec![
                rule(Chain::Inbound, &arriving, to_agent),
                rule(Chain::Outbound, &leaving, to_agent_here),
                rule(Chain::GuardInput, &arriving, Verdict::Reset),
                Rule::nobody_dials([rules.inbound_port, rules.outbound_port].into()),
                rule(Chain::GuardOutput, &leaving, Verdict::Reset),
            ],
        }
    }

    /// Interception given up, while established connections stay translated.
    ///
    /// The kernel translates as long as there is a NAT chain, and tracks connections as long as
    /// there is a rule that asks what it tracks; the rule that is left does.
    pub(super) fn released(own: BTreeSet<u16>) -> Self {
        Self {
            chains: vec![Chain::Inbound, Chain::Outbound, Chain::GuardInput],
            rules: vec![Rule::nobody_dials(own)],
        }
    }

    /// The only [`Rules`] that [`Table::installed`] can have made this of, if any.
    pub(super) fn as_installed(&self) -> Option<Rules> {
        let verdict = |chain| {
            let mut rules = self.rules.iter();
            rules
                .find(|rule| rule.chain == chain)
                .map(|rule| rule.verdict)
        };
        let Some(Verdict::ToPort(inbound_port)) = verdict(Chain::Inbound) else {
            return None;
        };
        let Some(Verdict::ToLoopback(outbound_port)) = verdict(Chain::Outbound) else {
            return None;
        };
        let mut conditions = self.rules.iter().flat_map(|rule| &rule.conditions);
        let mark = conditions.find_map(|condition| match condition {
            Condition::Unmarked(mark) => Some(*mark),
            _ => None,
        })?;
        let ports = self.first_ports()?.iter().copied().collect();
        let rules = Rules {
            inbound_port,
            outbound_port,
            mark,
            ports,
        };
        (Self::installed(&rules) == *self).then_some(rules)
    }

    /// Whether [`Table::released`] can have made this.
    pub(super) fn is_released(&self) -> bool {
        self.first_ports()
            .is_some_and(|own| Self::released(own.clone()) == *self)
    }

    fn first_ports(&self) -> Option<&BTreeSet<u16>> {
        let mut conditions = self.rules.iter().flat_map(|rule| &rule.conditions);
        conditions.find_map(|condition| match condition {
            Condition::ToPort(ports) => Some(ports),
            _ => None,
        })
    }
}

impl Chain {
    const ALL: [Self; 4] = [
        Self::Inbound,
        Self::Outbound,
        Self::GuardInput,
        Self::GuardOutput,
    ];
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::GuardInput => "guard_input",
            Self::GuardOutput => "guard_output",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|chain| chain.name() == name)
    }

    /// Whether it translates addresses, or only judges.
    pub(super) fn is_nat(self) -> bool {
        matches!(self, Self::Inbound | Self::Outbound)
    }

    /// The hook by its name in nftables.
    pub(super) const fn hook(self) -> &'static str {
        match self {
            Self::Inbound => "prerouting",
            Self::GuardInput => "input",
            Self::Outbound | Self::GuardOutput => "output",
        }
    }

    /// -100 is where nftables puts destination NAT by default, 0 where it puts filters: after it.
    pub(super) fn priority(self) -> i32 {
        if self.is_nat() { -100 } else { 0 }
    }
}

impl Rule {
    /// The agent's own ports are for redirected connections only.
    fn nobody_dials(own: BTreeSet<u16>) -> Self {
        Self {
            chain: Chain::GuardInput,
            conditions: vec![
                Condition::OpensConnection,
                Condition::ToPort(own),
                Condition::Untranslated,
            ],
            verdict: Verdict::Reset,
        }
    }

    /// The comment on the rule in the kernel.
    pub(super) fn comment(&self) -> String {
        let what = match self.verdict {
            Verdict::ToPort(_) => "connections from peers go to the agent",
            Verdict::ToLoopback(_) => "connections of the database go to the agent",
            Verdict::Reset if self.conditions.contains(&Condition::Untranslated) => {
                "nobody dials the agent itself"
            }
            Verdict::Reset => "nothing goes past the agent",
        };
        format!("{MARKER}{VERSION}: {what}")
    }
}

/// The version in a rule's comment, if it is a comment of ours.
pub(super) fn version_of(comment: &str) -> Option<&str> {
    comment
        .strip_prefix(MARKER)?
        .split_once(':')
        .map(|(version, _)| version)
}

const MARKER: &str = "ringlock ";
