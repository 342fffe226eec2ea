package grant

// migrates reads whether the request asks for a migration, and refuses what only a
// migration may leave out or say in short.
func (c *checker) migrates(root node) bool {
	member, given := root.members[migrationMember]
	if given && member.kind != 't' && member.kind != 'f' {
		c.fault(member, "type", "this has to be true or false")
	}
	migrate := given && member.kind == 't'
	short, named := root.members["appId"]
	_, long := root.members["workload"]
	switch {
	case named && !migrate:
		c.fault(short, "unknownName", "the workload is named by workload.appId here; appId alone is read by POST /api/migrations")
	case named && long:
		c.fault(short, "oneOf", "exactly one of appId and workload names the workload")
	}
	if migrate {
		for _, name := range []string{"mechanism", "confineExisting", "takeOverConsents", "startsAt"} {
			if member, given := root.members[name]; given {
				c.fault(member, "migration", "a migration begins at once, ends in rbac, and takes over what it finds: leave this out")
			}
		}
	}
	return migrate
}
