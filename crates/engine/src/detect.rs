//! What a tab's columns mean.

use kopru_domain::detect::{Detection, SURE, TabSample, detect};
use kopru_domain::{
    CellValue, ColumnMapping, ColumnStyle, CompanyId, EntityKind, FieldMeta, Gid, Mapping, SpreadsheetId,
    SystemColumns, UserId,
};
use kopru_ports::delivery::Urgency;
use kopru_ports::spreadsheets::{Area, FilePage, SpreadsheetInfo, TabRef};
use kopru_ports::tokens::{Service, TokenKey};

use crate::Engine;
use crate::error::{EngineError, Problem};
use crate::tab::{END, headers};

/// So many rows are looked at.
const SAMPLE: u32 = 200;

/// A tab with its proposed mapping.
#[derive(Debug, Clone)]
pub struct DetectedTab {
    /// The spreadsheet's title.
    pub title: String,
    /// The tab's title.
    pub tab: String,
    /// A proposal for each column but Köprü's own.
    pub detection: Detection,
    /// Sample rows, as read.
    pub sample: Vec<Vec<CellValue>>,
}

impl DetectedTab {
    /// The mapping that needs no person: sure and writable proposals.
    #[must_use]
    pub fn mapping(&self) -> Mapping {
        let sure = self.detection.proposals.iter().filter(|proposal| proposal.writable && proposal.confidence >= SURE);
        let column = |proposal: &kopru_domain::detect::Proposal| {
            Some(ColumnMapping {
                column: proposal.column,
                header: proposal.header.clone(),
                target: proposal.field.clone()?,
                style: proposal.style.clone(),
            })
        };
        Mapping { columns: sure.filter_map(column).collect(), title_from: self.detection.title_from.clone() }
    }
}

impl Engine {
    /// A page of the person's spreadsheets.
    pub async fn spreadsheets(
        &self,
        company: &CompanyId,
        user: &UserId,
        name: Option<&str>,
        page: Option<&str>,
    ) -> Result<FilePage, EngineError> {
        Ok(self.ports.sheets.list(&self.connected(company, user).await?, name, page).await?)
    }

    /// A spreadsheet's tabs.
    pub async fn tabs(
        &self,
        company: &CompanyId,
        user: &UserId,
        spreadsheet: &SpreadsheetId,
    ) -> Result<SpreadsheetInfo, EngineError> {
        Ok(self.ports.sheets.describe(&self.connected(company, user).await?, spreadsheet, Urgency::Interactive).await?)
    }

    /// The fields of an entity in the company's portal, with their choices.
    pub async fn fields(&self, company: &CompanyId, entity: EntityKind) -> Result<Vec<FieldMeta>, EngineError> {
        Ok(self.ports.catalog.fields(company, entity, Urgency::Interactive).await?)
    }

    /// Reads a tab's headers and first rows and proposes a mapping to the portal's own fields.
    pub async fn detect_tab(
        &self,
        company: &CompanyId,
        user: &UserId,
        spreadsheet: &SpreadsheetId,
        gid: Gid,
        entity: EntityKind,
    ) -> Result<DetectedTab, EngineError> {
        let info = self.tabs(company, user, spreadsheet).await?;
        let tab = info.tabs.iter().find(|tab| tab.gid == gid).ok_or(EngineError::Invalid(Problem::NoSuchTab))?;
        let reference = TabRef {
            connection: connection(company, user),
            spreadsheet: spreadsheet.clone(),
            gid,
            urgency: Urgency::Interactive,
        };
        let area = Area { rows: 0..tab.rows.min(SAMPLE + 1), columns: 0..END };
        let table = self.ports.sheets.read(&reference, &[area]).await?.into_iter().next().unwrap_or_default();
        let all = headers(table.first());
        let own = all.iter().position(|header| SystemColumns::is_own(header)).unwrap_or(all.len());
        if all[..own].iter().all(String::is_empty) {
            return Err(EngineError::Invalid(Problem::NoHeaders));
        }
        let fields = self.fields(company, entity).await?;
        let style = ColumnStyle::for_locale(&info.locale, &info.time_zone);
        let sample: Vec<Vec<CellValue>> = table.into_iter().skip(1).collect();
        let detection = detect(entity, TabSample { headers: &all[..own], rows: &sample, style: &style }, &fields);
        Ok(DetectedTab { title: info.title.clone(), tab: tab.title.clone(), detection, sample })
    }
}

pub(crate) fn connection(company: &CompanyId, user: &UserId) -> TokenKey {
    TokenKey { company: company.clone(), user: user.clone(), service: Service::GoogleSheets }
}
