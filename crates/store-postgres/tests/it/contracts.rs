//! PostgreSQL against the contract suites of all storage ports.

use crate::database::fresh;

kopru_ports_testkit::storage_suite!(fresh());
