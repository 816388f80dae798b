//! Who goes next at a limit that companies share.

use std::collections::{BTreeSet, HashMap};

use kopru_domain::CompanyId;
use kopru_ports::delivery::Urgency;

/// A place in a [`Line`]. The least is first: what a person waits for, then whose company had fewer turns,
/// then who came earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket {
    urgency: Urgency,
    turn: u64,
    number: u64,
}

/// A line in which companies take turns, however many callers each has (start-time fair queueing).
#[derive(Debug, Default)]
pub struct Line {
    waiting: BTreeSet<Ticket>,
    /// Each company's next turn.
    turns: HashMap<CompanyId, u64>,
    /// The last turn that was served: a company that comes now does not catch up on turns it did not want.
    turn: u64,
    number: u64,
}

impl Line {
    /// Takes a place.
    pub fn join(&mut self, company: &CompanyId, urgency: Urgency) -> Ticket {
        let next = self.turns.entry(company.clone()).or_default();
        let turn = self.turn.max(*next);
        *next = turn + 1;
        self.number += 1;
        let ticket = Ticket { urgency, turn, number: self.number };
        self.waiting.insert(ticket);
        ticket
    }

    /// Comes back to a place that was left for a while.
    pub fn rejoin(&mut self, ticket: Ticket) {
        self.waiting.insert(ticket);
    }

    /// Whether nobody is before it.
    #[must_use]
    pub fn is_first(&self, ticket: Ticket) -> bool {
        self.waiting.first() == Some(&ticket)
    }

    /// Leaves, served or not.
    pub fn leave(&mut self, ticket: Ticket) {
        if self.waiting.remove(&ticket) && self.waiting.first().is_none_or(|first| *first > ticket) {
            self.turn = self.turn.max(ticket.turn);
        }
        if self.waiting.is_empty() {
            self.turns.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(line: &mut Line, tickets: &[(char, Ticket)]) -> String {
        let mut left = tickets.to_vec();
        let mut order = String::new();
        while let Some(at) = left.iter().position(|(_, ticket)| line.is_first(*ticket)) {
            let (name, ticket) = left.remove(at);
            line.leave(ticket);
            order.push(name);
        }
        order
    }

    #[test]
    fn companies_take_turns_whatever_the_length_of_their_queues() {
        let mut line = Line::default();
        let [a, b] = ["a", "b"].map(|name| name.parse::<CompanyId>().unwrap());
        let mut tickets = vec![];
        tickets.extend((0..5).map(|_| ('a', line.join(&a, Urgency::Bulk))));
        tickets.extend((0..2).map(|_| ('b', line.join(&b, Urgency::Bulk))));
        assert_eq!(served(&mut line, &tickets), "ababaaa");
    }

    #[test]
    fn what_a_person_waits_for_goes_before_all_bulk_work() {
        let mut line = Line::default();
        let a: CompanyId = "a".parse().unwrap();
        let tickets = [Urgency::Bulk, Urgency::Bulk, Urgency::Interactive].map(|urgency| line.join(&a, urgency));
        assert_eq!(served(&mut line, &[('1', tickets[0]), ('2', tickets[1]), ('!', tickets[2])]), "!12");
    }

    #[test]
    fn a_company_that_was_away_does_not_catch_up() {
        let mut line = Line::default();
        let [a, b] = ["a", "b"].map(|name| name.parse::<CompanyId>().unwrap());
        let mut tickets: Vec<_> = (0..9).map(|_| ('a', line.join(&a, Urgency::Bulk))).collect();
        for (_, ticket) in tickets.drain(..6) {
            line.leave(ticket);
        }
        tickets.extend((0..3).map(|_| ('b', line.join(&b, Urgency::Bulk))));
        assert_eq!(served(&mut line, &tickets), "bababa");
    }

    #[test]
    fn who_steps_aside_finds_the_place_again() {
        let mut line = Line::default();
        let a: CompanyId = "a".parse().unwrap();
        let [one, two] = [(); 2].map(|()| line.join(&a, Urgency::Bulk));
        line.leave(one);
        assert!(line.is_first(two));
        line.rejoin(one);
        assert!(line.is_first(one));
    }
}
