//! PostgreSQL against the contract suites of the storage ports that it implements so far.

use crate::database::fresh;

kopru_ports_testkit::storage_suite!(fresh(); delivery, limits, sync, configs, identity);
