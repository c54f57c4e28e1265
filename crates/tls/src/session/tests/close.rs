use super::*;

#[test]
fn either_side_may_end_and_the_other_is_told() {
    for engine in ENGINES {
        for client_ends in [true, false] {
            let Pair { client, server } = &mut Pair::of(engine);
            let (one, other) = match client_ends {
                true => (client, server),
                false => (server, client),
            };
            let farewell = close(one);
            let received = receive(other, &farewell).unwrap();
            assert!(received.ended);
            assert_eq!(received.plaintext, b"");
        }
    }
}

#[test]
fn bytes_before_the_end_are_given_together_with_it() {
    for engine in ENGINES {
        let mut pair = Pair::of(engine);
        let mut records = seal(&mut pair.client, b"the last word");
        records.extend(close(&mut pair.client));
        let received = receive(&mut pair.server, &records).unwrap();
        assert_eq!(received.plaintext, b"the last word");
        assert!(received.ended);
    }
}

#[test]
fn the_opposite_direction_goes_on_after_one_has_ended() {
    for engine in ENGINES {
        let mut pair = Pair::of(engine);
        let farewell = close(&mut pair.client);
        assert!(receive(&mut pair.server, &farewell).unwrap().ended);
        for answer in [&b"still"[..], b"here"] {
            assert_eq!(pass(&mut pair.server, &mut pair.client, answer), answer);
        }
        let farewell = close(&mut pair.server);
        assert!(receive(&mut pair.client, &farewell).unwrap().ended);
    }
}

#[test]
fn both_may_end_at_the_same_time() {
    for engine in ENGINES {
        let mut pair = Pair::of(engine);
        let (from_client, from_server) = (close(&mut pair.client), close(&mut pair.server));
        assert!(receive(&mut pair.client, &from_server).unwrap().ended);
        assert!(receive(&mut pair.server, &from_client).unwrap().ended);
    }
}

#[test]
fn after_both_have_ended_nothing_can_be_sealed() {
    for engine in ENGINES {
        let mut pair = Pair::of(engine);
        let farewell = close(&mut pair.client);
        receive(&mut pair.server, &farewell).unwrap();
        close(&mut pair.server);
        let refused = pair.server.seal(b"too late", &mut [0; sealed_size(8)]);
        assert!(
            matches!(refused, Err(SessionError::NotEstablished)),
            "{refused:?}"
        );
    }
}

#[test]
fn a_connection_that_merely_stops_has_not_ended() {
    for engine in ENGINES {
        let mut pair = Pair::of(engine);
        let records = seal(&mut pair.client, b"all there was");
        assert!(!receive(&mut pair.server, &records).unwrap().ended);
    }
}
