//! Counts functions, unwraps and lines of one file.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Signature};

use super::attributes;
use super::source::Source;

/// What one file counts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Measure {
    /// Its functions and methods with a body.
    pub(super) functions: Vec<Function>,
    /// The lines that call `unwrap`, `expect` or their counterparts for errors.
    pub(super) unwraps: Vec<usize>,
    /// Its lines, those of tests not counted.
    pub(super) lines: usize,
    /// The longest stretch of tests in the file.
    pub(super) inline_tests: usize,
}

/// One function.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    /// Its name, without its type.
    pub(super) name: String,
    /// The line of its name.
    pub(super) line: usize,
    /// Its lines, from the signature to the closing brace.
    pub(super) lines: usize,
}

impl Measure {
    /// Counts a file.
    pub(super) fn of(source: &Source) -> Self {
        let mut measure = Self {
            lines: source.lines,
            ..Self::default()
        };
        measure.visit_file(&source.file);
        measure
    }

    /// Takes what is for tests out of the count.
    fn leave_out(&mut self, item: &impl Spanned) {
        let lines = lines_of(item);
        self.lines = self.lines.saturating_sub(lines);
        self.inline_tests = self.inline_tests.max(lines);
    }

    fn add_function(&mut self, signature: &Signature, block: &Block) {
        let first = signature.fn_token.span.start().line;
        let last = block.brace_token.span.close().end().line;
        self.functions.push(Function {
            name: signature.ident.to_string(),
            line: signature.ident.span().start().line,
            lines: last + 1 - first,
        });
    }

    /// Finds `.unwrap()` and its like where a macro hides them from the parser.
    fn search(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for window in tokens.windows(3) {
            if let [
                TokenTree::Punct(dot),
                TokenTree::Ident(name),
                TokenTree::Group(call),
            ] = window
                && dot.as_char() == '.'
                && call.delimiter() == Delimiter::Parenthesis
                && unwraps(name)
            {
                self.unwraps.push(name.span().start().line);
            }
        }
        for token in tokens {
            if let TokenTree::Group(group) = token {
                self.search(group.stream());
            }
        }
    }
}

impl<'ast> Visit<'ast> for Measure {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if attributes::is_for_tests(attributes::of_item(item)) {
            self.leave_out(item);
        } else {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        if attributes::is_for_tests(attributes::of_impl_item(item)) {
            self.leave_out(item);
        } else {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast syn::TraitItem) {
        if attributes::is_for_tests(attributes::of_trait_item(item)) {
            self.leave_out(item);
        } else {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.add_function(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.add_function(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.add_function(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if unwraps(&call.method) {
            self.unwraps.push(call.method.span().start().line);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
        self.search(invocation.tokens.clone());
    }
}

fn unwraps(name: &proc_macro2::Ident) -> bool {
    ["unwrap", "expect", "unwrap_err", "expect_err"]
        .iter()
        .any(|one| name == one)
}

fn lines_of(item: &impl Spanned) -> usize {
    let span = item.span();
    span.end().line + 1 - span.start().line
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn measured(text: &str) -> Measure {
        Measure::of(&Source::parse(Path::new("some.rs"), text).unwrap())
    }

    #[test]
    fn a_function_counts_from_its_signature_to_its_brace() {
        let measure = measured(
            "/// Not counted.\n#[inline]\npub fn one(\n    value: u8,\n) -> u8 {\n    value\n}\n\
             trait Some { fn promised(); fn given() { } }\n",
        );
        let function = |name: &str, line, lines| Function {
            name: name.to_owned(),
            line,
            lines,
        };
        assert_eq!(
            measure.functions,
            [function("one", 3, 5), function("given", 8, 1)]
        );
    }

    #[test]
    fn a_function_inside_another_counts_in_both() {
        let measure = measured("fn outer() {\n    fn inner() {\n    }\n}\n");
        let lines: Vec<_> = measure
            .functions
            .iter()
            .map(|function| function.lines)
            .collect();
        assert_eq!(lines, [4, 2]);
    }

    #[test]
    fn tests_count_neither_as_lines_nor_as_functions_nor_as_unwraps() {
        let measure = measured(
            "fn kept() {}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn left_out() {\n        \
             Some(1).unwrap();\n    }\n}\n",
        );
        assert_eq!(measure.lines, 2);
        assert_eq!(measure.inline_tests, 7);
        assert_eq!(measure.functions.len(), 1);
        assert!(measure.unwraps.is_empty());
    }

    #[test]
    fn an_unwrap_is_found_in_code_and_in_macros_but_not_in_text() {
        let measure = measured(
            "fn f() {\n    a.unwrap();\n    say!(\"{}\", [b.expect(\"why\")]);\n    c.unwrap_or(1);\n    \
             d(\".unwrap()\"); // e.unwrap()\n}\n",
        );
        assert_eq!(measure.unwraps, [2, 3]);
    }
}
