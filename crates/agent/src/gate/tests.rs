use super::*;

const DEADLINE: Duration = Duration::from_secs(10);
/// A tenth of it.
const PEACE: Duration = Duration::from_secs(1);

fn gate(places: usize) -> Arc<Gate> {
    Arc::new(Gate::new(NonZeroUsize::new(places).unwrap()))
}

fn address(last: u8) -> IpAddr {
    [10, 0, 0, last].into()
}

/// As [`Gate::enter`], but without waiting.
fn enter(gate: &Arc<Gate>, last: u8, now: Instant) -> Result<Option<Place>, Crowded> {
    let turn = gate.try_enter(Source::of(address(last)), PEACE, now)?;
    Ok(match turn {
        Turn::In(number, order) => Some(Place {
            gate: Arc::clone(gate),
            number,
            order,
        }),
        Turn::Wait(_) => None,
    })
}

/// What this place's holder was told.
fn told(place: &mut Place) -> Option<Crowded> {
    place.order.try_recv().ok()
}

#[tokio::test]
async fn a_place_is_free_again_when_it_is_dropped() {
    let gate = gate(1);
    let first = gate.enter(address(1), DEADLINE).await.unwrap();
    let second = tokio::spawn({
        let gate = Arc::clone(&gate);
        async move { gate.enter(address(2), DEADLINE * 100).await.map(drop) }
    });
    tokio::task::yield_now().await;
    assert!(!second.is_finished());
    drop(first);
    second.await.unwrap().unwrap();
    assert!(gate.held().places.is_empty());
    assert!(gate.held().by_source.is_empty());
}

#[test]
fn an_address_that_holds_too_many_loses_its_oldest_to_any_other() {
    let gate = gate(16);
    let now = Instant::now();
    let mut strangers: Vec<_> = (0..16)
        .map(|_| enter(&gate, 66, now).unwrap().unwrap())
        .collect();
    let mut peer = enter(&gate, 1, now).unwrap().unwrap();
    assert_eq!(
        told(&mut strangers[0]).unwrap().to_string(),
        "all 16 places for handshakes are taken, and 16 of them by connections from 10.0.0.66"
    );
    assert!(told(&mut strangers[1]).is_none());
    // What it was told frees no second place.
    drop(strangers.remove(0));
    let mut other = enter(&gate, 2, now).unwrap().unwrap();
    assert!(told(&mut strangers[0]).is_some());
    assert!(told(&mut peer).is_none() && told(&mut other).is_none());
    assert_eq!(gate.held().places.len(), 16);
}

#[test]
fn an_address_that_holds_its_share_is_refused_more_until_its_oldest_has_had_its_time() {
    let gate = gate(16);
    let now = Instant::now();
    let mut strangers: Vec<_> = (0..16)
        .map(|_| enter(&gate, 66, now).unwrap().unwrap())
        .collect();
    let refused = enter(&gate, 66, now).err().unwrap();
    assert!(matches!(refused, Crowded::TooMany { holds: 16, .. }));
    let late = now + PEACE;
    assert!(enter(&gate, 66, late).unwrap().is_some());
    let why = told(&mut strangers[0]).unwrap();
    assert_eq!(
        why.to_string(),
        "all 16 places for handshakes are taken, and this connection had one for 1000ms"
    );
}

#[test]
fn where_nobody_holds_too_many_a_newcomer_waits_until_the_oldest_has_had_its_time() {
    let gate = gate(2);
    let now = Instant::now();
    let mut first = enter(&gate, 1, now).unwrap().unwrap();
    let mut second = enter(&gate, 2, now + PEACE / 2).unwrap().unwrap();
    assert!(enter(&gate, 3, now + PEACE / 2).unwrap().is_none());
    assert!(enter(&gate, 3, now + PEACE).unwrap().is_some());
    assert!(matches!(told(&mut first), Some(Crowded::TooLong { .. })));
    assert!(told(&mut second).is_none());
}

#[test]
fn under_attack_from_everywhere_newcomers_wait_less_and_less_until_peers_prove_themselves() {
    let gate = gate(2);
    let mut now = Instant::now();
    let mut places = vec![
        enter(&gate, 1, now).unwrap().unwrap(),
        enter(&gate, 2, now).unwrap().unwrap(),
    ];
    for number in 3..=12 {
        now += PEACE;
        places.push(enter(&gate, number, now).unwrap().unwrap());
        drop(places.remove(0));
    }
    assert_eq!(gate.held().pressure, MOST_PRESSURE);
    // The older of the two is a second old, the other one is new; then none is as old as that.
    let soon = PEACE / (1 << MOST_PRESSURE);
    let mut newcomer = enter(&gate, 20, now).unwrap().unwrap();
    assert!(enter(&gate, 21, now + soon / 2).unwrap().is_none());
    drop(places.remove(0));
    let proved = enter(&gate, 22, now + soon).unwrap().unwrap();
    assert!(told(&mut newcomer).is_none());
    proved.prove();
    assert_eq!(gate.held().pressure, MOST_PRESSURE - 1);
    // There is room again, so nobody presses.
    let _place = enter(&gate, 23, now + soon).unwrap().unwrap();
    assert_eq!(gate.held().pressure, 0);
}

#[test]
fn nobody_is_hurried_while_some_prove_themselves() {
    let gate = gate(2);
    let mut now = Instant::now();
    let mut places = vec![
        enter(&gate, 1, now).unwrap().unwrap(),
        enter(&gate, 2, now).unwrap().unwrap(),
    ];
    for number in 3..=20 {
        now += PEACE;
        // In the meantime another one has proved itself, whose place somebody took.
        gate.held().ease(now - PEACE / 8);
        places.push(enter(&gate, number, now).unwrap().unwrap());
        drop(places.remove(0));
        assert_eq!(gate.held().pressure, 0);
    }
}

#[test]
fn nobody_is_let_in_while_many_are_still_to_leave() {
    let gate = gate(2);
    let mut now = Instant::now();
    let mut places = Vec::new();
    for number in 1..=4 {
        now += PEACE;
        places.push(enter(&gate, number, now).unwrap().unwrap());
    }
    assert!(enter(&gate, 5, now + PEACE).unwrap().is_none());
    drop(places.remove(0));
    assert!(enter(&gate, 5, now + PEACE).unwrap().is_some());
    drop(places);
    assert_eq!(gate.held().leaving, 0);
}

#[test]
fn a_host_counts_once_whatever_it_calls_itself_in_its_network() {
    let of = |text: &str| Source::of(text.parse().unwrap());
    assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
    assert_eq!(of("fd00:1:2:3::1"), of("fd00:1:2:3:ffff::9"));
    assert_ne!(of("fd00:1:2:3::1"), of("fd00:1:2:4::1"));
    assert_eq!(of("fd00:1:2:3::1").to_string(), "fd00:1:2:3::/64");
}

#[test]
fn the_log_is_told_once_a_second_and_how_much_it_was_not_told() {
    let gate = gate(1);
    let now = Instant::now();
    assert_eq!(gate.may_say(now), Some(0));
    assert_eq!(gate.may_say(now), None);
    assert_eq!(gate.may_say(now + PAUSE / 2), None);
    assert_eq!(gate.may_say(now + PAUSE), Some(2));
}
