//! A company's own mail server behind Köprü's port for e-mail.
