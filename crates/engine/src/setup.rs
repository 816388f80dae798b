//! Making and activating configurations.

use std::collections::HashSet;

use kopru_domain::{CompanyId, ConfigId, EntityKind, Gid, Language, Mapping, SpreadsheetId, SystemColumns, Target};
use kopru_ports::audit::AuditAction;
use kopru_ports::configs::SyncConfig;
use kopru_ports::delivery::Urgency;
use kopru_ports::seal::SealedPlace;
use kopru_ports::spreadsheets::{Area, NewColumn};
use kopru_ports::{StoreError, StoreErrorKind};
use secrecy::{ExposeSecret, SecretString};

use crate::callers::Caller;
use crate::error::{EngineError, Problem};
use crate::tab::{END, headers};
use crate::{Engine, secrets, work};

/// A wish for a configuration.
#[derive(Debug, Clone)]
pub struct NewConfig {
    /// The file.
    pub spreadsheet: SpreadsheetId,
    /// The tab.
    pub gid: Gid,
    /// The kind of record.
    pub entity: EntityKind,
    /// What people call it; the tab's title where it is empty.
    pub name: String,
    /// Which column feeds what; `None` takes what is detected with certainty.
    pub mapping: Option<Mapping>,
    /// The language of what is written into the sheet.
    pub language: Language,
    /// How long a row has to be quiet before it is sent, in milliseconds.
    pub quiet_ms: u32,
}

/// A configuration with what its sheet's script needs, told once.
#[derive(Debug)]
pub struct Created {
    /// The configuration, not enabled yet.
    pub config: SyncConfig,
    /// The address that the script posts to; holds a key.
    pub webhook_url: SecretString,
    /// The secret that it signs with.
    pub webhook_secret: SecretString,
}

impl Engine {
    /// Makes a configuration, which runs on the Google connection of the caller's person. Nothing is written to sheet or CRM before [`Engine::activate`].
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] where the caller acts for nobody.
    pub async fn create_config(&self, caller: &Caller, wish: NewConfig) -> Result<Created, EngineError> {
        let (company, user) = (&caller.company, caller.user.as_ref().ok_or(EngineError::NotAllowed)?);
        let name = Some(&wish.name).filter(|name| !name.trim().is_empty()).map(|name| named(name)).transpose()?;
        check_quiet(wish.quiet_ms)?;
        let portal = self.ports.catalog.portal(company).await?;
        let detected = self.detect_tab(company, user, &wish.spreadsheet, wish.gid, wish.entity).await?;
        let mapping = match wish.mapping {
            Some(mapping) => mapping,
            None => detected.mapping(),
        };
        self.check_mapping(company, wish.entity, &mapping).await?;
        let (key, secret) = (secrets::token()?, secrets::webhook_secret()?);
        let id = ConfigId(self.ports.ids.next());
        let place = SealedPlace::WebhookSecret(company.clone(), id);
        let config = SyncConfig {
            id,
            sealed_secret: self.ports.sealer.seal(&place.context(), &secret).await?,
            company: company.clone(),
            user: user.clone(),
            name: name.unwrap_or(detected.tab),
            spreadsheet: wish.spreadsheet,
            gid: wish.gid,
            entity: wish.entity,
            portal,
            mapping,
            language: wish.language,
            quiet_ms: wish.quiet_ms,
            enabled: false,
            webhook_key_hash: secrets::hash(&key),
            created: self.ports.clock.now(),
            scan: None,
            restored: None,
            held: false,
        };
        self.record(caller, AuditAction::ConfigCreated, id).await?;
        self.ports.configs.add(&config).await.map_err(already)?;
        let url = format!("{}/api/v1/sheet-sync/webhook?key={}", self.settings.public_url, key.expose_secret());
        Ok(Created { config, webhook_url: url.into(), webhook_secret: secret })
    }

    pub(crate) async fn check_mapping(
        &self,
        company: &CompanyId,
        entity: EntityKind,
        mapping: &Mapping,
    ) -> Result<(), EngineError> {
        let invalid = |problem| Err(EngineError::Invalid(problem));
        if mapping.columns.is_empty() {
            return invalid(Problem::NothingMapped);
        }
        if let Some(field) = mapping.fault() {
            return invalid(Problem::BadValue(field));
        }
        let fields = self.ports.catalog.fields(company, entity, Urgency::Interactive).await?;
        let known = |target: &Target| match target {
            Target::FullName => true,
            Target::Field(code) => fields.iter().any(|field| field.code == *code),
        };
        if !mapping.columns.iter().all(|column| known(&column.target)) {
            return invalid(Problem::NoSuchField);
        }
        let mut seen = HashSet::new();
        if !mapping.columns.iter().all(|column| seen.insert((column.header.trim(), column.column))) {
            return invalid(Problem::DuplicateHeaders);
        }
        Ok(())
    }

    /// Adds Köprü's columns to the tab, follows its edits from now on, and imports its rows. Repeatable.
    pub async fn activate(&self, caller: &Caller, id: ConfigId) -> Result<(), EngineError> {
        let mut config = self.config(caller, id).await?;
        self.record(caller, AuditAction::ConfigActivated, id).await?;
        self.add_system_columns(&config).await?;
        config.enabled = true;
        self.ports.configs.update(&config).await?;
        self.scan(&config).await
    }

    pub(crate) async fn add_system_columns(&self, config: &SyncConfig) -> Result<(), EngineError> {
        let tab = config.tab(Urgency::Interactive);
        let area = Area { rows: 0..1, columns: 0..END };
        let tables = self.ports.sheets.read(&tab, &[area]).await?;
        let present = headers(tables.first().and_then(|table| table.first()));
        if SystemColumns::find(&present).is_some() {
            return Ok(());
        }
        let has_ids = present.iter().any(|header| header == SystemColumns::headers(config.language)[2]);
        if !has_ids && self.ports.sync.summary(&config.company, config.id).await?.rows > 0 {
            return Err(EngineError::Invalid(Problem::RowIdsGone));
        }
        let first = self.first_free_column(config, u32::try_from(present.len()).unwrap_or(END)).await?;
        let missing = SystemColumns::headers(config.language)
            .into_iter()
            .filter(|header| !present.iter().any(|found| found == header));
        let columns: Vec<NewColumn> = (first..)
            .zip(missing)
            .map(|(column, header)| NewColumn {
                column,
                header: header.to_owned(),
                hidden: header == SystemColumns::headers(config.language)[2],
            })
            .collect();
        Ok(self.ports.sheets.add_columns(&tab, &columns).await?)
    }

    /// The first column right of the headers in which no cell says anything.
    async fn first_free_column(&self, config: &SyncConfig, headers: u32) -> Result<u32, EngineError> {
        let info = self.ports.sheets.describe(&config.connection(), &config.spreadsheet, Urgency::Interactive).await?;
        let grid = info.tabs.iter().find(|tab| tab.gid == config.gid).map_or(0, |tab| tab.columns);
        if grid <= headers {
            return Ok(headers);
        }
        let right = Area { rows: 0..END, columns: headers..END };
        let tables = self.ports.sheets.read(&config.tab(Urgency::Interactive), &[right]).await?;
        let widest = tables.first().into_iter().flatten().map(Vec::len).max().unwrap_or(0);
        Ok(headers + u32::try_from(widest).unwrap_or(0))
    }

    /// Reads the whole tab and repairs what events missed.
    pub async fn reconcile(&self, caller: &Caller, id: ConfigId) -> Result<(), EngineError> {
        let config = self.config(caller, id).await?;
        self.scan(&config).await
    }

    pub(crate) async fn scan(&self, config: &SyncConfig) -> Result<(), EngineError> {
        let now = self.ports.clock.now();
        // Events that came while the configuration was paused are taken up too.
        let status = work::status(config, Urgency::Bulk, now);
        self.ports.delivery.enqueue(vec![work::scan(config, now), work::events(config, now), status]).await?;
        self.waker.wake();
        Ok(())
    }

    /// One of the configurations that the caller reaches.
    ///
    /// # Errors
    /// [`EngineError::NotFound`], also for a colleague's.
    pub async fn config(&self, caller: &Caller, id: ConfigId) -> Result<SyncConfig, EngineError> {
        let found = self.ports.configs.get(&caller.company, id).await?;
        found.filter(|config| caller.reaches(Some(&config.user))).ok_or(EngineError::NotFound("configuration"))
    }

    /// All of the company's configurations.
    pub(crate) async fn all_configs(&self, company: &CompanyId) -> Result<Vec<SyncConfig>, EngineError> {
        let mut all: Vec<SyncConfig> = Vec::new();
        loop {
            let page = self.ports.configs.list(company, all.last().map(|last| last.id), 100).await?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }
}

/// Names are for people: one line of a list.
pub(crate) fn named(name: &str) -> Result<String, EngineError> {
    let name = name.trim();
    let fits = (1..=200).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits { Ok(name.to_owned()) } else { Err(EngineError::Invalid(Problem::BadValue("name"))) }
}

/// Nobody waits longer for an edit.
pub(crate) fn check_quiet(quiet_ms: u32) -> Result<(), EngineError> {
    if quiet_ms <= 60_000 { Ok(()) } else { Err(EngineError::Invalid(Problem::BadValue("quiet_ms"))) }
}

fn already(error: StoreError) -> EngineError {
    match error.kind {
        StoreErrorKind::Conflict => EngineError::Invalid(Problem::AlreadySynced),
        _ => EngineError::Store(error),
    }
}
