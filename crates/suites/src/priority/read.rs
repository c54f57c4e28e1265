//! From the string to lists: the elements in their order, each with what it does.

use super::error::{PriorityError, refused};
use super::keywords::{self, Keyword};
use super::names;
use super::strength::{Level, Profile};
use super::warning::{Warning, WarningKind};
use crate::version::Version;

/// The lists as the string leaves them, before anything is derived from them.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) versions: Vec<Version>,
    pub(super) ciphers: Vec<&'static str>,
    pub(super) macs: Vec<&'static str>,
    pub(super) key_exchanges: Vec<&'static str>,
    pub(super) groups: Vec<&'static str>,
    pub(super) signatures: Vec<&'static str>,
    pub(super) options: Vec<&'static str>,
    pub(super) profile: Profile,
    pub(super) level: Level,
    pub(super) warnings: Vec<Warning>,
}

/// One element of the string, between two colons.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) text: &'a str,
    /// Where it stands, in bytes.
    pub(super) at: usize,
    /// Where GnuTLS says that it stands: blanks that it skips are not counted, and after white
    /// space at the start it always names the start.
    pub(super) told: usize,
    /// Whether it is the first of the string.
    pub(super) is_first: bool,
}

/// GnuTLS looks at so many elements, whatever follows.
const LIMIT: usize = 128;

/// Reads the elements in their order and stops at the first wrong one.
pub(super) fn read(text: &str) -> Result<Reading, PriorityError> {
    let all: Vec<Element<'_>> = elements(text).collect();
    let mut reader = Reader::new(all.first().copied());
    for element in all.iter().take(LIMIT).skip(reader.taken) {
        if !reader.element(*element) {
            return Err(refused(text, *element));
        }
    }
    for element in all.iter().skip(LIMIT) {
        reader.warn(*element, WarningKind::BeyondLimit);
    }
    Ok(reader.reading)
}

fn elements(text: &str) -> impl Iterator<Item = Element<'_>> {
    let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r');
    let trimmed = text.trim_start_matches(is_space);
    let indent = text.len() - trimmed.len();
    let (mut at, mut told) = (indent, 0);
    trimmed.split(':').enumerate().map(move |(index, raw)| {
        let text = if index == 0 {
            raw
        } else {
            raw.trim_start_matches(' ')
        };
        let element = Element {
            text,
            at: at + (raw.len() - text.len()),
            told: if indent == 0 { told } else { 0 },
            is_first: index == 0,
        };
        at += raw.len() + 1;
        told += text.len() + 1;
        element
    })
}

struct Reader<'a> {
    reading: Reading,
    /// How many elements at the start are done with.
    taken: usize,
    /// Whether a keyword without a sign was read: the first replaces the lists, the others add.
    seen_keyword: bool,
    /// Elements whose work the first keyword will undo.
    in_vain: Vec<Element<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit {
    Add,
    Remove,
}

/// What an item did.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Changed,
    /// It was there already, or was not there to be removed.
    Unchanged,
    /// It is accepted and means nothing.
    Ignored,
    /// It took away more than it names.
    EmptiedAll,
    /// There is no such item.
    Unknown,
}

impl<'a> Reader<'a> {
    fn new(first: Option<Element<'a>>) -> Self {
        let from_nothing = first.is_some_and(|first| first.text.eq_ignore_ascii_case("NONE"));
        let unless_none = |all: &[&'static str]| {
            if from_nothing {
                Vec::new()
            } else {
                all.to_vec()
            }
        };
        let reading = Reading {
            versions: if from_nothing {
                Vec::new()
            } else {
                keywords::VERSIONS.to_vec()
            },
            ciphers: Vec::new(),
            macs: Vec::new(),
            key_exchanges: Vec::new(),
            groups: unless_none(keywords::GROUPS),
            signatures: unless_none(keywords::SIGNATURES),
            options: Vec::new(),
            profile: Profile::None,
            level: Level::Unset,
            warnings: Vec::new(),
        };
        Self {
            reading,
            taken: usize::from(from_nothing),
            seen_keyword: from_nothing,
            in_vain: Vec::new(),
        }
    }

    fn warn(&mut self, element: Element<'_>, kind: WarningKind) {
        self.reading
            .warnings
            .push(Warning::of(element.text, element.at, kind));
    }

    /// Whether the element could be understood.
    fn element(&mut self, element: Element<'a>) -> bool {
        if let Some(keyword) = Keyword::find(element.text) {
            self.first_keyword(element, keyword);
            self.keyword(element, keyword);
            true
        } else if let Some(name) = element.text.strip_prefix('+') {
            self.item(element, Edit::Add, name)
        } else if let Some(name) = element.text.strip_prefix(['-', '!']) {
            self.item(element, Edit::Remove, name)
        } else if let Some(name) = element.text.strip_prefix('%') {
            self.option(element, name)
        } else {
            false
        }
    }

    /// Empties the lists that the first keyword without a sign is about to set.
    fn first_keyword(&mut self, element: Element<'_>, keyword: &Keyword) {
        if std::mem::replace(&mut self.seen_keyword, true) {
            return;
        }
        let lists = &mut self.reading;
        lists.ciphers.clear();
        lists.macs.clear();
        lists.key_exchanges.clear();
        lists.groups.clear();
        lists.signatures.clear();
        if keyword.versions.is_some() {
            lists.versions.clear();
        }
        for lost in std::mem::take(&mut self.in_vain) {
            let kind = WarningKind::UndoneBy(element.text.to_owned());
            self.warn(lost, kind);
        }
    }

    fn keyword(&mut self, element: Element<'_>, keyword: &Keyword) {
        let lists = &mut self.reading;
        add(&mut lists.versions, keyword.versions.unwrap_or_default());
        add(&mut lists.ciphers, keyword.ciphers);
        add(&mut lists.macs, keyword.macs);
        add(&mut lists.key_exchanges, keyword.key_exchanges);
        add(&mut lists.groups, keyword.groups);
        add(&mut lists.signatures, keyword.signatures);
        self.lower(element, keyword);
        self.allow_tickets(element);
    }

    /// A keyword lowers what is demanded of peers and never raises it.
    fn lower(&mut self, element: Element<'_>, keyword: &Keyword) {
        let before = self.reading.profile;
        if before == Profile::None || before > keyword.profile {
            self.reading.profile = keyword.profile;
        }
        let level = self.reading.level;
        if level == Level::Unset || level > keyword.level {
            self.reading.level = keyword.level;
        }
        if before > self.reading.profile {
            let kind = WarningKind::LowersProfile {
                from: before,
                to: self.reading.profile,
            };
            self.warn(element, kind);
        }
    }

    /// A keyword brings back the session tickets that an option before it turned off.
    fn allow_tickets(&mut self, element: Element<'_>) {
        let is_about_tickets = |option: &str| option.starts_with("NO_TICKETS");
        let options = &mut self.reading.options;
        if options.iter().any(|option| is_about_tickets(option)) {
            options.retain(|option| !is_about_tickets(option));
            self.warn(element, WarningKind::BringsBackTickets);
        }
    }

    fn option(&mut self, element: Element<'_>, name: &str) -> bool {
        let Some(option) = names::OPTIONS.iter().copied().find(|known| *known == name) else {
            return false;
        };
        if let Some(profile) = Profile::of_option(option) {
            self.reading.profile = profile;
            self.reading.level = profile.level();
        }
        if option == "PROFILE_SUITEB192" {
            self.warn(element, WarningKind::ReadAs("%PROFILE_SUITEB128"));
        }
        if names::OPTIONS_WITHOUT_EFFECT.contains(&option) {
            self.warn(element, WarningKind::Ignored);
        }
        if names::OPTIONS_THAT_WEAKEN.contains(&option) {
            self.warn(element, WarningKind::Weakens);
        }
        add(&mut self.reading.options, &[option]);
        true
    }

    fn item(&mut self, element: Element<'a>, edit: Edit, name: &str) -> bool {
        if edit == Edit::Add
            && let Some(keyword) = Keyword::find(name)
        {
            // Behind a sign, a keyword adds even where it is the first, and does not count as one.
            self.keyword(element, keyword);
            self.may_be_in_vain(element);
            return true;
        }
        let outcome = self.reading.edit(edit, name);
        let kind = match outcome {
            Outcome::Unknown => return false,
            Outcome::Changed => None,
            Outcome::Unchanged if edit == Edit::Add => Some(WarningKind::ThereAlready),
            Outcome::Unchanged => Some(WarningKind::NotThere),
            Outcome::Ignored => Some(WarningKind::Ignored),
            Outcome::EmptiedAll => Some(WarningKind::EmptiesAll),
        };
        if let Some(kind) = kind {
            self.warn(element, kind);
        }
        if let Some(whole) = whole(name).filter(|whole| whole.len() < name.len() && *whole != GOST)
        {
            self.warn(element, WarningKind::ReadAs(whole));
        }
        if names::strip(name, "VERS-").is_none() {
            self.may_be_in_vain(element);
        }
        true
    }

    fn may_be_in_vain(&mut self, element: Element<'a>) {
        if !self.seen_keyword {
            self.in_vain.push(element);
        }
    }
}

/// Names that stand for many items. GnuTLS compares only so much of an item with them and does
/// not look at what follows.
const WHOLES: &[&str] = &[
    "VERS-TLS-ALL",
    "VERS-DTLS-ALL",
    "VERS-ALL",
    "CURVE-ALL",
    "GROUP-ALL",
    "GROUP-DH-ALL",
    "GROUP-EC-ALL",
    "GROUP-GOST-ALL",
    "CTYPE-ALL",
    "CTYPE-CLI-ALL",
    "CTYPE-SRV-ALL",
    "SIGN-ALL",
    "SIGN-GOST-ALL",
    "MAC-ALL",
    "MAC-GOST-ALL",
    "CIPHER-ALL",
    "CIPHER-GOST-ALL",
    "KX-ALL",
    "KX-GOST-ALL",
    GOST,
];
const GOST: &str = "GOST";

fn whole(name: &str) -> Option<&'static str> {
    let is_single =
        names::find(names::MACS, name).is_some() || names::find(names::CIPHERS, name).is_some();
    WHOLES
        .iter()
        .copied()
        .find(|whole| !is_single && names::strip(name, whole).is_some())
}

impl Reading {
    fn edit(&mut self, edit: Edit, name: &str) -> Outcome {
        if let Some(mac) = names::find(names::MACS, name) {
            one(&mut self.macs, edit, mac)
        } else if let Some(cipher) = names::find(names::CIPHERS, name) {
            one(&mut self.ciphers, edit, cipher)
        } else if let Some(key_exchange) = names::find(names::KEY_EXCHANGES, name) {
            one(&mut self.key_exchanges, edit, key_exchange)
        } else if names::find(names::WITHOUT_EFFECT, name).is_some() {
            Outcome::Ignored
        } else if let Some(whole) = whole(name) {
            self.edit_whole(edit, whole)
        } else {
            self.edit_prefixed(edit, name)
        }
    }

    fn edit_prefixed(&mut self, edit: Edit, name: &str) -> Outcome {
        let in_category = |category: &str| names::strip(name, category);
        if let Some(version) = in_category("VERS-") {
            match names::version(version) {
                // The name is known, the protocol is not built in.
                Some(Version::Ssl3) => Outcome::Ignored,
                Some(version) => one(&mut self.versions, edit, version),
                None => Outcome::Unknown,
            }
        } else if let Some(curve) = in_category("CURVE-") {
            let curve = names::CURVES
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(curve));
            self.edit_group(edit, curve.map(|(_, group)| *group))
        } else if let Some(group) = in_category("GROUP-") {
            self.edit_group(edit, names::find(names::GROUPS, group))
        } else if let Some(signature) = in_category("SIGN-") {
            names::find(names::SIGNATURES, signature).map_or(Outcome::Unknown, |signature| {
                one(&mut self.signatures, edit, signature)
            })
        } else if let Some(certificate_type) = in_category("CTYPE-") {
            certificate_type_outcome(certificate_type)
        } else if ["COMP-", "MAC-", "CIPHER-", "KX-"]
            .iter()
            .any(|category| in_category(category).is_some())
        {
            Outcome::Ignored
        } else {
            Outcome::Unknown
        }
    }

    fn edit_group(&mut self, edit: Edit, group: Option<&'static str>) -> Outcome {
        group.map_or(Outcome::Unknown, |group| one(&mut self.groups, edit, group))
    }

    fn edit_whole(&mut self, edit: Edit, whole: &str) -> Outcome {
        use keywords as all;
        let (tls, dtls) = all::VERSIONS.split_at(4);
        match whole {
            "VERS-TLS-ALL" => those(&mut self.versions, edit, tls),
            "VERS-DTLS-ALL" if edit == Edit::Add => those(&mut self.versions, edit, dtls),
            "VERS-DTLS-ALL" => {
                let with_oldest = [Version::Dtls12, Version::Dtls10, Version::Dtls09];
                those(&mut self.versions, edit, &with_oldest)
            }
            "VERS-ALL" => everything(&mut self.versions, edit, all::VERSIONS),
            "CURVE-ALL" | "GROUP-ALL" => everything(&mut self.groups, edit, all::GROUPS),
            "GROUP-DH-ALL" => those(&mut self.groups, edit, all::GROUPS_FIELDS),
            "GROUP-EC-ALL" => those(&mut self.groups, edit, all::GROUPS_CURVES),
            "GROUP-GOST-ALL" => those(&mut self.groups, edit, all::GROUPS_GOST),
            "SIGN-ALL" => everything(&mut self.signatures, edit, all::SIGNATURES),
            "SIGN-GOST-ALL" => gost(&mut self.signatures, edit, all::SIGNATURES_GOST),
            "MAC-ALL" => everything(&mut self.macs, edit, all::MACS),
            "MAC-GOST-ALL" => gost(&mut self.macs, edit, &[all::MAC_GOST]),
            "CIPHER-ALL" => everything(&mut self.ciphers, edit, all::CIPHERS),
            "CIPHER-GOST-ALL" => gost(&mut self.ciphers, edit, &[all::CIPHER_GOST]),
            "KX-ALL" => everything(&mut self.key_exchanges, edit, all::KEY_EXCHANGES),
            "KX-GOST-ALL" => gost(&mut self.key_exchanges, edit, &[all::KEY_EXCHANGE_GOST]),
            GOST => self.edit_gost(edit),
            // Types of certificates, which the databases never change.
            _ => Outcome::Changed,
        }
    }

    fn edit_gost(&mut self, edit: Edit) -> Outcome {
        use keywords as all;
        let groups = those(&mut self.groups, edit, all::GROUPS_GOST);
        let others = [
            gost(&mut self.signatures, edit, all::SIGNATURES_GOST),
            gost(&mut self.macs, edit, &[all::MAC_GOST]),
            gost(&mut self.ciphers, edit, &[all::CIPHER_GOST]),
            gost(&mut self.key_exchanges, edit, &[all::KEY_EXCHANGE_GOST]),
        ];
        if others.contains(&Outcome::EmptiedAll) {
            Outcome::EmptiedAll
        } else if groups == Outcome::Changed || others.contains(&Outcome::Changed) {
            Outcome::Changed
        } else {
            Outcome::Unchanged
        }
    }
}

fn certificate_type_outcome(written: &str) -> Outcome {
    let of_one_side = ["CLI-", "SRV-"]
        .iter()
        .find_map(|side| names::strip(written, side));
    let known = |name| names::find(names::CERTIFICATE_TYPES, name).is_some();
    if known(of_one_side.unwrap_or(written)) {
        Outcome::Changed
    } else if of_one_side.is_none() && names::strip(written, "OPENPGP").is_some() {
        Outcome::Ignored
    } else {
        Outcome::Unknown
    }
}

fn add<T: Copy + PartialEq>(list: &mut Vec<T>, items: &[T]) {
    for item in items {
        if !list.contains(item) {
            list.push(*item);
        }
    }
}

fn one<T: Copy + PartialEq>(list: &mut Vec<T>, edit: Edit, item: T) -> Outcome {
    those(list, edit, &[item])
}

/// Adds or removes what is named, and nothing else.
fn those<T: Copy + PartialEq>(list: &mut Vec<T>, edit: Edit, items: &[T]) -> Outcome {
    let before = list.len();
    match edit {
        Edit::Add => add(list, items),
        Edit::Remove => list.retain(|item| !items.contains(item)),
    }
    if list.len() == before {
        Outcome::Unchanged
    } else {
        Outcome::Changed
    }
}

/// Adds what is named; removes whatever is there.
fn everything<T: Copy + PartialEq>(list: &mut Vec<T>, edit: Edit, items: &[T]) -> Outcome {
    match edit {
        Edit::Add => those(list, edit, items),
        Edit::Remove if list.is_empty() => Outcome::Unchanged,
        Edit::Remove => {
            list.clear();
            Outcome::Changed
        }
    }
}

/// Like [`everything`], for names by which nobody expects that.
fn gost<T: Copy + PartialEq>(list: &mut Vec<T>, edit: Edit, items: &[T]) -> Outcome {
    let takes_others = list.iter().any(|item| !items.contains(item));
    match everything(list, edit, items) {
        Outcome::Changed if edit == Edit::Remove && takes_others => Outcome::EmptiedAll,
        outcome => outcome,
    }
}
