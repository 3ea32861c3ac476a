"""The audit trail made visible: a History tab on every record, the trail as a list, and its REST resource."""
