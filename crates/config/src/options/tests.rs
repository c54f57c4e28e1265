use super::*;

#[test]
fn no_key_of_a_mapping_has_two_rows() {
    for section in [
        Section::Top,
        Section::Server,
        Section::Client,
        Section::Alternator,
        Section::PemParameters,
    ] {
        let mut names: Vec<_> = all()
            .filter(|spec| spec.sections.contains(&section))
            .map(|spec| spec.name)
            .collect();
        let rows = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), rows, "{section:?}");
    }
}

#[test]
fn an_old_name_leads_to_a_key_that_the_same_dialect_obeys() {
    for spec in all() {
        for dialect in Dialect::ALL {
            let Support::Renamed(name) = spec.support(dialect) else {
                continue;
            };
            for section in spec.sections {
                let today = find(*section, name).unwrap();
                let support = today.support(dialect);
                // A version before the key itself took it under the old name alone.
                assert!(
                    matches!(support, Support::Taken(_)),
                    "{} in {dialect}: {support:?}",
                    spec.name
                );
            }
        }
    }
}

#[test]
fn every_key_that_holds_a_password_or_a_key_is_secret() {
    for spec in all() {
        let password = spec.name.ends_with("_password") || spec.name.ends_with("private_key");
        assert_eq!(spec.secret, password, "{}", spec.name);
    }
}

#[test]
fn the_nearest_key_is_one_that_the_dialect_knows() {
    let near = |section, key, dialect| near(section, key, dialect).map(|spec| spec.name);
    assert_eq!(
        near(Section::Server, "trustore", Dialect::Cassandra41),
        Some("truststore")
    );
    assert_eq!(
        near(Section::Client, "trustore_password", Dialect::Cassandra311),
        Some("truststore_password")
    );
    assert_eq!(
        near(
            Section::Server,
            "certificate_revocation_list",
            Dialect::Scylla
        ),
        Some("certficate_revocation_list")
    );
    assert_eq!(
        near(Section::Server, "priority_strings", Dialect::Cassandra50),
        None
    );
}

#[test]
fn the_reference_names_every_key_and_no_default_password() {
    let page = reference();
    for spec in all() {
        assert!(
            page.contains(&format!("| `{}` |", spec.name)),
            "{}",
            spec.name
        );
    }
    assert!(!page.contains("`cassandra`"));
    assert!(page.contains(
        "`conf/.keystore` in Cassandra, HCD 1; `resources/dse/conf/.keystore` in DSE; \
         unset in Ringlock"
    ));
}
