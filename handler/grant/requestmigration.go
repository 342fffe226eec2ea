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

// nested reads what becomes of groups inside groups.
func (c *checker) nested(root node, migrate bool, scope Scope) Nested {
	member, given := root.members[nestedMember]
	if !given {
		return ""
	}
	word := c.line(member, longestName)
	switch {
	case word == "":
	case word != string(AddDirect):
		c.fault(member, "nested", `the only word here is "addDirect": groups inside the groups of the scope join it`)
	case !migrate:
		c.fault(member, "migration", "only POST /api/migrations looks into groups; name each of them in scope.groups")
	case scope.Kind() != ByGroup && scope.Kind() != ByGroups && (len(scope.Mailboxes) > 0 || scope.Counted()):
		c.fault(member, "scopeKind", "this is about the groups of a scope, and the scope is none of groups")
	default:
		return AddDirect
	}
	return ""
}
