"""The ground floor: errors, settings, storage, tracking, cluster and progress. It imports no other floor."""
