//! Whatever happens to writes on their way, sheet and CRM are level in the end.

#![cfg(test)]

use std::collections::BTreeMap;

use kopru_domain::multi::{ContactEdit, ContactEntry, contact_edits, work};
use kopru_domain::row::changes;
use kopru_domain::{Changes, ContactValue, FieldKind, FieldValue, Fields};
use proptest::prelude::*;

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    /// A person edits the text and the phones.
    Edit(u8, Vec<u8>),
    /// A turn: whether the write takes effect, and whether its outcome becomes known.
    Turn { done: bool, known: bool },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0u8..4, proptest::collection::vec(0u8..5, 0..3)).prop_map(|(text, phones)| Step::Edit(text, phones)),
        (any::<bool>(), any::<bool>()).prop_map(|(done, known)| Step::Turn { done, known }),
    ]
}

#[derive(Default)]
struct World {
    desired: Fields,
    acked: Fields,
    open: Changes,
    text: Option<FieldValue>,
    phones: Vec<ContactEntry>,
    ids: u32,
}

impl World {
    fn edit(&mut self, text: u8, phones: &[u8]) {
        let said = if text == 0 { FieldValue::Empty } else { FieldValue::Text(text.to_string()) };
        let mut numbers: Vec<ContactValue> = phones.iter().map(|n| work(format!("+90532000000{n}"))).collect();
        numbers.dedup();
        let numbers = kopru_domain::multi::distinct(FieldKind::Phone, numbers);
        self.desired = BTreeMap::from([("NAME".into(), said), ("PHONE".into(), FieldValue::Contacts(numbers))]);
    }

    fn turn(&mut self, done: bool, known: bool) {
        let sent = changes(&self.desired, &self.acked, &BTreeMap::new(), &self.open);
        if sent.is_empty() {
            return;
        }
        if done {
            self.carry_out(&sent);
        }
        match (done, known) {
            (true, true) => {
                self.acked.extend(sent.into_iter().map(|(code, change)| (code, change.to)));
                self.open.clear();
            }
            // Certainly not done: an attempt before it is still in doubt.
            (false, true) => {}
            (_, false) => self.open = sent,
        }
    }

    fn carry_out(&mut self, sent: &Changes) {
        if let Some(change) = sent.get(&"NAME".into()) {
            self.text = Some(change.to.clone());
        }
        let list =
            |value: &FieldValue| if let FieldValue::Contacts(items) = value { items.clone() } else { Vec::new() };
        if let Some(change) = sent.get(&"PHONE".into()) {
            for edit in contact_edits(FieldKind::Phone, &self.phones, &list(&change.from), &list(&change.to)) {
                self.apply(edit);
            }
        }
    }

    fn apply(&mut self, edit: ContactEdit) {
        match edit {
            ContactEdit::Add(value) => {
                self.ids += 1;
                self.phones.push(ContactEntry { id: self.ids.to_string(), value });
            }
            ContactEdit::Replace { id, value } => {
                self.phones
                    .iter_mut()
                    .filter(|entry| entry.id == id)
                    .for_each(|entry| entry.value.value.clone_from(&value));
            }
            ContactEdit::Remove { id } => self.phones.retain(|entry| entry.id != id),
        }
    }
}

proptest! {
    #[test]
    fn sheet_and_crm_are_level_in_the_end(steps in proptest::collection::vec(step(), 0..30)) {
        let mut world = World::default();
        world.edit(1, &[1]);
        for step in steps {
            match step {
                Step::Edit(text, phones) => world.edit(text, &phones),
                Step::Turn { done, known } => world.turn(done, known),
            }
        }
        world.turn(true, true);
        let text = world.text.clone().unwrap_or(FieldValue::Empty);
        prop_assert_eq!(&text, &world.desired[&"NAME".into()]);
        let mut have: Vec<_> = world.phones.iter().map(|entry| entry.value.value.clone()).collect();
        let FieldValue::Contacts(wanted) = &world.desired[&"PHONE".into()] else { panic!("phones") };
        let mut wanted: Vec<_> = wanted.iter().map(|item| item.value.clone()).collect();
        have.sort();
        wanted.sort();
        prop_assert_eq!(have, wanted);
    }
}
