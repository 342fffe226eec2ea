package access

// Permissions is the whole table, for tests that hold for every row of it.
func Permissions() []Permission { return permissions() }
