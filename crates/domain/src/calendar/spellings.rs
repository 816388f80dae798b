//! What CRMs call the fields that make an event: Bitrix24, HubSpot, Pipedrive, Salesforce, Zoho, and what people
//! call them who write their own. Names are as [`Record`](super::record::Record) folds them; the surest first.

use super::record::RecordType;

pub(super) const NUMBER: &[&str] =
    &["number", "no", "accountnumber", "quotenumber", "quoteno", "invoicenumber", "invoiceno", "dealnumber"];
pub(super) const AMOUNT: &[&str] =
    &["amount", "opportunity", "grandtotal", "totalamount", "totalprice", "total", "price", "sum"];
pub(super) const CURRENCY: &[&str] =
    &["currency", "currencyid", "currencycode", "currencyisocode", "amountcurrency", "dealcurrencycode"];
pub(super) const COMPANY: &[&str] = &[
    "customername",
    "customer",
    "customertitle",
    "companytitle",
    "companyname",
    "company",
    "accountname",
    "account",
    "organizationname",
    "organization",
    "orgname",
    "clientname",
    "client",
    "clienttitle",
];
pub(super) const CONTACT: &[&str] =
    &["contactname", "contactfullname", "contact", "contactperson", "personname", "person", "contactfirstname"];
pub(super) const SURNAME: &[&str] = &["contactlastname", "contactsurname", "personlastname"];
pub(super) const PHONE: &[&str] = &[
    "customerphone",
    "customermobile",
    "contactphone",
    "contactmobile",
    "clientphone",
    "companyphone",
    "accountphone",
    "personphone",
    "phone",
    "phonenumber",
    "mobile",
    "mobilephone",
    "tel",
];
pub(super) const EMAIL: &[&str] = &[
    "customeremail",
    "contactemail",
    "clientemail",
    "companyemail",
    "accountemail",
    "personemail",
    "email",
    "emailaddress",
    "mail",
];
pub(super) const LINK: &[&str] =
    &["url", "link", "recordurl", "recordlink", "detailurl", "detailsurl", "weburl", "permalink"];
pub(super) const LOCATION: &[&str] =
    &["location", "meetinglocation", "hsmeetinglocation", "place", "venue", "address", "meetingaddress"];
pub(super) const NOTES: &[&str] = &["description", "comments", "comment", "notes", "note", "details", "body"];
/// A time of day beside a date without one.
pub(super) const TIME: &[&str] = &["starttime", "time", "meetingtime", "hour", "duetime", "deadlinetime"];
pub(super) const END: &[&str] = &[
    "endtime",
    "enddatetime",
    "end",
    "enddate",
    "endsat",
    "endat",
    "dateto",
    "meetingend",
    "meetingendtime",
    "hsmeetingendtime",
    "finish",
    "finishtime",
];

/// The record's own name.
pub(super) fn titles(kind: RecordType) -> &'static [&'static str] {
    match kind {
        RecordType::Deal => &["title", "dealname", "dealtitle", "opportunityname", "name", "subject"],
        RecordType::Quote => &["title", "quotename", "quotetitle", "subject", "name"],
        RecordType::Invoice => &["title", "invoicetitle", "invoicename", "ordertopic", "subject", "name"],
        RecordType::Meeting => {
            &["title", "subject", "meetingtitle", "eventtitle", "hsmeetingtitle", "topic", "summary", "name"]
        }
        RecordType::Task => &["title", "subject", "taskname", "tasktitle", "hstasksubject", "name"],
    }
}

/// What its event is dated by.
pub(super) fn dates(kind: RecordType) -> &'static [&'static str] {
    match kind {
        RecordType::Deal => &[
            "expectedclosedate",
            "closedate",
            "closingdate",
            "expectedclosingdate",
            "estimatedclosedate",
            "expectedclose",
            "duedate",
        ],
        RecordType::Quote => &[
            "validuntil",
            "validtill",
            "validto",
            "validthrough",
            "expirationdate",
            "expirydate",
            "expiresat",
            "expires",
            "actualdate",
            "closedate",
            "duedate",
        ],
        RecordType::Invoice => {
            &["duedate", "datepaybefore", "paybefore", "paymentduedate", "dueon", "due", "closedate"]
        }
        RecordType::Meeting => &[
            "starttime",
            "startdatetime",
            "start",
            "startdate",
            "startsat",
            "startat",
            "datefrom",
            "begin",
            "begindate",
            "meetingstart",
            "meetingstarttime",
            "hsmeetingstarttime",
            "meetingdate",
            "scheduledat",
            "datetime",
            "date",
        ],
        RecordType::Task => {
            &["deadline", "duedatetime", "duedate", "dueat", "dueon", "due", "activitydate", "hstimestamp", "date"]
        }
    }
}

/// The field to name where there is none of them.
pub(super) fn date_field(kind: RecordType) -> &'static str {
    match kind {
        RecordType::Deal => "expected_close_date",
        RecordType::Quote => "valid_until",
        RecordType::Invoice => "due_date",
        RecordType::Meeting => "start_time",
        RecordType::Task => "deadline",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold;

    #[test]
    fn names_are_as_records_have_them() {
        let own = RecordType::ALL.into_iter().flat_map(|kind| [titles(kind), dates(kind)]);
        let all = own.chain([NUMBER, AMOUNT, CURRENCY, COMPANY, CONTACT, SURNAME, PHONE, EMAIL, LINK, LOCATION, NOTES]);
        for name in all.chain([TIME, END]).flatten() {
            assert_eq!(fold(name).replace(' ', ""), *name);
        }
        for kind in RecordType::ALL {
            let field = fold(date_field(kind)).replace(' ', "");
            assert!(dates(kind).contains(&field.as_str()), "what is asked for is read");
        }
    }
}
