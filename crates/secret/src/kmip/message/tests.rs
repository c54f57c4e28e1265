use super::*;

/// The answer of a server with one item of this status and payload.
fn answer(status: u32, payload: impl FnOnce(Writer) -> Writer) -> Zeroizing<Vec<u8>> {
    Writer::default()
        .structure(RESPONSE_MESSAGE, |message| {
            message.structure(BATCH_ITEM, |item| {
                payload(item.enumeration(RESULT_STATUS, status))
            })
        })
        .finish()
}

/// The answer to Get with this kind of object, holder, format and more of the key block.
fn key(
    kind: u32,
    holder: Tag,
    format: u32,
    block: impl FnOnce(Writer) -> Writer,
) -> Result<ManagedObject, AnswerFault> {
    let bytes = answer(SUCCESS, |item| {
        item.structure(RESPONSE_PAYLOAD, |payload| {
            payload
                .enumeration(OBJECT_TYPE, kind)
                .structure(holder, |object| {
                    object.structure(KEY_BLOCK, |inner| {
                        block(inner.enumeration(KEY_FORMAT_TYPE, format))
                    })
                })
        })
    });
    object(&bytes)
}

#[test]
fn a_request_says_version_1_2_and_how_much_is_read() {
    let bytes = get("02-449");
    let message = ttlv::parse(&bytes).unwrap();
    let header = message.get(REQUEST_HEADER).unwrap();
    let version = header.get(PROTOCOL_VERSION).unwrap();
    assert_eq!(version.integer(PROTOCOL_VERSION_MAJOR), Some(1));
    assert_eq!(version.integer(PROTOCOL_VERSION_MINOR), Some(2));
    assert_eq!(header.integer(MAXIMUM_RESPONSE_SIZE), Some(65536));
    let item = message.get(BATCH_ITEM).unwrap();
    assert_eq!(item.enumeration(OPERATION), Some(GET));
    let payload = item.get(REQUEST_PAYLOAD).unwrap();
    assert_eq!(payload.text(UNIQUE_IDENTIFIER), Some("02-449"));
}

#[test]
fn a_refusal_is_told_in_words_and_on_one_line() {
    let bytes = answer(1, |item| {
        item.enumeration(RESULT_REASON, 0x0C)
            .text(RESULT_MESSAGE, "not\nyours")
    });
    assert_eq!(
        located(&bytes).unwrap_err().to_string(),
        "it refuses: permission denied: notyours"
    );
    let bytes = answer(1, |item| item.enumeration(RESULT_REASON, 0x77));
    let error = located(&bytes).unwrap_err().to_string();
    assert_eq!(error, "it refuses: result reason 0x77");
    assert_eq!(is_answer(&bytes), Ok(()));
}

#[test]
fn an_answer_without_what_it_has_to_have_is_refused() {
    let no_payload = answer(SUCCESS, |item| item);
    let no_status = Writer::default()
        .structure(RESPONSE_MESSAGE, |message| {
            message.structure(BATCH_ITEM, |item| item)
        })
        .finish();
    let request = discover();
    for bytes in [&no_payload, &no_status, &request] {
        assert!(matches!(object(bytes), Err(AnswerFault::Incomplete { .. })));
        assert!(located(bytes).is_err() && parameters(bytes).is_err());
    }
    assert!(is_answer(&request).is_err());
    assert!(matches!(
        key(2, SYMMETRIC_KEY, 1, |block| block),
        Err(AnswerFault::Incomplete {
            what: "key material"
        })
    ));
    assert!(matches!(
        key(2, SECRET_DATA, 1, |block| block),
        Err(AnswerFault::Incomplete { what: "key block" })
    ));
}

#[test]
fn objects_that_cannot_be_used_are_told_by_what_they_are() {
    let certificate = key(1, SYMMETRIC_KEY, 1, |block| block);
    assert_eq!(certificate, Err(AnswerFault::Object { kind: 1 }));
    let wrapped = key(2, SYMMETRIC_KEY, 1, |block| {
        block.structure(KEY_WRAPPING_DATA, |data| data)
    });
    assert_eq!(wrapped, Err(AnswerFault::Wrapped));
    let x509 = key(2, SYMMETRIC_KEY, 5, |block| {
        block.structure(KEY_VALUE, |value| value)
    });
    assert_eq!(x509, Err(AnswerFault::KeyFormat { format: 5 }));
}

#[test]
fn mode_and_padding_are_told_in_javas_words_where_the_server_tells_them() {
    let told = |mode: Option<u32>, padding: Option<u32>| {
        parameters(&answer(SUCCESS, |item| {
            item.structure(RESPONSE_PAYLOAD, |payload| {
                payload.structure(ATTRIBUTE, |attribute| {
                    attribute
                        .text(ATTRIBUTE_NAME, CRYPTOGRAPHIC_PARAMETERS)
                        .structure(ATTRIBUTE_VALUE, |value| {
                            let value = match mode {
                                Some(mode) => value.enumeration(BLOCK_CIPHER_MODE, mode),
                                None => value,
                            };
                            match padding {
                                Some(padding) => value.enumeration(PADDING_METHOD, padding),
                                None => value,
                            }
                        })
                })
            })
        }))
    };
    let both = Parameters {
        mode: Some("CBC"),
        padding: Some("PKCS5Padding"),
    };
    assert_eq!(told(Some(1), Some(3)), Ok(both));
    assert_eq!(told(None, None), Ok(Parameters::default()));
    assert_eq!(told(Some(9), None), Err(AnswerFault::Mode { mode: 9 }));
    assert_eq!(
        told(None, Some(2)),
        Err(AnswerFault::Padding { padding: 2 })
    );
}
