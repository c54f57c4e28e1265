//! The table as a transaction for `nft`.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashSet},
};

use nftables::{
    batch::Batch,
    expr::{
        BinaryOperation, CT, Expression, Fib, FibFlag, FibResult, Meta, MetaKey, NamedExpression,
        Payload, PayloadField, SetItem,
    },
    schema::{Chain as NftChain, NfListObject, Nftables, Rule as NftRule, Table as NftTable},
    stmt::{Match, NAT, Operator, Reject, RejectType, Statement},
    types::{NfChainPolicy, NfChainType, NfFamily, NfHook},
};

use super::table::{Chain, Condition, Rule, TABLE, Table, Verdict};

/// Whatever the kernel's table holds is replaced by this. The first `add` makes the
/// `delete` good also where there is no table.
pub(super) fn replacement(table: &Table) -> Nftables<'static> {
    let mut batch = Batch::new();
    batch.add(name());
    batch.delete(name());
    batch.add(name());
    for chain in &table.chains {
        batch.add(NfListObject::Chain(base_chain(*chain)));
    }
    for rule in &table.rules {
        batch.add(NfListObject::Rule(NftRule {
            family: NfFamily::INet,
            table: TABLE.into(),
            chain: rule.chain.name().into(),
            expr: Cow::Owned(statements(rule)),
            comment: Some(rule.comment().into()),
            ..NftRule::default()
        }));
    }
    batch.to_nftables()
}

/// The table goes, and all in it.
pub(super) fn removal() -> Nftables<'static> {
    let mut batch = Batch::new();
    batch.delete(name());
    batch.to_nftables()
}

fn name() -> NfListObject<'static> {
    NfListObject::Table(NftTable {
        family: NfFamily::INet,
        name: TABLE.into(),
        handle: None,
    })
}

fn base_chain(chain: Chain) -> NftChain<'static> {
    NftChain {
        family: NfFamily::INet,
        table: TABLE.into(),
        name: chain.name().into(),
        _type: Some(if chain.is_nat() {
            NfChainType::NAT
        } else {
            NfChainType::Filter
        }),
        hook: Some(match chain {
            Chain::Inbound => NfHook::Prerouting,
            Chain::GuardInput => NfHook::Input,
            Chain::Outbound | Chain::GuardOutput => NfHook::Output,
        }),
        prio: Some(chain.priority()),
        policy: Some(NfChainPolicy::Accept),
        ..NftChain::default()
    }
}

fn statements(rule: &Rule) -> Vec<Statement<'static>> {
    let conditions = rule
        .conditions
        .iter()
        .map(|condition| Statement::Match(condition.into()));
    conditions.chain([verdict(rule.verdict)]).collect()
}

/// Flags are written as numbers: every version of `nft` takes them, while each names sets of flags
/// in its own way.
impl From<&Condition> for Match<'static> {
    fn from(condition: &Condition) -> Self {
        let (left, op, right) = match condition {
            Condition::FromNetwork => (meta(MetaKey::Iif), Operator::NEQ, word("lo")),
            Condition::ToNetwork => (meta(MetaKey::Oif), Operator::NEQ, word("lo")),
            Condition::ToLocalAddress => (destination_type(), Operator::EQ, word("local")),
            Condition::Unmarked(mark) => (
                meta(MetaKey::Mark),
                Operator::NEQ,
                Expression::Number(*mark),
            ),
            Condition::OpensConnection => (
                masked(tcp("flags"), DECISIVE),
                Operator::EQ,
                Expression::Number(SYN),
            ),
            Condition::ToPort(ports) => (tcp("dport"), Operator::EQ, port_set(ports)),
            Condition::Untranslated => (
                masked(tracked_status(), DST_NAT),
                Operator::EQ,
                Expression::Number(0),
            ),
        };
        Self { left, right, op }
    }
}

fn verdict(verdict: Verdict) -> Statement<'static> {
    let to = |port: u16| {
        Some(NAT {
            addr: None,
            family: None,
            port: Some(Expression::Number(port.into())),
            flags: None,
        })
    };
    match verdict {
        Verdict::ToPort(port) => Statement::DNAT(to(port)),
        Verdict::ToLoopback(port) => Statement::Redirect(to(port)),
        Verdict::Reset => Statement::Reject(Some(Reject::new(Some(RejectType::TCPReset), None))),
    }
}

fn word(word: &'static str) -> Expression<'static> {
    Expression::String(word.into())
}

fn meta(key: MetaKey) -> Expression<'static> {
    Expression::Named(NamedExpression::Meta(Meta { key }))
}

fn tcp(field: &'static str) -> Expression<'static> {
    let field = PayloadField {
        protocol: "tcp".into(),
        field: field.into(),
    };
    Expression::Named(NamedExpression::Payload(Payload::PayloadField(field)))
}

fn destination_type() -> Expression<'static> {
    let flags = HashSet::from([FibFlag::Daddr]);
    Expression::Named(NamedExpression::Fib(Fib {
        result: FibResult::Type,
        flags,
    }))
}

fn tracked_status() -> Expression<'static> {
    let key = CT {
        key: "status".into(),
        family: None,
        dir: None,
    };
    Expression::Named(NamedExpression::CT(key))
}

fn masked(value: Expression<'static>, mask: u32) -> Expression<'static> {
    let both = BinaryOperation::AND(value, Expression::Number(mask));
    Expression::BinaryOperation(Box::new(both))
}

fn port_set(ports: &BTreeSet<u16>) -> Expression<'static> {
    let items = ports
        .iter()
        .map(|port| SetItem::Element(Expression::Number((*port).into())));
    Expression::Named(NamedExpression::Set(items.collect()))
}

const SYN: u32 = 0x02;
/// FIN, SYN, RST and ACK.
const DECISIVE: u32 = 0x17;
/// `IPS_DST_NAT` of `linux/netfilter/nf_conntrack_common.h`.
const DST_NAT: u32 = 0x20;
