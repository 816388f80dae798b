//! Texts with variables from a record: `Sayın {{customer.name}}, teklifiniz hazır.`
//!
//! `{{` opens a variable and `}}` closes it; blanks around its name do no harm. A literal `{{` is written
//! `{{{{`. Single braces, and `}}` where nothing is open, stand for themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use serde::{Deserialize, Serialize};

use super::template_fault::TemplateFault;

/// A text with variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    /// As it was written.
    text: String,
    /// Each variable with the text before it.
    parts: Vec<(String, String)>,
    /// The text after the last variable.
    end: String,
}

impl Template {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Self, TemplateFault> {
        let (mut parts, mut literal, mut rest) = (Vec::new(), String::new(), text);
        while let Some((before, opened)) = rest.split_once("{{") {
            literal.push_str(before);
            if let Some(after) = opened.strip_prefix("{{") {
                literal.push_str("{{");
                rest = after;
            } else if opened.starts_with('{') {
                literal.push('{');
                rest = &rest[before.len() + 1..];
            } else {
                let at = text[..text.len() - opened.len()].chars().count() - 1;
                let (name, after) = opened.split_once("}}").ok_or(TemplateFault::Unclosed { at })?;
                parts.push((mem::take(&mut literal), variable(name, at)?));
                rest = after;
            }
        }
        Ok(Self { text: text.to_owned(), parts, end: literal + rest })
    }

    /// The text as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The variables' names, each once.
    #[must_use]
    pub fn variables(&self) -> BTreeSet<&str> {
        self.parts.iter().map(|(_, name)| name.as_str()).collect()
    }

    /// Whether every variable is one of `known`; [`TemplateFault::Unknown`] names the first that is not.
    pub fn check(&self, known: &BTreeSet<String>) -> Result<(), TemplateFault> {
        let unknown = self.parts.iter().find(|(_, name)| !known.contains(name));
        unknown.map_or(Ok(()), |(_, name)| Err(TemplateFault::Unknown { name: name.clone() }))
    }

    /// The text with `values` in the variables' places. Values go in as they are: braces in them open
    /// nothing. [`TemplateFault::Missing`] names the first variable that has none, or only blanks.
    pub fn fill(&self, values: &BTreeMap<String, String>) -> Result<String, TemplateFault> {
        let mut out = String::new();
        for (before, name) in &self.parts {
            let value = values.get(name).filter(|value| !value.trim().is_empty());
            out.push_str(before);
            out.push_str(value.ok_or_else(|| TemplateFault::Missing { name: name.clone() })?);
        }
        Ok(out + &self.end)
    }
}

impl TryFrom<String> for Template {
    type Error = TemplateFault;
    fn try_from(text: String) -> Result<Self, TemplateFault> {
        Self::parse(&text)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.text
    }
}

/// The name between the braces that open at character `at`: words of letters, digits and `_` with points
/// between them.
fn variable(inside: &str, at: usize) -> Result<String, TemplateFault> {
    let name = inside.trim();
    if name.is_empty() {
        return Err(TemplateFault::EmptyName { at });
    }
    let sound = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_');
    if name.split('.').all(sound) { Ok(name.to_owned()) } else { Err(TemplateFault::BadName { at }) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn filled(text: &str, values: &[(&str, &str)]) -> Result<String, TemplateFault> {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Template::parse(text)?.fill(&values)
    }

    #[rstest]
    #[case("Sayın {{customer.name}}, merhaba", "Sayın Ayşe, merhaba")]
    #[case("{{ customer.name }}{{tutar_2}}", "Ayşe1.250 ₺")]
    #[case("{{müşteri.adı}}", "Ece")]
    #[case("{{{{customer.name}}", "{{customer.name}}")]
    #[case("{{{{{{customer.name}}", "{{Ayşe")]
    #[case("{{{customer.name}}}", "{Ayşe}")]
    #[case("{ } }} { {", "{ } }} { {")]
    fn variables_are_filled(#[case] text: &str, #[case] expected: &str) {
        let values = [("customer.name", "Ayşe"), ("tutar_2", "1.250 ₺"), ("müşteri.adı", "Ece")];
        assert_eq!(filled(text, &values), Ok(expected.to_owned()));
    }

    #[rstest]
    #[case("Şubemiz {{name", TemplateFault::Unclosed { at: 9 })]
    #[case("{{a}} {{", TemplateFault::Unclosed { at: 7 })]
    #[case("{{}}", TemplateFault::EmptyName { at: 1 })]
    #[case("{{a}}{{  }}", TemplateFault::EmptyName { at: 6 })]
    #[case("{{customer name}}", TemplateFault::BadName { at: 1 })]
    #[case("{{customer..name}}", TemplateFault::BadName { at: 1 })]
    #[case("{{.name}}", TemplateFault::BadName { at: 1 })]
    #[case("{{a{{b}}", TemplateFault::BadName { at: 1 })]
    #[case("{{{a-b}}", TemplateFault::BadName { at: 2 })]
    fn faults_say_where(#[case] text: &str, #[case] fault: TemplateFault) {
        assert_eq!(Template::parse(text), Err(fault));
    }

    #[test]
    fn what_is_missing_blank_or_unknown_is_named() {
        let missing = |name: &str| Err(TemplateFault::Missing { name: name.to_owned() });
        assert_eq!(filled("{{a}} {{b}}", &[("a", "1")]), missing("b"));
        assert_eq!(filled("{{a}} {{b}}", &[("a", " \n"), ("b", "2")]), missing("a"));
        let template = Template::parse("{{a}} {{b}} {{a}}").unwrap();
        assert_eq!(template.variables(), BTreeSet::from(["a", "b"]));
        let known = |names: [&str; 2]| template.check(&names.map(str::to_owned).into());
        assert_eq!(known(["a", "b"]), Ok(()));
        assert_eq!(known(["a", "c"]), Err(TemplateFault::Unknown { name: "b".to_owned() }));
    }

    #[test]
    fn a_value_is_never_read_as_a_template() {
        let values = [("a", "{{b}}"), ("b", "secret")];
        assert_eq!(filled("{{a}} {{{{ {{b}}", &values), Ok("{{b}} {{ secret".to_owned()));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|[{}.a ]){0,30}") {
            let _ = Template::parse(&text);
        }

        #[test]
        fn every_text_can_be_written(text in "[{}ab.ş ]{0,20}", value in "[{}a]{1,5}") {
            let literal = text.replace("{{", "{{{{");
            prop_assert_eq!(filled(&literal, &[]), Ok(text.clone()));
            let both = format!("{literal}{{{{a}}}}{literal}");
            prop_assert_eq!(filled(&both, &[("a", &value)]), Ok(format!("{text}{value}{text}")));
        }
    }
}
