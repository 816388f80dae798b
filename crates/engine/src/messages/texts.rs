//! Templates, how they look when they are filled, and how messages may go.

use std::collections::{BTreeMap, BTreeSet};

use kopru_domain::CompanyId;
use kopru_domain::message::{
    Address, Channel, OptOutCause, Policy, Segments, Template, TemplateFault, costly_characters, without_turkish,
};
use kopru_ports::audit::AuditAction;
use kopru_ports::outbox::OptOut;
use kopru_ports::texts::NamedTemplate;

use crate::Engine;
use crate::callers::Caller;
use crate::error::{EngineError, Problem};

/// Templates' names are no longer.
const LONGEST_NAME: usize = 100;

/// A text to be looked at before it is sent.
#[derive(Debug, Clone)]
pub struct PreviewWish {
    /// The text, in which `{{name}}` stands for a variable.
    pub text: String,
    /// What the variables are.
    pub variables: BTreeMap<String, String>,
}

/// How a text goes, and how it would go without Turkish letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The text as its recipient reads it.
    pub text: String,
    /// What it costs.
    pub segments: Segments,
    /// The characters for which all others take more room.
    pub costly: Vec<char>,
    /// The same without Turkish letters.
    pub plain: String,
    /// What that costs.
    pub plain_segments: Segments,
}

fn in_text(fault: TemplateFault) -> EngineError {
    EngineError::Template("text", fault)
}

impl Engine {
    /// Shows a text as it would be sent.
    ///
    /// # Errors
    /// [`EngineError::Template`], also for a variable without a value.
    pub fn preview(&self, wish: &PreviewWish) -> Result<Preview, EngineError> {
        let text = Template::parse(&wish.text).and_then(|text| text.fill(&wish.variables)).map_err(in_text)?;
        let plain = without_turkish(&text);
        Ok(Preview {
            segments: Segments::of(&text),
            costly: costly_characters(&text),
            plain_segments: Segments::of(&plain),
            plain,
            text,
        })
    }

    /// Keeps a template under its name; `known` are the variables that its senders will have, where that is known.
    ///
    /// # Errors
    /// [`EngineError::Template`] for a text that cannot be read or names another variable.
    pub async fn put_template(
        &self,
        caller: &Caller,
        name: &str,
        text: &str,
        known: Option<&BTreeSet<String>>,
    ) -> Result<NamedTemplate, EngineError> {
        if name.trim().is_empty() || name.chars().count() > LONGEST_NAME {
            return Err(Problem::BadValue("name").refused());
        }
        let template = Template::parse(text).map_err(in_text)?;
        known.map_or(Ok(()), |known| template.check(known)).map_err(in_text)?;
        let template = NamedTemplate { name: name.to_owned(), template, changed: self.ports.clock.now() };
        self.record(caller, AuditAction::TemplateChanged, name).await?;
        self.ports.texts.put_template(&caller.company, &template).await?;
        Ok(template)
    }

    /// The template of that name.
    pub async fn template(&self, company: &CompanyId, name: &str) -> Result<NamedTemplate, EngineError> {
        self.ports.texts.template(company, name).await?.ok_or(EngineError::NotFound("template"))
    }

    /// Templates by name, after the one given.
    pub async fn templates(
        &self,
        company: &CompanyId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<NamedTemplate>, EngineError> {
        Ok(self.ports.texts.templates(company, after, limit).await?)
    }

    /// Forgets a template. What was accepted with it goes as it is.
    pub async fn delete_template(&self, caller: &Caller, name: &str) -> Result<(), EngineError> {
        self.template(&caller.company, name).await?;
        self.record(caller, AuditAction::TemplateChanged, name).await?;
        self.ports.texts.delete_template(&caller.company, name).await?;
        Ok(())
    }

    /// How the company's messages may go.
    pub async fn message_policy(&self, company: &CompanyId) -> Result<Policy, EngineError> {
        Ok(self.ports.texts.policy(company).await?)
    }

    /// Changes how the company's messages may go.
    pub async fn set_message_policy(&self, caller: &Caller, policy: &Policy) -> Result<(), EngineError> {
        self.record(caller, AuditAction::MessagePolicyChanged, "").await?;
        Ok(self.ports.texts.set_policy(&caller.company, policy).await?)
    }

    /// What gets no messages, by channel and address, after the one given.
    pub async fn opt_outs(
        &self,
        company: &CompanyId,
        after: Option<(Channel, Address)>,
        limit: u32,
    ) -> Result<Vec<OptOut>, EngineError> {
        Ok(self.ports.contacts.opt_outs(company, after, limit).await?)
    }

    /// Ends or takes up messages to an address on its owner's word.
    pub async fn set_opt_out(
        &self,
        caller: &Caller,
        channel: Channel,
        address: &str,
        is_out: bool,
    ) -> Result<OptOut, EngineError> {
        let policy = self.ports.texts.policy(&caller.company).await?;
        let address = Address::parse(address, Some(policy.region), channel).map_err(EngineError::Message)?;
        let out = OptOut { channel, address, since: self.ports.clock.now(), cause: OptOutCause::Asked };
        self.record(caller, AuditAction::OptOutChanged, "").await?;
        self.ports.contacts.set_opt_out(&caller.company, &out, is_out).await?;
        Ok(out)
    }
}
