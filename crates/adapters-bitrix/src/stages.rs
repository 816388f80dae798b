//! Pipelines: each has stages of its own, and a record's stage must be one of its pipeline's
//! ([crm.category.list](https://apidocs.bitrix24.com/api-reference/crm/universal/category/crm-category-list.html)).

use std::collections::BTreeMap;

use kopru_domain::Choice;
use serde_json::Value;

use crate::entity::pipeline_stages;
use crate::wire::id;

/// A pipeline's id.
pub(crate) type Category = String;

/// An entity's pipelines.
#[derive(Debug)]
pub(crate) struct Pipelines {
    entity_type: u32,
    /// Where a record goes that nobody assigned to one.
    pub default: Category,
    /// Their names.
    pub names: Vec<Choice>,
    /// The stages of each.
    stages: BTreeMap<Category, Vec<Choice>>,
}

impl Pipelines {
    /// What `crm.category.list` says; the stages come later.
    pub(crate) fn read(entity_type: u32, answer: &Value) -> Self {
        let listed = answer["categories"].as_array().map(Vec::as_slice).unwrap_or_default();
        let choice = |entry: &Value| {
            let label = entry["name"].as_str()?.to_owned();
            Some(Choice { id: id(&entry["id"])?, label, aliases: Vec::new() })
        };
        let names: Vec<Choice> = listed.iter().filter_map(choice).collect();
        let default = listed.iter().find(|entry| entry["isDefault"] == "Y").and_then(|entry| id(&entry["id"]));
        let default = default.or_else(|| names.first().map(|first| first.id.clone())).unwrap_or_default();
        Self { entity_type, default, names, stages: BTreeMap::new() }
    }

    /// The directories of their stages.
    pub(crate) fn directories(&self) -> impl Iterator<Item = String> {
        self.names.iter().map(|category| pipeline_stages(self.entity_type, &category.id))
    }

    /// Takes the stages from what the directories hold.
    pub(crate) fn take_stages(&mut self, found: &BTreeMap<String, Vec<Choice>>) {
        let stages = self.names.iter().zip(self.directories());
        let of = |(category, directory): (&Choice, String)| Some((category.id.clone(), found.get(&directory)?.clone()));
        self.stages = stages.filter_map(of).collect();
    }

    /// All stages by which a cell may name one: those of the default pipeline, then what the others are
    /// called besides.
    pub(crate) fn choices(&self) -> Vec<Choice> {
        let mut found: Vec<Choice> = self.stages.get(&self.default).cloned().unwrap_or_default();
        for stage in self.stages.values().flatten() {
            if !found.iter().any(|known| known.label == stage.label) {
                found.push(stage.clone());
            }
        }
        found
    }

    /// The stage of `category` that `wanted` means: itself, or the one of the same name. `None` where the
    /// pipeline has none such; one that is not known decides for itself.
    pub(crate) fn stage(&self, category: &str, wanted: &str) -> Option<String> {
        let Some(own) = self.stages.get(category) else { return Some(wanted.to_owned()) };
        if own.iter().any(|stage| stage.id == wanted) {
            return Some(wanted.to_owned());
        }
        let label = &self.stages.values().flatten().find(|stage| stage.id == wanted)?.label;
        own.iter().find(|stage| stage.label == *label).map(|stage| stage.id.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn pipelines() -> Pipelines {
        let answer = json!({ "categories": [
            { "id": 0, "name": "Genel", "sort": 300, "entityTypeId": 2, "isDefault": "Y" },
            { "id": 9, "name": "Bayiler", "sort": 300, "entityTypeId": 2, "isDefault": "N" },
        ] });
        let stage = |(id, label): &(&str, &str)| Choice {
            id: (*id).to_owned(),
            label: (*label).to_owned(),
            aliases: Vec::new(),
        };
        let list = |stages: &[(&str, &str)]| stages.iter().map(stage).collect::<Vec<_>>();
        let stages = [
            ("0".to_owned(), list(&[("NEW", "Yeni"), ("WON", "Kazanıldı")])),
            ("9".to_owned(), list(&[("C9:NEW", "Yeni"), ("C9:UC_KN8KFI", "Keşif")])),
        ];
        Pipelines { stages: stages.into(), ..Pipelines::read(2, &answer) }
    }

    #[test]
    fn a_name_is_offered_once() {
        let found = pipelines();
        let ids: Vec<String> = found.choices().into_iter().map(|stage| stage.id).collect();
        assert_eq!((found.default.as_str(), ids), ("0", ["NEW", "WON", "C9:UC_KN8KFI"].map(str::to_owned).to_vec()));
    }

    #[rstest]
    #[case::its_own("9", "C9:NEW", Some("C9:NEW"))]
    #[case::by_the_name_of_anothers("9", "NEW", Some("C9:NEW"))]
    #[case::which_the_other_has_not("9", "WON", None)]
    #[case::unknown("0", "C7:NEW", None)]
    #[case::a_pipeline_that_is_not_known("12", "C12:NEW", Some("C12:NEW"))]
    fn a_stage_belongs_to_the_records_pipeline(
        #[case] category: &str,
        #[case] wanted: &str,
        #[case] found: Option<&str>,
    ) {
        assert_eq!(pipelines().stage(category, wanted).as_deref(), found);
    }
}
