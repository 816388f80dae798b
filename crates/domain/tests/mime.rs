//! E-mails as another library reads them.

use jiff::Timestamp;
use kopru_domain::email::{Attachment, Email, EmailAddress, Envelope, Mailbox};
use mailparse::{DispositionType, MailAddr, MailHeaderMap as _, ParsedMail, addrparse_header, dateparse, parse_mail};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use uuid::Uuid;

/// Words of any script, long ones, and what means something in headers and bodies.
fn words() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        4 => "[a-zA-ZçğıöşüÇĞİÖŞÜ0-9]{1,12}",
        1 => "[\\PC&&[^\\p{Z}]]{1,6}",
        1 => "[👍🎉👩‍💻🇹🇷]{1,4}",
        1 => "[=?_.,;:<>@\"'()\\\\%-]{1,6}",
        1 => "[a-z]{80,120}",
    ];
    vec(word, 1..12).prop_map(|words| words.join(" "))
}

fn text() -> impl Strategy<Value = String> {
    vec(
        prop_oneof![4 => words(), 1 => Just(".".to_owned()), 1 => Just("From me".to_owned()), 1 => Just(String::new())],
        1..6,
    )
    .prop_map(|lines| lines.join("\n"))
}

fn address() -> impl Strategy<Value = EmailAddress> {
    "[a-z][a-z0-9]{0,8}(\\.[a-z0-9]{1,5})?@(example\\.com|çiçek\\.com\\.tr)"
        .prop_map(|text| text.parse().expect("an address"))
}

fn mailbox() -> impl Strategy<Value = Mailbox> {
    (option::of(words()), address()).prop_map(|(name, address)| Mailbox::new(name.as_deref(), address))
}

/// The other library cuts a name at a semicolon, quoted or not.
fn attachment() -> impl Strategy<Value = Attachment> {
    let name = prop_oneof!["[a-zçğıöşüİ0-9 ()',=%&+-]{1,40}\\.pdf", "[\\PC&&[^/\\\\\";\\p{Z}]]{1,20}"];
    let bytes = (prop_oneof![Just("application/pdf"), Just("image/png")], vec(any::<u8>(), 0..300));
    let texts = (prop_oneof![Just("text/csv"), Just("text/html")], text().prop_map(String::into_bytes));
    (name, prop_oneof![bytes, texts])
        .prop_filter_map("a name", |(name, (kind, content))| Attachment::new(&name, Some(kind), content))
}

fn email() -> impl Strategy<Value = Email> {
    let people = (mailbox(), option::of(words()), vec(mailbox(), 0..3), vec(mailbox(), 0..3), vec(mailbox(), 0..2));
    let said = (words(), text(), option::of(text()), vec(attachment(), 0..3), any::<bool>());
    (people, said).prop_map(|((from, to_name, cc, bcc, reply_to), (subject, text, html, attachments, listed))| Email {
        from,
        to_name,
        cc,
        bcc,
        reply_to,
        subject,
        text,
        html,
        attachments,
        tags: Vec::new(),
        unsubscribe: listed.then(|| format!("https://example.com/unsubscribe/{}?a=b", "acme".repeat(30))),
    })
}

fn people(read: &ParsedMail<'_>, header: &str) -> Vec<(Option<String>, String)> {
    let Some(header) = read.headers.get_first_header(header) else { return Vec::new() };
    let all = addrparse_header(header).expect("addresses").into_inner().into_iter();
    let single = |one| if let MailAddr::Single(one) = one { (one.display_name, one.addr) } else { panic!("a group") };
    all.map(single).collect()
}

fn written(mailboxes: &[Mailbox]) -> Vec<(Option<String>, String)> {
    mailboxes.iter().map(|one| (one.name().map(str::to_owned), one.address.to_string())).collect()
}

/// Lines end in CR LF on the way.
fn unix(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// The parts that hold something, in their order.
fn leaves<'a>(read: &'a ParsedMail<'a>) -> Vec<&'a ParsedMail<'a>> {
    read.parts().filter(|part| part.subparts.is_empty()).collect()
}

fn assert_said(email: &Email, read: &ParsedMail<'_>) {
    assert_eq!(read.headers.get_first_value("Subject").as_ref(), Some(&email.subject));
    let leaves = leaves(read);
    let (files, texts): (Vec<_>, Vec<_>) =
        leaves.into_iter().partition(|part| part.get_content_disposition().disposition == DispositionType::Attachment);
    let texts: Vec<_> =
        texts.iter().map(|part| (part.ctype.mimetype.clone(), unix(&part.get_body().expect("a text")))).collect();
    let html = email.html.iter().map(|html| ("text/html".to_owned(), html.clone()));
    assert_eq!(texts, std::iter::once(("text/plain".to_owned(), email.text.clone())).chain(html).collect::<Vec<_>>());
    let files: Vec<_> = files
        .iter()
        .map(|part| (part.get_content_disposition().params["filename"].clone(), part.get_body_raw().expect("a file")))
        .collect();
    let written: Vec<_> =
        email.attachments.iter().map(|file| (file.name().to_owned(), file.content().to_vec())).collect();
    assert_eq!(files, written);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn another_library_reads_what_was_written(email in email(), to in address(), id: u128) {
        let envelope = Envelope { id: Uuid::from_u128(id), to: to.clone(), date: Timestamp::constant(1_795_428_000, 0) };
        let bytes = email.mime(&envelope);
        prop_assert_eq!(&email.mime(&envelope), &bytes, "made again, it is the same");
        prop_assert!(bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= 999), "a line is too long");
        let read = parse_mail(&bytes).unwrap();
        for (header, mailboxes) in [("From", std::slice::from_ref(&email.from)), ("To", &[email.to(&to)]), ("Cc", &email.cc),
            ("Bcc", &email.bcc), ("Reply-To", &email.reply_to)] {
            prop_assert_eq!(people(&read, header), written(mailboxes));
        }
        let message_id = format!("<{}>", email.message_id(envelope.id));
        prop_assert_eq!(read.headers.get_first_value("Message-ID"), Some(message_id));
        let date = read.headers.get_first_value("Date").map(|date| dateparse(&date).unwrap());
        prop_assert_eq!(date, Some(envelope.date.as_second()));
        for (name, value) in email.list_headers() {
            let raw = read.headers.get_first_header(name).map(|header| header.get_value_raw().to_vec()).unwrap();
            let unfolded = String::from_utf8(raw).unwrap().replace("\r\n", "");
            prop_assert_eq!(unfolded.trim(), value);
        }
        assert_said(&email, &read);
    }
}
