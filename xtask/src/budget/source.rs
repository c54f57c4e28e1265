//! The files that a crate is made of.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use syn::Item;

use super::attributes;

/// One file of production code.
pub(super) struct Source {
    /// The file.
    pub(super) path: PathBuf,
    /// Its items, those for tests included.
    pub(super) file: syn::File,
    /// How many lines it has.
    pub(super) lines: usize,
    /// Whether the modules that it declares but that stand in other files are documented there,
    /// by the line of their declaration.
    pub(super) modules: BTreeMap<usize, bool>,
}

impl Source {
    /// Parses a crate's root and every module below it that is not for tests.
    ///
    /// # Errors
    /// A file cannot be read or parsed, or a declared module has no file.
    pub(super) fn all_below(root: &Path) -> Result<Vec<Self>> {
        let mut found = Vec::new();
        let folder = root.parent().unwrap_or(root);
        collect(root, folder, &mut found)?;
        Ok(found)
    }

    /// A file with nothing below it.
    ///
    /// # Errors
    /// The text is not Rust.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self> {
        let file = syn::parse_file(text)
            .with_context(|| format!("{} cannot be parsed as Rust", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            lines: text.lines().count(),
            modules: BTreeMap::new(),
        })
    }
}

/// Adds the file at `path`, whose modules stand in `folder`; says whether it documents itself.
fn collect(path: &Path, folder: &Path, found: &mut Vec<Source>) -> Result<bool> {
    let mut source = Source::parse(path, &fs_err::read_to_string(path)?)?;
    if attributes::is_for_tests(&source.file.attrs) {
        return Ok(true);
    }
    let documented = attributes::is_documented(&source.file.attrs);
    let mut modules = BTreeMap::new();
    for declared in declared_modules(&source.file.items, folder) {
        let (file, below) = declared.file(path)?;
        modules.insert(declared.line, collect(&file, &below, found)?);
    }
    source.modules = modules;
    found.push(source);
    Ok(documented)
}

/// A module that stands in a file of its own.
struct Declared {
    name: String,
    line: usize,
    /// The folder that its file is looked for in.
    folder: PathBuf,
    /// What `#[path]` says, if it is there.
    path: Option<String>,
}

impl Declared {
    /// The module's file and the folder that its own modules stand in.
    fn file(&self, declared_in: &Path) -> Result<(PathBuf, PathBuf)> {
        let below = self.folder.join(&self.name);
        if let Some(path) = &self.path {
            let beside = declared_in.parent().unwrap_or(declared_in);
            return Ok((beside.join(path), below));
        }
        let candidates = [
            self.folder.join(format!("{}.rs", self.name)),
            below.join("mod.rs"),
        ];
        match candidates.into_iter().find(|candidate| candidate.is_file()) {
            Some(file) => Ok((file, below)),
            None => bail!(
                "{} declares the module {}, which has no file in {}",
                declared_in.display(),
                self.name,
                self.folder.display()
            ),
        }
    }
}

fn declared_modules(items: &[Item], folder: &Path) -> Vec<Declared> {
    let mut found = Vec::new();
    for item in items {
        let Item::Mod(module) = item else { continue };
        if attributes::is_for_tests(&module.attrs) {
            continue;
        }
        let name = module.ident.to_string();
        if let Some((_, items)) = &module.content {
            found.extend(declared_modules(items, &folder.join(&name)));
        } else {
            found.push(Declared {
                line: module.ident.span().start().line,
                folder: folder.to_owned(),
                path: attributes::path(&module.attrs),
                name,
            });
        }
    }
    found
}
