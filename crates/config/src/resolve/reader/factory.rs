//! `ssl_context_factory`: a class with parameters that are text.

use super::Reader;
use crate::{
    dialect::Dialects,
    document::{Entry, Node, Value as Written},
    key_path,
    options::{self, Section},
    resolve::{
        scalar::Unfit,
        secret::Secret,
        setting::{Setting, Value},
        shapes::{Factory, Parameter},
    },
    value::Wrong,
};

const CLASS_NAME: &str = "class_name";
const PARAMETERS: &str = "parameters";

/// A class without parameters.
pub(super) fn bare(class_name: &str) -> Factory {
    Factory {
        class_name: class_name.to_owned(),
        parameters: Vec::new(),
    }
}

impl Reader<'_> {
    /// The factory that `node`, at the dotted path `path`, names.
    pub(super) fn factory(&mut self, node: &Node, path: &str) -> Result<Value, Unfit<Value>> {
        const TAKES_NAME: Dialects = Dialects::C50_ON.and(Dialects::RINGLOCK);
        let expected = "class_name, and parameters if it takes any";
        match &node.value {
            Written::Scalar { text, .. } if TAKES_NAME.contains(self.dialect) => {
                return Ok(Value::Factory(bare(text)));
            }
            Written::Mapping(_) => {}
            _ => return Err(Wrong::new("not a mapping", expected).into()),
        }
        for entry in node.entries() {
            if ![CLASS_NAME, PARAMETERS].contains(&&*entry.key) {
                let at = key_path(path, &entry.key);
                self.refused(entry.at, &at, "unknown-key", "unknown key");
            }
        }
        let Some(class_name) = node.get(CLASS_NAME).and_then(|entry| entry.node.scalar()) else {
            return Err(Wrong::new("class_name is missing", expected).into());
        };
        let mut factory = bare(class_name);
        if let Some(entry) = node.get(PARAMETERS) {
            let is_pem = factory.is_pem();
            let path = key_path(path, PARAMETERS);
            factory.parameters = self.parameters(entry, &path, class_name, is_pem);
        }
        Ok(Value::Factory(factory))
    }

    fn parameters(
        &mut self,
        parameters: &Entry,
        path: &str,
        class_name: &str,
        is_pem: bool,
    ) -> Vec<Parameter> {
        match &parameters.node.value {
            Written::Mapping(_) | Written::Blank => {}
            Written::Scalar { .. } | Written::Sequence(_) => {
                let finding = self
                    .finding(parameters.node.at, path, "bad-value", "not a mapping")
                    .expected("names with their values")
                    .requirement("B-07");
                self.push_refused(finding);
            }
        }
        let mut taken = Vec::new();
        for entry in parameters.node.entries() {
            let at = key_path(path, &entry.key);
            self.judge_parameter(entry, &at, class_name, is_pem);
            match &entry.node.value {
                Written::Scalar { text, .. } => taken.push(Parameter {
                    name: entry.key.clone(),
                    value: Setting {
                        value: Secret::new(text),
                        origin: self.origin(entry.at),
                    },
                }),
                Written::Blank => {}
                Written::Sequence(_) | Written::Mapping(_) => {
                    let finding = self
                        .finding(entry.node.at, &at, "bad-value", "not one value")
                        .expected("one value");
                    self.push_refused(finding);
                }
            }
        }
        taken
    }

    /// No parameter may be called like an option; the PEM factory passes over what it does not
    /// know.
    fn judge_parameter(&mut self, entry: &Entry, path: &str, class_name: &str, is_pem: bool) {
        let key = entry.key.to_ascii_lowercase();
        if options::find(Section::Server, &key).is_some() {
            let message = format!("an option of its own, not a parameter of {class_name}");
            let finding = self
                .finding(entry.at, path, "misplaced-key", &message)
                .hint(format!("write {key} beside ssl_context_factory"))
                .requirement("B-07");
            self.push_refused(finding);
        } else if is_pem && options::find(Section::PemParameters, &entry.key).is_none() {
            let message = format!("unknown parameter, {class_name} passes over it");
            let mut finding = self
                .finding(entry.at, path, "unknown-key", &message)
                .requirement("B-08");
            if let Some(near) = options::near(Section::PemParameters, &entry.key, self.dialect) {
                finding = finding.hint(format!("did you mean \"{}\"?", near.name));
            }
            self.findings.push(finding);
        }
    }
}
