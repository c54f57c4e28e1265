//! Finds a library's public items and whether they are documented.

use syn::spanned::Spanned;
use syn::{Attribute, Field, ImplItem, Item, TraitItem, Visibility};

use super::attributes;
use super::source::Source;

/// The public items of one file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Documentation {
    /// How many there are.
    pub(super) public: usize,
    /// The lines of those that say nothing about themselves.
    pub(super) undocumented: Vec<usize>,
}

impl Documentation {
    /// Looks at what a file makes public; `pub(crate)` is not public.
    pub(super) fn of(source: &Source) -> Self {
        let mut documentation = Self::default();
        documentation.items(&source.file.items, source);
        documentation
    }

    fn items(&mut self, items: &[Item], source: &Source) {
        for item in items {
            if !attributes::is_for_tests(attributes::of_item(item)) {
                self.item(item, source);
            }
        }
    }

    fn item(&mut self, item: &Item, source: &Source) {
        match item {
            Item::Const(item) => self.public(&item.vis, &item.attrs, &item.ident),
            Item::Fn(item) => self.public(&item.vis, &item.attrs, &item.sig.ident),
            Item::Static(item) => self.public(&item.vis, &item.attrs, &item.ident),
            Item::Type(item) => self.public(&item.vis, &item.attrs, &item.ident),
            Item::Struct(item) => {
                self.public(&item.vis, &item.attrs, &item.ident);
                self.fields(item.fields.iter());
            }
            Item::Union(item) => {
                self.public(&item.vis, &item.attrs, &item.ident);
                self.fields(item.fields.named.iter());
            }
            Item::Enum(item) => self.enumeration(item),
            Item::Trait(item) => self.interface(item),
            Item::Impl(item) if item.trait_.is_none() => self.methods(item),
            Item::Macro(item) if is_exported(&item.attrs) => self.add(&item.attrs, &item.mac.path),
            Item::Mod(item) => self.module(item, source),
            _ => {}
        }
    }

    fn enumeration(&mut self, item: &syn::ItemEnum) {
        self.public(&item.vis, &item.attrs, &item.ident);
        if is_public(&item.vis) {
            for variant in &item.variants {
                self.add(&variant.attrs, &variant.ident);
            }
        }
    }

    fn interface(&mut self, item: &syn::ItemTrait) {
        self.public(&item.vis, &item.attrs, &item.ident);
        if is_public(&item.vis) {
            for item in &item.items {
                if !matches!(item, TraitItem::Macro(_) | TraitItem::Verbatim(_)) {
                    self.add(attributes::of_trait_item(item), item);
                }
            }
        }
    }

    fn methods(&mut self, block: &syn::ItemImpl) {
        for item in &block.items {
            match item {
                _ if attributes::is_for_tests(attributes::of_impl_item(item)) => {}
                ImplItem::Const(item) => self.public(&item.vis, &item.attrs, &item.ident),
                ImplItem::Fn(item) => self.public(&item.vis, &item.attrs, &item.sig.ident),
                _ => {}
            }
        }
    }

    fn module(&mut self, module: &syn::ItemMod, source: &Source) {
        let line = module.ident.span().start().line;
        if is_public(&module.vis) {
            let inside = source.modules.get(&line).copied().unwrap_or(false);
            self.public += 1;
            if !inside && !attributes::is_documented(&module.attrs) {
                self.undocumented.push(line);
            }
        }
        if let Some((_, items)) = &module.content {
            self.items(items, source);
        }
    }

    fn fields<'a>(&mut self, fields: impl Iterator<Item = &'a Field>) {
        for field in fields.filter(|field| field.ident.is_some()) {
            self.public(&field.vis, &field.attrs, field);
        }
    }

    fn public(&mut self, visibility: &Visibility, attributes: &[Attribute], at: &impl Spanned) {
        if is_public(visibility) {
            self.add(attributes, at);
        }
    }

    fn add(&mut self, attributes: &[Attribute], at: &impl Spanned) {
        self.public += 1;
        if !attributes::is_documented(attributes) {
            self.undocumented.push(at.span().start().line);
        }
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_exported(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("macro_export"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn found(text: &str) -> Documentation {
        Documentation::of(&Source::parse(Path::new("some.rs"), text).unwrap())
    }

    #[test]
    fn every_kind_of_public_item_counts() {
        let documentation = found(
            "/// Said.\npub struct A {\n    pub unsaid: u8,\n    private: u8,\n}\n\
             /// Said.\npub enum B {\n    Unsaid,\n}\n\
             impl A {\n    pub fn unsaid() {}\n    fn private() {}\n}\n\
             /// Said.\npub trait C {\n    fn unsaid();\n}\n\
             pub mod unsaid {}\n",
        );
        assert_eq!(documentation.public, 8);
        assert_eq!(documentation.undocumented, [3, 8, 11, 16, 18]);
    }

    #[test]
    fn what_only_the_crate_or_its_tests_can_name_does_not_count() {
        let documentation = found(
            "pub(crate) fn a() {}\nfn b() {}\n#[cfg(test)]\npub fn c() {}\nimpl Clone for D {}\n",
        );
        assert_eq!(documentation, Documentation::default());
    }

    #[test]
    fn a_module_may_be_documented_in_its_own_file() {
        let mut source = Source::parse(Path::new("lib.rs"), "pub mod a;\npub mod b;\n").unwrap();
        source.modules = [(1, true), (2, false)].into();
        assert_eq!(Documentation::of(&source).undocumented, [2]);
    }
}
