//! The table as such: what is in the kernel after each change, and after each failure.

use ringlock_net::{
    MissingNetAdmin,
    intercept::{self, InstallError, NftError, RemoveError, Rules, State},
};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

use crate::lab::{INBOUND, Lab, install, is_rerun, rerun, rules, show, skip};

const OTHERS: &str = "
table inet filter {
    set allowed { type ipv4_addr; elements = { 10.77.0.1, 10.77.0.2 }; }
    chain input { type filter hook input priority 0; policy accept;
        ip saddr @allowed tcp dport 7000 counter packets 3 bytes 4 accept comment \"theirs\"
    }
}
table ip nat {
    chain prerouting { type nat hook prerouting priority dstnat; policy accept;
        tcp dport 8080 redirect to :80
    }
}
table inet ringlock2 { chain c { tcp dport 7000 drop; }; }
table ip ringlock { chain c { tcp dport 7000 accept; }; }
";

#[test]
fn other_tables_stay_as_they_are_byte_for_byte() {
    let Some(lab) = Lab::new() else { return };
    lab.a.nft(&["-f", "-"], OTHERS);
    let tables = ["inet filter", "ip nat", "inet ringlock2", "ip ringlock"];
    let others = || tables.map(|table| lab.a.nft(&["-a", "list", "table", table], ""));
    let (before, all) = (others(), lab.a.nft(&["-a", "list", "ruleset"], ""));
    install(&lab.a);
    assert_eq!(others(), before);
    lab.a
        .enter(|| {
            intercept::install(&Rules {
                ports: vec![9],
                ..rules()
            })
        })
        .unwrap();
    assert_eq!(others(), before);
    lab.a.enter(|| intercept::release(&rules())).unwrap();
    assert_eq!(others(), before);
    assert!(lab.a.enter(intercept::remove).unwrap());
    assert_eq!(lab.a.nft(&["-a", "list", "ruleset"], ""), all);
}

#[test]
fn installing_twice_is_installing_once_and_removing_twice_says_so() {
    let Some(lab) = Lab::new() else { return };
    assert_eq!(show(&lab.a), State::Absent);
    assert!(!lab.a.enter(intercept::remove).unwrap());
    assert!(!lab.a.enter(|| intercept::release(&rules())).unwrap());
    install(&lab.a);
    let once = lab.a.nft(&["-a", "list", "ruleset"], "");
    install(&lab.a);
    assert_eq!(lab.a.nft(&["-a", "list", "ruleset"], ""), once);
    let version = env!("CARGO_PKG_VERSION").to_owned();
    assert_eq!(
        show(&lab.a),
        State::Installed {
            rules: rules(),
            version
        }
    );
    assert!(once.contains("comment \"ringlock "), "{once}");
    assert!(lab.a.enter(intercept::remove).unwrap());
    assert!(!lab.a.enter(intercept::remove).unwrap());
    assert_eq!(lab.a.nft(&["list", "ruleset"], ""), "");
}

#[test]
fn one_port_or_many_are_read_back_as_they_were_written() {
    let Some(lab) = Lab::new() else { return };
    for ports in [vec![7000], vec![7000, 7001, 7002], vec![1, 9042, 65535]] {
        let wanted = Rules {
            mark: u32::MAX,
            ports,
            ..rules()
        };
        lab.a.enter(|| intercept::install(&wanted)).unwrap();
        assert!(matches!(show(&lab.a), State::Installed { rules, .. } if rules == wanted));
    }
}

#[test]
fn a_table_that_holds_somebody_elses_rules_is_neither_replaced_nor_removed() {
    let Some(lab) = Lab::new() else { return };
    lab.a.nft(
        &["-f", "-"],
        "table inet ringlock { chain mine { tcp dport 22 accept; }; }",
    );
    let before = lab.a.nft(&["-a", "list", "ruleset"], "");
    assert_eq!(
        show(&lab.a),
        State::Foreign {
            found: "a chain `mine`".into()
        }
    );
    let error = lab.a.enter(|| intercept::install(&rules())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the nftables table `inet ringlock` is not Ringlock's, it holds a chain `mine`; nothing \
         was changed"
    );
    let error = lab.a.enter(intercept::remove).unwrap_err();
    assert!(matches!(error, RemoveError::Foreign { .. }));
    let error = lab.a.enter(|| intercept::release(&rules())).unwrap_err();
    assert!(matches!(error, RemoveError::Foreign { .. }));
    assert_eq!(lab.a.nft(&["-a", "list", "ruleset"], ""), before);
}

#[test]
fn rules_edited_by_hand_are_noticed_and_replaced() {
    let Some(lab) = Lab::new() else { return };
    install(&lab.a);
    lab.a
        .nft(&["flush", "chain", "inet", "ringlock", "guard_output"], "");
    let state = show(&lab.a);
    assert!(matches!(state, State::Altered { .. }), "{state}");
    install(&lab.a);
    assert!(matches!(show(&lab.a), State::Installed { .. }));
}

#[test]
fn rules_that_make_no_sense_leave_what_was_there() {
    let Some(lab) = Lab::new() else { return };
    install(&lab.a);
    let before = lab.a.nft(&["-a", "list", "ruleset"], "");
    let foolish = Rules {
        ports: vec![INBOUND],
        ..rules()
    };
    let error = lab.a.enter(|| intercept::install(&foolish)).unwrap_err();
    assert!(matches!(error, InstallError::Invalid(_)), "{error}");
    assert_eq!(lab.a.nft(&["-a", "list", "ruleset"], ""), before);
}

#[test]
fn without_the_capability_the_error_names_it() {
    let Some(lab) = Lab::new() else { return };
    let error = lab.a.enter(|| {
        let mut sets = capabilities(None).unwrap();
        sets.effective.remove(CapabilitySet::NET_ADMIN);
        set_capabilities(None, sets).unwrap();
        intercept::install(&rules()).unwrap_err()
    });
    assert!(matches!(
        &error,
        InstallError::NotApplied(NftError::NoPrivilege(MissingNetAdmin::NotHeld))
    ));
    let text = error.to_string();
    assert!(
        text.contains("the capability CAP_NET_ADMIN is missing: run as root"),
        "{text}"
    );
    assert_eq!(show(&lab.a), State::Absent);
}

/// A process that is root in a user namespace of its own, but not over this network.
#[test]
fn a_capability_that_does_not_reach_the_network_namespace_is_told_as_such() {
    if is_rerun() {
        println!("{}", intercept::show().unwrap_err());
        return;
    }
    let Some(lab) = Lab::new() else { return };
    let possible = std::process::Command::new("unshare")
        .args(["-Ur", "true"])
        .status();
    if !possible.is_ok_and(|status| status.success()) {
        return skip("user namespaces are switched off here");
    }
    let test = "table::a_capability_that_does_not_reach_the_network_namespace_is_told_as_such";
    let said = lab.a.enter(|| rerun(&["unshare", "-Ur"], test));
    assert!(
        said.contains("the process holds it, but not in the user namespace"),
        "{said}"
    );
}

/// Runs the calling test again with another `nft` in the `PATH`, this shell script; it finds the
/// real one as `$NFT`.
fn rerun_with_nft(script: &str, test: &str) {
    let launcher = format!(
        "export NFT=$(PATH=$PATH:/usr/sbin:/sbin command -v nft); folder=$(mktemp -d)
        trap 'rm -r \"$folder\"' EXIT
        printf '%s\\n' '#!/bin/sh' '{script}' > \"$folder/nft\"; chmod +x \"$folder/nft\"
        PATH=$folder:$PATH \"$0\" \"$@\""
    );
    rerun(&["sh", "-c", &launcher], test);
}

#[test]
fn rules_that_the_kernel_refuses_leave_what_was_there() {
    let other = Rules {
        ports: vec![9],
        ..rules()
    };
    if is_rerun() {
        let error = intercept::install(&other).unwrap_err();
        assert!(
            error.to_string().contains("Could not process rule"),
            "{error}"
        );
        assert!(matches!(
            error,
            InstallError::NotApplied(NftError::Refused { .. })
        ));
        return;
    }
    let Some(lab) = Lab::new() else { return };
    install(&lab.a);
    let before = lab.a.nft(&["-a", "list", "ruleset"], "");
    // The kernel takes no NAT chain of this priority.
    let script = "if [ $2 = -f ]; then sed s/-100/-300/g | $NFT -j -f -; else $NFT \"$@\"; fi";
    let test = "table::rules_that_the_kernel_refuses_leave_what_was_there";
    lab.a.enter(|| rerun_with_nft(script, test));
    assert_eq!(lab.a.nft(&["-a", "list", "ruleset"], ""), before);
}

#[test]
fn rules_that_are_not_in_the_kernel_as_they_were_written_are_removed_again() {
    if is_rerun() {
        let error = intercept::install(&rules()).unwrap_err();
        assert!(
            matches!(error, InstallError::NotAsWritten { .. }),
            "{error}"
        );
        return;
    }
    let Some(lab) = Lab::new() else { return };
    let script =
        "$NFT \"$@\" || exit; [ $2 = -f ] && $NFT flush chain inet ringlock guard_input; exit 0";
    let test = "table::rules_that_are_not_in_the_kernel_as_they_were_written_are_removed_again";
    lab.a.enter(|| rerun_with_nft(script, test));
    assert_eq!(show(&lab.a), State::Absent);
}
