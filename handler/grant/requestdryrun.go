package grant

// dryRunMember is the member of the canonical body that asks for a plan.
const dryRunMember = "dryRun"

// AsksDryRun reports whether the body asks what the request would do. Of one that cannot
// be read it does not matter: it is refused either way.
func AsksDryRun(body []byte) bool {
	root, _, err := parseTree(body)
	return err == nil && root.members[dryRunMember].kind == 't'
}

func (c *checker) dryRun(root node) bool {
	member, given := root.members[dryRunMember]
	if given && member.kind != 't' && member.kind != 'f' {
		c.fault(member, "type", "this has to be true or false")
	}
	return given && member.kind == 't'
}
