//! Microsoft 365 and Outlook.com behind Köprü's ports.
